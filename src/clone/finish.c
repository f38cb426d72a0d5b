/*
 * The swap is the moment at which the target changes. What comes after it (pruning, keeping the
 * dump) can fail without making the clone any worse: that is a warning.
 */
#include "clone_priv.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/version.h"
#include "postgres/swap.h"

/*
 * An existing target keeps what is its own, unless told otherwise; a new one gets the source's.
 * options.owner and options.acl are about the objects inside: who may connect is not left to
 * chance.
 */
const struct database_properties *finish_properties(struct clone_run *r, unsigned *ret_parts)
{
    const struct config *cfg = r->cfg;
    bool from_target = r->facts.exists && cfg->properties_from == PROPERTIES_TARGET;
    struct database_properties *p = from_target ? &r->old : &r->like;

    *ret_parts = DBPROPS_ALL;
    if (cfg->target_owner)
        dbprops_set_owner(p, cfg->target_owner);
    if (!from_target && !cfg->comments)
        *ret_parts &= ~(unsigned)DBPROPS_COMMENT;
    return p;
}

static bool keep_shadow(struct clone_run *r, const struct database_properties *p, unsigned parts,
                        struct err *e)
{
    if (!shadow_keep(r->target, &r->shadow, p, parts, r->report, e))
        return err_in(e, "target");
    r->shadow_done = true;
    r->report->shadow = arena_strdup(r->report->arena, r->shadow.name);
    return true;
}

static void prune(struct clone_run *r)
{
    struct prune_options o = {.database = r->database,
                              .keep = r->cfg->keep_previous,
                              .spare = r->report->source.database};
    struct prune_item *items = NULL;
    struct err e = {0};
    size_t count = 0;

    if (!previous_prune(r->target, &o, r->arena, &items, &count, &e)) {
        report_warn(r->report, "prune.failed", "pg_mirror prune", "old copies were not removed: %s",
                    e.text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].action == PRUNE_FAILED)
            report_warn(r->report, "prune.failed", "pg_mirror prune",
                        "previous copy '%s' was not removed: %s", items[i].copy.name,
                        items[i].reason);
        else if (items[i].action == PRUNE_DROP)
            log_info("removed previous copy '%s'", items[i].copy.name);
    }
}

/* An empty database that was simply used is no copy worth keeping. */
static void drop_empty_one(struct clone_run *r, const char *name)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    struct err e = {0};

    buf_addstr(&sql, "DROP DATABASE ");
    ident_quote(&sql, name);
    if (!pgconn_exec(r->target, buf_str(&sql), &e))
        report_warn(r->report, "prune.failed", NULL, "the empty database '%s' was not removed: %s",
                    name, e.text);
}

static void note_previous(struct clone_run *r, const struct swap_result *done)
{
    if (!done->previous[0])
        return;
    if (r->action == TARGET_ACTION_USE_EMPTY) {
        drop_empty_one(r, done->previous);
        return;
    }
    if (r->cfg->keep_previous > 0)
        r->report->previous = arena_strdup(r->report->arena, done->previous);
    prune(r);
}

bool finish_swap(struct clone_run *r, struct err *e)
{
    unsigned parts = 0;
    const struct database_properties *p = finish_properties(r, &parts);
    struct swap_options o = {
        .target = &r->cfg->target,
        .database = r->database,
        .previous_name = r->cfg->previous_name,
        .run = r->report->run_id,
        .old_oid = r->facts.exists ? r->facts.oid : 0,
        .properties = p,
        .parts = parts,
    };
    struct swap_result done = {0};

    progress_phase(r->progress, "swap", NULL, 0);
    if (r->cfg->swap == SWAP_NONE)
        return keep_shadow(r, p, parts, e);
    if (!swap_in(r->target, &r->shadow, &o, r->report, &done, e)) {
        if (e->code == E_SWAP)
            r->report->target_state = TARGET_ROLLED_BACK;
        if (e->code == E_UNKNOWN) {
            r->report->target_state = TARGET_UNKNOWN;
            r->shadow_done = true; /* it may be the target by now */
        }
        return err_in(e, "target");
    }
    r->shadow_done = true;
    r->report->target_state = TARGET_REPLACED;
    note_previous(r, &done);
    return true;
}

