/*
 * Written with cJSON, and read back with our own reader before it is used: a manifest that we could
 * not read later must not be written. Reading is strict (every key known and there exactly once,
 * exact types), since a bundle from somewhere else is input like any other.
 */
#include "archive/manifest.h"

#include <cJSON.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "common/num.h"
#include "common/str.h"

#include "common/banned.h"

#define FORMAT_NAME "pg_mirror kept dump"
#define HEX_PREFIX  "\\x"

/* ---- names ---- */

const char *manifest_name_encode(const char *name, struct arena *a)
{
    size_t len = strlen(name);
    char *text;

    if (str_utf8_valid_prefix(name, len) == len &&
        strncmp(name, HEX_PREFIX, strlen(HEX_PREFIX)) != 0)
        return name;
    text = arena_alloc(a, strlen(HEX_PREFIX) + 2 * len + 1);
    text[0] = '\\';
    text[1] = 'x';
    for (size_t i = 0; i < len; i++)
        (void)snprintf(text + 2 + 2 * i, 3, "%02x", (unsigned)(unsigned char)name[i]);
    return text;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *manifest_name_decode(const char *text, struct arena *a)
{
    size_t len = strlen(text);
    char *name;

    if (strncmp(text, HEX_PREFIX, strlen(HEX_PREFIX)) != 0)
        return arena_strdup(a, text);
    if (len % 2 != 0)
        return NULL;
    name = arena_alloc(a, len / 2);
    for (size_t i = 2; i < len; i += 2) {
        int high = hex_digit(text[i]);
        int low = hex_digit(text[i + 1]);

        if (high < 0 || low < 0 || high + low == 0)
            return NULL;
        name[i / 2 - 1] = (char)(high * 16 + low);
    }
    return name;
}

/* ---- writing ---- */

static void put_text(cJSON *object, const char *key, const char *value, struct arena *a)
{
    (void)cJSON_AddStringToObject(object, key, manifest_name_encode(value ? value : "", a));
}

static void put_u64(cJSON *object, const char *key, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    (void)cJSON_AddStringToObject(object, key, text);
}

static void put_time(cJSON *object, const char *key, time_t t)
{
    char text[IO_TIME_MAX];

    (void)cJSON_AddStringToObject(object, key, io_format_utc(text, t));
}

static void put_member(cJSON *members, const char *name, const struct manifest_member *m)
{
    cJSON *object = cJSON_AddObjectToObject(members, name);

    put_u64(object, "size", m->size_bytes);
    (void)cJSON_AddStringToObject(object, "sha256", m->sha256);
}

static void put_source(cJSON *root, const struct manifest *m, struct arena *a)
{
    cJSON *o = cJSON_AddObjectToObject(root, "source");

    put_text(o, "host", m->source_host, a);
    put_text(o, "port", m->source_port, a);
    put_text(o, "database", m->source_database, a);
    put_text(o, "user", m->source_user, a);
    put_text(o, "server_version", m->source_version, a);
    (void)cJSON_AddNumberToObject(o, "server_version_num", m->source_version_num);
    put_text(o, "system_identifier", m->source_system_id, a);
    put_text(o, "encoding", m->encoding, a);
}

static void put_tables(cJSON *root, const struct manifest *m, struct arena *a)
{
    cJSON *tables = cJSON_AddArrayToObject(root, "tables");

    for (size_t i = 0; i < m->table_count; i++) {
        cJSON *t = cJSON_CreateObject();

        put_text(t, "schema", m->tables[i].schema, a);
        put_text(t, "name", m->tables[i].name, a);
        put_u64(t, "rows", m->tables[i].rows);
        (void)cJSON_AddItemToArray(tables, t);
    }
}

static void put_all(cJSON *root, const struct manifest *m, struct arena *a)
{
    cJSON *o;

    put_text(root, "format", FORMAT_NAME, a);
    (void)cJSON_AddNumberToObject(root, "version", MANIFEST_VERSION);
    put_text(root, "pg_mirror", m->tool_version, a);
    put_text(root, "job", m->job, a);
    put_text(root, "run", m->run, a);
    put_time(root, "created", m->created);
    put_source(root, m, a);
    o = cJSON_AddObjectToObject(root, "pg_dump");
    put_text(o, "version", m->client_version, a);
    (void)cJSON_AddNumberToObject(o, "version_num", m->client_version_num);
    o = cJSON_AddObjectToObject(root, "snapshot");
    put_text(o, "lsn", m->snapshot_lsn, a);
    put_time(o, "time", m->snapshot_time);
    put_text(root, "section", m->section, a);
    o = cJSON_AddArrayToObject(root, "filters");
    for (size_t i = 0; i < m->filter_count; i++)
        (void)cJSON_AddItemToArray(o, cJSON_CreateString(manifest_name_encode(m->filters[i], a)));
    o = cJSON_AddObjectToObject(root, "members");
    put_member(o, "database.json", &m->database);
    put_member(o, "dump.pgc", &m->dump);
    put_u64(root, "large_objects", m->large_objects);
    put_tables(root, m, a);
}

bool manifest_write(const struct manifest *m, struct buf *json, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    cJSON *root = cJSON_CreateObject();
    struct manifest again;
    size_t start = json->len;
    char *text;

    put_all(root, m, a);
    text = cJSON_Print(root);
    cJSON_Delete(root);
    if (text)
        buf_printf(json, "%s\n", text);
    free(text);
    if (!text || json->failed || json->len - start > MANIFEST_SIZE_MAX)
        return err_set(e, E_DATA, "the manifest is larger than %d bytes", MANIFEST_SIZE_MAX);
    if (!manifest_parse(&again, buf_str(json) + start, json->len - start, a, e))
        return err_in(e, "cannot write a manifest");
    return true;
}

/* ---- reading ---- */

/* One object while its keys are taken; `bad` names the first key that is wrong. */
struct taker {
    const cJSON *object;
    struct arena *arena;
    const char *bad;
    int taken;
};

static const cJSON *take(struct taker *t, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(t->object, key);

    t->taken += item != NULL;
    if (!item && !t->bad)
        t->bad = key;
    return item;
}

static const char *take_text(struct taker *t, const char *key)
{
    const cJSON *item = take(t, key);
    const char *text =
        item && cJSON_IsString(item) ? manifest_name_decode(item->valuestring, t->arena) : NULL;

    if (!text && !t->bad)
        t->bad = key;
    return text ? text : "";
}

static uint64_t take_u64(struct taker *t, const char *key)
{
    uint64_t value = 0;

    if (!num_parse_u64(take_text(t, key), 0, UINT64_MAX, &value) && !t->bad)
        t->bad = key;
    return value;
}

static int take_int(struct taker *t, const char *key)
{
    const cJSON *item = take(t, key);

    if (item && cJSON_IsNumber(item) && item->valueint >= 0 && item->valueint < 100000000 &&
        item->valuedouble - (double)item->valueint == 0.0)
        return item->valueint;
    if (!t->bad)
        t->bad = key;
    return 0;
}

static time_t take_time(struct taker *t, const char *key)
{
    const char *text = take_text(t, key);
    char again[IO_TIME_MAX];
    time_t value = 0;

    if ((!io_parse_utc(text, &value) || strcmp(io_format_utc(again, value), text) != 0) && !t->bad)
        t->bad = key;
    return value;
}

static struct taker take_object(struct taker *t, const char *key)
{
    const cJSON *item = take(t, key);

    if (!cJSON_IsObject(item) && !t->bad)
        t->bad = key;
    return (struct taker){.object = item, .arena = t->arena};
}

/* The array's first element (or NULL) and their number. */
static const cJSON *take_array(struct taker *t, const char *key, size_t *ret_count)
{
    const cJSON *item = take(t, key);

    *ret_count = 0;
    if (!item || !cJSON_IsArray(item)) {
        if (!t->bad)
            t->bad = key;
        return NULL;
    }
    *ret_count = (size_t)cJSON_GetArraySize(item);
    if (*ret_count > MANIFEST_TABLES_MAX && !t->bad)
        t->bad = key;
    return t->bad ? NULL : item->child;
}

/* No key is left over, and the parent learns of what was wrong in here. */
static void take_end(struct taker *t, struct taker *parent, const char *key)
{
    if (!t->bad && cJSON_GetArraySize(t->object) != t->taken)
        t->bad = key;
    if (t->bad && !parent->bad)
        parent->bad = t->bad;
}

static bool is_sha256(const char *s)
{
    size_t n = 0;

    while (hex_digit(s[n]) >= 0)
        n++;
    return n == SHA256_HEX_SIZE - 1 && s[n] == '\0';
}

static void take_member(struct taker *t, const char *key, struct manifest_member *m)
{
    struct taker o = take_object(t, key);
    const char *digest;

    m->size_bytes = take_u64(&o, "size");
    digest = take_text(&o, "sha256");
    if (!is_sha256(digest) && !o.bad)
        o.bad = "sha256";
    (void)snprintf(m->sha256, sizeof m->sha256, "%s", digest);
    take_end(&o, t, key);
}

static void take_source(struct taker *root, struct manifest *m)
{
    struct taker o = take_object(root, "source");

    m->source_host = take_text(&o, "host");
    m->source_port = take_text(&o, "port");
    m->source_database = take_text(&o, "database");
    m->source_user = take_text(&o, "user");
    m->source_version = take_text(&o, "server_version");
    m->source_version_num = take_int(&o, "server_version_num");
    m->source_system_id = take_text(&o, "system_identifier");
    m->encoding = take_text(&o, "encoding");
    take_end(&o, root, "source");
}

static void take_client_and_snapshot(struct taker *root, struct manifest *m)
{
    struct taker client = take_object(root, "pg_dump");
    struct taker snapshot = take_object(root, "snapshot");

    m->client_version = take_text(&client, "version");
    m->client_version_num = take_int(&client, "version_num");
    take_end(&client, root, "pg_dump");
    m->snapshot_lsn = take_text(&snapshot, "lsn");
    m->snapshot_time = take_time(&snapshot, "time");
    take_end(&snapshot, root, "snapshot");
}

static void take_filters(struct taker *root, struct manifest *m)
{
    const cJSON *item = take_array(root, "filters", &m->filter_count);
    const char **filters = arena_array(root->arena, m->filter_count + 1, sizeof *filters);

    for (size_t i = 0; item; item = item->next, i++) {
        filters[i] =
            cJSON_IsString(item) ? manifest_name_decode(item->valuestring, root->arena) : NULL;
        if (!filters[i] && !root->bad)
            root->bad = "filters";
    }
    m->filters = filters;
}

static void take_tables(struct taker *root, struct manifest *m)
{
    const cJSON *item = take_array(root, "tables", &m->table_count);
    struct manifest_table *tables;

    if (!item)
        m->table_count = 0;
    tables = arena_array(root->arena, m->table_count + 1, sizeof *tables);
    for (size_t i = 0; item && !root->bad; item = item->next, i++) {
        struct taker o = {.object = item, .arena = root->arena};

        tables[i].schema = take_text(&o, "schema");
        tables[i].name = take_text(&o, "name");
        tables[i].rows = take_u64(&o, "rows");
        take_end(&o, root, "tables");
    }
    m->tables = tables;
}

static const char *take_all(struct taker *root, struct manifest *m)
{
    struct taker members;

    if (strcmp(take_text(root, "format"), FORMAT_NAME) != 0)
        return "format";
    if (take_int(root, "version") != MANIFEST_VERSION)
        return "version";
    m->tool_version = take_text(root, "pg_mirror");
    m->job = take_text(root, "job");
    m->run = take_text(root, "run");
    m->created = take_time(root, "created");
    take_source(root, m);
    take_client_and_snapshot(root, m);
    m->section = take_text(root, "section");
    take_filters(root, m);
    members = take_object(root, "members");
    take_member(&members, "database.json", &m->database);
    take_member(&members, "dump.pgc", &m->dump);
    take_end(&members, root, "members");
    m->large_objects = take_u64(root, "large_objects");
    take_tables(root, m);
    if (!root->bad && cJSON_GetArraySize(root->object) != root->taken)
        return "a key that is not known";
    return root->bad;
}

static bool only_blanks(const char *p, const char *end)
{
    while (p < end && isspace((unsigned char)*p))
        p++;
    return p == end;
}

bool manifest_parse(struct manifest *ret, const char *json, size_t len, struct arena *a,
                    struct err *e)
{
    const char *end = NULL;
    struct taker root = {.arena = a};
    const char *bad;
    cJSON *tree;

    *ret = (struct manifest){0};
    if (len > MANIFEST_SIZE_MAX || str_utf8_valid_prefix(json, len) != len)
        return err_set(e, E_DATA, "the manifest is not valid UTF-8 text of a sane size");
    tree = cJSON_ParseWithLengthOpts(json, len, &end, false);
    if (!cJSON_IsObject(tree) || !only_blanks(end, json + len)) {
        cJSON_Delete(tree);
        return err_set(e, E_DATA, "the manifest is not a JSON object");
    }
    root.object = tree;
    bad = take_all(&root, ret);
    if (bad && strcmp(bad, "version") == 0)
        err_set_(e, E_DATA, "the manifest is of another version than %d", MANIFEST_VERSION);
    else if (bad)
        err_set_(e, E_DATA, "the manifest is not of our making: wrong or missing '%s'", bad);
    cJSON_Delete(tree);
    return bad == NULL;
}
