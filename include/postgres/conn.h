/*
 * conn.h - one libpq session.
 *
 * Sessions are driven asynchronously: connecting and every query poll the socket beside stop_fd(),
 * so a signal or the deadline cancels the statement on the server (PQcancel) and returns
 * E_CANCELLED / E_DEADLINE. One session belongs to one thread.
 *
 * Every session starts with what cloning needs, in the startup packet where a database-level
 * setting could get in the way: client_encoding, search_path = '', row_security = off, DateStyle,
 * IntervalStyle, extra_float_digits, timeouts 0, lock_timeout as asked, synchronous_commit on,
 * default_transaction_read_only off; TCP keepalives and tcp_user_timeout. Names in queries must
 * therefore be schema-qualified.
 *
 * Errors: SQLSTATE, server detail and hint are kept in struct err; the code follows the class:
 * 08*, 57P0x, 53300 E_CONNECT; 28*, 42501 E_AUTH; 53100 E_IO; otherwise E_SERVER. retryable is set
 * for 08*, 40*, 53*, 55P03, 57P0x.
 */
#ifndef PGM_POSTGRES_CONN_H
#define PGM_POSTGRES_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "model/endpoint.h"

struct pgconn;

struct pgconn_options {
    const char *dbname;           /* taken literally, never as a connection string */
    const char *client_encoding;  /* NULL: UTF8; "auto" never */
    const struct pgconn *same_as; /* pin to the host and port this session reached; may be NULL */
    bool cleanup;                 /* not stopped by stop_request(); a limit for each statement: */
    unsigned cleanup_ms;          /* 0: 10 s */
    bool default_search_path;     /* leave the user's own: only to find out what it is */
};

/*
 * Open a session. o may be NULL; ep must outlive the session. On failure *ret is NULL.
 * E_CONNECT: nobody there, or not now; E_AUTH: refused us; E_CONFIG: cannot even be tried;
 * E_SERVER with sqlstate 3D000: no such database.
 */
bool pgconn_open(struct pgconn **ret, const struct endpoint *ep, const struct pgconn_options *o,
                 struct err *e) MUST_USE;
/*
 * Open a session on the maintenance database: the configured one, else "postgres", else
 * "template1". Its error tells an unreachable server (E_CONNECT) from a refused login (E_AUTH).
 */
bool pgconn_open_maintenance(struct pgconn **ret, const struct endpoint *ep, bool cleanup,
                             struct err *e) MUST_USE;
/*
 * The database an endpoint names, in "database", URI, service or environment: appended to ret
 * without connecting. E_CONFIG if there is none.
 */
bool pgconn_configured_database(const struct endpoint *ep, struct buf *ret, struct err *e) MUST_USE;
void pgconn_close(struct pgconn *c); /* NULL is fine */
void pgconn_cleanup_(struct pgconn **c);
#define AUTO_PGCONN CLEANUP(pgconn_cleanup_)

void pgresult_cleanup_(PGresult **r);
#define AUTO_PGRESULT CLEANUP(pgresult_cleanup_)

/* Run one or more statements, results dropped. */
bool pgconn_exec(struct pgconn *c, const char *sql, struct err *e) MUST_USE;
bool pgconn_execf(struct pgconn *c, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4) MUST_USE;
/* One statement with text parameters ($1...; NULL is SQL NULL); rows in *ret, the caller clears. */
bool pgconn_query(struct pgconn *c, const char *sql, int n, const char *const *params,
                  PGresult **ret, struct err *e) MUST_USE;
/* The first column of the only row as text, "" for NULL; E_SERVER if there isn't exactly one row.
 */
bool pgconn_value(struct pgconn *c, const char *sql, int n, const char *const *params,
                  struct buf *ret, struct err *e) MUST_USE;

int pgconn_version(const struct pgconn *c);              /* 150020 */
const char *pgconn_version_text(const struct pgconn *c); /* "15.20 (Debian ...)" */
const char *pgconn_user(const struct pgconn *c);
const char *pgconn_database(const struct pgconn *c);
/* "host:port" or "socket directory:port" for messages; never a secret. */
const char *pgconn_where(const struct pgconn *c);
bool pgconn_is_local(const struct pgconn *c); /* unix socket or loopback */
bool pgconn_uses_tls(const struct pgconn *c);
int pgconn_backend_pid(const struct pgconn *c);
PGconn *pgconn_raw(struct pgconn *c); /* for COPY and escaping */
/* The server (a pooler) took no startup options: session settings may not stay with us. */
bool pgconn_lost_options(const struct pgconn *c);
/* Fill e from a failed result of PQgetResult() (r may be NULL): for callers of pgconn_raw(). */
bool pgconn_result_err(struct pgconn *c, const PGresult *r, struct err *e);
/* Still there? A round trip. */
bool pgconn_ping(struct pgconn *c, struct err *e) MUST_USE;

/*
 * What a client program needs to reach the same server: a conninfo string for -d (quoted, so that
 * a database name is never taken for a connection string; no password in it), the host and port
 * pinned to those c reached. The password, if any, goes into the child's PGPASSWORD: see
 * pgconn_password().
 */
bool pgconn_child_conninfo(const struct pgconn *c, const char *dbname, struct buf *ret,
                           struct err *e) MUST_USE;
/* What belongs into a child's PGOPTIONS: the user's own options, then ep->settings. */
void pgconn_child_options(const struct pgconn *c, struct buf *ret);
/* Password for a child's environment: the configured one or the URI's; NULL: libpq finds its own.
 */
const char *pgconn_password(const struct pgconn *c);

/* Append the identifier or literal, quoted for SQL text. */
void ident_quote(struct buf *b, const char *name);
void literal_quote(struct buf *b, const char *value);
/* schema.name, both quoted */
void ident_quote_qualified(struct buf *b, const char *schema, const char *name);

#endif
