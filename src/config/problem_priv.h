/*
 * problem_priv.h - collecting every error and warning of a configuration before any is shown.
 */
#ifndef PGM_CONFIG_PROBLEM_PRIV_H
#define PGM_CONFIG_PROBLEM_PRIV_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "config/load.h"

/* A place in a file: line and column count from 1, columns in characters. line 0: no place. */
struct place {
    const char *file;
    unsigned order; /* of the file among all */
    unsigned line;
    unsigned column;
};

/* The collector; what it collects is handed out as struct config_problem. */
struct problems {
    struct arena *arena; /* of the texts */
    struct problem {
        struct place at;
        struct config_problem public;
    } * items;
    size_t count, cap;
    size_t errors;
};

/* pointer may be NULL; at->line 0: the problem has no place. */
void problem_add(struct problems *p, const struct place *at, const char *pointer, const char *fmt,
                 ...) PRINTF_LIKE(4, 5);
void problem_warn(struct problems *p, const struct place *at, const char *pointer, const char *fmt,
                  ...) PRINTF_LIKE(4, 5);
/* A problem of the command line or the environment: `where` is "--jobs" or "PG_MIRROR_JOBS". */
void problem_option(struct problems *p, enum err_code code, const char *where, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Sort by place, copy the texts into `report` and, if there is an error, fill e. */
bool problems_hand_over(struct problems *p, struct config_report *report, struct err *e) MUST_USE;

#endif
