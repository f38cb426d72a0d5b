/*
 * The status file answers what happened and when; with --live the target's server says what is
 * there: previous copies, what a killed run left, who is at work. --max-age turns the question
 * into an alarm: "no" is exit status 1.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/result.h"
#include "cli/runner.h"
#include "common/io.h"
#include "common/num.h"
#include "common/version.h"
#include "postgres/conn.h"
#include "postgres/dbname.h"
#include "postgres/runlock.h"
#include "postgres/shadow.h"
#include "postgres/swap.h"

enum { STATUS_MAX = 64 * 1024 * 1024 };

struct live {
    bool asked;
    struct previous_copy *copies;
    size_t copy_count;
    struct leftovers leftovers;
    char holder[RUN_LOCK_HOLDER_MAX];
};

struct status {
    struct invocation *inv;
    struct arena *arena;
    const char *database;
    cJSON *file;    /* the status file's document, or NULL */
    time_t success; /* of the last success; 0: none known */
    bool stale;     /* older than --max-age allows, or none at all */
    struct live live;
};

static const char *text_of(const cJSON *o, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static bool read_file(struct status *s, struct err *e)
{
    const char *path = s->inv->config.status_file;
    AUTO_BUF struct buf b = BUF_INIT(STATUS_MAX);
    struct err why = {0};
    const char *success;

    if (!path || (!io_read_file(path, &b, &why) && why.sys == ENOENT))
        return true; /* no run yet: an answer, too */
    if (why.code != E_NONE) {
        *e = why;
        return false;
    }
    s->file = cJSON_Parse(buf_str(&b));
    if (!cJSON_IsObject(s->file))
        return err_set(e, E_DATA, "'%s' is not a status file", path);
    success = text_of(s->file, "last_success");
    if (success && !io_parse_utc(success, &s->success))
        return err_set(e, E_DATA, "'%s': last_success is not a time", path);
    return true;
}

static void judge_age(struct status *s)
{
    uint64_t max_ms = s->inv->config.cmd.max_age_ms;
    time_t now = time(NULL);

    s->stale = max_ms > 0 && (s->success == 0 ||
                              (now > s->success && (uint64_t)(now - s->success) > max_ms / 1000));
}

static bool ask_target(struct status *s, struct err *e)
{
    const struct config *cfg = &s->inv->config;
    AUTO_PGCONN struct pgconn *c = NULL;
    struct dbname shadow;
    struct live *l = &s->live;

    s->database = config_target_database(cfg);
    if (!s->database)
        return err_set(e, E_USAGE, "--live needs target.database in the configuration");
    if (!config_read_secrets(&s->inv->config, e) ||
        !dbname_expand(cfg->shadow_name, s->database, time(NULL), &shadow, e))
        return false;
    if (!pgconn_open_maintenance(&c, &cfg->target, false, e) ||
        !previous_list(c, s->database, s->arena, &l->copies, &l->copy_count, e) ||
        !shadow_leftovers(c, s->database, shadow.text, s->arena, &l->leftovers, e) ||
        !run_lock_holder(c, s->database, l->holder, e))
        return err_in(e, "target");
    l->asked = true;
    return true;
}

/* ---- text ---- */

static void print_last(const struct status *s, struct buf *b)
{
    const cJSON *last = cJSON_GetObjectItemCaseSensitive(s->file, "last");
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(last, "error");
    const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(last, "duration_s");
    char duration[NUM_TEXT_MAX];

    if (!cJSON_IsObject(last)) {
        buf_addstr(b, "last run      none known\n");
        return;
    }
    buf_printf(b, "last run      %s  %s  (%s, target %s)\n", text_of(last, "finished"),
               text_of(last, "result"),
               num_format_duration(
                   duration, (uint64_t)(cJSON_IsNumber(seconds) ? seconds->valuedouble * 1000 : 0)),
               text_of(last, "target_state"));
    if (cJSON_IsObject(error))
        buf_printf(b, "  error       %s\n", text_of(error, "message"));
}

static void print_success(const struct status *s, struct buf *b)
{
    char when[IO_TIME_MAX];
    char age[NUM_TEXT_MAX];
    time_t now = time(NULL);

    if (s->success == 0) {
        buf_addstr(b, "last success  none known\n");
        return;
    }
    buf_printf(b, "last success  %s  (%s ago)%s\n", io_format_utc(when, s->success),
               num_format_duration(age, now > s->success ? (uint64_t)(now - s->success) * 1000 : 0),
               s->stale ? "  STALE" : "");
}

/* A run that was killed could not say goodbye; its number may have been given away since. */
static bool is_alive(const cJSON *running)
{
    const cJSON *pid = cJSON_GetObjectItemCaseSensitive(running, "pid");

    return cJSON_IsNumber(pid) && pid->valueint > 0 &&
           (kill((pid_t)pid->valueint, 0) == 0 || errno != ESRCH);
}

static void print_running(const struct status *s, struct buf *b)
{
    const cJSON *running = cJSON_GetObjectItemCaseSensitive(s->file, "running");
    const cJSON *pid = cJSON_GetObjectItemCaseSensitive(running, "pid");

    if (cJSON_IsObject(running))
        buf_printf(b, "%-13s %s since %s (pid %d%s, seen %s)\n",
                   is_alive(running) ? "running" : "interrupted", text_of(running, "phase"),
                   text_of(running, "started"), cJSON_IsNumber(pid) ? pid->valueint : 0,
                   is_alive(running) ? "" : " is gone", text_of(running, "updated"));
}

/* As in the file, and whether its process is still there. */
static cJSON *running_json(const struct status *s)
{
    const cJSON *running = cJSON_GetObjectItemCaseSensitive(s->file, "running");
    cJSON *copy;

    if (!cJSON_IsObject(running))
        return cJSON_CreateNull();
    copy = cJSON_Duplicate(running, true);
    (void)cJSON_AddBoolToObject(copy, "alive", is_alive(running));
    return copy;
}

static void print_history(const struct status *s, struct buf *b)
{
    const cJSON *history = cJSON_GetObjectItemCaseSensitive(s->file, "history");
    unsigned shown = 0;
    const cJSON *item;

    cJSON_ArrayForEach(item, history)
    {
        const cJSON *code = cJSON_GetObjectItemCaseSensitive(item, "exit_code");

        if (shown++ >= s->inv->config.cmd.history)
            break;
        buf_printf(b, "  %s  %-6s  %3d  %s\n", text_of(item, "finished"), text_of(item, "result"),
                   cJSON_IsNumber(code) ? code->valueint : 0,
                   text_of(item, "message") ? text_of(item, "message") : "");
    }
}

static void print_live(const struct status *s, struct buf *b)
{
    const struct live *l = &s->live;
    char size[NUM_TEXT_MAX];
    char when[IO_TIME_MAX];

    if (!l->asked)
        return;
    for (size_t i = 0; i < l->copy_count; i++)
        buf_printf(b, "previous      %s  (replaced %s, %s)\n", l->copies[i].name,
                   io_format_utc(when, l->copies[i].time),
                   num_format_bytes(size, l->copies[i].bytes));
    if (l->copy_count == 0)
        buf_addstr(b, "previous      none\n");
    for (size_t i = 0; i < l->leftovers.count; i++)
        buf_printf(b, "%s %s%s\n", l->holder[0] ? "at work      " : "left over    ",
                   l->leftovers.items[i].name,
                   l->holder[0] ? "" : "  (of a run that was killed; the next run removes it)");
    if (l->holder[0])
        buf_printf(b, "lock          held by %s\n", l->holder);
}

static void print_text(const struct status *s, struct buf *b)
{
    const char *description = s->inv->config.description;

    buf_printf(b, "job           %s%s%s\n", s->inv->config.name, description ? ": " : "",
               description ? description : "");
    if (!s->inv->config.status_file)
        buf_addstr(b, "status file   none (set \"status_file\" to have runs remembered)\n");
    print_running(s, b);
    print_last(s, b);
    print_success(s, b);
    print_history(s, b);
    print_live(s, b);
}

/* ---- JSON ---- */

static cJSON *copy_of(const cJSON *o, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);

    return item ? cJSON_Duplicate(item, true) : cJSON_CreateNull();
}

