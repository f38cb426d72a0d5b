/* conn_priv.h - the inside of a session, for conn.c and exec.c. */
#ifndef PGM_POSTGRES_CONN_PRIV_H
#define PGM_POSTGRES_CONN_PRIV_H

#include "postgres/conn.h"

struct pgconn {
    PGconn *pg;
    const struct endpoint *ep;
    struct secret password; /* ours or the URI's, not the passfile's */
    char *where;
    char *user_options; /* `options` as the user's URI, service or PGOPTIONS had it; never NULL */
    bool cleanup;
    unsigned cleanup_ms; /* then: the limit of a statement */
    bool default_search_path;
    bool pooled; /* the startup packet's options were refused */
};

enum { CLEANUP_STATEMENT_MS = 10000 };

enum session_wait { WAIT_READY, WAIT_STOPPED, WAIT_TIMEOUT };

/* Poll one socket beside stop_fd() (unless ignore_stop) up to a monotonic deadline (0: none). */
enum session_wait session_poll(int fd, short events, bool ignore_stop, uint64_t deadline_ms);

/* Code and retryable from a SQLSTATE; the text is kept. */
void session_classify(struct err *e, const char *sqlstate);

#endif
