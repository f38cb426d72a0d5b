#include "cli/result.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "common/version.h"

void result_add_server(cJSON *o, const char *key, const struct report_server *s)
{
    cJSON *server = cJSON_AddObjectToObject(o, key);

    json_add_text(server, "where", s->where);
    json_add_text(server, "database", s->database);
    json_add_text(server, "version", s->version);
    json_add_text(server, "system_identifier", s->system_identifier);
}

static void add_seconds(cJSON *o, const char *key, uint64_t ms)
{
    (void)cJSON_AddNumberToObject(o, key, (double)ms / 1000.0);
}

static void add_phases(cJSON *o, const struct report *r)
{
    cJSON *phases = cJSON_AddArrayToObject(o, "phases");

    for (size_t i = 0; i < r->phase_count; i++) {
        cJSON *phase = cJSON_CreateObject();

        json_add_text(phase, "name", r->phases[i].name);
        add_seconds(phase, "seconds", r->phases[i].ms);
        json_add_u64(phase, "bytes", r->phases[i].bytes);
        (void)cJSON_AddItemToArray(phases, phase);
    }
}

static void add_tables(cJSON *o, const struct report *r)
{
    cJSON *tables = cJSON_AddArrayToObject(o, "tables");

    for (size_t i = 0; i < r->table_count; i++) {
        cJSON *table = cJSON_CreateObject();

        json_add_text(table, "schema", r->tables[i].schema);
        json_add_text(table, "name", r->tables[i].name);
        json_add_u64(table, "rows", r->tables[i].rows);
        json_add_u64(table, "bytes", r->tables[i].bytes);
        (void)cJSON_AddItemToArray(tables, table);
    }
}

static void add_warnings(cJSON *o, const struct report *r)
{
    cJSON *warnings = cJSON_AddArrayToObject(o, "warnings");

    for (size_t i = 0; i < r->warning_count; i++) {
        cJSON *warning = cJSON_CreateObject();

        json_add_text(warning, "code", r->warnings[i].code);
        json_add_text(warning, "msg", r->warnings[i].message);
        json_add_text(warning, "hint", r->warnings[i].hint);
        (void)cJSON_AddItemToArray(warnings, warning);
    }
}

static void add_error(cJSON *o, const struct err *e, int exit_code)
{
    cJSON *error;

    if (e->code == E_NONE) {
        (void)cJSON_AddNullToObject(o, "error");
        return;
    }
    error = cJSON_AddObjectToObject(o, "error");
    (void)cJSON_AddNumberToObject(error, "code", exit_code);
    json_add_text(error, "class", err_code_class(e->code));
    json_add_text(error, "sqlstate", e->sqlstate);
    json_add_text(error, "message", e->text);
    json_add_text(error, "detail", e->detail);
    json_add_text(error, "hint", e->hint);
}

/* A clone that is live counts, whatever --strict made of its warnings. */
bool result_is_good(int exit_code)
{
    return exit_code == 0 || exit_code == err_code_status(E_SECONDARY);
}

struct cJSON *result_document(const struct report *r, const struct err *e, int exit_code)
{
    cJSON *o = cJSON_CreateObject();

    json_add_text(o, "tool", "pg_mirror");
    json_add_text(o, "version", PGM_VERSION);
    json_add_text(o, "run_id", r->run_id);
    json_add_text(o, "job", r->job);
    json_add_text(o, "command", r->command);
    json_add_text(o, "result", result_is_good(exit_code) ? "ok" : "failed");
    (void)cJSON_AddNumberToObject(o, "exit_code", exit_code);
    json_add_text(o, "target_state", target_state_name(r->target_state));
    json_add_time(o, "started", (time_t)(r->started_ms / 1000));
    json_add_time(o, "finished", (time_t)(r->finished_ms / 1000));
    add_seconds(o, "duration_s", r->finished_ms - r->started_ms);
    (void)cJSON_AddNumberToObject(o, "attempts", r->attempts);
    result_add_server(o, "source", &r->source);
    result_add_server(o, "target", &r->target);
    json_add_time(o, "snapshot_time", (time_t)(r->snapshot_ms / 1000));
    json_add_text(o, "snapshot_lsn", r->snapshot_lsn);
    json_add_u64(o, "rows", r->rows);
    json_add_u64(o, "dump_bytes", r->dump_bytes);
    json_add_text(o, "previous", r->previous);
    json_add_text(o, "shadow", r->shadow);
    json_add_text(o, "kept_dump", r->kept_dump);
    add_phases(o, r);
    add_tables(o, r);
    add_warnings(o, r);
    add_error(o, e, exit_code);
    return o;
}

/* What is wrong with the configuration, one object each: an editor can go to the place. */
static void add_problems(cJSON *o, const struct config_report *problems)
{
    cJSON *list = cJSON_AddArrayToObject(o, "problems");

    for (size_t i = 0; i < problems->count; i++) {
        const struct config_problem *p = &problems->items[i];
        cJSON *item = cJSON_CreateObject();

        json_add_text(item, "level", p->warning ? "warning" : "error");
        json_add_text(item, "file", p->file);
        (void)cJSON_AddNumberToObject(item, "line", p->file ? p->line : 0);
        (void)cJSON_AddNumberToObject(item, "column", p->file ? p->column : 0);
        json_add_text(item, "pointer", p->pointer);
        json_add_text(item, "message", p->message);
        (void)cJSON_AddItemToArray(list, item);
    }
}

void result_print_failure(const char *command, const struct config_report *problems,
                          const struct err *e)
{
    struct report r;
    struct err ignored = {0};
    cJSON *document;

    report_init(&r);
    r.command = command;
    r.finished_ms = r.started_ms;
    document = result_document(&r, e, err_exit_status(e));
    if (problems->errors)
        add_problems(document, problems);
    if (!json_print(document, &ignored))
        log_debug("%s", ignored.text);
    cJSON_Delete(document);
    report_release(&r);
}

void result_log_warnings(const struct report *r)
{
    for (size_t i = 0; i < r->warning_count; i++)
        log_message(LOG_WARNING, r->warnings[i].message, NULL, r->warnings[i].hint);
}

static void log_phases(const struct report *r)
{
    AUTO_BUF struct buf line = BUF_INIT(4096);
    char text[NUM_TEXT_MAX];

    for (size_t i = 0; i < r->phase_count; i++)
        buf_printf(&line, "%s%s %s", i ? ", " : "", r->phases[i].name,
                   num_format_duration(text, r->phases[i].ms));
    if (line.len)
        log_info("%s", buf_str(&line));
}

void result_log(const struct report *r)
{
    char duration[NUM_TEXT_MAX];
    char rows[NUM_TEXT_MAX];

    result_log_warnings(r);
    log_phases(r);
    if (r->kept_dump)
        log_info("dump kept as %s", r->kept_dump);
    if (r->previous)
        log_info("previous copy kept as %s", r->previous);
    if (r->shadow)
        log_info("new copy left as %s (no swap)", r->shadow);
    log_info("%s: %s at %s, %zu tables, %s rows, %s", r->command, r->target.database,
             r->target.where, r->table_count, num_format_count(rows, r->rows),
             num_format_duration(duration, r->finished_ms - r->started_ms));
}

void result_log_error(const struct err *e)
{
    log_message(LOG_ERROR, e->text, e->detail, e->hint);
}
