/*
 * exec.c - statements on a session that can be stopped while they run.
 *
 * A statement is sent and its results are collected in non-blocking mode, polling the socket
 * beside stop_fd(). On stop the server is asked once to cancel, and what still comes is drained
 * for DRAIN_MS, so the session is usable (for a ROLLBACK) or known to be dead. A statement that
 * finished in spite of the request counts as done: the next one will be refused.
 */
#include "conn_priv.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "common/log.h"
#include "common/stop.h"

enum { DRAIN_MS = 5000, CLEANUP_GRACE_MS = 5000 };

/* One statement under way. */
struct call {
    struct pgconn *c;
    uint64_t deadline_ms; /* 0: none */
    bool cancelled;       /* asked to; why: */
    bool stopped;         /* stop_request(), else the limit of a cleanup session */
};

void pgresult_cleanup_(PGresult **r)
{
    PQclear(*r);
}

enum session_wait session_poll(int fd, short events, bool ignore_stop, uint64_t deadline_ms)
{
    struct pollfd p[2] = {{.fd = fd, .events = events},
                          {.fd = ignore_stop ? -1 : stop_fd(), .events = POLLIN}};

    for (;;) {
        uint64_t now = io_now_ms();
        uint64_t left = deadline_ms > now ? deadline_ms - now : 0;
        int wait = !deadline_ms ? -1 : left > 60000 ? 60000 : (int)left;

        if (!ignore_stop && stop_requested())
            return WAIT_STOPPED;
        if (poll(p, 2, wait) > 0 && p[0].revents)
            return WAIT_READY;
        if (deadline_ms && io_now_ms() >= deadline_ms)
            return WAIT_TIMEOUT;
    }
}

void session_classify(struct err *e, const char *sqlstate)
{
    static const char *const retryable[] = {"08", "40", "53", "55P03", "57P0"};
    static const struct {
        const char *prefix;
        enum err_code code;
    } codes[] = {{"08", E_CONNECT}, {"57P0", E_CONNECT}, {"53300", E_CONNECT},
                 {"28", E_AUTH},    {"42501", E_AUTH},   {"53100", E_IO}};

    if (!e)
        return;
    e->code = E_SERVER;
    e->retryable = false;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strncmp(sqlstate, codes[i].prefix, strlen(codes[i].prefix)) == 0)
            e->code = codes[i].code;
    }
    for (size_t i = 0; i < ARRAY_LEN(retryable); i++)
        e->retryable |= strncmp(sqlstate, retryable[i], strlen(retryable[i])) == 0;
    memcpy(e->sqlstate, sqlstate, strnlen(sqlstate, 5) + 1);
    e->sqlstate[5] = '\0';
}

static const char *field(const PGresult *r, int code)
{
    const char *s = PQresultErrorField(r, code);

    return s ? s : "";
}

static int line_len(const char *s)
{
    return (int)strcspn(s, "\n");
}

static bool lost(struct pgconn *c, const char *why, struct err *e)
{
    (void)err_set(e, E_CONNECT, "the connection to the %s server '%s' was lost", c->ep->side,
                  c->where);
    return err_detail(e, "%.*s", line_len(why), why);
}

bool pgconn_result_err(struct pgconn *c, const PGresult *r, struct err *e)
{
    const char *state = field(r, PG_DIAG_SQLSTATE);
    const char *text = field(r, PG_DIAG_MESSAGE_PRIMARY);

    if (!*state && PQstatus(c->pg) == CONNECTION_BAD)
        return lost(c, r ? PQresultErrorMessage(r) : PQerrorMessage(c->pg), e);
    if (!*text)
        text = r ? PQresultErrorMessage(r) : PQerrorMessage(c->pg);
    (void)err_set(e, E_SERVER, "%.*s", line_len(text), text);
    if (*field(r, PG_DIAG_MESSAGE_DETAIL))
        (void)err_detail(e, "%s", field(r, PG_DIAG_MESSAGE_DETAIL));
    if (*field(r, PG_DIAG_MESSAGE_HINT))
        (void)err_hint(e, "%s", field(r, PG_DIAG_MESSAGE_HINT));
    if (*state)
        session_classify(e, state);
    if (e && !e->hint[0] && strcmp(state, "57P01") == 0)
        (void)err_hint(e, "somebody ended the session there, or stops the server; run again");
    return false;
}

static void cancel(struct call *k, bool stopped)
{
    PGcancel *request = PQgetCancel(k->c->pg);
    char why[256];

    if (request && !PQcancel(request, why, sizeof why))
        log_debug("cannot cancel a statement on '%s': %s", k->c->where, why);
    PQfreeCancel(request);
    k->cancelled = true;
    k->stopped = stopped;
    k->deadline_ms = io_now_ms() + DRAIN_MS;
}

static bool gave_up(struct call *k, struct err *e)
{
    if (k->stopped)
        return stop_err(e);
    (void)err_set(e, E_CONNECT, "no answer from the %s server '%s' within %u s", k->c->ep->side,
                  k->c->where, k->c->cleanup_ms / 1000);
    return false;
}

