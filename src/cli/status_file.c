/*
 * One JSON object: {"tool", "version", "job", "running": {...}|null, "last": result document,
 * "last_success": time|null, "history": [newest first]}. The file is replaced as a whole (temp,
 * fsync, rename), so a reader sees the old one or the new one; what an earlier run wrote is read
 * back first, so that a failure never loses the time of the last success.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/result.h"
#include "cli/json.h"
#include "common/io.h"
#include "common/log.h"
#include "common/version.h"

enum { STATUS_FILE_MAX = 64 * 1024 * 1024, STATUS_MODE = 0644 };

static cJSON *status_read(const char *path)
{
    AUTO_BUF struct buf b = BUF_INIT(STATUS_FILE_MAX);
    cJSON *root = NULL;

    if (io_read_file(path, &b, NULL))
        root = cJSON_Parse(buf_str(&b));
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        root = cJSON_CreateObject();
    }
    return root;
}

static void put(cJSON *root, const char *key, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(root, key);
    (void)cJSON_AddItemToObject(root, key, value);
}

static cJSON *time_text(uint64_t wall_ms)
{
    char text[IO_TIME_MAX];

    return cJSON_CreateString(io_format_utc(text, (time_t)(wall_ms / 1000)));
}

static bool status_write(const char *path, cJSON *root, const struct report *r, struct err *e)
{
    char *text;
    bool ok;

    put(root, "tool", cJSON_CreateString("pg_mirror"));
    put(root, "version", cJSON_CreateString(PGM_VERSION));
    put(root, "job", r->job ? cJSON_CreateString(r->job) : cJSON_CreateNull());
    text = cJSON_Print(root);
    if (!text)
        return err_set(e, E_SYSTEM, "out of memory while writing '%s'", path);
    ok = io_replace_file(path, STATUS_MODE, text, strlen(text), e);
    free(text);
    return ok;
}

void status_file_running(const char *path, const struct report *r, const struct progress *p)
{
    const char *phase = atomic_load(&p->phase);
    struct err e = {0};
    cJSON *root;
    cJSON *running;

    if (!path)
        return;
    root = status_read(path);
    running = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(running, "run_id", r->run_id);
    (void)cJSON_AddNumberToObject(running, "pid", getpid());
    (void)cJSON_AddItemToObject(running, "started", time_text(r->started_ms));
    (void)cJSON_AddItemToObject(running, "updated", time_text(io_wall_ms()));
    (void)cJSON_AddStringToObject(running, "phase", phase ? phase : "start");
    json_add_u64(running, "done", atomic_load(&p->done));
    json_add_u64(running, "total", atomic_load(&p->total));
    put(root, "running", running);
    if (!status_write(path, root, r, &e))
        log_debug("status file: %s", e.text);
    cJSON_Delete(root);
}

static cJSON *history_entry(const struct report *r, const struct err *e, int exit_code)
{
    cJSON *entry = cJSON_CreateObject();

    (void)cJSON_AddStringToObject(entry, "run_id", r->run_id);
    (void)cJSON_AddItemToObject(entry, "started", time_text(r->started_ms));
    (void)cJSON_AddItemToObject(entry, "finished", time_text(r->finished_ms));
    (void)cJSON_AddStringToObject(entry, "result", result_is_good(exit_code) ? "ok" : "failed");
    (void)cJSON_AddNumberToObject(entry, "exit_code", exit_code);
    (void)cJSON_AddNumberToObject(entry, "duration_s",
                                  (double)(r->finished_ms - r->started_ms) / 1000.0);
    json_add_u64(entry, "rows", r->rows);
    if (e->code != E_NONE)
        (void)cJSON_AddStringToObject(entry, "message", e->text);
    return entry;
}

static void add_history(cJSON *root, cJSON *entry)
{
    cJSON *history = cJSON_GetObjectItemCaseSensitive(root, "history");

    if (!cJSON_IsArray(history)) {
        history = cJSON_CreateArray();
        put(root, "history", history);
    }
    (void)cJSON_InsertItemInArray(history, 0, entry);
    while (cJSON_GetArraySize(history) > STATUS_HISTORY)
        cJSON_DeleteItemFromArray(history, STATUS_HISTORY);
}

bool status_file_finished(const char *path, const struct report *r, const struct err *e,
                          int exit_code, struct err *write_error)
{
    cJSON *root;
    bool ok;

    if (!path)
        return true;
    root = status_read(path);
    put(root, "running", cJSON_CreateNull());
    put(root, "last", result_document(r, e, exit_code));
    if (result_is_good(exit_code))
        put(root, "last_success", time_text(r->finished_ms));
    else if (!cJSON_GetObjectItemCaseSensitive(root, "last_success"))
        put(root, "last_success", cJSON_CreateNull());
    add_history(root, history_entry(r, e, exit_code));
    ok = status_write(path, root, r, write_error);
    cJSON_Delete(root);
    return ok;
}
