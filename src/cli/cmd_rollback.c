#include <cjson/cJSON.h>

#include "cli/consent.h"
#include "common/io.h"
#include "common/log.h"
#include "copies_priv.h"
#include "postgres/conn.h"
#include "postgres/swap.h"

/* What is served now gives way, as with a clone; it stays as a copy, but nobody is served by it. */
static bool ask_consent(struct copies *c, struct err *e)
{
    struct config *cfg = &c->inv->config;

    if (!c->facts.exists || cfg->dry_run || cfg->yes || cfg->drop_existing_in_file)
        return true;
    return consent_ask(cfg, pgconn_where(c->target), c->database, e);
}

static bool say(const struct copies *c, const struct rollback_result *r, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);
    char when[IO_TIME_MAX];

    if (!c->inv->config.dry_run) {
        log_info("'%s' at %s is again what it was until %s ('%s')", c->database,
                 pgconn_where(c->target), io_format_utc(when, r->restored_time), r->restored);
        if (r->previous[0])
            log_info("what it replaced is kept as '%s'", r->previous);
        return true;
    }
    if (c->inv->config.output == OUTPUT_JSON)
        return true;
    buf_printf(&b, "would make '%s' the target '%s' again, which it was until %s\n", r->restored,
               c->database, io_format_utc(when, r->restored_time));
    return cli_print(buf_str(&b), e);
}

static bool rollback_work(struct copies *c, struct err *e)
{
    const struct config *cfg = &c->inv->config;
    struct rollback_result *r = c->what;
    struct rollback_options o = {
        .target = &cfg->target,
        .database = c->database,
        .previous_name = cfg->previous_name,
        .run = c->report.run_id,
        .to = cfg->cmd.to,
        .dry_run = true, /* which one: before anybody is asked */
    };

    if (c->facts.exists && !swap_refuse_blockers(c->target, c->database, e))
        return err_in(e, "target");
    if (!previous_rollback(c->target, &o, r, e) || !ask_consent(c, e))
        return false;
    if (!cfg->dry_run) {
        o.dry_run = false;
        o.to = arena_strdup(c->arena, r->restored);
        if (!previous_rollback(c->target, &o, r, e)) {
            c->report.target_state = e->code == E_UNKNOWN ? TARGET_UNKNOWN
                                     : e->code == E_SWAP  ? TARGET_ROLLED_BACK
                                                          : TARGET_UNCHANGED;
            return err_in(e, "target");
        }
        c->report.target_state = TARGET_REPLACED;
        c->report.previous = r->previous;
    }
    return say(c, r, e);
}

static void rollback_describe(const struct copies *c, struct cJSON *document)
{
    const struct rollback_result *r = c->what;
    char when[IO_TIME_MAX];

    if (!r->restored[0])
        return;
    (void)cJSON_AddStringToObject(document, "restored", r->restored);
    (void)cJSON_AddStringToObject(document, "restored_until",
                                  io_format_utc(when, r->restored_time));
}

static bool rollback_run(struct invocation *inv, struct err *e)
{
    struct rollback_result result = {.restored = ""};
    struct copies c = {
        .inv = inv, .what = &result, .work = rollback_work, .describe = rollback_describe};

    return copies_run(&c, e);
}

static const char *const rollback_examples[] = {
    "pg_mirror rollback -c staging.json",
    "pg_mirror rollback -c staging.json --to app__prev_20261120T023107Z",
    NULL,
};

const struct command cmd_rollback = {
    .name = "rollback",
    .args = "[FILE]",
    .summary = "swap the newest previous copy back",
    .text = "The database that is served now becomes a previous copy itself, so a second rollback "
            "returns to it. Needs consent as replacing does: --yes, \"drop_existing\": true, or "
            "an answer at the terminal.",
    .bit = CMD_ROLLBACK,
    .needs = CONFIG_NEEDS_TARGET,
    .examples = rollback_examples,
    .run = rollback_run,
};
