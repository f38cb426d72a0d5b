/*
 * probe_reach.c - is somebody there, are we let in, is the source database there?
 *
 * The source is asked by opening the very session the run will need; only when that fails is the
 * maintenance database tried, to tell "no such database" from "not let in". The target's session
 * is on its maintenance database, because the target itself may not exist and, if it does, is not
 * to be held open. A server that answered with an SQLSTATE was reached, whatever it said.
 */
#include <string.h>

#include "server_priv.h"
#include "common/str.h"

/* The server itself could not be reached, or libpq could not even try. */
static bool unreachable(const struct err *e)
{
    return (e->code == E_CONNECT || e->code == E_CONFIG || e->code == E_SYSTEM) && !e->sqlstate[0];
}

/* It knows us, but not into this database. */
static bool database_refused(const struct err *e)
{
    static const char *const states[] = {"3D000", "42501", "55000"};

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strcmp(e->sqlstate, states[i]) == 0)
            return true;
    return false;
}

static const char *pg_isready_command(struct check *c, const struct endpoint *ep)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    buf_addstr(&b, "pg_isready");
    if (ep->host && !ep->uri && !ep->service) {
        buf_addstr(&b, " -h ");
        str_shell_quote(&b, ep->host);
        if (ep->port)
            buf_printf(&b, " -p %s", ep->port);
    }
    return arena_strdup(c->a, buf_str(&b));
}

static bool reach_tell(struct check *c, struct probe_result *r, const struct pgconn *conn,
                       const struct err *why, const struct endpoint *ep)
{
    if (conn) {
        check_ok(c, r, "%s", pgconn_where(conn));
    } else if (unreachable(why)) {
        check_fail_err(c, r, why);
        check_hint(c, r, "%s", pg_isready_command(c, ep));
    } else {
        check_ok(c, r, "a server answers");
    }
    return true;
}

bool probe_src_reach(struct check *c, struct probe_result *r, struct err *e)
{
    struct pgconn_options how = {.dbname = c->source.database};

    (void)e;
    if (!pgconn_open(&c->f->source, &c->source, &how, &c->source_err) &&
        database_refused(&c->source_err)) {
        struct err why = {0};

        if (!pgconn_open_maintenance(&c->source_maintenance, &c->source, false, &why))
            c->source_maintenance = NULL;
    }
    return reach_tell(c, r, c->f->source, &c->source_err, &c->source);
}

bool probe_tgt_reach(struct check *c, struct probe_result *r, struct err *e)
{
    (void)e;
    if (!pgconn_open_maintenance(&c->f->target, &c->target, false, &c->target_err))
        c->f->target = NULL;
    return reach_tell(c, r, c->f->target, &c->target_err, &c->target);
}

static bool auth_tell(struct check *c, struct probe_result *r, struct pgconn *conn,
                      const struct err *why, const struct endpoint *ep)
{
    if (conn) {
        check_ok(c, r, "as %s", pgconn_user(conn));
        return true;
    }
    check_fail_err(c, r, why);
    check_hint(
        c, r, "%s",
        psql_command(c, ep, ep->database ? ep->database : "postgres", "select current_user"));
    return true;
}

/* Into the server; a database that does not want us is for src.db to tell. */
bool probe_src_auth(struct check *c, struct probe_result *r, struct err *e)
{
    if (!c->f->source && !c->source_maintenance && database_refused(&c->source_err)) {
        check_ok(c, r, "the server knows us");
        return true;
    }
    auth_tell(c, r, c->f->source ? c->f->source : c->source_maintenance, &c->source_err,
              &c->source);
    if (!c->f->source)
        return true;
    return server_read(c, c->f->source, &c->f->source_server, e);
}

bool probe_tgt_auth(struct check *c, struct probe_result *r, struct err *e)
{
    auth_tell(c, r, c->f->target, &c->target_err, &c->target);
    if (!c->f->target)
        return true;
    return server_read(c, c->f->target, &c->f->target_server, e) &&
           database_read(c, c->f->target, c->target_database, &c->f->target_db, e);
}

/* Why we are not let in, asked from the maintenance database. */
static bool source_db_diagnose(struct check *c, struct probe_result *r, const char *name,
                               struct err *e)
{
    struct check_database d;
    const char *names = "";

    if (!database_read(c, c->source_maintenance, name, &d, e))
        return false;
    if (!d.exists) {
        check_fail(c, r, "database '%s' does not exist on the source", name);
        if (!database_suggest(c, c->source_maintenance, name, &names, e))
            return false;
        check_hint(c, r, "set source.database to one of: %s", names);
    } else if (!d.allow_connections) {
        check_fail(c, r, "database '%s' does not allow connections", name);
        check_hint(c, r, "%s",
                   psql_command(c, &c->source, "postgres",
                                arena_printf(c->a, "ALTER DATABASE %s ALLOW_CONNECTIONS true",
                                             sql_ident(c, name))));
    } else {
        check_fail(c, r, "role '%s' may not connect to database '%s'",
                   pgconn_user(c->source_maintenance), name);
        check_hint(c, r, "%s",
                   psql_command(c, &c->source, "postgres",
                                arena_printf(c->a, "GRANT CONNECT ON DATABASE %s TO %s",
                                             sql_ident(c, name),
                                             sql_ident(c, pgconn_user(c->source_maintenance)))));
    }
    return true;
}

bool probe_src_db(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_database *d = &c->f->source_db;
    AUTO_BUF struct buf name = BUF_INIT(4096);

    if (!c->f->source && c->source_maintenance) {
        if (!pgconn_configured_database(&c->source, &name, e))
            return false;
        return source_db_diagnose(c, r, buf_str(&name), e);
    }
    if (!c->f->source) {
        check_fail_err(c, r, &c->source_err);
        return true;
    }
    if (!database_read(c, c->f->source, pgconn_database(c->f->source), &c->f->source_db, e))
        return false;
    check_ok(c, r, "%s, %s, owner %s", d->name, d->encoding, d->owner);
    return true;
}