static void add_live(cJSON *o, const struct live *l)
{
    cJSON *copies = cJSON_AddArrayToObject(o, "previous");
    cJSON *leftovers = cJSON_AddArrayToObject(o, "leftovers");

    for (size_t i = 0; i < l->copy_count; i++) {
        cJSON *copy = cJSON_CreateObject();

        json_add_text(copy, "name", l->copies[i].name);
        json_add_time(copy, "replaced", l->copies[i].time);
        json_add_u64(copy, "bytes", l->copies[i].bytes);
        (void)cJSON_AddItemToArray(copies, copy);
    }
    for (size_t i = 0; i < l->leftovers.count; i++)
        (void)cJSON_AddItemToArray(leftovers, cJSON_CreateString(l->leftovers.items[i].name));
    (void)cJSON_AddItemToObject(o, "lock_holder",
                                l->holder[0] ? cJSON_CreateString(l->holder) : cJSON_CreateNull());
}

static bool print_json(const struct status *s, struct err *e)
{
    cJSON *o = cJSON_CreateObject();
    bool ok;

    (void)cJSON_AddStringToObject(o, "tool", "pg_mirror");
    (void)cJSON_AddStringToObject(o, "version", PGM_VERSION);
    (void)cJSON_AddStringToObject(o, "command", "status");
    (void)cJSON_AddStringToObject(o, "job", s->inv->config.name);
    (void)cJSON_AddItemToObject(o, "running", running_json(s));
    (void)cJSON_AddItemToObject(o, "last", copy_of(s->file, "last"));
    json_add_time(o, "last_success", s->success);
    (void)cJSON_AddBoolToObject(o, "stale", s->stale);
    (void)cJSON_AddItemToObject(o, "history", copy_of(s->file, "history"));
    if (s->live.asked)
        add_live(o, &s->live);
    ok = json_print(o, e);
    cJSON_Delete(o);
    s->inv->printed = true;
    return ok;
}

