/*
 * load.h - from files, environment and command line to one checked struct config.
 *
 * Every problem is collected before any is reported. Layers, later ones win: built-in defaults,
 * files (several are merged), environment (PG_MIRROR_<OPTION>), command line. Not thread-safe:
 * reads the environment.
 */
#ifndef PGM_CONFIG_LOAD_H
#define PGM_CONFIG_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/macros.h"
#include "config/config.h"
#include "config/keys.h"

/* One option of the command line, in the order given. */
struct config_option {
    const struct key *key;
    const char *text;  /* its value; NULL for an option without one */
    const char *shown; /* as typed, for messages: "--jobs" or "-j" */
};

/* A file that is already in memory, for tests and fuzzers. */
struct config_text {
    const char *name;
    const char *data;
    size_t len;
};

enum config_needs {
    CONFIG_NEEDS_SOURCE = 1u << 0,
    CONFIG_NEEDS_TARGET = 1u << 1,
    CONFIG_NEEDS_NONE = 0, /* no file is looked for; one that is named is read */
};

struct config_request {
    unsigned command; /* a CMD_* bit: which options' environment twins apply */
    unsigned needs;   /* CONFIG_NEEDS_* */
    const struct config_option *options;
    size_t option_count;
    const struct config_text *texts; /* in place of files, when text_count > 0 */
    size_t text_count;
    bool discover_here; /* ./pg_mirror.json and ./config.json count: only with a tty */
};

struct config_problem {
    bool warning;
    enum err_code code;
    const char *file; /* NULL: not of a file */
    unsigned line;    /* 0: unknown */
    unsigned column;
    const char *pointer; /* "/options/jobs", "--jobs", "PG_MIRROR_JOBS" or NULL */
    const char *message;
    const char *text; /* the whole line: "FILE:LINE:COL /pointer: message" */
};

struct config_report {
    struct arena *arena;
    struct config_problem *items; /* in the order of their places, files first */
    size_t count;
    size_t errors; /* the others are warnings */
};

/*
 * Load and check. Release c and report in both cases. On failure e holds the only error or says how
 * many the report has.
 */
bool config_load(struct config *c, const struct config_request *rq, struct config_report *report,
                 struct err *e) MUST_USE;
void config_report_release(struct config_report *report);

/*
 * The file that a run without -c would use: $PG_MIRROR_CONFIG, ./pg_mirror.json or ./config.json
 * (only if `here`), $XDG_CONFIG_HOME/pg_mirror/config.json, /etc/pg_mirror/config.json. *ret is
 * NULL if there is none; two at one level are an error.
 */
bool config_discover(struct arena *a, bool here, const char **ret, struct err *e) MUST_USE;

#endif
