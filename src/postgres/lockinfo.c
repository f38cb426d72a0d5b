#include "lockinfo_priv.h"

#include <string.h>

#include "common/buf.h"
#include "common/num.h"
#include "common/str.h"
#include "postgres/catalog.h"
#include "postgres/conn.h"

enum { TABLES_NAMED = 5 };

/* OIDs as an array literal. */
static void add_oids(struct buf *b, const struct catalog *tables)
{
    buf_addch(b, '{');
    for (size_t i = 0; i < tables->count; i++)
        buf_printf(b, "%s%u", i ? "," : "", (unsigned)tables->tables[i].oid);
    buf_addch(b, '}');
}

/*
 * Holders before those who queue; of several the one that has been at it longest. In a transaction
 * pg_stat_activity is frozen at its first use, hence the clearing.
 */
static const char blockers_sql[] =
    "SELECT n.nspname, c.relname, l.granted, l.pid, a.application_name, a.state,"
    " pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() -"
    " CASE WHEN l.granted THEN a.xact_start ELSE a.query_start END) * 1000)::pg_catalog.int8,"
    " pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 60),"
    " pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(l.pid), ', '),"
    " (SELECT count(*) FROM pg_catalog.pg_prepared_xacts) > 0 AND l.pid IS NULL"
    " FROM pg_catalog.pg_locks l"
    " JOIN pg_catalog.pg_class c ON c.oid = l.relation"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'"
    " AND l.relation = ANY ($1::pg_catalog.oid[])"
    " AND l.database = (SELECT oid FROM pg_catalog.pg_database"
    " WHERE datname = pg_catalog.current_database())"
    " AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()"
    " ORDER BY l.granted DESC, a.xact_start, l.relation LIMIT 1";

enum {
    COL_SCHEMA,
    COL_TABLE,
    COL_GRANTED,
    COL_PID,
    COL_APP,
    COL_STATE,
    COL_AGE,
    COL_QUERY,
    COL_WAITS_FOR,
    COL_PREPARED,
    COL_WAITER,
};

static bool query_blockers(struct pgconn *c, const struct catalog *tables, PGresult **ret)
{
    AUTO_BUF struct buf oids = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGRESULT PGresult *cleared = NULL;
    const char *params[1];

    add_oids(&oids, tables);
    params[0] = buf_str(&oids);
    return pgconn_query(c, "SELECT pg_catalog.pg_stat_clear_snapshot()", 0, NULL, &cleared, NULL) &&
           pgconn_query(c, blockers_sql, 1, params, ret, NULL);
}

/* "held by pid 4711 (app=migrate, active, 3m12s): ALTER TABLE ..." */
static void describe_session(const PGresult *r, struct err *ret)
{
    AUTO_BUF struct buf b = BUF_INIT(4096);
    const char *query = PQgetvalue(r, 0, COL_QUERY);
    char age[NUM_TEXT_MAX];
    uint64_t ms;

    buf_printf(&b, "%s pid %s (app=%s",
               PQgetvalue(r, 0, COL_GRANTED)[0] == 't' ? "held by" : "queued for by",
               PQgetvalue(r, 0, COL_PID), PQgetvalue(r, 0, COL_APP));
    if (!PQgetisnull(r, 0, COL_STATE))
        buf_printf(&b, ", %s", PQgetvalue(r, 0, COL_STATE));
    if (num_parse_u64(PQgetvalue(r, 0, COL_AGE), 0, UINT64_MAX, &ms))
        buf_printf(&b, ", %s", num_format_duration(age, ms));
    buf_addch(&b, ')');
    if (*PQgetvalue(r, 0, COL_WAITS_FOR))
        buf_printf(&b, " that waits for pid %s", PQgetvalue(r, 0, COL_WAITS_FOR));
    if (*query)
        buf_printf(&b, ": %s", query);
    (void)err_detail(ret, "%s", buf_str(&b));
    (void)err_hint(ret,
                   "wait for it, or end it: SELECT pg_terminate_backend(%s); or raise "
                   "source.lock_timeout or move the schedule",
                   PQgetvalue(r, 0, COL_PID));
}

static void set_timeout(struct err *e, const char *table, uint64_t timeout_ms)
{
    char time[NUM_TEXT_MAX];

    if (timeout_ms)
        (void)err_set(e, E_SERVER, "cannot lock table %s within %s", table,
                      num_format_duration(time, timeout_ms));
    else
        (void)err_set(e, E_SERVER, "cannot lock table %s", table);
    memcpy(e->sqlstate, "55P03", sizeof e->sqlstate);
    e->retryable = true;
}

static void describe_blocker(const PGresult *r, uint64_t timeout_ms, struct err *ret)
{
    AUTO_BUF struct buf table = BUF_INIT(1024);

    if (PQgetisnull(r, 0, COL_TABLE))
        buf_addstr(&table, "of the dump");
    else
        buf_printf(&table, "%s.%s", PQgetvalue(r, 0, COL_SCHEMA), PQgetvalue(r, 0, COL_TABLE));
    set_timeout(ret, buf_str(&table), timeout_ms);
    if (PQgetvalue(r, 0, COL_PREPARED)[0] == 't') {
        (void)err_detail(ret, "held by a prepared transaction");
        (void)err_hint(ret, "SELECT gid, prepared, owner FROM pg_prepared_xacts; then COMMIT "
                            "PREPARED or ROLLBACK PREPARED");
    } else {
        describe_session(r, ret);
    }
}