/* ---- */

static int plugin_exit(const struct status *s)
{
    return s->stale ? PLUGIN_CRITICAL : s->success == 0 ? PLUGIN_UNKNOWN : PLUGIN_OK;
}

static bool print_nagios(const struct status *s, struct err *e)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);
    char age[NUM_TEXT_MAX];
    time_t now = time(NULL);
    uint64_t seconds = s->success && now > s->success ? (uint64_t)(now - s->success) : 0;

    s->inv->printed = true;
    s->inv->plugin_exit = plugin_exit(s);
    buf_printf(&b, "%s - %s: ", words[plugin_exit(s)], s->inv->config.name);
    if (s->success == 0)
        buf_addstr(&b, "no success known\n");
    else
        buf_printf(&b, "last success %s ago | age=%" PRIu64 "s\n",
                   num_format_duration(age, seconds * 1000), seconds);
    return cli_print(buf_str(&b), e);
}

static bool status_work(void *arg, struct err *e)
{
    struct status *s = arg;

    if (!read_file(s, e))
        return false;
    judge_age(s);
    return !s->inv->config.cmd.live || ask_target(s, e);
}

static bool print_status(const struct status *s, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    if (s->inv->config.output == OUTPUT_JSON)
        return print_json(s, e);
    if (s->inv->config.output == OUTPUT_NAGIOS)
        return print_nagios(s, e);
    print_text(s, &b);
    return cli_print(buf_str(&b), e);
}

/* The line for nagios has said it all; people and scripts get 0 or 1. */
static bool answer(const struct status *s, struct err *e)
{
    char age[NUM_TEXT_MAX];

    if (!s->stale || s->inv->config.output == OUTPUT_NAGIOS)
        return true;
    return err_set(e, E_NO, "the last success is older than %s",
                   num_format_duration(age, s->inv->config.cmd.max_age_ms));
}

static bool status_run(struct invocation *inv, struct err *e)
{
    AUTO_ARENA struct arena *arena = arena_new();
    struct status s = {.inv = inv, .arena = arena};
    struct runner runner = {.run = status_work, .arg = &s};
    bool ok = runner_run(&runner, e) && print_status(&s, e) && answer(&s, e);

    cJSON_Delete(s.file);
    return ok;
}

static const char *const status_examples[] = {
    "pg_mirror status -c staging.json --live",
    "pg_mirror status -c staging.json --max-age 26h --output nagios",
    NULL,
};

const struct command cmd_status = {
    .name = "status",
    .args = "[FILE]",
    .summary = "last run, its age, previous copies; an alarm with --max-age",
    .bit = CMD_STATUS,
    .needs = CONFIG_NEEDS_TARGET,
    .examples = status_examples,
    .run = status_run,
};
