/* probe_source_state.c - what goes on at the source: standby, load, locks, a pooler in between. */
#include <inttypes.h>
#include <string.h>

#include "check_priv.h"
#include "server_priv.h"

enum { OLD_TRANSACTION_S = 3600, WRAPAROUND_WARN = 1500000000, POOL_ROUNDS = 3 };

static const char *on_source(struct check *c, const char *sql)
{
    return psql_command(c, &c->source, c->f->source_db.name, sql);
}

// clang-format off
static const char standby_sql[] =
    "SELECT COALESCE(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()"
    "  - pg_catalog.pg_last_xact_replay_timestamp()), 0),"
    " pg_catalog.current_setting('hot_standby_feedback') = 'on',"
    " pg_catalog.current_setting('max_standby_streaming_delay') = '-1',"
    " pg_catalog.pg_is_wal_replay_paused()";
// clang-format on

bool probe_src_standby(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;

    if (!c->f->source_server.in_recovery) {
        check_ok(c, r, "primary");
        return true;
    }
    if (!pgconn_query(c->f->source, standby_sql, 0, NULL, &res, e))
        return false;
    check_ok(c, r, "standby, lag %.1f s", cell_double(res, 0, 0));
    if (!cell_bool(res, 0, 1) && !cell_bool(res, 0, 2) && !cell_bool(res, 0, 3)) {
        check_warn(c, r, "a standby without hot_standby_feedback may cancel the dump's query");
        check_hint(c, r, "%s", on_source(c, "ALTER SYSTEM SET hot_standby_feedback = on"));
        check_hint(c, r, "%s", on_source(c, "SELECT pg_reload_conf()"));
    }
    return true;
}

// clang-format off
static const char load_sql[] =
    "SELECT pg_catalog.age(d.datfrozenxid), x.pid, x.seconds, x.who"
    " FROM pg_catalog.pg_database d LEFT JOIN LATERAL (SELECT a.pid,"
    "  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start) AS seconds,"
    "  COALESCE(NULLIF(a.application_name, ''), a.usename) AS who"
    "  FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid AND a.xact_start IS NOT NULL"
    "  AND a.pid <> pg_catalog.pg_backend_pid() ORDER BY a.xact_start LIMIT 1) x ON true"
    " WHERE d.datname = pg_catalog.current_database()";
// clang-format on

bool probe_src_load(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;

    if (!pgconn_query(c->f->source, load_sql, 0, NULL, &res, e))
        return false;
    check_ok(c, r, "%" PRId64 " sessions, oldest transaction %.0f s, xid age %s",
             c->f->source_db.connections, cell_double(res, 0, 2), PQgetvalue(res, 0, 0));
    check_threshold(c, r, "transactions under %d s, xid age under %d", OLD_TRANSACTION_S,
                    WRAPAROUND_WARN);
    if (cell_double(res, 0, 2) > OLD_TRANSACTION_S) {
        check_warn(c, r, "pid %s (%s) is in a transaction for %.0f min", PQgetvalue(res, 0, 1),
                   PQgetvalue(res, 0, 3), cell_double(res, 0, 2) / 60);
        check_hint(c, r, "%s",
                   on_source(c, arena_printf(c->a, "SELECT pg_terminate_backend(%s)",
                                             PQgetvalue(res, 0, 1))));
    }
    if (cell_i64(res, 0, 0) > WRAPAROUND_WARN) {
        check_warn(c, r, "transaction ids are %s old: a long snapshot holds back the freeze",
                   PQgetvalue(res, 0, 0));
        check_hint(c, r, "vacuumdb --freeze -d %s", shell_word(c, c->f->source_db.name));
    }
    return true;
}

