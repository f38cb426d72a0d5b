/*
 * server.c - what one query tells about a server, our role there and one database.
 *
 * Columns of pg_database came and went with the majors (provider 15, locale 17), so the row is also
 * taken as jsonb, where a missing column is NULL. Sessions of others are counted through
 * pg_stat_get_activity(), which shows pid, database and role to everybody; ours is not counted.
 */
#include <string.h>
#include <time.h>

#include "server_priv.h"
#include "common/str.h"

// clang-format off
static const char server_sql[] =
    "SELECT pg_catalog.pg_is_in_recovery(),"
    " pg_catalog.pg_postmaster_start_time(),"
    " me.rolsuper, me.rolcreatedb, me.rolcreaterole, me.rolbypassrls,"
    " me.rolsuper OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'),"
    " pg_catalog.current_setting('max_connections')::pg_catalog.int8 - CASE WHEN me.rolsuper THEN 0"
    "  ELSE pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8"
    "   + COALESCE(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int8"
    "  END,"
    " act.all_sessions, me.rolconnlimit, act.own_sessions,"
    " pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()),"
    " pg_catalog.current_setting('row_security') = 'off'"
    "  AND pg_catalog.current_setting('search_path') = '', pg_catalog.pg_backend_pid()"
    " FROM pg_catalog.pg_roles me"
    " CROSS JOIN LATERAL (SELECT count(*) AS all_sessions,"
    "  count(*) FILTER (WHERE a.usesysid = me.oid) AS own_sessions"
    "  FROM pg_catalog.pg_stat_get_activity(NULL) a"
    "  WHERE a.usesysid IS NOT NULL AND a.datid IS NOT NULL"
    "  AND a.pid <> pg_catalog.pg_backend_pid()) act"
    " WHERE me.rolname = CURRENT_USER";

static const char database_sql[] =
    "SELECT d.oid, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_has_role(d.datdba, 'USAGE'),"
    " d.datallowconn, d.datistemplate, d.datconnlimit,"
    " (SELECT count(*) FROM act), (SELECT count(*) FROM act WHERE act.rolsuper),"
    " (SELECT pg_catalog.string_agg(app || ' (' || n || ')', ', ' ORDER BY n DESC, app) FROM"
    "  (SELECT app, count(*) AS n FROM act GROUP BY app ORDER BY 2 DESC LIMIT 4) x),"
    " pg_catalog.pg_encoding_to_char(d.encoding), COALESCE(j.row->>'datlocprovider', 'c'),"
    " d.datcollate, d.datctype, COALESCE(j.row->>'daticulocale', j.row->>'datlocale'),"
    " j.row->>'datcollversion', t.spcname, pg_catalog.shobj_description(d.oid, 'pg_database'),"
    " CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT')"
    "  OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"
    "  THEN pg_catalog.pg_database_size(d.oid) END"
    " FROM pg_catalog.pg_database d"
    " JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace"
    " CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(d) AS row) j"
    " WHERE d.datname = $1";

/* In front of database_sql: the sessions of that database, read once. */
static const char activity_sql[] =
    "WITH act AS MATERIALIZED (SELECT COALESCE(r.rolsuper, false) AS rolsuper,"
    " COALESCE(NULLIF(a.application_name, ''), r.rolname, 'unnamed') AS app"
    " FROM pg_catalog.pg_stat_get_activity(NULL) a"
    " LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid"
    " WHERE a.datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = $1)"
    " AND a.usesysid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()) ";
// clang-format on

