/*
 * facts.h - what the probes learned and whoever runs afterwards need not ask again.
 *
 * Filled while probes run; everything is zero until the probe that learns it succeeded. Strings
 * live in the report's arena, sessions belong to the report until taken.
 */
#ifndef PGM_CHECK_FACTS_H
#define PGM_CHECK_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/client.h"

struct pgconn;

/* A server and the role we are there. */
struct check_server {
    bool known;
    int version;              /* 150020 */
    const char *version_text; /* "15.20" */
    const char *where;        /* "host:port" */
    const char *user;
    const char *started; /* the postmaster, to the microsecond: tells servers apart */
    bool in_recovery;
    bool superuser, createdb, createrole, bypass_rls, signal_backend;
    int64_t max_connections;  /* less what is reserved for superusers, unless we are one */
    int64_t connections;      /* in use now, ours not counted */
    int64_t role_limit;       /* -1: none */
    int64_t role_connections; /* ours not counted */
    double clock_offset_s;    /* server minus local */
    bool local;
    bool pooled; /* a pooler stands in between: other backend, or settings got lost */
};

/* One row of pg_database with what decides over a clone. */
struct check_database {
    bool exists;
    const char *name;
    uint32_t oid;
    const char *owner;
    bool owned; /* by us, or by a role we are a member of */
    bool allow_connections, is_template;
    int64_t connection_limit; /* -1: none */
    int64_t connections;      /* ours not counted */
    int64_t superuser_connections;
    const char *session_list; /* "psql (2), app (7)" */
    const char *encoding;
    const char *provider; /* "c", "i", "b" */
    const char *collate, *ctype;
    const char *locale; /* of ICU or builtin; NULL for libc */
    const char *collation_version;
    const char *tablespace;
    const char *comment;
    uint64_t bytes; /* pg_database_size; 0 when we may not know */
    bool empty;     /* no object of a user in it; false when unknown */
};

/* Size of what is going to be copied. */
struct copy_facts {
    bool known;
    size_t tables, sequences, views, large_objects;
    uint64_t heap_bytes;   /* heap and TOAST of tables whose rows are copied */
    uint64_t index_bytes;  /* of their indexes */
    uint64_t dump_bytes;   /* expected size of the dump file */
    uint64_t target_bytes; /* on the target while old and new copy exist */
    uint64_t temp_free_bytes;
    const char *temp_dir;
    unsigned jobs;
    uint64_t seconds_low, seconds_high; /* expected time of a run */
};

struct check_facts {
    struct pgconn *source;          /* on the source database */
    struct pgconn *target;          /* on the target's maintenance database */
    struct pgconn *target_database; /* on the target database, if it exists and lets us in */
    struct check_server source_server, target_server;
    struct check_database source_db, target_db;
    struct copy_facts copy;
    struct client_tools tools; /* version 0: none that fits */
};

#endif
