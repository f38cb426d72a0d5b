/*
 * clone_priv.h - the state of one run and its steps, in the order they are taken.
 *
 * Everything that an attempt opens hangs on struct clone_run and is let go by clone_run_release(),
 * whatever state it is in.
 */
#ifndef PGM_CLONE_CLONE_PRIV_H
#define PGM_CLONE_CLONE_PRIV_H

#include <time.h>

#include "archive/bundle.h"
#include "archive/client.h"
#include "archive/dump_toc.h"
#include "archive/dump_walk.h"
#include "archive/spool.h"
#include "clone/clone.h"
#include "common/flock.h"
#include "postgres/catalog.h"
#include "postgres/conn.h"
#include "postgres/dbprops.h"
#include "postgres/leader.h"
#include "postgres/runlock.h"
#include "postgres/shadow.h"
#include "postgres/target.h"

/* A table that a dump holds rows of, under its name in UTF-8. */
struct clone_table {
    uint32_t oid; /* in the source; 0 when a kept dump is restored */
    const char *schema;
    const char *name;
    bool of_extension; /* CREATE EXTENSION may have filled it, too */
    int root; /* > 0: loaded through the n-th partitioned table, which may spread rows anew */
    uint64_t rows;
    uint64_t bytes;
};

/* Copied from the leader, which is gone when it is needed. */
struct clone_source {
    const char *host, *port, *user;
    int version;
    struct clone_table *tables; /* whose rows were to be dumped, by OID; rows and bytes 0 */
    size_t table_count;
    struct clone_table *roots; /* partitioned tables with statistics of their own */
    size_t root_count;
    uint64_t bytes; /* of tables and indexes: what the target will take, about */
};

struct clone_run {
    const struct clone_job *job;
    const struct config *cfg;
    struct report *report;
    struct progress *progress;
    struct arena *arena;
    int lock_fds[2]; /* the machine's lock, which children hold too, and -1 */

    /* target */
    const char *database;
    struct run_lock *target_lock;
    struct pgconn *target; /* the lock's session, on the maintenance database */
    struct target_facts facts;
    enum target_action action;
    struct database_properties old; /* if it exists */
    struct dbname shadow_name;
    struct shadow shadow;
    bool shadow_made;
    bool shadow_done; /* swapped in or left on purpose: no longer to be dropped */

    /* source; none of it when a kept dump is restored */
    struct leader *leader;
    struct filter filter;
    struct clone_source source;
    const struct bundle *bundle;

    /* the dump and what is known about it */
    struct client_tools tools;
    struct spool spool;
    const char *encoding;
    struct database_properties like; /* the source database's */
    bool has_public_schema;
    struct dump_toc toc;
    struct dump_report walk;
    struct clone_table *tables;
    size_t table_count;
};

void clone_run_init(struct clone_run *r, const struct clone_job *job);
/* Drops the shadow unless it is done with, ends the sessions, frees the spool. */
void clone_run_release(struct clone_run *r);

/* target.c: sessions, lock, guards, consent */
bool target_open(struct clone_run *r, struct err *e) MUST_USE;
/* What is there, whether it may be touched, and how: reads only. */
bool target_look(struct clone_run *r, struct err *e) MUST_USE;
bool target_needs_consent(const struct clone_run *r);
/* The same, then asks for consent. */
bool target_settle(struct clone_run *r, struct err *e) MUST_USE;

/* source.c: leader, identity, client programs, pg_dump */
bool source_open(struct clone_run *r, struct err *e) MUST_USE;
/* Are they one database? source is any session on the source database. */
bool source_refuse_target(struct clone_run *r, struct pgconn *source, struct err *e) MUST_USE;
bool source_dump(struct clone_run *r, struct err *e) MUST_USE;
void source_filter(struct clone_run *r); /* fills r->filter */
/* What "auto" means for a database of this size; else as configured. */
const char *source_compression(const struct clone_run *r, const struct catalog *cat);

/* contents.c: walk the dump, list its tables */
bool contents_check(struct clone_run *r, struct err *e) MUST_USE;
/* E_MISMATCH if the dump has too few rows to take the target's place. */
bool contents_refuse_shrunken(const struct clone_run *r, struct err *e) MUST_USE;

/* data_only.c: E_REFUSED if rows without definitions would be loaded onto rows, or nowhere. */
bool data_only_refuse(struct clone_run *r, const struct clone_table *tables, size_t count,
                      struct err *e) MUST_USE;

/* load.c: shadow, pg_restore, best-effort entries */
bool load_shadow(struct clone_run *r, struct err *e) MUST_USE;
bool load_in_place(struct clone_run *r, struct err *e) MUST_USE;

/* verify.c: objects, rows, statistics */
bool verify_target(struct clone_run *r, const char *database, bool restored_clean,
                   const struct err *restore_error, struct err *e) MUST_USE;

/* finish.c: swap, prune, keep the dump */
bool finish_swap(struct clone_run *r, struct err *e) MUST_USE;
bool finish_keep(struct clone_run *r, struct err *e) MUST_USE;
/* What the new database gets: the source's or the old target's properties, and which of them. */
const struct database_properties *finish_properties(struct clone_run *r, unsigned *ret_parts);

/* mirror.c: the frame around attempts */
bool clone_take_lock(const struct clone_job *job, struct file_lock *lock, struct err *e) MUST_USE;
struct clone_frame {
    bool (*once)(struct clone_run *r, struct err *e);
    const struct bundle *bundle; /* NULL: a mirror */
    const struct file_lock *lock;
};
bool clone_with_retries(const struct clone_job *job, const struct clone_frame *f,
                        struct err *e) MUST_USE;

/* From the dump on everything is the same for a mirror and for a kept dump. */
bool clone_deliver(struct clone_run *r, struct err *e) MUST_USE;

#endif