// clang-format off
static const char locks_sql[] =
    "SELECT l.pid, l.granted, pg_catalog.format('%I.%I', n.nspname, c.relname),"
    " COALESCE(NULLIF(a.application_name, ''), a.usename, 'unknown'),"
    " COALESCE(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start), 0),"
    " count(*) OVER ()"
    " FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND c.oid >= 16384"
    " AND c.relkind IN ('r', 'p', 'm', 'S')"
    " AND l.database = (SELECT oid FROM pg_catalog.pg_database"
    "  WHERE datname = pg_catalog.current_database())"
    " AND l.pid <> pg_catalog.pg_backend_pid() ORDER BY 2 DESC, 5 DESC LIMIT 1";
// clang-format on

/* pg_dump's ACCESS SHARE waits behind these, and everybody else behind pg_dump's wait. */
bool probe_src_locks(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;

    if (!pgconn_query(c->f->source, locks_sql, 0, NULL, &res, e))
        return false;
    check_ok(c, r, "no table is locked against reading");
    if (PQntuples(res) == 0)
        return true;
    check_warn(c, r, "pid %s (%s, %.0f s) %s table %s exclusively; %s such locks",
               PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 3), cell_double(res, 0, 4),
               cell_bool(res, 0, 1) ? "locks" : "waits to lock", PQgetvalue(res, 0, 2),
               PQgetvalue(res, 0, 5));
    check_hint(
        c, r, "wait, or: %s",
        on_source(c, arena_printf(c->a, "SELECT pg_cancel_backend(%s)", PQgetvalue(res, 0, 0))));
    return true;
}

/* ---- pooler ---- */

static bool backend_pid(struct pgconn *conn, int64_t *ret, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;

    if (!pgconn_query(conn, "SELECT pg_catalog.pg_backend_pid()", 0, NULL, &res, e))
        return false;
    *ret = cell_i64(res, 0, 0);
    return true;
}

/*
 * Two sessions, the other one in a transaction: where each has a backend of its own, ours stays
 * what it was and is not theirs. A pool hands ours over as soon as our statement ended.
 */
static bool backend_is_shared(struct pgconn *ours, struct pgconn *other, bool *ret, struct err *e)
{
    int64_t first, theirs, second;

    *ret = false;
    for (int round = 0; round < POOL_ROUNDS && !*ret; round++) {
        if (!backend_pid(ours, &first, e) || !pgconn_exec(other, "BEGIN", e) ||
            !backend_pid(other, &theirs, e) || !backend_pid(ours, &second, e) ||
            !pgconn_exec(other, "ROLLBACK", e))
            return false;
        *ret = first == theirs || first != second;
    }
    return true;
}

static bool pooler_probe(struct check *c, struct probe_result *r, struct pgconn *conn,
                         const struct endpoint *ep, struct err *e)
{
    AUTO_PGCONN struct pgconn *other = NULL;
    struct pgconn_options how = {.dbname = pgconn_database(conn), .same_as = conn};
    const struct check_server *s =
        r->side == CHECK_SOURCE ? &c->f->source_server : &c->f->target_server;
    bool shared;

    check_ok(c, r, "none");
    if (!s->pooled)
        return true;
    if (!pgconn_open(&other, ep, &how, e) || !backend_is_shared(conn, other, &shared, e))
        return false;
    check_ok(c, r, "a pooler that keeps a server session for each of ours");
    if (!shared)
        return true;
    check_fail(c, r,
               "a pooler in transaction mode stands before the %s: snapshots, locks and settings "
               "do not survive it",
               check_side_name(r->side));
    check_hint(c, r,
               "set %s.host and %s.port to the PostgreSQL server itself, or pool_mode = "
               "session for this user",
               ep->side, ep->side);
    return true;
}

bool probe_src_pooler(struct check *c, struct probe_result *r, struct err *e)
{
    return pooler_probe(c, r, c->f->source, &c->source, e);
}

bool probe_tgt_pooler(struct check *c, struct probe_result *r, struct err *e)
{
    return pooler_probe(c, r, c->f->target, &c->target, e);
}