bool lockinfo_blockers(struct pgconn *c, const struct catalog *tables, uint64_t timeout_ms,
                       struct err *ret)
{
    AUTO_PGRESULT PGresult *r = NULL;

    if (!query_blockers(c, tables, &r) || PQntuples(r) != 1)
        return false;
    describe_blocker(r, timeout_ms, ret);
    return true;
}

bool lockinfo_timeout(struct pgconn *c, const struct catalog *tables, uint64_t timeout_ms,
                      struct err *e)
{
    if (lockinfo_blockers(c, tables, timeout_ms, e))
        return false;
    set_timeout(e, "of the dump", timeout_ms);
    (void)err_detail(e, "whoever held the lock is gone now");
    return err_hint(e, "try again, raise source.lock_timeout or move the schedule");
}

/* The columns of blockers_sql, about the first session that one of this name waits for. */
static const char waiter_sql[] =
    "SELECT n.nspname, c.relname, true, b.pid, b.application_name, b.state,"
    " pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() -"
    " b.xact_start) * 1000)::pg_catalog.int8,"
    " pg_catalog.left(pg_catalog.regexp_replace(b.query, '\\s+', ' ', 'g'), 60),"
    " pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(b.pid), ', '),"
    " b.pid IS NULL, w.pid"
    " FROM pg_catalog.pg_stat_activity w"
    " JOIN pg_catalog.pg_locks l ON l.pid = w.pid AND NOT l.granted"
    " CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS u(pid)"
    " LEFT JOIN pg_catalog.pg_stat_activity b ON b.pid = u.pid"
    " LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation"
    " LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE w.application_name = $1 AND w.pid <> pg_catalog.pg_backend_pid()"
    " ORDER BY b.xact_start LIMIT 1";

bool lockinfo_waiter(struct pgconn *c, const char *application_name, uint64_t timeout_ms,
                     int *ret_pid, struct err *ret)
{
    AUTO_PGRESULT PGresult *cleared = NULL;
    AUTO_PGRESULT PGresult *r = NULL;
    uint64_t pid;

    if (!pgconn_query(c, "SELECT pg_catalog.pg_stat_clear_snapshot()", 0, NULL, &cleared, NULL) ||
        !pgconn_query(c, waiter_sql, 1, &application_name, &r, NULL) || PQntuples(r) != 1 ||
        !num_parse_u64(PQgetvalue(r, 0, COL_WAITER), 1, INT32_MAX, &pid))
        return false;
    *ret_pid = (int)pid;
    describe_blocker(r, timeout_ms, ret);
    return true;
}

static const char privileges_sql[] =
    "SELECT pg_catalog.count(*) OVER (), pg_catalog.format('%I.%I', n.nspname, c.relname),"
    " pg_catalog.format('%I', current_user),"
    " pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.format('%I', n.nspname)"
    " FROM pg_catalog.unnest($1::pg_catalog.oid[]) o(oid)"
    " JOIN pg_catalog.pg_class c ON c.oid = o.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')"
    " OR NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY 2";

static void grant_hint(struct pgconn *c, const PGresult *r, const char *names, struct err *e)
{
    const char *role = PQgetvalue(r, 0, 2);

    if (PQntuples(r) > TABLES_NAMED && pgconn_version(c) >= 140000)
        (void)err_hint(e, "GRANT pg_read_all_data TO %s;", role);
    else if (PQgetvalue(r, 0, 3)[0] == 'f')
        (void)err_hint(e,
                       "GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA %s "
                       "TO %s;",
                       PQgetvalue(r, 0, 4), role, PQgetvalue(r, 0, 4), role);
    else
        (void)err_hint(e, "GRANT SELECT ON TABLE %s TO %s;", names, role);
}

bool lockinfo_privileges(struct pgconn *c, const struct catalog *tables, struct err *e)
{
    AUTO_BUF struct buf oids = BUF_INIT(BUF_TEXT_MAX);
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGRESULT PGresult *r = NULL;
    const char *params[1];
    int n;

    add_oids(&oids, tables);
    params[0] = buf_str(&oids);
    if (!pgconn_query(c, privileges_sql, 1, params, &r, NULL) || PQntuples(r) == 0)
        return err_in(e, "lock the tables");
    n = PQntuples(r);
    for (int i = 0; i < n && i < TABLES_NAMED; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", PQgetvalue(r, i, 1));
    (void)err_set(e, E_AUTH, "role %s may not read %d of %zu tables: %s%s", PQgetvalue(r, 0, 2), n,
                  tables->count, buf_str(&names), n > TABLES_NAMED ? ", ..." : "");
    memcpy(e->sqlstate, "42501", sizeof e->sqlstate);
    grant_hint(c, r, buf_str(&names), e);
    return false;
}
