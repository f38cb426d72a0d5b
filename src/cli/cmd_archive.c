/* cmd_archive.c - what kept dumps there are, and whether every byte of them is good. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/bundle.h"
#include "archive/dump_walk.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/result.h"
#include "cli/runner.h"
#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "common/version.h"

struct kept {
    const char *file;
    struct err err; /* E_NONE: good, and the rest is filled in */
    const char *database;
    const char *host;
    const char *server_version;
    const char *client_version;
    const char *lsn;
    time_t taken;
    uint64_t size_bytes;
    uint64_t dump_size_bytes;
    size_t tables;
    uint64_t rows;
    uint64_t large_objects;
};

struct listing {
    struct invocation *inv;
    bool verify;
    struct kept *items;
    size_t count;
    size_t cap;
};

/* ---- which files ---- */

static void listing_add(struct listing *l, const char *file)
{
    struct arena *a = l->inv->arena;

    l->items = arena_grow(a, l->items, l->count, &l->cap, sizeof *l->items);
    l->items[l->count++] = (struct kept){.file = arena_strdup(a, file)};
}

static int is_bundle_name(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    size_t suffix = strlen(BUNDLE_SUFFIX);

    return len > suffix && strcmp(entry->d_name + len - suffix, BUNDLE_SUFFIX) == 0;
}

