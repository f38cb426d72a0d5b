#include "cli/result.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "common/version.h"

void json_add_u64(struct cJSON *object, const char *key, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    (void)cJSON_AddRawToObject(object, key, text);
}

static void add_string_or_null(cJSON *o, const char *key, const char *value)
{
    if (value && value[0])
        (void)cJSON_AddStringToObject(o, key, value);
    else
        (void)cJSON_AddNullToObject(o, key);
}

static void add_time(cJSON *o, const char *key, uint64_t wall_ms)
{
    char text[IO_TIME_MAX];

    add_string_or_null(o, key, wall_ms ? io_format_utc(text, (time_t)(wall_ms / 1000)) : NULL);
}

void result_add_server(cJSON *o, const char *key, const struct report_server *s)
{
    cJSON *server = cJSON_AddObjectToObject(o, key);

    add_string_or_null(server, "where", s->where);
    add_string_or_null(server, "database", s->database);
    add_string_or_null(server, "version", s->version);
    add_string_or_null(server, "system_identifier", s->system_identifier);
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

        (void)cJSON_AddStringToObject(phase, "name", r->phases[i].name);
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

        (void)cJSON_AddStringToObject(table, "schema", r->tables[i].schema);
        (void)cJSON_AddStringToObject(table, "name", r->tables[i].name);
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

        (void)cJSON_AddStringToObject(warning, "code", r->warnings[i].code);
        (void)cJSON_AddStringToObject(warning, "msg", r->warnings[i].message);
        add_string_or_null(warning, "hint", r->warnings[i].hint);
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
    (void)cJSON_AddStringToObject(error, "class", err_code_class(e->code));
    add_string_or_null(error, "sqlstate", e->sqlstate);
    (void)cJSON_AddStringToObject(error, "message", e->text);
    add_string_or_null(error, "detail", e->detail);
    add_string_or_null(error, "hint", e->hint);
}

struct cJSON *result_document(const struct report *r, const struct err *e, int exit_code)
{
    cJSON *o = cJSON_CreateObject();

    (void)cJSON_AddStringToObject(o, "tool", "pg_mirror");
    (void)cJSON_AddStringToObject(o, "version", PGM_VERSION);
    (void)cJSON_AddStringToObject(o, "run_id", r->run_id);
    add_string_or_null(o, "job", r->job);
    add_string_or_null(o, "command", r->command);
    (void)cJSON_AddStringToObject(o, "result", exit_code == 0 ? "ok" : "failed");
    (void)cJSON_AddNumberToObject(o, "exit_code", exit_code);
    (void)cJSON_AddStringToObject(o, "target_state", target_state_name(r->target_state));
    add_time(o, "started", r->started_ms);
    add_time(o, "finished", r->finished_ms);
    add_seconds(o, "duration_s", r->finished_ms - r->started_ms);
    (void)cJSON_AddNumberToObject(o, "attempts", r->attempts);
    result_add_server(o, "source", &r->source);
    result_add_server(o, "target", &r->target);
    add_time(o, "snapshot_time", r->snapshot_ms);
    add_string_or_null(o, "snapshot_lsn", r->snapshot_lsn);
    json_add_u64(o, "rows", r->rows);
    json_add_u64(o, "dump_bytes", r->dump_bytes);
    add_string_or_null(o, "previous", r->previous);
    add_string_or_null(o, "shadow", r->shadow);
    add_string_or_null(o, "kept_dump", r->kept_dump);
    add_phases(o, r);
    add_tables(o, r);
    add_warnings(o, r);
    add_error(o, e, exit_code);
    return o;
}

bool json_print(const struct cJSON *document, struct err *e)
{
    char *text = cJSON_Print(document);
    bool ok;

    if (!text)
        return err_set(e, E_SYSTEM, "out of memory while printing JSON");
    ok = io_write_full(STDOUT_FILENO, text, strlen(text)) && io_write_full(STDOUT_FILENO, "\n", 1);
    free(text);
    if (!ok && errno != EPIPE)
        return err_sys(e, E_IO, "cannot write to standard output");
    return true;
}

/* What is wrong with the configuration, one object each: an editor can go to the place. */
static void add_problems(cJSON *o, const struct config_report *problems)
{
    cJSON *list = cJSON_AddArrayToObject(o, "problems");

    for (size_t i = 0; i < problems->count; i++) {
        const struct config_problem *p = &problems->items[i];
        cJSON *item = cJSON_CreateObject();

        (void)cJSON_AddStringToObject(item, "level", p->warning ? "warning" : "error");
        add_string_or_null(item, "file", p->file);
        (void)cJSON_AddNumberToObject(item, "line", p->file ? p->line : 0);
        (void)cJSON_AddNumberToObject(item, "column", p->file ? p->column : 0);
        add_string_or_null(item, "pointer", p->pointer);
        (void)cJSON_AddStringToObject(item, "message", p->message);
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

static void log_warnings(const struct report *r)
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

    log_warnings(r);
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
