/*
 * dbname.h - names of shadow databases and previous copies, made from patterns. Pure.
 *
 * PostgreSQL cuts a name at 63 bytes with only a NOTICE, so that two long names could become one.
 * Here a name that would be too long keeps the start of the database's name, whole characters
 * only, followed by a hash of all of it.
 */
#ifndef PGM_POSTGRES_DBNAME_H
#define PGM_POSTGRES_DBNAME_H

#include <stdbool.h>
#include <time.h>

#include "common/err.h"

enum { DBNAME_MAX = 63 }; /* bytes without the NUL */

struct dbname {
    char text[DBNAME_MAX + 1];
};

/*
 * Fill in {database} and {time} (20261120T023107Z, UTC). E_CONFIG: an unknown placeholder, a
 * pattern that leaves no room, or one that yields the database's own name or nothing.
 */
bool dbname_expand(const char *pattern, const char *database, time_t time, struct dbname *ret,
                   struct err *e) MUST_USE;

/* The same with "_N" at the end, for when the plain name is taken. n from 2 to 999. */
bool dbname_expand_nth(const char *pattern, const char *database, time_t time, unsigned n,
                       struct dbname *ret, struct err *e) MUST_USE;

#endif