static bool add_directory(struct listing *l, const char *dir, struct err *e)
{
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_bundle_name, alphasort);

    if (n < 0)
        return err_sys(e, E_NOINPUT, "cannot read directory '%s'", dir);
    for (int i = 0; i < n; i++) {
        listing_add(l, strcmp(dir, ".") == 0
                           ? entries[i]->d_name
                           : arena_printf(l->inv->arena, "%s/%s", dir, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    if (n == 0)
        log_info("no kept dump in '%s'", dir);
    return true;
}

/* The words after the subcommand, files or directories; else where dumps are kept. */
static bool collect(struct listing *l, struct err *e)
{
    const struct invocation *inv = l->inv;
    struct stat st;

    if (inv->arg_count == 1)
        return add_directory(l, inv->config.keep_dump ? inv->config.keep_dump : ".", e);
    for (size_t i = 1; i < inv->arg_count; i++) {
        if (stat(inv->args[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            if (!add_directory(l, inv->args[i], e))
                return false;
        } else {
            listing_add(l, inv->args[i]);
        }
    }
    return true;
}

/* ---- looking at one ---- */

/* The dump itself: every byte, every block, and the rows that the manifest promises. */
static bool verify_dump(const struct bundle *b, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    const struct dump_walk_options o = {0};
    struct dump_source source;
    struct dump_report report;
    struct dump_toc toc;

    dump_source_part(&source, b->fd, b->dump_offset, b->dump_size_bytes);
    return bundle_verify(b, NULL, e) && dump_toc_read(&toc, &source, a, e) &&
           dump_walk(&report, &source, &toc, &o, a, e) &&
           manifest_check_counts(&b->manifest, &report, e);
}

static void describe(struct kept *k, const struct bundle *b, struct arena *a)
{
    const struct manifest *m = &b->manifest;

    k->database = arena_strdup(a, m->source_database);
    k->host = arena_strdup(a, m->source_host);
    k->server_version = arena_strdup(a, m->source_version);
    k->client_version = arena_strdup(a, m->client_version);
    k->lsn = arena_strdup(a, m->snapshot_lsn);
    k->taken = m->snapshot_time;
    k->size_bytes = b->size_bytes;
    k->dump_size_bytes = b->dump_size_bytes;
    k->tables = m->table_count;
    k->rows = manifest_rows(m);
    k->large_objects = m->large_objects;
}

/* False only if the run was stopped. */
static bool look_at(const struct listing *l, struct kept *k)
{
    AUTO_BUNDLE struct bundle b = BUNDLE_INIT;

    if (bundle_open(&b, k->file, &k->err) && (!l->verify || verify_dump(&b, &k->err)))
        describe(k, &b, l->inv->arena);
    return k->err.code != E_CANCELLED && k->err.code != E_DEADLINE;
}

/* ---- printing ---- */

static void render_verdicts(struct buf *b, const struct listing *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct kept *k = &l->items[i];
        char size[NUM_TEXT_MAX];

        if (k->err.code == E_NONE)
            buf_printf(b, "ok      %s: %zu table%s, %" PRIu64 " row%s, %s\n", k->file, k->tables,
                       k->tables == 1 ? "" : "s", k->rows, k->rows == 1 ? "" : "s",
                       num_format_bytes(size, k->size_bytes));
        else
            buf_printf(b, "FAILED  %s: %s\n", k->file, k->err.text);
    }
}

static void render_table(struct buf *b, const struct listing *l)
{
    int width = 8;

    for (size_t i = 0; i < l->count; i++) {
        int len = l->items[i].database ? (int)strlen(l->items[i].database) : 0;

        width = len > width ? len : width;
    }
    if (l->count > 0)
        buf_printf(b, "%-20s  %-*s  %10s  %6s  %12s  %s\n", "TAKEN", width, "DATABASE", "SIZE",
                   "TABLES", "ROWS", "FILE");
    for (size_t i = 0; i < l->count; i++) {
        const struct kept *k = &l->items[i];
        char size[NUM_TEXT_MAX];
        char time[IO_TIME_MAX];

        if (k->err.code == E_NONE)
            buf_printf(b, "%-20s  %-*s  %10s  %6zu  %12" PRIu64 "  %s\n",
                       io_format_utc(time, k->taken), width, k->database,
                       num_format_bytes(size, k->size_bytes), k->tables, k->rows, k->file);
        else
            buf_printf(b, "%-20s  %-*s  %10s  %6s  %12s  %s\n", "damaged", width, "-", "-", "-",
                       "-", k->file);
    }
}

static void add_failure(cJSON *o, const struct err *err)
{
    cJSON *error = cJSON_AddObjectToObject(o, "error");

    (void)cJSON_AddStringToObject(error, "class", err_code_class(err->code));
    (void)cJSON_AddStringToObject(error, "message", err->text);
    if (err->detail[0])
        (void)cJSON_AddStringToObject(error, "detail", err->detail);
    if (err->hint[0])
        (void)cJSON_AddStringToObject(error, "hint", err->hint);
}

static cJSON *kept_json(const struct kept *k, struct arena *a)
{
    cJSON *o = cJSON_CreateObject();
    char time[IO_TIME_MAX];

    (void)cJSON_AddStringToObject(o, "file", manifest_name_encode(k->file, a));
    (void)cJSON_AddBoolToObject(o, "ok", k->err.code == E_NONE);
    if (k->err.code != E_NONE) {
        add_failure(o, &k->err);
        return o;
    }
    (void)cJSON_AddStringToObject(o, "database", manifest_name_encode(k->database, a));
    (void)cJSON_AddStringToObject(o, "host", manifest_name_encode(k->host, a));
    (void)cJSON_AddStringToObject(o, "server_version", k->server_version);
    (void)cJSON_AddStringToObject(o, "pg_dump_version", k->client_version);
    (void)cJSON_AddStringToObject(o, "snapshot_time", io_format_utc(time, k->taken));
    (void)cJSON_AddStringToObject(o, "snapshot_lsn", k->lsn);
    json_add_u64(o, "bytes", k->size_bytes);
    json_add_u64(o, "dump_bytes", k->dump_size_bytes);
    json_add_u64(o, "tables", k->tables);
    json_add_u64(o, "rows", k->rows);
    json_add_u64(o, "large_objects", k->large_objects);
    return o;
}

static bool print_json(const struct listing *l, struct err *e)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *dumps;
    bool ok;

    (void)cJSON_AddStringToObject(o, "tool", "pg_mirror");
    (void)cJSON_AddStringToObject(o, "version", PGM_VERSION);
    (void)cJSON_AddStringToObject(o, "command", l->verify ? "archive verify" : "archive list");
    dumps = cJSON_AddArrayToObject(o, "dumps");
    for (size_t i = 0; i < l->count; i++)
        (void)cJSON_AddItemToArray(dumps, kept_json(&l->items[i], l->inv->arena));
    ok = json_print(o, e);
    cJSON_Delete(o);
    l->inv->printed = true;
    return ok;
}

static bool print_listing(const struct listing *l, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);

    if (l->inv->config.output == OUTPUT_JSON)
        return print_json(l, e);
    if (l->verify)
        render_verdicts(&text, l);
    else
        render_table(&text, l);
    return cli_print(buf_str(&text), e);
}

/* ---- the command ---- */

/* What was wrong with the first one that is no good, and how many there are. */
static bool judge(const struct listing *l, struct err *e)
{
    const struct kept *first = NULL;
    size_t bad = 0;

    for (size_t i = 0; i < l->count; i++) {
        if (l->items[i].err.code == E_NONE)
            continue;
        if (!first)
            first = &l->items[i];
        bad++;
    }
    if (!first)
        return true;
    *e = first->err;
    return bad > 1 ? err_in(e, "%zu of %zu kept dumps are no good, the first", bad, l->count)
                   : false;
}

static bool archive_work(void *arg, struct err *e)
{
    struct listing l = {.inv = arg};
    const char *what = l.inv->args[0];

    l.verify = strcmp(what, "verify") == 0;
    if (!l.verify && strcmp(what, "list") != 0) {
        err_set_(e, E_USAGE, "unknown subcommand '%s' of archive", what);
        return err_hint(e, "%s", "use pg_mirror archive list, or pg_mirror archive verify");
    }
    if (!collect(&l, e))
        return false;
    if (l.verify && l.count == 0)
        return err_set(e, E_NOINPUT, "there is no kept dump to verify");
    for (size_t i = 0; i < l.count; i++) {
        if (!look_at(&l, &l.items[i])) {
            *e = l.items[i].err;
            return false;
        }
    }
    return print_listing(&l, e) && judge(&l, e);
}

static bool archive_command(struct invocation *inv, struct err *e)
{
    const struct runner runner = {
        .run = archive_work,
        .arg = inv,
        .deadline_ms = inv->config.deadline_ms,
    };

    return runner_block_signals(e) && runner_run(&runner, e);
}

static const char *const archive_examples[] = {
    "pg_mirror archive list /var/backups/app",
    "pg_mirror archive verify /var/backups/app/*" BUNDLE_SUFFIX,
    NULL,
};

const struct command cmd_archive = {
    .name = "archive",
    .args = "list|verify [FILE...]",
    .summary = "what kept dumps there are; read every byte of them back",
    .text = "FILE is a kept dump or a directory of them; without one, the directory of\n"
            "--keep-dump, else the current one. verify reads every byte, compares all digests,\n"
            "walks through the dump and counts its rows. Exit status 65 if one is damaged.",
    .bit = CMD_ARCHIVE,
    .needs = CONFIG_NEEDS_NONE,
    .min_args = 1,
    .max_args = SIZE_MAX,
    .examples = archive_examples,
    .run = archive_command,
};
