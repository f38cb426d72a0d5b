/*
 * pg_restore fills the shadow with settings a DBA would choose by hand: nobody can see the shadow,
 * so its commits need not wait for the disk (the swap's does), and index builds get memory.
 */
#include "clone_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/restore_run.h"
#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "entries_priv.h"
#include "load_priv.h"

enum {
    EXTRA_CONNECTIONS = 3,
    PROGRESS_EVERY_MS = 1000,
    MAINTENANCE_KB_MAX = 512 * 1024,
    MAINTENANCE_KB_MIN = 64 * 1024,
};

/* What the target's own session needs to show how far pg_restore is. */
struct restore_progress {
    struct clone_run *run;
    struct pgconn *session;
    uint64_t next_ms;
    const char *database;
};

/* Bytes that COPY has read so far in running commands do not add up over time; the size does. */
static void restore_tick(void *arg)
{
    static const char sql[] = "SELECT pg_catalog.pg_database_size(oid) FROM"
                              " pg_catalog.pg_database WHERE datname = $1";
    struct restore_progress *p = arg;
    AUTO_BUF struct buf value = BUF_INIT(64);
    uint64_t now = io_now_ms();
    uint64_t bytes;

    if (now < p->next_ms)
        return;
    p->next_ms = now + PROGRESS_EVERY_MS;
    if (pgconn_value(p->session, sql, 1, &p->database, &value, NULL) &&
        num_parse_u64(buf_str(&value), 0, UINT64_MAX, &bytes))
        progress_done(p->run->progress, bytes);
}

static bool make_shadow(struct clone_run *r, struct err *e)
{
    const struct config *cfg = r->cfg;
    struct shadow_options o = {
        .name = r->shadow_name.text,
        .database = r->database,
        .run = r->report->run_id,
        .like = &r->like,
        .encoding = strcmp(cfg->target_encoding, "source") == 0 ? NULL : cfg->target_encoding,
        .locale = strcmp(cfg->target_locale, "source") == 0 ? NULL : cfg->target_locale,
        .tablespace = cfg->target_tablespace,
        .connection_limit = (int)cfg->jobs + EXTRA_CONNECTIONS,
    };

    r->shadow_made = true; /* even if it fails half-way: dropping what isn't there is fine */
    return shadow_create(r->target, &o, r->report, &r->shadow, e);
}

/* template0 has a schema "public"; a source that dropped it must not get it back. */
static bool drop_public_schema(struct clone_run *r, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    struct pgconn_options o = {.dbname = r->shadow.name, .same_as = r->target};

    if (r->has_public_schema)
        return true;
    return pgconn_open(&c, &r->cfg->target, &o, e) && pgconn_exec(c, "DROP SCHEMA public", e);
}

static bool is_schema_of_ours(const struct dump_entry *t)
{
    return t->namespace && t->namespace[0] && strcmp(t->namespace, "public") != 0 &&
           strncmp(t->namespace, "pg_", 3) != 0;
}

/* A dump of single tables (pg_dump -t) is known by having neither schemas nor extensions. */
static bool is_of_single_tables(const struct dump_toc *toc)
{
    for (size_t i = 0; i < toc->entry_count; i++) {
        const char *kind = toc->entries[i].desc;

        if (strcmp(kind, "SCHEMA") == 0 || strcmp(kind, "EXTENSION") == 0)
            return false;
    }
    return true;
}

/* pg_dump takes single tables without the schema that they live in. */
static bool add_schemas(struct clone_run *r, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    struct pgconn_options o = {.dbname = r->shadow.name, .same_as = r->target};
    const char *last = "";

    if (!is_of_single_tables(&r->toc))
        return true;
    o.client_encoding = r->encoding;
    for (size_t i = 0; i < r->toc.entry_count; i++) {
        const struct dump_entry *t = &r->toc.entries[i];

        if (!is_schema_of_ours(t) || strcmp(t->namespace, last) == 0)
            continue;
        last = t->namespace;
        buf_clear(&sql);
        buf_addstr(&sql, "CREATE SCHEMA IF NOT EXISTS ");
        ident_quote(&sql, last);
        if (!c && !pgconn_open(&c, &r->cfg->target, &o, e))
            return false;
        if (!pgconn_exec(c, buf_str(&sql), e))
            return false;
    }
    return true;
}

