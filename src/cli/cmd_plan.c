#include <cjson/cJSON.h>
#include <inttypes.h>

#include "cli/job.h"
#include "cli/json.h"
#include "cli/result.h"
#include "cli/runner.h"
#include "common/num.h"
#include "common/version.h"

static void print_action(const struct clone_plan *p, struct buf *b)
{
    char size[NUM_TEXT_MAX];

    if (!p->target_exists)
        buf_printf(b, "create   %s (does not exist yet)\n", p->target_database);
    else if (p->target_is_empty)
        buf_printf(b, "use      %s (exists and is empty)\n", p->target_database);
    else
        buf_printf(b, "replace  %s (%s)%s\n", p->target_database,
                   num_format_bytes(size, p->target_bytes),
                   p->asks_consent ? ", which needs --yes" : "");
    if (p->target_sessions && p->target_sessions[0])
        buf_printf(b, "         sessions that will be ended: %s\n", p->target_sessions);
}

static void print_steps(const struct clone_plan *p, struct buf *b)
{
    char size[NUM_TEXT_MAX];
    size_t with_data = 0;

    for (size_t i = 0; i < p->table_count; i++)
        with_data += p->tables[i].with_data;
    buf_printf(b, "dump     %zu tables, %zu with rows (about %s), compression %s\n", p->table_count,
               with_data, num_format_bytes(size, p->bytes), p->compression);
    buf_printf(b, "         by %s\n", p->pg_dump);
    if (p->shadow)
        buf_printf(b, "restore  into %s, check it, rename it to %s\n", p->shadow,
                   p->target_database);
    else
        buf_printf(b, "restore  into %s itself, in one transaction\n", p->target_database);
    if (p->previous)
        buf_printf(b, "keep     the old copy as %s\n", p->previous);
    for (size_t i = 0; i < p->drop_count; i++)
        buf_printf(b, "drop     %s (more copies than the retention keeps)\n", p->drops[i]);
}

/* One table, one line: a line break in its name is shown as what it is. */
static void add_visible(struct buf *b, const char *name)
{
    for (; *name; name++) {
        if ((unsigned char)*name < ' ' || *name == 0x7f)
            buf_printf(b, "\\x%02x", (unsigned char)*name);
        else
            buf_addch(b, *name);
    }
}

static void print_tables(const struct clone_plan *p, struct buf *b)
{
    char size[NUM_TEXT_MAX];
    char rows[NUM_TEXT_MAX];

    for (size_t i = 0; i < p->table_count; i++) {
        const struct clone_plan_table *t = &p->tables[i];

        buf_printf(b, "  %10s  %10s rows  ", num_format_bytes(size, t->bytes),
                   t->rows_estimate < 0 ? "?" : num_format_count(rows, (uint64_t)t->rows_estimate));
        add_visible(b, t->schema);
        buf_addch(b, '.');
        add_visible(b, t->name);
        buf_addstr(b, t->with_data ? "\n" : "  (no rows)\n");
    }
}

static bool print_text(const struct invocation *inv, const struct report *r,
                       const struct clone_plan *p, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    if (inv->config.description)
        buf_printf(&b, "job      %s: %s\n", inv->config.name, inv->config.description);
    buf_printf(&b, "source   %s at %s, PostgreSQL %s\n", r->source.database, r->source.where,
               r->source.version);
    buf_printf(&b, "target   %s at %s, PostgreSQL %s\n", r->target.database, r->target.where,
               r->target.version);
    print_action(p, &b);
    print_steps(p, &b);
    print_tables(p, &b);
    if (inv->config.cmd.sql && p->create_sql)
        buf_printf(&b, "%s;\n", p->create_sql);
    return cli_print(buf_str(&b), e);
}

static cJSON *tables_json(const struct clone_plan *p)
{
    cJSON *tables = cJSON_CreateArray();

    for (size_t i = 0; i < p->table_count; i++) {
        const struct clone_plan_table *t = &p->tables[i];
        cJSON *o = cJSON_CreateObject();

        json_add_text(o, "schema", t->schema);
        json_add_text(o, "name", t->name);
        if (t->rows_estimate < 0)
            (void)cJSON_AddNullToObject(o, "rows_estimate");
        else
            json_add_u64(o, "rows_estimate", (uint64_t)t->rows_estimate);
        json_add_u64(o, "bytes", t->bytes);
        (void)cJSON_AddBoolToObject(o, "with_data", t->with_data);
        (void)cJSON_AddItemToArray(tables, o);
    }
    return tables;
}

static bool print_json(const struct invocation *inv, const struct report *r,
                       const struct clone_plan *p, struct err *e)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *drops;
    bool ok;

    json_add_text(o, "tool", "pg_mirror");
    json_add_text(o, "version", PGM_VERSION);
    json_add_text(o, "command", "plan");
    json_add_text(o, "job", inv->config.name);
    result_add_server(o, "source", &r->source);
    result_add_server(o, "target", &r->target);
    (void)cJSON_AddBoolToObject(o, "target_exists", p->target_exists);
    (void)cJSON_AddBoolToObject(o, "target_is_empty", p->target_is_empty);
    (void)cJSON_AddBoolToObject(o, "asks_consent", p->asks_consent);
    json_add_u64(o, "bytes", p->bytes);
    json_add_u64(o, "index_bytes", p->index_bytes);
    json_add_text(o, "compression", p->compression);
    json_add_text(o, "pg_dump", p->pg_dump);
    json_add_text(o, "shadow", p->shadow);
    json_add_text(o, "previous", p->previous);
    drops = cJSON_AddArrayToObject(o, "drops");
    for (size_t i = 0; i < p->drop_count; i++)
        (void)cJSON_AddItemToArray(drops, cJSON_CreateString(p->drops[i]));
    json_add_text(o, "create_sql", p->create_sql);
    (void)cJSON_AddItemToObject(o, "tables", tables_json(p));
    ok = json_print(o, e);
    cJSON_Delete(o);
    return ok;
}

struct planning {
    struct invocation *inv;
    struct report report;
    struct progress progress;
    struct clone_plan plan;
};

static bool plan_work(void *arg, struct err *e)
{
    struct planning *p = arg;
    struct clone_job job = {.cfg = &p->inv->config, .report = &p->report, .progress = &p->progress};

    return config_read_secrets(&p->inv->config, e) && clone_plan(&job, &p->plan, e);
}

static bool plan_run(struct invocation *inv, struct err *e)
{
    struct planning p = {.inv = inv};
    struct runner runner = {.run = plan_work, .arg = &p, .deadline_ms = inv->config.deadline_ms};
    bool ok;

    report_init(&p.report);
    ok = runner_run(&runner, e);
    if (ok)
        ok = inv->config.output == OUTPUT_JSON ? print_json(inv, &p.report, &p.plan, e)
                                               : print_text(inv, &p.report, &p.plan, e);
    report_release(&p.report);
    return ok;
}

static const char *const plan_examples[] = {
    "pg_mirror plan -c staging.json          # what would change",
    "pg_mirror plan -c staging.json --sql    # with the statements",
    NULL,
};

const struct command cmd_plan = {
    .name = "plan",
    .args = "[FILE]",
    .summary = "print what mirror would do, change nothing",
    .bit = CMD_PLAN,
    .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
    .examples = plan_examples,
    .run = plan_run,
};