/* ---- keeping the dump ---- */

static void add_filters(struct clone_run *r, struct manifest *m)
{
    static const char *const names[] = {"include_schemas", "exclude_schemas", "include_tables",
                                        "exclude_tables", "exclude_table_data"};
    const char **texts;
    size_t total = 0;

    for (int k = 0; k < FILTER_KINDS; k++)
        total += r->filter.lists[k].count;
    texts = arena_array(r->arena, total + 1, sizeof *texts);
    m->filters = texts;
    for (int k = 0; k < FILTER_KINDS; k++) {
        for (size_t i = 0; i < r->filter.lists[k].count; i++)
            texts[m->filter_count++] =
                arena_printf(r->arena, "%s=%s", names[k], r->filter.lists[k].items[i]);
    }
}

static const struct manifest_table *manifest_tables(struct clone_run *r)
{
    struct manifest_table *t = arena_array(r->arena, r->table_count + 1, sizeof *t);

    for (size_t i = 0; i < r->table_count; i++)
        t[i] = (struct manifest_table){
            .schema = r->tables[i].schema, .name = r->tables[i].name, .rows = r->tables[i].rows};
    return t;
}

static const char *section_name(enum section s)
{
    return s == SECTION_SCHEMA_ONLY ? "schema_only" : s == SECTION_DATA_ONLY ? "data_only" : "all";
}

static void fill_manifest(struct clone_run *r, struct manifest *m)
{
    const struct report *rep = r->report;

    *m = (struct manifest){
        .tool_version = PGM_VERSION,
        .job = r->cfg->name,
        .run = rep->run_id,
        .created = (time_t)(rep->started_ms / 1000),
        .source_host = r->source.host,
        .source_port = r->source.port,
        .source_database = rep->source.database,
        .source_user = r->source.user,
        .source_version = rep->source.version,
        .source_version_num = r->source.version,
        .source_system_id = rep->source.system_identifier,
        .encoding = r->encoding,
        .client_version = r->tools.version_text,
        .client_version_num = r->tools.version,
        .snapshot_lsn = rep->snapshot_lsn,
        .snapshot_time = (time_t)(rep->snapshot_ms / 1000),
        .section = section_name(r->cfg->section),
        .tables = manifest_tables(r),
        .table_count = r->table_count,
        .large_objects = r->walk.object_count,
    };
    add_filters(r, m);
}

/* What a restore needs beyond the dump: {"properties": {...}, "public_schema": true}. */
static const char *database_json(struct clone_run *r)
{
    cJSON *o = cJSON_CreateObject();
    char *text;
    const char *kept;

    (void)cJSON_AddItemToObject(o, "properties", dbprops_to_json(&r->like));
    (void)cJSON_AddBoolToObject(o, "public_schema", r->has_public_schema);
    text = cJSON_Print(o);
    kept = arena_strdup(r->arena, text ? text : "");
    free(text);
    cJSON_Delete(o);
    return kept;
}

static void keep_tick(void *arg, uint64_t done)
{
    struct clone_run *r = arg;

    progress_done(r->progress, done);
}

bool finish_keep(struct clone_run *r, struct err *e)
{
    struct manifest manifest;
    const char *path = NULL;
    struct bundle_write_options o = {
        .dir = r->cfg->keep_dump,
        .manifest = &manifest,
        .database_json = database_json(r),
        .dump_fd = r->spool.fd,
        .dump_size_bytes = r->report->dump_bytes,
        .progress = {.tick = keep_tick, .tick_arg = r},
    };

    fill_manifest(r, &manifest);
    progress_phase(r->progress, "keep", "B", r->report->dump_bytes);
    if (!bundle_write(&o, r->arena, &path, e))
        return err_in(e, "the dump was not kept");
    r->report->kept_dump = arena_strdup(r->report->arena, path);
    return true;
}
