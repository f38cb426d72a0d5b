/*
 * Two readers of the same bytes: json_scan() proves that the text is strict JSON and notes where
 * every key and value begins, in document order; cJSON then decodes it. Both visit the same values
 * in the same order, so walking cJSON's tree beside the list of offsets gives each node its place.
 */
#include "json_text_priv.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "json_scan_priv.h"

struct builder {
    struct arena *arena;
    const struct json_scan *scan;
    size_t next;   /* of scan->starts */
    size_t offset; /* that `here` describes */
    struct place here;
    struct buf path; /* JSON pointer of the node being built */
    struct problems *problems;
};

/* Move `here` forward to an offset; columns count characters, not bytes. */
static struct place place_of(struct builder *b, size_t offset)
{
    for (; b->offset < offset; b->offset++) {
        unsigned char ch = (unsigned char)b->scan->text[b->offset];

        if (ch == '\n') {
            b->here.line++;
            b->here.column = 1;
        } else if ((ch & 0xc0U) != 0x80) {
            b->here.column++;
        }
    }
    return b->here;
}

static struct place next_place(struct builder *b)
{
    return place_of(b, b->scan->starts[b->next++]);
}

struct member {
    const struct json *node;
};

static int by_key(const void *left, const void *right)
{
    const struct json *a = ((const struct member *)left)->node;
    const struct json *b = ((const struct member *)right)->node;
    int order = strcmp(a->key, b->key);

    if (order != 0)
        return order;
    if (a->key_at.line != b->key_at.line)
        return a->key_at.line < b->key_at.line ? -1 : 1;
    return a->key_at.column < b->key_at.column ? -1 : 1;
}

/* Every second use of a key is a problem, told with the place of the one before. */
static void check_duplicates(struct builder *b, const struct json *object, size_t count)
{
    struct member *sorted = arena_array(b->arena, count + 1, sizeof *sorted);
    size_t n = 0;

    for (const struct json *m = object->child; m; m = m->next)
        sorted[n++].node = m;
    qsort(sorted, n, sizeof *sorted, by_key);
    for (size_t i = 1; i < n; i++) {
        size_t used = b->path.len;

        if (strcmp(sorted[i - 1].node->key, sorted[i].node->key) != 0)
            continue;
        json_pointer_push(&b->path, sorted[i].node->key);
        problem_add(b->problems, &sorted[i].node->key_at, buf_str(&b->path),
                    "duplicate key, already at line %u column %u", sorted[i - 1].node->key_at.line,
                    sorted[i - 1].node->key_at.column);
        json_pointer_pop(&b->path, used);
    }
}

void json_pointer_push(struct buf *path, const char *key)
{
    buf_addch(path, '/');
    for (; *key; key++) {
        if (*key == '~' || *key == '/')
            buf_addstr(path, *key == '~' ? "~0" : "~1");
        else
            buf_addch(path, *key);
    }
}

void json_pointer_pop(struct buf *path, size_t used)
{
    path->len = used;
    path->data[used] = '\0';
}

static struct json *build(struct builder *b, const cJSON *from);

static void build_children(struct builder *b, struct json *node, const cJSON *from)
{
    struct json **tail = &node->child;
    size_t count = 0;

    for (const cJSON *c = from->child; c; c = c->next) {
        struct place key_at = {0};
        size_t used = b->path.len;

        if (node->type == JSON_OBJECT) {
            key_at = next_place(b);
            json_pointer_push(&b->path, c->string);
        }
        *tail = build(b, c);
        (*tail)->key_at = key_at;
        (*tail)->key = arena_strdup(b->arena, c->string);
        if (node->type == JSON_OBJECT)
            json_pointer_pop(&b->path, used);
        tail = &(*tail)->next;
        count++;
    }
    if (node->type == JSON_OBJECT)
        check_duplicates(b, node, count);
}

/* The number as it stands in the text. */
static const char *number_text(struct builder *b, size_t start)
{
    size_t left = b->scan->len - start;
    const char *s = b->scan->text + start;
    size_t n = 0;

    while (n < left && s[n] && strchr("+-.0123456789eE", s[n]))
        n++;
    return arena_strndup(b->arena, s, n);
}

/* Depth is limited by json_scan(). */
static struct json *build(struct builder *b, const cJSON *from)
{
    struct json *node = arena_alloc(b->arena, sizeof *node);
    size_t start = b->scan->starts[b->next];

    node->at = next_place(b);
    if (cJSON_IsObject(from)) {
        node->type = JSON_OBJECT;
        build_children(b, node, from);
    } else if (cJSON_IsArray(from)) {
        node->type = JSON_ARRAY;
        build_children(b, node, from);
    } else if (cJSON_IsString(from)) {
        node->type = JSON_STRING;
        node->text = arena_strdup(b->arena, from->valuestring);
    } else if (cJSON_IsNumber(from)) {
        node->type = JSON_NUMBER;
        node->number = from->valuedouble;
        node->text = number_text(b, start);
    } else if (cJSON_IsBool(from)) {
        node->type = JSON_BOOL;
        node->truth = cJSON_IsTrue(from);
    }
    return node;
}

/* cJSON frees its copies of strings without wiping them, and one may be a password. */
static void wipe_strings(cJSON *item)
{
    for (; item; item = item->next) {
        if (item->valuestring)
            explicit_bzero(item->valuestring, strlen(item->valuestring));
        wipe_strings(item->child);
    }
}

struct json *json_read(struct arena *a, const char *file, unsigned order, const char *text,
                       size_t len, struct problems *problems)
{
    struct json_scan scan;
    struct builder b = {.arena = a,
                        .scan = &scan,
                        .here = {.file = file, .order = order, .line = 1, .column = 1},
                        .path = BUF_INIT(2 * JSON_TEXT_MAX + JSON_DEPTH_MAX),
                        .problems = problems};
    size_t errors = problems->errors;
    cJSON *parsed;
    struct json *root;

    if (!json_scan(&scan, a, text, len)) {
        struct place at = place_of(&b, scan.error_at);

        problem_add(problems, &at, NULL, "%s", scan.error);
        return NULL;
    }
    parsed = cJSON_ParseWithLength(text, len);
    if (!parsed) {
        problem_add(problems, &b.here, NULL, "this JSON cannot be read");
        return NULL;
    }
    root = build(&b, parsed);
    buf_release(&b.path);
    wipe_strings(parsed);
    cJSON_Delete(parsed);
    return problems->errors == errors ? root : NULL;
}

const struct json *json_member(const struct json *object, const char *key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (const struct json *m = object->child; m; m = m->next) {
        if (strcmp(m->key, key) == 0)
            return m;
    }
    return NULL;
}

static struct json **member_slot(struct json *object, const char *key)
{
    struct json **slot = &object->child;

    while (*slot && strcmp((*slot)->key, key) != 0)
        slot = &(*slot)->next;
    return slot;
}

/* Recursion is limited by the depth of both, see json_scan(). */
struct json *json_merge(struct json *base, struct json *over)
{
    if (!base || base->type != JSON_OBJECT || over->type != JSON_OBJECT)
        return over;
    for (struct json *m = over->child, *next; m; m = next) {
        struct json **slot = member_slot(base, m->key);
        struct json *old = *slot;

        next = m->next;
        m->next = NULL;
        *slot = json_merge(old, m);
        (*slot)->next = old ? old->next : NULL;
    }
    return base;
}
