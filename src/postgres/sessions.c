#include "postgres/sessions.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "common/stop.h"
#include "postgres/conn.h"

enum { POLL_MS = 5, OID_TEXT_MAX = 16, DESCRIBE_MAX = 5 };

static const char *oid_text(char dst[OID_TEXT_MAX], unsigned oid)
{
    (void)snprintf(dst, OID_TEXT_MAX, "%u", oid);
    return dst;
}

static unsigned count_of(const PGresult *r, int column)
{
    uint64_t n = 0;

    if (PQntuples(r) != 1 || !num_parse_u64(PQgetvalue(r, 0, column), 0, UINT_MAX, &n))
        return 0;
    return (unsigned)n;
}

/*
 * Whom we may end is asked first, since one refusal would fail the whole statement. Autovacuum
 * and other workers have no role: RENAME and DROP end them themselves.
 */
static const char terminate_sql[] =
    "WITH s AS MATERIALIZED (SELECT a.pid, me.rolsuper OR (NOT r.rolsuper AND"
    " (pg_catalog.pg_has_role(a.usesysid, 'USAGE') OR"
    " pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))) AS may"
    " FROM pg_catalog.pg_stat_activity a"
    " JOIN pg_catalog.pg_roles me ON me.rolname = CURRENT_USER"
    " LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid"
    " WHERE a.datid = $1::pg_catalog.oid AND a.pid <> pg_catalog.pg_backend_pid())"
    " SELECT count(*), count(*) FILTER (WHERE NOT may),"
    " count(CASE WHEN may THEN pg_catalog.pg_terminate_backend(pid) END) FROM s";

bool sessions_terminate(struct pgconn *c, unsigned database_oid, struct session_count *ret,
                        struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;
    char text[OID_TEXT_MAX];
    const char *oid = oid_text(text, database_oid);

    if (!pgconn_query(c, terminate_sql, 1, &oid, &r, e))
        return err_in(e, "end the sessions of others");
    *ret = (struct session_count){count_of(r, 0), count_of(r, 1)};
    return true;
}

bool sessions_wait(struct pgconn *c, unsigned database_oid, uint64_t max_ms, unsigned *ret_left,
                   struct err *e)
{
    static const char sql[] = "SELECT count(*) FROM pg_catalog.pg_stat_activity"
                              " WHERE datid = $1::pg_catalog.oid"
                              " AND pid <> pg_catalog.pg_backend_pid()";
    uint64_t end = io_now_ms() + max_ms;
    char text[OID_TEXT_MAX];
    const char *oid = oid_text(text, database_oid);

    for (;;) {
        AUTO_PGRESULT PGresult *r = NULL;

        if (!pgconn_query(c, sql, 1, &oid, &r, e))
            return false;
        *ret_left = count_of(r, 0);
        if (*ret_left == 0 || io_now_ms() >= end)
            return true;
        if (!stop_sleep_ms(POLL_MS, e))
            return false;
    }
}

bool sessions_describe(struct pgconn *c, unsigned database_oid, struct buf *ret, struct err *e)
{
    static const char sql[] =
        "SELECT count(*) OVER (), pg_catalog.format('pid %s (%s)', a.pid,"
        " pg_catalog.concat_ws(', ', nullif(a.application_name, ''), a.usename,"
        " pg_catalog.host(a.client_addr), CASE WHEN a.usename IS NULL THEN a.backend_type END))"
        " FROM pg_catalog.pg_stat_activity a"
        " WHERE a.datid = $1::pg_catalog.oid AND a.pid <> pg_catalog.pg_backend_pid()"
        " ORDER BY a.backend_start";
    AUTO_PGRESULT PGresult *r = NULL;
    char text[OID_TEXT_MAX];
    const char *oid = oid_text(text, database_oid);
    int n;

    if (!pgconn_query(c, sql, 1, &oid, &r, e))
        return false;
    n = PQntuples(r);
    if (n > 0)
        buf_printf(ret, "%d session%s: ", n, n == 1 ? "" : "s");
    for (int i = 0; i < n && i < DESCRIBE_MAX; i++)
        buf_printf(ret, "%s%s", i > 0 ? ", " : "", PQgetvalue(r, i, 1));
    if (n > DESCRIBE_MAX)
        buf_addstr(ret, ", ...");
    return true;
}

/* ---- evictor ---- */

struct evictor {
    pthread_t thread;
    struct pgconn *c;
    unsigned oids[2];
    _Atomic bool stop;
    _Atomic unsigned left;
    _Atomic unsigned immune;
};

static void *evict(void *arg)
{
    struct evictor *v = arg;
    struct err e = {0};

    while (!atomic_load(&v->stop)) {
        struct session_count total = {0};

        for (int i = 0; i < 2; i++) {
            struct session_count n = {0};

            if (v->oids[i] && !sessions_terminate(v->c, v->oids[i], &n, &e)) {
                log_debug("%s", e.text);
                return NULL;
            }
            total.all += n.all;
            total.immune += n.immune;
        }
        atomic_store(&v->immune, total.immune);
        atomic_store(&v->left, total.all);
        (void)poll(NULL, 0, POLL_MS);
    }
    return NULL;
}

struct evictor *evictor_start(const struct endpoint *ep, const struct pgconn *same_as,
                              const unsigned oids[2])
{
    struct pgconn_options how = {
        .dbname = pgconn_database(same_as), .same_as = same_as, .cleanup = true};
    struct evictor *v = mem_alloc(sizeof *v);
    struct err e = {0};

    *v = (struct evictor){.oids = {oids[0], oids[1]}, .left = UINT_MAX};
    if (pgconn_open(&v->c, ep, &how, &e) && pthread_create(&v->thread, NULL, evict, v) == 0)
        return v;
    log_debug("no second session to end others with: %s", e.text);
    pgconn_close(v->c);
    free(v);
    return NULL;
}

struct session_count evictor_left(struct evictor *v)
{
    unsigned left = atomic_load(&v->left);

    return (struct session_count){left, atomic_load(&v->immune)};
}

void evictor_stop(struct evictor *v)
{
    if (!v)
        return;
    atomic_store(&v->stop, true);
    (void)pthread_join(v->thread, NULL);
    pgconn_close(v->c);
    free(v);
}