/* A quarter of the memory, shared by the processes, within what a server will hardly miss. */
static uint64_t maintenance_kb(const struct clone_run *r)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    uint64_t kb;

    if (!pgconn_is_local(r->target) || pages <= 0 || page <= 0)
        return MAINTENANCE_KB_MAX / 2; /* whose memory is not ours to see */
    kb = (uint64_t)pages * (uint64_t)page / 1024 / 4 / r->cfg->jobs;
    if (kb > MAINTENANCE_KB_MAX)
        return MAINTENANCE_KB_MAX;
    return kb < MAINTENANCE_KB_MIN ? MAINTENANCE_KB_MIN : kb;
}

static enum client_section section_of(const struct config *cfg)
{
    return cfg->section == SECTION_SCHEMA_ONLY ? CLIENT_SCHEMA_ONLY
           : cfg->section == SECTION_DATA_ONLY ? CLIENT_DATA_ONLY
                                               : CLIENT_SECTION_ALL;
}

struct restore_run_options load_options(const struct clone_run *r)
{
    const struct config *cfg = r->cfg;

    return (struct restore_run_options){
        .tools = &r->tools,
        .spool = &r->spool,
        .jobs = cfg->jobs,
        .section = section_of(cfg),
        .no_owner = !cfg->keep_owner,
        .no_acl = !cfg->keep_acl,
        .no_comments = !cfg->comments,
        .no_publications = !cfg->publications,
        .no_subscriptions = !cfg->subscriptions,
        .tuning = {.async_commit = true,
                   .maintenance_work_mem_kb = maintenance_kb(r),
                   .maintenance_workers = 2},
    };
}

const char *load_session_name(struct clone_run *r)
{
    return arena_printf(r->arena, "pg_mirror %s", r->report->run_id);
}

bool load_run(struct clone_run *r, const char *database, struct restore_run_options *o,
              bool *ret_clean, struct err *why, struct err *e)
{
    AUTO_BUF struct buf list = BUF_INIT(SIZE_MAX / 2);
    AUTO_BUF struct buf messages = BUF_INIT((size_t)PROC_STDERR_MAX * 2);
    struct restore_progress progress = {.run = r, .session = r->target, .database = database};
    struct client_end end = {0};

    if (!client_login_init(&o->login, r->target, database, r->arena, e))
        return false;
    if (o->single_transaction)
        o->login.conninfo = arena_printf(r->arena, "%s application_name='%s'", o->login.conninfo,
                                         load_session_name(r));
    if (entries_list(&r->toc, r->cfg, o->clean, &list))
        o->list = buf_str(&list);
    o->io = (struct client_io){.tick = restore_tick,
                               .tick_arg = &progress,
                               .keep_fds = r->lock_fds,
                               .messages = &messages};
    if (!restore_run(o, &end, e))
        return false;
    *ret_clean = end.ok;
    if (!end.ok)
        (void)restore_failed(&end, &messages, why);
    return true;
}

/* In a transaction of its own each. */
bool load_best_effort(struct clone_run *r, const char *database, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    struct pgconn_options o = {.dbname = database, .same_as = r->target};

    for (size_t i = 0; i < r->toc.entry_count; i++) {
        const struct dump_entry *t = &r->toc.entries[i];
        struct err why = {0};

        if (entry_plan(t, r->cfg) != ENTRY_BEST_EFFORT || !t->defn)
            continue;
        o.client_encoding = r->encoding;
        if (!c && !pgconn_open(&c, &r->cfg->target, &o, e))
            return false;
        if (pgconn_exec(c, t->defn, &why))
            continue;
        if (why.retryable || (why.code != E_SERVER && why.code != E_AUTH)) {
            *e = why; /* the server did not refuse it: it is gone, or we are stopped */
            return false;
        }
        report_warn(r->report, "restore.harmless", NULL, "not restored: %s on %s: %s", t->desc,
                    t->tag, why.text);
    }
    return true;
}

bool load_shadow(struct clone_run *r, struct err *e)
{
    struct restore_run_options o = load_options(r);
    struct err why = {0};
    bool clean = false;

    progress_phase(r->progress, "restore", "B", r->source.bytes);
    if (!make_shadow(r, e) || !drop_public_schema(r, e) || !add_schemas(r, e))
        return err_in(e, "target");
    if (!load_run(r, r->shadow.name, &o, &clean, &why, e) ||
        !load_best_effort(r, r->shadow.name, e))
        return err_in(e, "target");
    report_phase(r->report, "verify");
    return verify_target(r, r->shadow.name, clean, &why, e);
}
