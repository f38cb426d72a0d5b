/* probe_target.c - may this target be replaced, and may we do it? */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "server_priv.h"
#include "common/num.h"
#include "common/str.h"
#include "postgres/identity.h"
#include "postgres/swap.h"
#include "postgres/target.h"

static const char *on_target(struct check *c, const char *sql)
{
    return psql_command(c, &c->target, "postgres", sql);
}

bool probe_tgt_distinct(struct check *c, struct probe_result *r, struct err *e)
{
    struct db_identity source, target;
    enum identity_match match;
    struct err why = {0};

    if (!identity_read(c->f->source, c->f->source_db.name, &source, e) ||
        !identity_read(c->f->target, c->target_database, &target, e))
        return false;
    check_threshold(c, r, "other system identifier or other database");
    if (!identity_refuse_same(&source, &target, c->f->source_db.name, c->target_database, &match,
                              &why)) {
        check_fail_err(c, r, &why);
        check_hint(c, r, "set target.database to another name, or target.host to another server");
    } else if (match == IDENTITY_NOT_SURE) {
        check_warn(c, r,
                   "a standby and its primary cannot be told apart without the right to read "
                   "the system identifier");
        check_hint(c, r, "%s",
                   on_target(c, "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC"));
    } else {
        check_ok(c, r,
                 match == IDENTITY_SAME_CLUSTER ? "another database of the same cluster"
                                                : "another cluster");
    }
    return true;
}

/* A guard that says no is the finding; one that cannot be asked is the probe's own failure. */
static bool guard_tell(struct check *c, struct probe_result *r, bool passed, const struct err *why,
                       struct err *e)
{
    if (passed)
        return true;
    if (why->code != E_REFUSED) {
        *e = *why;
        return false;
    }
    check_fail_err(c, r, why);
    return true;
}

bool probe_tgt_protected(struct check *c, struct probe_result *r, struct err *e)
{
    const struct target_facts facts = {
        .exists = c->f->target_db.exists,
        .is_template = c->f->target_db.is_template,
        .comment = c->f->target_db.comment,
    };
    const struct target_guard guard = {
        .ep = &c->target,
        .database = c->target_database,
        .protected_globs = c->cfg->protected_targets.items,
        .protected_count = c->cfg->protected_targets.count,
        .facts = &facts,
    };
    struct err why = {0};

    check_ok(c, r, "no guard forbids it");
    return guard_tell(c, r, target_refuse_protected(c->f->target, &guard, &why), &why, e);
}

bool probe_tgt_readonly(struct check *c, struct probe_result *r, struct err *e)
{
    struct err why = {0};

    check_ok(c, r, "writable");
    return guard_tell(c, r, target_refuse_unwritable(c->f->target, &why), &why, e);
}

/* ---- what is there ---- */

static bool target_look_inside(struct check *c, struct err *e)
{
    struct pgconn_options how = {.dbname = c->target_database, .same_as = c->f->target};

    if (!c->f->target_db.allow_connections ||
        !pgconn_open(&c->f->target_database, &c->target, &how, NULL))
        return true; /* what we may not see is taken as not empty */
    return target_is_empty(c->f->target_database, &c->f->target_db.empty, e);
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
    } else if (c->cfg->if_exists == IF_EXISTS_REPLACE && !c->o->preflight && !has_consent(c->cfg)) {
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

/* ---- in the way of a swap ---- */

bool probe_tgt_blockers(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_NAMES struct name_list names = NAME_LIST_INIT;
    struct blocker *blockers;
    size_t count;

    check_ok(c, r, "none");
    if (!c->f->target_db.exists)
        return true;
    if (!swap_blockers(c->f->target, c->target_database, c->a, &blockers, &count, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        name_list_add(&names, arena_printf(c->a, "%s '%s'", blocker_kind_name(blockers[i].kind),
                                           blockers[i].name));
        check_hint(c, r, "%s", blockers[i].hint);
    }
    if (count)
        check_fail(c, r, "in the way of replacing '%s': %s", c->target_database,
                   name_list_text(c, &names));
    return true;
}
