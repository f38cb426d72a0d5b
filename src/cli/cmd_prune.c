#include <cjson/cJSON.h>

#include "cli/result.h"
#include "cli/json.h"
#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "copies_priv.h"
#include "postgres/conn.h"
#include "postgres/swap.h"

struct prune {
    struct prune_item *items;
    size_t count;
};

static const char *const action_names[] = {
    [PRUNE_KEEP] = "keep",
    [PRUNE_DROP] = "drop",
    [PRUNE_FAILED] = "failed",
};

/* The list is the answer of --dry-run; else it is what was done, and nobody asked. */
static bool say(const struct copies *c, const struct prune *p, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);
    char when[IO_TIME_MAX];
    char size[NUM_TEXT_MAX];

    for (size_t i = 0; i < p->count; i++) {
        const struct prune_item *item = &p->items[i];

        if (!c->inv->config.dry_run)
            log_line(item->action == PRUNE_FAILED ? LOG_WARNING : LOG_INFO,
                     "previous copy '%s': %s (%s)", item->copy.name, action_names[item->action],
                     item->reason);
        buf_printf(&b, "%-6s  %s  replaced %s, %s: %s\n", action_names[item->action],
                   item->copy.name, io_format_utc(when, item->copy.time),
                   num_format_bytes(size, item->copy.bytes), item->reason);
    }
    if (p->count == 0)
        buf_printf(&b, "'%s' has no previous copies\n", c->database);
    if (!c->inv->config.dry_run || c->inv->config.output == OUTPUT_JSON)
        return true;
    return cli_print(buf_str(&b), e);
}

static bool all_dropped(const struct prune *p, struct err *e)
{
    const struct prune_item *first = NULL;
    size_t failed = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (p->items[i].action != PRUNE_FAILED)
            continue;
        failed++;
        first = &p->items[i];
    }
    if (!first)
        return true;
    err_set_(e, E_SERVER, "%zu previous cop%s could not be dropped", failed,
             failed == 1 ? "y" : "ies");
    return err_detail(e, "'%s': %s", first->copy.name, first->reason);
}

static bool prune_work(struct copies *c, struct err *e)
{
    const struct config *cfg = &c->inv->config;
    struct prune *p = c->what;
    struct prune_options o = {.database = c->database,
                              .keep = cfg->keep_previous,
                              .dry_run = cfg->dry_run,
                              .spare = cfg->source.database};

    if (!previous_prune(c->target, &o, c->arena, &p->items, &p->count, e))
        return err_in(e, "target");
    return say(c, p, e) && all_dropped(p, e);
}

static void prune_describe(const struct copies *c, struct cJSON *document)
{
    const struct prune *p = c->what;
    cJSON *copies = cJSON_AddArrayToObject(document, "copies");
    char when[IO_TIME_MAX];

    for (size_t i = 0; i < p->count; i++) {
        cJSON *o = cJSON_CreateObject();

        (void)cJSON_AddStringToObject(o, "name", p->items[i].copy.name);
        (void)cJSON_AddStringToObject(o, "replaced", io_format_utc(when, p->items[i].copy.time));
        json_add_u64(o, "bytes", p->items[i].copy.bytes);
        (void)cJSON_AddStringToObject(o, "action", action_names[p->items[i].action]);
        (void)cJSON_AddStringToObject(o, "reason", p->items[i].reason);
        (void)cJSON_AddItemToArray(copies, o);
    }
}

static bool prune_run(struct invocation *inv, struct err *e)
{
    struct prune p = {.count = 0};
    struct copies c = {.inv = inv, .what = &p, .work = prune_work, .describe = prune_describe};

    return copies_run(&c, e);
}

static const char *const prune_examples[] = {
    "pg_mirror prune -c staging.json --dry-run",
    "pg_mirror prune -c staging.json --keep-previous 0",
    NULL,
};

const struct command cmd_prune = {
    .name = "prune",
    .args = "[FILE]",
    .summary = "drop previous copies beyond keep_previous, and what dead runs left",
    .text = "The newest copies stay. While the target itself is missing, so does the newest one, "
            "whatever keep_previous says. --dry-run tells why each one stays or goes.",
    .bit = CMD_PRUNE,
    .needs = CONFIG_NEEDS_TARGET,
    .examples = prune_examples,
    .run = prune_run,
};
