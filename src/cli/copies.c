#include "copies_priv.h"
#include "cli/json.h"

#include <cjson/cJSON.h>
#include <time.h>

#include "cli/result.h"
#include "cli/runner.h"
#include "common/flock.h"
#include "common/io.h"
#include "common/log.h"
#include "postgres/conn.h"
#include "postgres/dbname.h"
#include "postgres/identity.h"
#include "postgres/shadow.h"

static bool note_target(struct copies *c, struct err *e)
{
    struct report_server *s = &c->report.target;
    struct db_identity id;

    if (!identity_read(c->target, c->database, &id, e))
        return false;
    s->system_identifier = arena_strdup(c->report.arena, id.system);

    s->where = arena_strdup(c->report.arena, pgconn_where(c->target));
    s->database = arena_strdup(c->report.arena, c->database);
    s->version = arena_strdup(c->report.arena, pgconn_version_text(c->target));
    return true;
}

static bool clean_up(struct copies *c, struct err *e)
{
    struct dbname shadow;
    size_t count = 0;

    if (c->inv->config.dry_run)
        return true;
    if (!dbname_expand(c->inv->config.shadow_name, c->database, time(NULL), &shadow, e) ||
        !shadow_clean(c->target, c->database, shadow.text, &count, e))
        return false;
    if (count)
        log_info("cleaned up what %zu killed run%s left", count, count == 1 ? "" : "s");
    return true;
}

static bool look(struct copies *c, struct err *e)
{
    const struct config *cfg = &c->inv->config;
    struct target_guard guard = {
        .ep = &cfg->target,
        .database = c->database,
        .protected_globs = cfg->protected_targets.items,
        .protected_count = cfg->protected_targets.count,
        .facts = &c->facts,
    };

    return target_probe(c->target, &cfg->target, c->database, c->arena, &c->facts, e) &&
           target_refuse(c->target, &guard, e);
}

static bool at_target(struct copies *c, struct err *e)
{
    if (!note_target(c, e) || !clean_up(c, e) || !look(c, e))
        return err_in(e, "target");
    return c->work(c, e);
}

static bool with_run_lock(struct copies *c, struct err *e)
{
    const struct config *cfg = &c->inv->config;
    AUTO_RUN_LOCK struct run_lock *lock = NULL;

    if (!run_lock_acquire(&lock, &cfg->target, c->database, cfg->lock_wait_ms, e))
        return err_in(e, "target");
    c->target = run_lock_session(lock);
    return at_target(c, e);
}

/* Looking disturbs no run, and need not wait for one. */
static bool without_lock(struct copies *c, struct err *e)
{
    AUTO_PGCONN struct pgconn *session = NULL;

    if (!pgconn_open_maintenance(&session, &c->inv->config.target, false, e))
        return err_in(e, "target");
    c->target = session;
    return at_target(c, e);
}

static bool work(void *arg, struct err *e)
{
    struct copies *c = arg;
    struct config *cfg = &c->inv->config;
    AUTO_FILE_LOCK struct file_lock lock = FILE_LOCK_INIT;

    c->database = config_target_database(cfg);
    if (!c->database)
        return err_set(e, E_USAGE, "'%s' needs target.database in the configuration",
                       c->inv->command->name);
    if (!config_read_secrets(cfg, e))
        return false;
    if (cfg->dry_run)
        return without_lock(c, e);
    if (cfg->lock_file &&
        !file_lock_acquire(&lock, cfg->lock_file, c->report.run_id, cfg->lock_wait_ms, e))
        return false;
    return with_run_lock(c, e);
}

static bool print_document(struct copies *c, const struct err *result, struct err *e)
{
    cJSON *document;
    bool ok;

    if (c->inv->config.output != OUTPUT_JSON)
        return true;
    c->report.finished_ms = io_wall_ms();
    document = result_document(&c->report, result, err_exit_status(result));
    (void)cJSON_AddBoolToObject(document, "dry_run", c->inv->config.dry_run);
    c->describe(c, document);
    ok = json_print(document, e);
    cJSON_Delete(document);
    c->inv->printed = true;
    return ok;
}

bool copies_run(struct copies *c, struct err *e)
{
    AUTO_ARENA struct arena *arena = arena_new();
    struct runner runner = {.run = work, .arg = c, .deadline_ms = c->inv->config.deadline_ms};
    struct err printing = {0};
    bool ok;

    c->arena = arena;
    report_init(&c->report);
    c->report.job = c->inv->config.name;
    c->report.command = c->inv->command->name;
    ok = invocation_start_log(c->inv, c->report.run_id, e) && runner_run(&runner, e);
    if (!print_document(c, e, &printing) && ok) {
        *e = printing;
        ok = false;
    }
    report_release(&c->report);
    return ok;
}
