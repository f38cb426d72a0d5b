/* lockinfo_priv.h - who keeps us from reading a table: errors that name them. */
#ifndef PGM_POSTGRES_LOCKINFO_PRIV_H
#define PGM_POSTGRES_LOCKINFO_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct pgconn;
struct catalog;

/*
 * Is there a session that holds or queues for ACCESS EXCLUSIVE on one of the tables? If so *ret
 * says "cannot lock table a.b within 5s", names it, and is retryable.
 */
bool lockinfo_blockers(struct pgconn *c, const struct catalog *tables, uint64_t timeout_ms,
                       struct err *ret);

/* The same after a lock timed out (e holds the server's error); always false. */
bool lockinfo_timeout(struct pgconn *c, const struct catalog *tables, uint64_t timeout_ms,
                      struct err *e);

/* After a lock was refused (42501): name the tables this role cannot read; always false. */
bool lockinfo_privileges(struct pgconn *c, const struct catalog *tables, struct err *e);

/* As leader_find_waiter(). */
bool lockinfo_waiter(struct pgconn *c, const char *application_name, uint64_t timeout_ms,
                     int *ret_pid, struct err *ret);

#endif