static double local_epoch(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* "15.20" of "15.20 (Debian 15.20-0+deb12u1)" */
static const char *short_version(struct check *c, const char *text)
{
    return arena_strndup(c->a, text, strcspn(text, " "));
}

bool server_read(struct check *c, struct pgconn *conn, struct check_server *s, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;
    double before = local_epoch(), after;

    if (!pgconn_query(conn, server_sql, 0, NULL, &r, e))
        return false;
    after = local_epoch();
    if (PQntuples(r) != 1)
        return err_set(e, E_SERVER, "role '%s' is not in pg_roles", pgconn_user(conn));
    s->version = pgconn_version(conn);
    s->version_text = short_version(c, pgconn_version_text(conn));
    s->where = arena_strdup(c->a, pgconn_where(conn));
    s->user = arena_strdup(c->a, pgconn_user(conn));
    s->local = pgconn_is_local(conn);
    s->in_recovery = cell_bool(r, 0, 0);
    s->started = cell_text(c, r, 0, 1);
    s->superuser = cell_bool(r, 0, 2);
    s->createdb = s->superuser || cell_bool(r, 0, 3);
    s->createrole = s->superuser || cell_bool(r, 0, 4);
    s->bypass_rls = s->superuser || cell_bool(r, 0, 5);
    s->signal_backend = cell_bool(r, 0, 6);
    s->max_connections = cell_i64(r, 0, 7);
    s->connections = cell_i64(r, 0, 8);
    s->role_limit = s->superuser ? -1 : cell_i64(r, 0, 9);
    s->role_connections = cell_i64(r, 0, 10);
    s->clock_offset_s = cell_double(r, 0, 11) - (before + after) / 2;
    s->pooled = pgconn_lost_options(conn) || !cell_bool(r, 0, 12) ||
                cell_i64(r, 0, 13) != pgconn_backend_pid(conn);
    s->known = true;
    return true;
}

static void database_fill(struct check *c, const PGresult *r, struct check_database *d)
{
    d->exists = true;
    d->oid = (uint32_t)cell_u64(r, 0, 0);
    d->owner = cell_text(c, r, 0, 1);
    d->owned = cell_bool(r, 0, 2);
    d->allow_connections = cell_bool(r, 0, 3);
    d->is_template = cell_bool(r, 0, 4);
    d->connection_limit = cell_i64(r, 0, 5);
    d->connections = cell_i64(r, 0, 6);
    d->superuser_connections = cell_i64(r, 0, 7);
    d->session_list = cell_text(c, r, 0, 8);
    d->encoding = cell_text(c, r, 0, 9);
    d->provider = cell_text(c, r, 0, 10);
    d->collate = cell_text(c, r, 0, 11);
    d->ctype = cell_text(c, r, 0, 12);
    d->locale = PQgetisnull(r, 0, 13) ? NULL : cell_text(c, r, 0, 13);
    d->collation_version = cell_text(c, r, 0, 14);
    d->tablespace = cell_text(c, r, 0, 15);
    d->comment = cell_text(c, r, 0, 16);
    d->bytes = cell_u64(r, 0, 17);
}

bool database_read(struct check *c, struct pgconn *conn, const char *name, struct check_database *d,
                   struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);

    *d = (struct check_database){.name = arena_strdup(c->a, name)};
    buf_addstr(&sql, activity_sql);
    buf_addstr(&sql, database_sql);
    if (!pgconn_query(conn, buf_str(&sql), 1, &name, &r, e))
        return false;
    if (PQntuples(r) == 1)
        database_fill(c, r, d);
    return true;
}

/* How many of the databases a person could have meant are there? Names for the hint. */
bool database_suggest(struct check *c, struct pgconn *conn, const char *name, const char **ret,
                      struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;
    AUTO_NAMES struct name_list near = NAME_LIST_INIT, all = NAME_LIST_INIT;

    if (!pgconn_query(conn,
                      "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn"
                      " AND NOT datistemplate ORDER BY 1",
                      0, NULL, &r, e))
        return false;
    for (int i = 0; i < PQntuples(r); i++) {
        const char *found = PQgetvalue(r, i, 0);

        name_list_add(&all, found);
        if (str_is_likely_typo(name, found))
            name_list_add(&near, found);
    }
    *ret = name_list_text(c, near.count ? &near : &all);
    return true;
}
