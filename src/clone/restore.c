/*
 * A kept dump takes the place of source and pg_dump; everything from the check of the dump on is
 * the same. The file is compared with its digests while it is copied to the spool, so pg_restore
 * never sees a byte that was not checked.
 */
#include "clone_priv.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "common/log.h"
#include "preflight_priv.h"

static bool read_database_json(struct clone_run *r, struct err *e)
{
    cJSON *o = cJSON_Parse(r->bundle->database_json);
    const cJSON *public_schema = cJSON_GetObjectItemCaseSensitive(o, "public_schema");
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(o, "properties");
    bool ok;

    if (!cJSON_IsBool(public_schema) || !cJSON_IsObject(properties))
        ok = err_set(e, E_DATA, "'%s': database.json is not one of ours", r->bundle->path);
    else
        ok = dbprops_from_json(properties, r->arena, &r->like, e);
    r->has_public_schema = cJSON_IsTrue(public_schema);
    cJSON_Delete(o);
    return ok;
}

static void describe_source(struct clone_run *r)
{
    const struct manifest *m = &r->bundle->manifest;
    struct arena *a = r->report->arena;

    r->report->source = (struct report_server){
        .where = arena_printf(a, "%s:%s", m->source_host, m->source_port),
        .database = arena_strdup(a, m->source_database),
        .version = arena_strdup(a, m->source_version),
        .system_identifier = arena_strdup(a, m->source_system_id),
    };
    r->report->snapshot_lsn = arena_strdup(a, m->snapshot_lsn);
    r->report->snapshot_ms = (uint64_t)m->snapshot_time * 1000;
    r->encoding = m->encoding;
}

static bool find_restorer(struct clone_run *r, struct err *e)
{
    struct client_options o = {
        .bin_dir = r->cfg->bin_dir,
        .source_version = r->bundle->manifest.client_version_num,
        .target_version = pgconn_version(r->target),
        .restore_only = true,
    };

    return client_find(&r->tools, &o, e);
}

static bool unpack(struct clone_run *r, struct err *e)
{
    if (!spool_open(&r->spool, r->cfg->temp_dir, r->report->run_id, e) ||
        !bundle_extract(r->bundle, r->spool.fd, NULL, e))
        return false;
    r->report->dump_bytes = r->bundle->dump_size_bytes;
    return true;
}

static bool refuse_data_only(const struct clone_run *r, struct err *e)
{
    if (strcmp(r->bundle->manifest.section, "data_only") != 0 ||
        r->action == TARGET_ACTION_IN_PLACE)
        return true;
    err_set_(e, E_REFUSED, "'%s' holds data without a schema", r->bundle->path);
    return err_hint(e, "clone the schema first (--schema-only), then add --if-exists in_place");
}

static bool attempt(struct clone_run *r, struct err *e)
{
    report_phase(r->report, "prepare");
    progress_phase(r->progress, "prepare", NULL, 0);
    describe_source(r);
    if (!read_database_json(r, e) || !target_open(r, e) || !preflight(r, e) ||
        !target_settle(r, e) || !refuse_data_only(r, e) || !find_restorer(r, e))
        return false;
    report_phase(r->report, "unpack");
    progress_phase(r->progress, "unpack", NULL, 0);
    return unpack(r, e) && clone_deliver(r, e);
}

bool clone_restore(const struct clone_job *job, const char *path, struct err *e)
{
    AUTO_FILE_LOCK struct file_lock lock = FILE_LOCK_INIT;
    AUTO_BUNDLE struct bundle bundle = BUNDLE_INIT;
    struct clone_frame frame = {.once = attempt, .bundle = &bundle, .lock = &lock};

    return clone_take_lock(job, &lock, e) && bundle_open(&bundle, path, e) &&
           clone_with_retries(job, &frame, e);
}
