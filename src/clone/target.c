/*
 * The target comes first: a wrong name or a missing right there is found before the source is
 * touched. Its session holds the run lock and later does the swap, so a run that lost its lock
 * cannot swap.
 */
#include "clone_priv.h"

#include <string.h>

#include "common/log.h"
#include "postgres/identity.h"
#include "postgres/swap.h"

/* A service file may be the only one to know the name: then the source is asked. */
static bool name_target(struct clone_run *r, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;

    r->database = r->bundle && !r->cfg->target.database ? r->bundle->manifest.source_database
                                                        : config_target_database(r->cfg);
    if (r->database)
        return true;
    if (!pgconn_open(&c, &r->cfg->source, &(struct pgconn_options){0}, e))
        return err_in(e, "source");
    r->database = arena_strdup(r->arena, pgconn_database(c));
    return true;
}

static bool read_identity(struct clone_run *r, struct err *e)
{
    struct report_server *s = &r->report->target;
    struct db_identity id;

    s->where = arena_strdup(r->report->arena, pgconn_where(r->target));
    s->database = arena_strdup(r->report->arena, r->database);
    s->version = arena_strdup(r->report->arena, pgconn_version_text(r->target));
    if (!identity_read(r->target, r->database, &id, e))
        return false;
    s->system_identifier = arena_strdup(r->report->arena, id.system);
    return true;
}

/* What an earlier run that was killed left behind; nobody else can be at work: we hold the lock. */
static bool clean_up_after_others(struct clone_run *r, struct err *e)
{
    size_t count = 0;
    unsigned files = spool_reap(r->cfg->temp_dir);

    if (files)
        log_info("removed %u temporary files of a run that was killed", files);
    if (!shadow_clean(r->target, r->database, r->shadow_name.text, &count, e))
        return false;
    if (count)
        log_info("dropped %zu unfinished copies of '%s' that a killed run left", count,
                 r->database);
    return true;
}

bool target_open(struct clone_run *r, struct err *e)
{
    const struct config *cfg = r->cfg;

    if (!name_target(r, e))
        return false;
    if (!run_lock_acquire(&r->target_lock, &cfg->target, r->database, cfg->lock_wait_ms, e))
        return err_in(e, "target");
    r->target = run_lock_session(r->target_lock);
    if (!dbname_expand(cfg->shadow_name, r->database, time(NULL), &r->shadow_name, e))
        return false;
    if (!read_identity(r, e) || !clean_up_after_others(r, e))
        return err_in(e, "target");
    return true;
}

static bool refuse_guarded(struct clone_run *r, struct err *e)
{
    struct target_guard guard = {
        .ep = &r->cfg->target,
        .database = r->database,
        .protected_globs = r->cfg->protected_targets.items,
        .protected_count = r->cfg->protected_targets.count,
        .facts = &r->facts,
    };

    return target_refuse(r->target, &guard, e) &&
           (!r->facts.exists || swap_refuse_blockers(r->target, r->database, e));
}

bool target_needs_consent(const struct clone_run *r)
{
    return (r->action == TARGET_ACTION_REPLACE || r->action == TARGET_ACTION_IN_PLACE) &&
           !r->cfg->yes && !r->cfg->drop_existing_in_file;
}

static bool ask_consent(const struct clone_run *r, struct err *e)
{
    const char *where = pgconn_where(r->target);

    if (!target_needs_consent(r))
        return true;
    if (r->job->consent)
        return r->job->consent(r->job->consent_arg, where, r->database, e);
    err_set_(e, E_REFUSED, "replacing '%s' at %s needs your consent", r->database, where);
    return err_hint(e, "add --yes, or \"drop_existing\": true to the options of the file");
}

/* Loading into what is there needs something there; a shadow copy has nothing to load data into. */
static bool refuse_odd_modes(const struct clone_run *r, struct err *e)
{
    if (r->cfg->section == SECTION_DATA_ONLY && r->action != TARGET_ACTION_IN_PLACE) {
        err_set_(e, E_REFUSED, "--data-only fills tables that exist, and '%s' has none",
                 r->database);
        return err_hint(e, "clone the schema first (--schema-only), then add --if-exists in_place");
    }
    if (r->action == TARGET_ACTION_IN_PLACE && r->cfg->swap == SWAP_NONE)
        return err_set(e, E_USAGE, "--no-swap makes no sense with --if-exists in_place");
    return true;
}

bool target_look(struct clone_run *r, struct err *e)
{
    if (!target_probe(r->target, &r->cfg->target, r->database, r->arena, &r->facts, e) ||
        !refuse_guarded(r, e) ||
        !target_decide(&r->facts, (enum target_policy)r->cfg->if_exists, pgconn_where(r->target),
                       r->database, &r->action, e))
        return err_in(e, "target");
    return refuse_odd_modes(r, e);
}

/* What killed runs left is gone by now: whoever made this one wants it. */
static bool refuse_taken_name(struct clone_run *r, struct err *e)
{
    static const char sql[] = "SELECT pg_catalog.count(*) FROM pg_catalog.pg_database"
                              " WHERE datname = $1";
    AUTO_BUF struct buf n = BUF_INIT(64);
    AUTO_BUF struct buf quoted = BUF_INIT(BUF_TEXT_MAX);
    const char *name = r->shadow_name.text;

    if (r->action == TARGET_ACTION_IN_PLACE)
        return true;
    if (!pgconn_value(r->target, sql, 1, &name, &n, e))
        return err_in(e, "target");
    if (strcmp(buf_str(&n), "0") == 0)
        return true;
    ident_quote(&quoted, name);
    err_set_(e, E_CREATE, "target: database '%s' exists: left by --no-swap, or somebody else's",
             name);
    return err_hint(e, "if nobody needs it: DROP DATABASE %s; or change target.shadow_name",
                    buf_str(&quoted));
}

bool target_settle(struct clone_run *r, struct err *e)
{
    if (!target_look(r, e) || !refuse_taken_name(r, e))
        return false;
    if (r->facts.exists && !dbprops_read(r->target, r->database, r->arena, &r->old, e))
        return err_in(e, "target");
    return ask_consent(r, e);
}
