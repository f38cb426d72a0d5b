/*
 * swap.h - exchange names: the new database becomes the target, the old one a previous copy.
 *
 * One transaction on the maintenance database holds everything: properties, both renames, both
 * comments. Whatever happens, other sessions see the old target or the new one, under its name.
 *
 * Errors: E_SWAP: rolled back, the target serves its old data; E_UNKNOWN: the connection died at
 * COMMIT and the server can't be asked; E_CANCELLED / E_DEADLINE: stopped before COMMIT.
 */
#ifndef PGM_POSTGRES_SWAP_H
#define PGM_POSTGRES_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/arena.h"
#include "common/err.h"
#include "model/endpoint.h"
#include "model/report.h"
#include "postgres/dbname.h"
#include "postgres/dbprops.h"
#include "postgres/shadow.h"

struct pgconn;

struct swap_options {
    const struct endpoint *target; /* for the sessions beside c */
    const char *database;          /* the target's name */
    const char *previous_name;     /* pattern */
    const char *run;
    unsigned old_oid; /* the target as preflight saw it; 0: it did not exist */
    const struct database_properties *properties; /* for the new database */
    unsigned parts;                               /* enum dbprops_part */
};

struct swap_result {
    char previous[DBNAME_MAX + 1]; /* the old target's new name; "" if there was none */
    unsigned attempts;
    bool door_closed; /* it took ALLOW_CONNECTIONS false */
};

/*
 * Swap the shadow in. c: on the maintenance database, best the session that holds the run lock.
 * Warnings about properties go to the report.
 */
bool swap_in(struct pgconn *c, const struct shadow *shadow, const struct swap_options *o,
             struct report *report, struct swap_result *ret, struct err *e) MUST_USE;

/* Open a target that a swap closed and give it its own comment back; others are left alone. */
bool swap_reopen(struct pgconn *c, const char *database, struct err *e) MUST_USE;

/* ---- what would be lost or stand in the way ---- */

enum blocker_kind { BLOCKER_PREPARED, BLOCKER_SLOT, BLOCKER_SUBSCRIPTION };

struct blocker {
    enum blocker_kind kind;
    const char *name;
    const char *hint; /* a command */
};

/* Prepared transactions, logical slots and subscriptions in a database. */
bool swap_blockers(struct pgconn *c, const char *database, struct arena *a, struct blocker **ret,
                   size_t *ret_count, struct err *e) MUST_USE;
const char *blocker_kind_name(enum blocker_kind k); /* "prepared transaction" */

/* E_REFUSED naming the first of them, if there are any. */
bool swap_refuse_blockers(struct pgconn *c, const char *database, struct err *e) MUST_USE;

/* ---- previous copies ---- */

struct previous_copy {
    const char *name;
    unsigned oid;
    time_t time; /* when it was replaced */
    const char *run;
    const char *comment;
    uint64_t bytes; /* 0 if we may not ask */
};

/* Newest first. */
bool previous_list(struct pgconn *c, const char *database, struct arena *a,
                   struct previous_copy **ret, size_t *ret_count, struct err *e) MUST_USE;

struct prune_options {
    const char *database;
    unsigned keep; /* how many stay */
    bool dry_run;
    const char *spare; /* never dropped, whatever its age (the source, say); may be NULL */
};

enum prune_action { PRUNE_KEEP, PRUNE_DROP, PRUNE_FAILED };

struct prune_item {
    struct previous_copy copy;
    enum prune_action action;
    const char *reason; /* "1 of the newest 2", or why dropping failed */
};

/*
 * Drop the copies beyond `keep`, oldest first; the newest one stays while the target itself is
 * missing or damaged. One that can't be dropped is reported and does not stop the others.
 */
bool previous_prune(struct pgconn *c, const struct prune_options *o, struct arena *a,
                    struct prune_item **ret, size_t *ret_count, struct err *e) MUST_USE;

struct rollback_options {
    const struct endpoint *target;
    const char *database;
    const char *previous_name; /* pattern, for the current one */
    const char *run;
    const char *to; /* a copy's name; NULL: the newest */
    bool dry_run;   /* only find out which */
};

struct rollback_result {
    char restored[DBNAME_MAX + 1]; /* the name the copy had */
    char previous[DBNAME_MAX + 1]; /* the name the replaced one has now; "" if there was none */
    time_t restored_time;          /* since when it had been a copy */
};

/* The copy becomes the target, the target a copy. E_NO if there is none; E_USAGE: `to` is none. */
bool previous_rollback(struct pgconn *c, const struct rollback_options *o,
                       struct rollback_result *ret, struct err *e) MUST_USE;

#endif
