/*
 * selection.h - a filter made ready for queries on the source's catalog.
 *
 * The patterns stay patterns: every query that takes a selection evaluates them again, as pg_dump
 * does, so a table created meanwhile is seen. All-zero selects everything.
 */
#ifndef PGM_POSTGRES_SELECTION_H
#define PGM_POSTGRES_SELECTION_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/err.h"
#include "model/filter.h"

struct pgconn;

enum { SELECTION_PARAMS = 9 };

struct selection {
    const char *params[SELECTION_PARAMS]; /* text arrays; see selection.c */
};

/*
 * Compile the filter over a session on the source (in any state but a failed transaction); text
 * lives in a. E_CONFIG for a pattern that is not one and, if the filter is strict, for every
 * pattern that matches nothing: all of them are named, with what was probably meant.
 */
bool filter_resolve(struct pgconn *c, const struct filter *f, struct arena *a,
                    struct selection *ret, struct err *e) MUST_USE;

/* "include_tables": the name of a list in the configuration. */
const char *filter_list_name(enum filter_kind kind);

#endif