/* Wait until PQgetResult() won't block. A dead connection counts: PQgetResult() then says why. */
static bool result_wait(struct call *k, struct err *e)
{
    PGconn *pg = k->c->pg;

    for (;;) {
        int unsent = PQflush(pg);
        short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
        enum session_wait w;

        if (unsent < 0 || (unsent == 0 && !PQisBusy(pg)))
            return true;
        w = session_poll(PQsocket(pg), events, k->c->cleanup || k->cancelled, k->deadline_ms);
        if (w == WAIT_TIMEOUT && k->cancelled)
            return gave_up(k, e);
        if (w != WAIT_READY)
            cancel(k, w == WAIT_STOPPED);
        else if (!PQconsumeInput(pg))
            return true;
    }
}

/* One result's outcome into e, unless something failed before it. True if it is usable. */
static bool result_check(struct call *k, const PGresult *r, struct err *e)
{
    ExecStatusType s = PQresultStatus(r);

    if (s == PGRES_TUPLES_OK || s == PGRES_COMMAND_OK || s == PGRES_EMPTY_QUERY)
        return true;
    if (s == PGRES_COPY_IN || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH)
        return err_set(e, E_INTERNAL, "a COPY cannot be run as a plain statement");
    if (k->cancelled)
        return gave_up(k, e);
    return pgconn_result_err(k->c, r, e);
}

/* All results of the statement; the last one goes to *ret if ret isn't NULL. */
static bool results_collect(struct call *k, PGresult **ret, struct err *e)
{
    bool ok = true;

    for (;;) {
        PGresult *r;

        if (!result_wait(k, ok ? e : NULL))
            return false;
        r = PQgetResult(k->c->pg);
        if (!r)
            return ok;
        if (ok)
            ok = result_check(k, r, e);
        if (ok && ret) {
            PQclear(*ret);
            *ret = r;
        } else {
            ExecStatusType s = PQresultStatus(r);

            PQclear(r);
            if (s == PGRES_COPY_IN || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH)
                return false;
        }
    }
}

/* For -vv. What a database or role is set to may be a secret of its owner's: it is cut off. */
static void log_statement(const struct pgconn *c, const char *sql)
{
    enum { SHOWN = 400 };
    bool sets = strstr(sql, "ALTER DATABASE ") || strstr(sql, "ALTER ROLE ");
    const char *set = sets ? strstr(sql, " SET ") : NULL;
    size_t len = set ? (size_t)(set - sql) + strlen(" SET") : strlen(sql);

    if (log_enabled(LOG_DEBUG))
        log_debug("sql at %s: %.*s%s", c->where, (int)(len < SHOWN ? len : SHOWN), sql,
                  set || len > SHOWN ? " ..." : "");
}

static bool run(struct pgconn *c, const char *sql, int n, const char *const *params, PGresult **ret,
                struct err *e)
{
    struct call k = {.c = c};
    int sent;
    bool ok;

    if (!c->cleanup && stop_requested())
        return stop_err(e);
    if (c->cleanup)
        k.deadline_ms = io_now_ms() + c->cleanup_ms + CLEANUP_GRACE_MS;
    log_statement(c, sql);
    (void)PQsetnonblocking(c->pg, 1);
    if (ret)
        sent = PQsendQueryParams(c->pg, sql, n, NULL, params, NULL, NULL, 0);
    else
        sent = PQsendQuery(c->pg, sql);
    ok = sent ? results_collect(&k, ret, e) : pgconn_result_err(c, NULL, e);
    if (!ok && ret) {
        PQclear(*ret);
        *ret = NULL;
    }
    (void)PQsetnonblocking(c->pg, 0);
    return ok;
}

bool pgconn_exec(struct pgconn *c, const char *sql, struct err *e)
{
    return run(c, sql, 0, NULL, NULL, e);
}

bool pgconn_execf(struct pgconn *c, struct err *e, const char *fmt, ...)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&sql, fmt, ap);
    va_end(ap);
    return pgconn_exec(c, buf_str(&sql), e);
}

bool pgconn_query(struct pgconn *c, const char *sql, int n, const char *const *params,
                  PGresult **ret, struct err *e)
{
    *ret = NULL;
    return run(c, sql, n, params, ret, e);
}

bool pgconn_value(struct pgconn *c, const char *sql, int n, const char *const *params,
                  struct buf *ret, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;

    if (!pgconn_query(c, sql, n, params, &r, e))
        return false;
    if (PQntuples(r) != 1 || PQnfields(r) < 1)
        return err_set(e, E_SERVER, "a query that yields one row gave %d", PQntuples(r));
    buf_add(ret, PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0));
    return true;
}

bool pgconn_ping(struct pgconn *c, struct err *e)
{
    return pgconn_exec(c, "SELECT 1", e);
}
