/*
 * The leader locks, then exports the snapshot, and lives until pg_dump has read its last byte.
 * pg_dump says "1" for every kind of failure, so its failures are told apart by asking: is the
 * leader still there, does somebody queue for our tables, is the file full?
 *
 * compression "auto" means: none if the dump fits the temporary directory as it is, else the
 * cheapest method that does. An estimate that turns out wrong is no failure: the same snapshot is
 * dumped again with the next method. A dump that is kept is never uncompressed by itself.
 */
#include "clone_priv.h"

#include <inttypes.h>
#include <string.h>

#include "archive/dump_run.h"
#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "postgres/identity.h"

enum { WATCH_MS = 1000 };

static struct filter_list filter_list(const struct string_list *l)
{
    return (struct filter_list){.items = l->items, .count = l->count};
}

void source_filter(struct clone_run *r)
{
    const struct config *cfg = r->cfg;

    r->filter.lists[FILTER_INCLUDE_SCHEMAS] = filter_list(&cfg->include_schemas);
    r->filter.lists[FILTER_EXCLUDE_SCHEMAS] = filter_list(&cfg->exclude_schemas);
    r->filter.lists[FILTER_INCLUDE_TABLES] = filter_list(&cfg->include_tables);
    r->filter.lists[FILTER_EXCLUDE_TABLES] = filter_list(&cfg->exclude_tables);
    r->filter.lists[FILTER_EXCLUDE_TABLE_DATA] = filter_list(&cfg->exclude_table_data);
    r->filter.strict = cfg->filters_strict;
}

static bool read_source_facts(struct clone_run *r, struct err *e)
{
    struct pgconn *c = leader_conn(r->leader);
    AUTO_BUF struct buf value = BUF_INIT(BUF_TEXT_MAX);
    struct report_server *s = &r->report->source;

    s->where = arena_strdup(r->report->arena, pgconn_where(c));
    s->database = arena_strdup(r->report->arena, pgconn_database(c));
    s->version = arena_strdup(r->report->arena, pgconn_version_text(c));
    r->report->snapshot_lsn = arena_strdup(r->report->arena, leader_lsn(r->leader));
    r->report->snapshot_ms = leader_snapshot_ms(r->leader);
    if (!dbprops_read(c, pgconn_database(c), r->arena, &r->like, e))
        return false;
    r->encoding = r->like.encoding;
    if (!pgconn_value(c,
                      "SELECT pg_catalog.count(*) FROM pg_catalog.pg_namespace"
                      " WHERE nspname = 'public'",
                      0, NULL, &value, e))
        return false;
    r->has_public_schema = strcmp(buf_str(&value), "0") != 0;
    return true;
}

static void copy_table(struct clone_run *r, struct clone_table *dst, const struct catalog_table *t)
{
    *dst = (struct clone_table){
        .oid = t->oid,
        .schema = arena_strdup(r->arena, t->schema),
        .name = arena_strdup(r->arena, t->name),
    };
}

/* What must outlive the leader. */
static void copy_catalog(struct clone_run *r)
{
    const struct catalog *cat = leader_catalog(r->leader);
    struct clone_source *s = &r->source;
    PGconn *raw = pgconn_raw(leader_conn(r->leader));

    s->host = arena_strdup(r->arena, PQhost(raw));
    s->port = arena_strdup(r->arena, PQport(raw));
    s->user = arena_strdup(r->arena, PQuser(raw));
    s->version = PQserverVersion(raw);
    s->tables = arena_array(r->arena, cat->count + 1, sizeof *s->tables);
    s->roots = arena_array(r->arena, cat->count + 1, sizeof *s->roots);
    s->table_count = s->root_count = 0;
    s->bytes = cat->heap_bytes + cat->toast_bytes + cat->index_bytes;
    for (size_t i = 0; i < cat->count; i++) {
        const struct catalog_table *t = &cat->tables[i];

        if (t->has_data)
            copy_table(r, &s->tables[s->table_count++], t);
        else if (t->is_partitioned && !t->is_partition && t->rows >= 0)
            copy_table(r, &s->roots[s->root_count++], t);
    }
}

