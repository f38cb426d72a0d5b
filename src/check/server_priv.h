/* server_priv.h - facts of a server and of one of its databases, each in one query. */
#ifndef PGM_CHECK_SERVER_PRIV_H
#define PGM_CHECK_SERVER_PRIV_H

#include "check_priv.h"

bool server_read(struct check *c, struct pgconn *conn, struct check_server *s,
                 struct err *e) MUST_USE;
/* d->exists tells whether there is one of that name. */
bool database_read(struct check *c, struct pgconn *conn, const char *name, struct check_database *d,
                   struct err *e) MUST_USE;
/* Names like this one, or all names if none is; for a hint. */
bool database_suggest(struct check *c, struct pgconn *conn, const char *name, const char **ret,
                      struct err *e) MUST_USE;

#endif
