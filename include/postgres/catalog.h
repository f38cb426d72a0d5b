/*
 * catalog.h - what the source's catalog says about tables, database and server, as plain data.
 *
 * One query each, whatever the number of tables. Text lives in the arena given.
 */
#ifndef PGM_POSTGRES_CATALOG_H
#define PGM_POSTGRES_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "postgres/selection.h"

struct pgconn;

/* A table that a dump with this selection holds: ordinary or partitioned, never temporary. */
struct catalog_table {
    uint32_t oid;
    const char *schema;
    const char *name;
    const char *owner;
    const char *extension; /* NULL, or the extension whose configuration table it is */
    const char *condition; /* which rows of it are dumped ("WHERE ..."), "" for all; may be NULL */
    bool is_partitioned;   /* a parent without rows of its own */
    bool is_partition;
    bool is_unlogged;
    bool has_rls;   /* row-level security is enabled */
    bool force_rls; /* for the owner too */
    bool has_data;  /* its rows are dumped: not partitioned, not excluded */
    double rows;    /* estimate; -1: never analyzed */
    uint64_t heap_bytes;
    uint64_t toast_bytes;
    uint64_t index_bytes; /* estimate of the last VACUUM or ANALYZE */
};

struct catalog {
    struct catalog_table *tables; /* ordered by OID */
    size_t count;
    size_t data_count;   /* of those with data */
    uint64_t heap_bytes; /* sums over the tables with data */
    uint64_t toast_bytes;
    uint64_t index_bytes;
    double rows; /* without the unknown ones */
};

enum catalog_sizes {
    CATALOG_SIZES_NONE,      /* all 0 */
    CATALOG_SIZES_ESTIMATED, /* pages of the last VACUUM or ANALYZE; takes no locks */
    CATALOG_SIZES_EXACT,     /* asks the files; waits for locks unless the tables are locked */
};

bool catalog_read(struct pgconn *c, const struct selection *s, enum catalog_sizes sizes,
                  struct arena *a, struct catalog *ret, struct err *e) MUST_USE;

/* The database a session is in, and its server. NULL where the version has no such thing. */
struct database_facts {
    const char *name;
    uint32_t oid;
    const char *system_identifier; /* decimal; NULL: the role may not see it */
    const char *start_time;        /* of the server: tells servers apart where the above is NULL */
    const char *encoding;
    const char *collate;
    const char *ctype;
    const char *provider;  /* "libc", "icu", "builtin" */
    const char *locale;    /* ICU or builtin locale, else NULL */
    const char *icu_rules; /* 16+ */
    const char *collation_version;
    bool in_recovery;
    uint64_t size_bytes;
};

bool catalog_facts(struct pgconn *c, struct arena *a, struct database_facts *ret,
                   struct err *e) MUST_USE;

#endif