bool source_open(struct clone_run *r, struct err *e)
{
    struct leader_options o = {.filter = &r->filter};

    source_filter(r);
    if (!leader_open(&r->leader, &r->cfg->source, &o, e) || !read_source_facts(r, e))
        return err_in(e, "source");
    copy_catalog(r);
    log_debug("snapshot %s at %s over %zu tables", leader_snapshot(r->leader),
              leader_lsn(r->leader), leader_catalog(r->leader)->count);
    return true;
}

bool source_refuse_target(struct clone_run *r, struct pgconn *c, struct err *e)
{
    enum identity_match match = IDENTITY_OTHER_CLUSTER;
    struct db_identity source;
    struct db_identity target;

    if (!identity_read(c, pgconn_database(c), &source, e) ||
        !identity_read(r->target, r->database, &target, e) ||
        !identity_refuse_same(&source, &target, pgconn_database(c), r->database, &match, e))
        return false;
    r->report->source.system_identifier = arena_strdup(r->report->arena, source.system);
    if (match == IDENTITY_NOT_SURE)
        report_warn(r->report, "identity.unsure",
                    "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO PUBLIC",
                    "a server hides its system identifier: that source and target are not a "
                    "primary and its standby could not be checked");
    return true;
}

/* Bytes of COPY text: a row loses its header but numbers grow; TOAST is stored compressed. */
static uint64_t dump_estimate(const struct clone_run *r, const struct catalog *cat,
                              const char *compression)
{
    uint64_t plain = cat->heap_bytes + cat->toast_bytes * 3;

    if (r->cfg->section == SECTION_SCHEMA_ONLY)
        return 0;
    return strcmp(compression, "none") == 0 ? plain : plain / 3;
}

/* From the fastest to the smallest; lz4 came with PostgreSQL 16. */
static const char *const *compression_ladder(const struct clone_run *r)
{
    static const char *const with_lz4[] = {"none", "lz4", "gzip:1", "gzip:6", NULL};
    static const char *const without[] = {"none", "gzip:1", "gzip:6", NULL};

    return r->tools.version >= 160000 ? with_lz4 : without;
}

const char *source_compression(const struct clone_run *r, const struct catalog *cat)
{
    const char *const *ladder = compression_ladder(r);
    uint64_t room = 0;

    if (strcmp(r->cfg->compression, "auto") != 0)
        return r->cfg->compression;
    if (r->cfg->keep_dump)
        return ladder[1];
    if (!spool_space(r->cfg->temp_dir, &room) || dump_estimate(r, cat, ladder[0]) <= room / 10 * 9)
        return ladder[0];
    return ladder[1];
}

static const char *next_compression(const struct clone_run *r, const char *used)
{
    const char *const *ladder = compression_ladder(r);

    if (strcmp(r->cfg->compression, "auto") != 0)
        return NULL;
    for (; *ladder; ladder++) {
        if (strcmp(*ladder, used) == 0)
            return ladder[1];
    }
    return NULL;
}

/* pg_dump under way, and whether it stands still. */
struct dump_watch {
    struct clone_run *run;
    const char *session; /* pg_dump's application_name */
    uint64_t next_ms;
    uint64_t waits_since_ms; /* 0: it does not wait for a lock */
    struct err blocked;      /* why it was ended */
};

/*
 * The tables are locked, but pg_dump reads views and sequences as well, and waits behind whoever
 * queues for one of our tables. Its --lock-wait-timeout is for its LOCK TABLE only, and it sets
 * lock_timeout to 0: so it is ended when it waits for longer than that.
 */
static void watch_locks(struct dump_watch *w, uint64_t now)
{
    uint64_t timeout_ms = w->run->cfg->source.lock_timeout_ms;
    struct leader *leader = w->run->leader;
    struct err why = {0};
    int pid;

    if (timeout_ms == 0 || now < w->next_ms || w->blocked.code != E_NONE)
        return;
    w->next_ms = now + (timeout_ms < WATCH_MS ? timeout_ms : WATCH_MS);
    if (!leader_find_waiter(leader, w->session, &pid, &why))
        w->waits_since_ms = 0;
    else if (w->waits_since_ms == 0)
        w->waits_since_ms = now;
    else if (now - w->waits_since_ms >= timeout_ms && leader_end_session(leader, pid, &w->blocked))
        w->blocked = why;
}

