/*
 * count.h - count the rows of many tables, and ANALYZE them, over several sessions at once.
 *
 * For the clone before it is swapped in: exact counts, compared with what the dump held. ANALYZE
 * names the tables instead of taking the whole database, which would reach for foreign servers.
 */
#ifndef PGM_POSTGRES_COUNT_H
#define PGM_POSTGRES_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "model/endpoint.h"

struct pgconn;
struct progress;

/* One table: what to do with it, and what came out. */
struct count_item {
    const char *schema;
    const char *name;
    bool count;        /* count its rows and compare with `expected` */
    bool analyze;      /* of a partitioned table this reads all its partitions */
    int group;         /* > 0: compare the sum over the items of this group, not each one */
    bool at_least;     /* more rows than expected are fine (filled by CREATE EXTENSION too) */
    uint64_t expected; /* rows */
    uint64_t actual;   /* filled: rows of its own, partitions and children not included */
    bool missing;      /* filled: there is no such table */
};

struct count_options {
    const struct endpoint *target;
    const char *dbname;
    const struct pgconn *same_as; /* pin to this session's server; may be NULL */
    unsigned jobs;                /* sessions at most; the first one works in the calling thread */
    struct progress *progress;    /* done is set to the tables finished; may be NULL */
};

/*
 * True when every table was counted and analyzed as asked, whatever the counts are; a missing one
 * is marked, not an error. False: the first failure of any session.
 */
bool count_tables(const struct count_options *o, struct count_item *items, size_t n,
                  struct err *e) MUST_USE;

/* Is this a table whose rows are not as expected? Never true of a grouped one that is there. */
bool count_differs(const struct count_item *item);

/* E_MISMATCH naming the first tables that differ, if any does. */
bool count_check(const struct count_item *items, size_t n, struct err *e) MUST_USE;

#endif
