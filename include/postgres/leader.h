/*
 * leader.h - the session that makes a clone consistent: locks first, snapshot second.
 *
 * It holds ACCESS SHARE on every table of the dump and exports a snapshot taken afterwards, so
 * that TRUNCATE, CLUSTER and rewriting ALTERs, which ignore snapshots, cannot come in between.
 * Locks and snapshot live until leader_close(). Works on a hot standby.
 *
 * A lock that is not got within the endpoint's lock_timeout is a retryable error that names who
 * holds it. One leader belongs to one thread.
 */
#ifndef PGM_POSTGRES_LEADER_H
#define PGM_POSTGRES_LEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "model/endpoint.h"
#include "postgres/catalog.h"

struct leader;
struct pgconn;

struct leader_options {
    const char *dbname;           /* NULL: the endpoint's */
    const struct filter *filter;  /* NULL: everything */
    const struct pgconn *same_as; /* pin to this session's server; may be NULL */
};

bool leader_open(struct leader **ret, const struct endpoint *source, const struct leader_options *o,
                 struct err *e) MUST_USE;
void leader_close(struct leader *l); /* NULL is fine; locks and snapshot end */
void leader_cleanup_(struct leader **l);
#define AUTO_LEADER CLEANUP(leader_cleanup_)

/* For pg_dump --snapshot and SET TRANSACTION SNAPSHOT. */
const char *leader_snapshot(const struct leader *l);
uint64_t leader_snapshot_ms(const struct leader *l); /* server's clock, since 1970, UTC */
const char *leader_lsn(const struct leader *l);      /* "0/16B3748": written, or replayed */
const struct catalog *leader_catalog(const struct leader *l); /* under the snapshot, exact sizes */
const struct selection *leader_selection(const struct leader *l);
/* For catalog queries under the snapshot. In a transaction: an error there ends the leader. */
struct pgconn *leader_conn(struct leader *l);

/* A round trip: are locks and snapshot still there? */
bool leader_check_alive(struct leader *l, struct err *e) MUST_USE;

/*
 * After a client failed on the source: does somebody hold or queue for a lock that keeps readers
 * off our tables? If so ret becomes the retryable error that names them.
 */
bool leader_describe_blockers(struct leader *l, struct err *ret) MUST_USE;

/*
 * Does the session of this application_name wait for a lock, as pg_dump may for a view, a sequence
 * or behind somebody who queues for a table? If so *ret is the retryable error that names the
 * object and who is in the way, and *ret_pid the waiting backend. False also when it cannot be
 * told.
 */
bool leader_find_waiter(struct leader *l, const char *application_name, int *ret_pid,
                        struct err *ret) MUST_USE;
/* End a session of our own. */
bool leader_end_session(struct leader *l, int pid, struct err *e) MUST_USE;

#endif