static void dump_tick(void *arg)
{
    struct dump_watch *w = arg;

    progress_done(w->run->progress, spool_size(&w->run->spool));
    watch_locks(w, io_now_ms());
}

static struct dump_patterns patterns(const struct string_list *l)
{
    return (struct dump_patterns){.items = l->items, .count = l->count};
}

static enum client_section client_section(enum section s)
{
    return s == SECTION_SCHEMA_ONLY ? CLIENT_SCHEMA_ONLY
           : s == SECTION_DATA_ONLY ? CLIENT_DATA_ONLY
                                    : CLIENT_SECTION_ALL;
}

/* pg_dump failed: find out why by looking, not by reading what it printed. */
static bool explain_dump_failure(struct clone_run *r, const struct err *blocked, struct err *e)
{
    struct err why = {0};

    if (e->code != E_SERVER)
        return false;
    if (blocked->code != E_NONE) {
        *e = *blocked;
        return false;
    }
    if (!leader_check_alive(r->leader, &why)) {
        err_detail_(&why, "%s", e->detail);
        *e = why;
        return err_in(e, "the source went away while it was dumped");
    }
    if (leader_describe_blockers(r->leader, &why))
        *e = why;
    return false;
}

static bool dump_once(struct clone_run *r, const char *compression, struct err *e)
{
    const struct config *cfg = r->cfg;
    struct pgconn *c = leader_conn(r->leader);
    uint64_t timeout_ms = cfg->source.lock_timeout_ms;
    struct dump_watch watch = {
        .run = r,
        .session = arena_printf(r->arena, "pg_mirror %s", r->report->run_id),
        .next_ms = io_now_ms() + (timeout_ms < WATCH_MS ? timeout_ms : WATCH_MS),
    };
    struct dump_run_options o = {
        .tools = &r->tools,
        .spool = &r->spool,
        .snapshot = leader_snapshot(r->leader),
        .encoding = r->encoding,
        .compression = compression,
        .lock_timeout_ms = timeout_ms,
        .section = client_section(cfg->section),
        .include_schemas = patterns(&cfg->include_schemas),
        .exclude_schemas = patterns(&cfg->exclude_schemas),
        .include_tables = patterns(&cfg->include_tables),
        .exclude_tables = patterns(&cfg->exclude_tables),
        .exclude_table_data = patterns(&cfg->exclude_table_data),
        .no_large_objects = !cfg->large_objects,
        .io = {.tick = dump_tick, .tick_arg = &watch, .keep_fds = r->lock_fds},
    };

    if (!client_login_init(&o.login, c, pgconn_database(c), r->arena, e))
        return false;
    o.login.conninfo =
        arena_printf(r->arena, "%s application_name='%s'", o.login.conninfo, watch.session);
    progress_phase(r->progress, "dump", "B",
                   dump_estimate(r, leader_catalog(r->leader), compression));
    return dump_run(&o, e) || explain_dump_failure(r, &watch.blocked, e);
}

bool source_dump(struct clone_run *r, struct err *e)
{
    const char *compression = source_compression(r, leader_catalog(r->leader));
    char size[NUM_TEXT_MAX];

    while (!dump_once(r, compression, e)) {
        const char *next = e->code == E_IO ? next_compression(r, compression) : NULL;

        if (!next)
            return err_in(e, "source");
        log_info("'%s' is too small for the dump, trying again with compression %s",
                 r->cfg->temp_dir, next);
        compression = next;
    }
    if (!leader_check_alive(r->leader, e))
        return err_in(e, "source: the snapshot was lost while pg_dump was reading it");
    leader_close(steal_ptr(&r->leader)); /* locks and snapshot are no longer needed */
    r->report->dump_bytes = spool_size(&r->spool);
    report_phase_bytes(r->report, r->report->dump_bytes);
    log_info("dumped '%s' (%s, compression %s)", r->report->source.database,
             num_format_bytes(size, r->report->dump_bytes), compression);
    return true;
}
