/*
 * A plan opens its own sessions instead of a run's: it must not wait for a run that is working,
 * lock a table, or clean up after anybody.
 */
#include <string.h>
#include <time.h>

#include "clone_priv.h"
#include "postgres/identity.h"
#include "postgres/swap.h"

static bool plan_source(struct clone_run *r, struct pgconn *c, struct clone_plan *p, struct err *e)
{
    struct arena *a = r->report->arena;
    struct selection selection;
    struct catalog cat;

    source_filter(r);
    if (!filter_resolve(c, &r->filter, a, &selection, e) ||
        !catalog_read(c, &selection, CATALOG_SIZES_ESTIMATED, a, &cat, e) ||
        !dbprops_read(c, pgconn_database(c), a, &r->like, e))
        return false;
    p->tables = arena_array(a, cat.count + 1, sizeof *p->tables);
    for (size_t i = 0; i < cat.count; i++) {
        const struct catalog_table *t = &cat.tables[i];

        if (t->is_partitioned)
            continue;
        p->tables[p->table_count++] = (struct clone_plan_table){
            .schema = t->schema,
            .name = t->name,
            .rows_estimate = t->rows,
            .bytes = t->heap_bytes + t->toast_bytes,
            .with_data = t->has_data && r->cfg->section != SECTION_SCHEMA_ONLY,
        };
    }
    p->bytes = cat.heap_bytes + cat.toast_bytes;
    p->index_bytes = cat.index_bytes;
    p->compression = source_compression(r, &cat);
    return true;
}

static bool plan_tools(struct clone_run *r, struct pgconn *source, struct clone_plan *p,
                       struct err *e)
{
    struct client_options o = {
        .bin_dir = r->cfg->bin_dir,
        .source_version = pgconn_version(source),
        .target_version = pgconn_version(r->target),
    };

    if (!client_find(&r->tools, &o, e))
        return false;
    p->pg_dump = arena_printf(r->report->arena, "%s (%s)", r->tools.pg_dump, r->tools.version_text);
    return true;
}

static bool plan_names(struct clone_run *r, struct clone_plan *p, struct err *e)
{
    struct arena *a = r->report->arena;
    struct dbname previous;

    if (r->action == TARGET_ACTION_IN_PLACE)
        return true;
    if (!dbname_expand(r->cfg->shadow_name, r->database, time(NULL), &r->shadow_name, e) ||
        !dbname_expand(r->cfg->previous_name, r->database, time(NULL), &previous, e))
        return false;
    p->shadow = arena_strdup(a, r->shadow_name.text);
    if (r->action == TARGET_ACTION_REPLACE && r->cfg->keep_previous > 0)
        p->previous = arena_strdup(a, previous.text);
    return true;
}

/* What the retention would remove once there is one copy more. */
static bool plan_prune(struct clone_run *r, struct clone_plan *p, struct err *e)
{
    struct arena *a = r->report->arena;
    struct previous_copy *copies = NULL;
    size_t count = 0;
    unsigned kept = p->previous ? 1 : 0;

    if (!previous_list(r->target, r->database, a, &copies, &count, e))
        return false;
    p->drops = arena_array(a, count + 1, sizeof *p->drops);
    for (size_t i = 0; i < count && p->shadow; i++) {
        if (kept + i >= r->cfg->keep_previous)
            p->drops[p->drop_count++] = copies[i].name;
    }
    return true;
}

static bool plan_create_sql(struct clone_run *r, struct clone_plan *p, struct err *e)
{
    const struct config *cfg = r->cfg;
    struct dbprops_create how = {
        .name = p->shadow,
        .encoding = strcmp(cfg->target_encoding, "source") == 0 ? NULL : cfg->target_encoding,
        .locale = strcmp(cfg->target_locale, "source") == 0 ? NULL : cfg->target_locale,
        .tablespace = cfg->target_tablespace,
        .connection_limit = -1,
        .allow_connections = true,
        .server_version = pgconn_version(r->target),
    };

    return !p->shadow || dbprops_create_sql(&r->like, &how, r->report->arena, &p->create_sql, e);
}

static bool plan_target(struct clone_run *r, struct clone_plan *p, struct err *e)
{
    struct arena *a = r->report->arena;

    r->report->target = (struct report_server){
        .where = arena_strdup(a, pgconn_where(r->target)),
        .database = arena_strdup(a, r->database),
        .version = arena_strdup(a, pgconn_version_text(r->target)),
    };
    if (!target_look(r, e))
        return false;
    p->target_database = r->report->target.database;
    p->target_exists = r->facts.exists;
    p->target_is_empty = r->facts.empty;
    p->target_bytes = r->facts.bytes;
    p->target_sessions = arena_strdup(a, r->facts.sessions_by);
    p->asks_consent = target_needs_consent(r);
    return plan_names(r, p, e) && plan_prune(r, p, e);
}

static bool plan_both(struct clone_run *r, struct pgconn *source, struct clone_plan *p,
                      struct err *e)
{
    struct arena *a = r->report->arena;

    if (!r->database)
        r->database = arena_strdup(r->arena, pgconn_database(source));
    r->report->source = (struct report_server){
        .where = arena_strdup(a, pgconn_where(source)),
        .database = arena_strdup(a, pgconn_database(source)),
        .version = arena_strdup(a, pgconn_version_text(source)),
    };
    return plan_target(r, p, e) && source_refuse_target(r, source, e) &&
           plan_tools(r, source, p, e) && plan_source(r, source, p, e) && plan_create_sql(r, p, e);
}

bool clone_plan(const struct clone_job *job, struct clone_plan *ret, struct err *e)
{
    AUTO_PGCONN struct pgconn *source = NULL;
    AUTO_PGCONN struct pgconn *target = NULL;
    struct clone_run r;
    bool ok;

    *ret = (struct clone_plan){0};
    clone_run_init(&r, job);
    r.database = config_target_database(job->cfg);
    ok = pgconn_open_maintenance(&target, &job->cfg->target, false, e) || err_in(e, "target");
    ok = ok && (pgconn_open(&source, &job->cfg->source, &(struct pgconn_options){0}, e) ||
                err_in(e, "source"));
    r.target = target;
    ok = ok && plan_both(&r, source, ret, e);
    clone_run_release(&r);
    return ok;
}
