/*
 * filter.h - which part of a database is cloned, as plain data: pg_dump's patterns.
 *
 * Meaning and precedence are those of pg_dump -n, -N, -t, -T and --exclude-table-data: with any
 * include_tables the schema lists don't matter. All-zero is "everything". Borrowed strings.
 */
#ifndef PGM_MODEL_FILTER_H
#define PGM_MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct filter_list {
    const char *const *items;
    size_t count;
};

/* The lists, in the order of struct filter.lists; the names are those of the configuration. */
enum filter_kind {
    FILTER_INCLUDE_SCHEMAS,
    FILTER_EXCLUDE_SCHEMAS,
    FILTER_INCLUDE_TABLES,
    FILTER_EXCLUDE_TABLES,
    FILTER_EXCLUDE_TABLE_DATA,
    FILTER_KINDS
};

struct filter {
    struct filter_list lists[FILTER_KINDS];
    bool strict; /* a pattern that matches nothing is an error */
};

#endif
