/* probe_target.c - may this target be replaced, and may we do it? */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "server_priv.h"
#include "common/num.h"
#include "common/str.h"
#include "postgres/marker.h"

static const char *on_target(struct check *c, const char *sql)
{
    return psql_command(c, &c->target, "postgres", sql);
}

/* Whatever the hosts are called: one cluster has one system identifier, its standbys the same. */
bool probe_tgt_distinct(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_facts *f = c->f;
    bool same_system = strcmp(f->source_server.system_id, f->target_server.system_id) == 0;

    (void)e;
    check_ok(c, r, same_system ? "another database of the same cluster" : "another cluster");
    check_threshold(c, r, "other system identifier or other database");
    if (same_system && f->target_db.exists && f->target_db.oid == f->source_db.oid) {
        check_fail(c, r, "source and target are the same database: '%s' of system %s",
                   f->target_db.name, f->target_server.system_id);
        check_hint(c, r, "set target.database to another name, or target.host to another server");
    }
    return true;
}

static const char *protecting_glob(struct check *c, const char *host)
{
    const struct string_list *globs = &c->cfg->protected_targets;
    const char *name = arena_printf(c->a, "%s/%s", host, c->target_database);

    for (size_t i = 0; i < globs->count; i++)
        if (str_glob_match(globs->items[i], name))
            return globs->items[i];
    return NULL;
}

/* The host as configured, as reached, and "localhost" for a socket: any may match. */
bool probe_tgt_protected(struct check *c, struct probe_result *r, struct err *e)
{
    PGconn *pg = pgconn_raw(c->f->target);
    const char *const hosts[] = {c->target.host, PQhost(pg), PQhostaddr(pg),
                                 c->f->target_server.local ? "localhost" : NULL};
    const char *glob = NULL;

    (void)e;
    for (size_t i = 0; i < ARRAY_LEN(hosts) && !glob; i++)
        if (hosts[i] && *hosts[i])
            glob = protecting_glob(c, hosts[i]);
    check_ok(c, r, "no guard forbids it");
    if (glob) {
        check_fail(c, r, "'%s' is protected by safety.protected '%s'", c->target_database, glob);
        check_hint(c, r, "choose another target: this guard has no override");
    }
    if (c->f->target_db.exists && marker_is_protected(c->f->target_db.comment)) {
        check_fail(c, r, "the comment of database '%s' says %s", c->target_database,
                   MARKER_PROTECTED);
        check_hint(c, r, "if it may be replaced after all, change its comment: %s",
                   on_target(c, arena_printf(c->a, "COMMENT ON DATABASE %s IS NULL",
                                             sql_ident(c, c->target_database))));
    }
    return true;
}

/* ---- what is there ---- */

static bool target_look_inside(struct check *c, struct err *e)
{
    struct pgconn_options how = {.dbname = c->target_database, .same_as = c->f->target};

    if (!c->f->target_db.allow_connections ||
        !pgconn_open(&c->f->target_database, &c->target, &how, NULL))
        return true; /* what we may not see is taken as not empty */
    return database_is_empty(c, c->f->target_database, &c->f->target_db.empty, e);
}

static const char *target_describe(struct check *c)
{
    const struct check_database *d = &c->f->target_db;
    char size[NUM_TEXT_MAX];

    return arena_printf(c->a, "exists%s%s, owner %s, %" PRId64 " session%s%s%s",
                        d->bytes ? ", " : "", d->bytes ? num_format_bytes(size, d->bytes) : "",
                        d->owner, d->connections, d->connections == 1 ? "" : "s",
                        d->connections ? ": " : "", d->session_list);
}

static bool has_consent(const struct config *cfg)
{
    return cfg->yes || cfg->drop_existing_in_file ||
           (!cfg->no_input && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1);
}

static const char *config_arguments(struct check *c)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    for (size_t i = 0; i < c->cfg->file_list.count; i++) {
        buf_addstr(&b, " -c ");
        str_shell_quote(&b, c->cfg->file_list.items[i]);
    }
    return arena_strdup(c->a, buf_str(&b));
}

bool probe_tgt_exists(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_database *d = &c->f->target_db;

    if (!d->exists) {
        check_ok(c, r, "'%s' does not exist and will be created", c->target_database);
        return true;
    }
    if (c->cfg->if_exists != IF_EXISTS_REPLACE && !target_look_inside(c, e))
        return false;
    check_ok(c, r, "%s%s", target_describe(c), d->empty ? ", empty" : "");
    if (c->cfg->if_exists == IF_EXISTS_ERROR && !d->empty) {
        check_fail(c, r, "target database '%s' exists and is not empty", c->target_database);
        check_hint(c, r, "to replace it: pg_mirror --drop-existing --yes%s", config_arguments(c));
    } else if (c->cfg->if_exists == IF_EXISTS_REPLACE && !has_consent(c->cfg)) {
        check_warn(c, r, "replacing '%s' without a terminal needs consent", c->target_database);
        check_hint(c, r, "pg_mirror --yes%s", config_arguments(c));
    }
    return true;
}

/* ---- rights ---- */

bool probe_tgt_createdb(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_server *s = &c->f->target_server;

    (void)e;
    if (c->cfg->if_exists == IF_EXISTS_IN_PLACE && c->f->target_db.exists) {
        check_ok(c, r, "not needed in place");
        return true;
    }
    check_ok(c, r, s->superuser ? "superuser" : "CREATEDB");
    if (!s->createdb) {
        check_fail(c, r, "role '%s' may not create databases", s->user);
        check_hint(
            c, r, "%s",
            on_target(c, arena_printf(c->a, "ALTER ROLE %s CREATEDB", sql_ident(c, s->user))));
    }
    return true;
}

bool probe_tgt_owner(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_database *d = &c->f->target_db;
    const struct check_server *s = &c->f->target_server;

    (void)e;
    if (!d->exists) {
        check_ok(c, r, "not there yet");
        return true;
    }
    check_ok(c, r, "%s", d->owner);
    if (!d->owned) {
        check_fail(c, r, "database '%s' belongs to '%s'; role '%s' may not rename it", d->name,
                   d->owner, s->user);
        check_hint(c, r, "%s",
                   on_target(c, arena_printf(c->a, "GRANT %s TO %s", sql_ident(c, d->owner),
                                             sql_ident(c, s->user))));
    }
    return true;
}

/* Sessions must be ended for the swap; those of superusers only a superuser can end. */
bool probe_tgt_signal(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_database *d = &c->f->target_db;
    const struct check_server *s = &c->f->target_server;

    (void)e;
    if (!d->exists) {
        check_ok(c, r, "nobody to disconnect");
        return true;
    }
    check_ok(c, r, "%" PRId64 " session%s to end", d->connections, d->connections == 1 ? "" : "s");
    if (s->superuser)
        return true;
    if (!s->signal_backend) {
        check_warn(c, r, "role '%s' may not end the sessions of others in '%s'", s->user, d->name);
        check_hint(c, r, "%s",
                   on_target(c, arena_printf(c->a, "GRANT pg_signal_backend TO %s",
                                             sql_ident(c, s->user))));
    }
    if (d->superuser_connections > 0) {
        check_fail(c, r, "%" PRId64 " superuser session%s in '%s': only a superuser can end them",
                   d->superuser_connections, d->superuser_connections == 1 ? "" : "s", d->name);
        check_hint(c, r, "%s",
                   on_target(c, arena_printf(c->a,
                                             "SELECT pg_terminate_backend(pid) FROM "
                                             "pg_stat_activity WHERE datname = %s",
                                             sql_literal(c, d->name))));
    }
    return true;
}
