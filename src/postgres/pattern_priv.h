/*
 * pattern_priv.h - psql-style name patterns, as pg_dump takes them, to regular expressions.
 *
 * Outside double quotes letters are folded to lower case, '*' and '?' stand for any characters and
 * any one, a dot separates schema and name, and the other characters of regular expressions keep
 * their power. Inside, everything is itself and "" is a quote. '$' is always itself.
 */
#ifndef PGM_POSTGRES_PATTERN_PRIV_H
#define PGM_POSTGRES_PATTERN_PRIV_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/err.h"

struct pattern {
    const char *schema; /* NULL: the pattern has no schema part */
    const char *name;   /* NULL: a schema pattern */
};

/* Both E_CONFIG for an unterminated quote, an empty part or a dot too many. Text in a. */
bool pattern_parse_table(struct pattern *ret, const char *text, struct arena *a,
                         struct err *e) MUST_USE;
bool pattern_parse_schema(struct pattern *ret, const char *text, struct arena *a,
                          struct err *e) MUST_USE;

#endif
