/*
 * runlock.h - one run at a time against one target database, whatever host the runs are on.
 *
 * An advisory lock in the target's maintenance database, held by a session that lives as long as
 * the run; the server frees it when that session ends. The key is FNV-1a (64 bit) of
 * "pg_mirror:" and the target database's name. Advisory locks belong to a database, so runs that
 * use different maintenance databases look for each other's key in pg_locks.
 */
#ifndef PGM_POSTGRES_RUNLOCK_H
#define PGM_POSTGRES_RUNLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/macros.h"
#include "model/endpoint.h"

struct pgconn;
struct run_lock;

/* Try, again and again for up to wait_ms. E_BUSY names the holder. ep must outlive the lock. */
bool run_lock_acquire(struct run_lock **ret, const struct endpoint *ep, const char *database,
                      uint64_t wait_ms, struct err *e) MUST_USE;
void run_lock_release(struct run_lock *l); /* NULL is fine */
void run_lock_cleanup_(struct run_lock **l);
#define AUTO_RUN_LOCK CLEANUP(run_lock_cleanup_)

/*
 * The session that holds the lock, on the maintenance database. Swapping on it means that a swap
 * can't happen once the lock is lost.
 */
struct pgconn *run_lock_session(struct run_lock *l);

/* Who holds it now: "pid 4711 (pg_mirror, 10.0.0.1, since ...)", "" if nobody does. */
enum { RUN_LOCK_HOLDER_MAX = 256 };
bool run_lock_holder(struct pgconn *c, const char *database, char dst[RUN_LOCK_HOLDER_MAX],
                     struct err *e) MUST_USE;

int64_t run_lock_key(const char *database);

#endif
