/*
 * target.h - what is there under the target's name, and whether it may be touched.
 *
 * Guards have no override. Everything here only reads.
 */
#ifndef PGM_POSTGRES_TARGET_H
#define PGM_POSTGRES_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "model/endpoint.h"

struct pgconn;

struct target_facts {
    bool exists;
    unsigned oid;
    bool empty;       /* no object of any user in it */
    bool connectable; /* false: nothing could be found out about its contents */
    bool is_template;
    uint64_t bytes;         /* 0 if not known */
    uint64_t rows_estimate; /* from the planner's statistics */
    unsigned sessions;
    const char *sessions_by; /* "psql 2, pgbench 1"; "" if there are none */
    const char *owner;
    const char *comment; /* as it is; NULL: none */
};

/* c: on the maintenance database; a session on the target is opened to look inside. */
bool target_probe(struct pgconn *c, const struct endpoint *ep, const char *database,
                  struct arena *a, struct target_facts *ret, struct err *e) MUST_USE;

/* Whether the database of session c holds no object of a user. */
bool target_is_empty(struct pgconn *c, bool *ret, struct err *e) MUST_USE;

struct target_guard {
    const struct endpoint *ep;
    const char *database;
    const char *const *protected_globs; /* over "host/database" */
    size_t protected_count;
    const struct target_facts *facts;
};

/*
 * E_REFUSED if the target is a standby or read-only, a template or the maintenance database,
 * protected by safety.protected or by its comment.
 */
bool target_refuse(struct pgconn *c, const struct target_guard *g, struct err *e) MUST_USE;
/* Its two halves: standby or read-only; all the rest. */
bool target_refuse_unwritable(struct pgconn *c, struct err *e) MUST_USE;
bool target_refuse_protected(struct pgconn *c, const struct target_guard *g,
                             struct err *e) MUST_USE;

/* Pure: does a glob of safety.protected match this host and database? Hosts without regard to case.
 */
bool target_glob_matches(const char *glob, const char *host, const char *database);

/* What to do with a database that may be there. */
enum target_action {
    TARGET_ACTION_CREATE,    /* it does not exist */
    TARGET_ACTION_USE_EMPTY, /* it is empty: replaced without asking */
    TARGET_ACTION_REPLACE,   /* needs consent */
    TARGET_ACTION_IN_PLACE,  /* needs consent */
};

enum target_policy { POLICY_ERROR, POLICY_REPLACE, POLICY_IN_PLACE }; /* as enum if_exists */

/* Pure. E_REFUSED for a non-empty one under POLICY_ERROR. */
bool target_decide(const struct target_facts *s, enum target_policy policy, const char *where,
                   const char *database, enum target_action *ret, struct err *e) MUST_USE;

#endif
