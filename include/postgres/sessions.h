/*
 * sessions.h - the sessions that others have in a database: count them, name them, end them.
 *
 * Everything runs on a session in another database, the maintenance one. The statistics views are
 * frozen within a transaction, so ending and counting must happen outside of one.
 */
#ifndef PGM_POSTGRES_SESSIONS_H
#define PGM_POSTGRES_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "model/endpoint.h"

struct pgconn;

struct session_count {
    unsigned all;    /* including those just told to go */
    unsigned immune; /* those of them that we may not end: superusers', or others' at all */
};

/* End the sessions in the database that we may end. */
bool sessions_terminate(struct pgconn *c, unsigned database_oid, struct session_count *ret,
                        struct err *e) MUST_USE;

/* Poll every 5 ms until nobody is there or the time is over; nobody is ended. */
bool sessions_wait(struct pgconn *c, unsigned database_oid, uint64_t max_ms, unsigned *ret_left,
                   struct err *e) MUST_USE;

/* "3 sessions: pid 4711 (psql, bob, 10.0.0.1), ..." of at most five; empty if there are none. */
bool sessions_describe(struct pgconn *c, unsigned database_oid, struct buf *ret,
                       struct err *e) MUST_USE;

/*
 * A thread with a session of its own that ends every session in up to two databases, again and
 * again until stopped. It makes RENAME win against clients that reconnect at once: RENAME locks
 * the database first, so nobody new gets in, and then waits for those inside.
 */
struct evictor;

/* oids: 0 is skipped. same_as: pin to its host. NULL if it cannot be had (no session left). */
struct evictor *evictor_start(const struct endpoint *ep, const struct pgconn *same_as,
                              const unsigned oids[2]);
/* Sessions seen in the last round; large numbers before the first. */
struct session_count evictor_left(struct evictor *v);
void evictor_stop(struct evictor *v); /* NULL is fine */

#endif
