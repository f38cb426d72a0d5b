#include "key_value_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "common/str.h"
#include "conninfo_priv.h"

static void *slot_of(const struct key *k, struct config *c)
{
    return (char *)c + k->at;
}

/* ---- wording ---- */

enum { SHOWN_MAX = 60 };

/* How many bytes of a text to show: never half a character. */
static int shown_len(const char *s)
{
    size_t n = strnlen(s, SHOWN_MAX);

    return (int)str_utf8_valid_prefix(s, n);
}

static void describe_got(const struct key *k, const struct json *v, struct buf *b)
{
    switch (v->type) {
    case JSON_NULL:
        buf_addstr(b, "null");
        break;
    case JSON_BOOL:
        buf_addstr(b, v->truth ? "true" : "false");
        break;
    case JSON_NUMBER:
        if (k->type == KEY_SECRET)
            buf_addstr(b, "a number");
        else
            buf_printf(b, "the number %.*s", shown_len(v->text), v->text);
        break;
    case JSON_STRING:
        if (k->type == KEY_SECRET || k->type == KEY_URI)
            buf_addstr(b, "a string");
        else if (v->text[0] == '\0')
            buf_addstr(b, "an empty string");
        else
            buf_printf(b, "the string \"%.*s\"", shown_len(v->text), v->text);
        break;
    case JSON_ARRAY:
        buf_addstr(b, v->child ? "an array" : "an empty array");
        break;
    case JSON_OBJECT:
        buf_addstr(b, "an object");
        break;
    }
}

static bool refuse(const struct key *k, const struct json *v, struct buf *why)
{
    buf_addstr(why, "expected ");
    key_describe_type(k, why);
    buf_addstr(why, ", got ");
    describe_got(k, v, why);
    if (k->fallback)
        buf_printf(why, " (default %s)", k->fallback);
    else if (k->fallback_note)
        buf_printf(why, " (default: %s)", k->fallback_note);
    return false;
}

/* ---- one type each: check, then store ---- */

static const char *expand_home(struct arena *a, const char *path)
{
    const char *home = getenv("HOME");

    if (strncmp(path, "~/", 2) != 0 || !home || !home[0])
        return arena_strdup(a, path);
    return arena_printf(a, "%s%s", home, path + 1);
}

static bool set_string(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    const char **slot = slot_of(k, c);

    if (v->type != JSON_STRING || (v->text[0] == '\0' && !(k->flags & KEY_MAY_BE_EMPTY)))
        return refuse(k, v, why);
    if (k->check && !k->check(v->text, why))
        return false;
    *slot = k->type == KEY_PATH ? expand_home(c->arena, v->text) : arena_strdup(c->arena, v->text);
    return true;
}

static bool value_index(const struct key *k, const struct json *v, unsigned *ret)
{
    for (unsigned i = 0; v->type == JSON_STRING && k->values[i]; i++) {
        if (strcmp(k->values[i], v->text) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool set_choice(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    const char **slot = slot_of(k, c);
    unsigned i;

    if (!value_index(k, v, &i))
        return refuse(k, v, why);
    *slot = k->values[i];
    return true;
}

static bool set_enum(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    unsigned i;

    if (!value_index(k, v, &i))
        return refuse(k, v, why);
    memcpy(slot_of(k, c), &i, sizeof i);
    return true;
}

static bool set_uri(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    const char **slot = slot_of(k, c);
    struct conninfo parsed;

    if (v->type != JSON_STRING || v->text[0] == '\0')
        return refuse(k, v, why);
    if (!conninfo_parse(v->text, c->arena, &parsed, why))
        return false;
    *slot = arena_strdup(c->arena, v->text);
    return true;
}

static bool is_in_range(const struct key *k, const struct json *v)
{
    return v->type == JSON_NUMBER && v->number >= k->lo && v->number <= k->hi;
}

static bool set_int(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    if (!is_in_range(k, v) || v->number != floor(v->number))
        return refuse(k, v, why);
    if (k->type == KEY_PORT)
        *(const char **)slot_of(k, c) = arena_printf(c->arena, "%.0f", v->number);
    else
        *(unsigned *)slot_of(k, c) = (unsigned)v->number;
    return true;
}

static bool set_number(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    if (!is_in_range(k, v))
        return refuse(k, v, why);
    *(double *)slot_of(k, c) = v->number;
    return true;
}

static bool set_bool(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    if (v->type != JSON_BOOL)
        return refuse(k, v, why);
    *(bool *)slot_of(k, c) = v->truth;
    return true;
}

static bool set_duration(const struct key *k, struct config *c, const struct json *v,
                         struct buf *why)
{
    char lo[NUM_TEXT_MAX];
    char hi[NUM_TEXT_MAX];
    uint64_t ms;

    if (v->type != JSON_STRING || !num_parse_duration_ms(v->text, &ms))
        return refuse(k, v, why);
    if ((double)ms < k->lo || (double)ms > k->hi) {
        buf_printf(why, "expected a duration from %s to %s, got \"%.*s\" (default %s)",
                   num_format_duration(lo, (uint64_t)k->lo),
                   num_format_duration(hi, (uint64_t)k->hi), shown_len(v->text), v->text,
                   k->fallback ? k->fallback : "none");
        return false;
    }
    *(uint64_t *)slot_of(k, c) = ms;
    return true;
}

static bool is_string_array(const struct json *v)
{
    if (v->type != JSON_ARRAY)
        return false;
    for (const struct json *item = v->child; item; item = item->next) {
        if (item->type != JSON_STRING || item->text[0] == '\0')
            return false;
    }
    return true;
}

static bool set_list(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    struct string_list *list = slot_of(k, c);
    size_t cap = 0;

    if (v->type == JSON_ARRAY && !is_string_array(v)) {
        buf_addstr(why,
                   "expected an array of strings; one of its values is not a string, or is empty");
        return false;
    }
    if (v->type != JSON_ARRAY || (k->type == KEY_ARGV && !v->child))
        return refuse(k, v, why);
    *list = (struct string_list){0};
    for (const struct json *item = v->child; item; item = item->next) {
        list->items = arena_grow(c->arena, list->items, list->count, &cap, sizeof *list->items);
        list->items[list->count++] = arena_strdup(c->arena, item->text);
    }
    return true;
}

static bool setting_name_is_valid(const char *name)
{
    return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_.$")] == '\0';
}

static const char *setting_text(struct arena *a, const struct json *v)
{
    if (v->type == JSON_BOOL)
        return v->truth ? "on" : "off";
    return v->type == JSON_STRING || v->type == JSON_NUMBER ? arena_strdup(a, v->text) : NULL;
}

static bool set_settings(const struct key *k, struct config *c, const struct json *v,
                         struct buf *why)
{
    struct setting *items = NULL;
    size_t count = 0;
    size_t cap = 0;

    if (v->type != JSON_OBJECT)
        return refuse(k, v, why);
    for (const struct json *m = v->child; m; m = m->next) {
        struct setting s = {arena_strdup(c->arena, m->key), setting_text(c->arena, m)};

        if (!setting_name_is_valid(m->key) || !s.value) {
            buf_printf(why,
                       "setting \"%.*s\": expected a setting's name and a string, number or "
                       "boolean",
                       shown_len(m->key), m->key);
            return false;
        }
        items = arena_grow(c->arena, items, count, &cap, sizeof *items);
        items[count++] = s;
    }
    *(const struct setting **)slot_of(k, c) = items;
    *(size_t *)(void *)((char *)c + k->count_at) = count;
    return true;
}

static bool set_secret(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    if (v->type != JSON_STRING)
        return refuse(k, v, why);
    secret_set(slot_of(k, c), v->text, strlen(v->text));
    return true;
}

/* -v counts up, -q is -1; a number from the environment is taken as it is. */
static bool set_count(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    int *slot = slot_of(k, c);

    if (v->type != JSON_NUMBER || v->number < -1 || v->number > 3 || v->number != floor(v->number))
        return refuse(k, v, why);
    if (v->number <= 0)
        *slot = (int)v->number;
    else
        *slot = (*slot < 0 ? 0 : *slot) + (int)v->number;
    if (*slot > 3)
        *slot = 3;
    return true;
}

/* Types that "${VAR}" may stand for although they are no strings. */
static bool is_scalar_type(enum key_type type)
{
    return type == KEY_INT || type == KEY_PORT || type == KEY_NUMBER || type == KEY_BOOL;
}

bool key_set(const struct key *k, struct config *c, const struct json *v, struct buf *why)
{
    if (v->type == JSON_NULL && !k->fallback) { /* "as if it were not there" */
        key_clear(k, c);
        return true;
    }
    if (v->expanded && is_scalar_type(k->type))
        v = key_value_from_text(k, v->text, c->arena);
    switch (k->type) {
    case KEY_STRING:
    case KEY_PATH:
        return set_string(k, c, v, why);
    case KEY_CHOICE:
        return set_choice(k, c, v, why);
    case KEY_ENUM:
        return set_enum(k, c, v, why);
    case KEY_URI:
        return set_uri(k, c, v, why);
    case KEY_INT:
    case KEY_PORT:
        return set_int(k, c, v, why);
    case KEY_NUMBER:
        return set_number(k, c, v, why);
    case KEY_BOOL:
        return set_bool(k, c, v, why);
    case KEY_DURATION:
        return set_duration(k, c, v, why);
    case KEY_LIST:
    case KEY_ARGV:
        return set_list(k, c, v, why);
    case KEY_SETTINGS:
        return set_settings(k, c, v, why);
    case KEY_SECRET:
        return set_secret(k, c, v, why);
    case KEY_COUNT:
        return set_count(k, c, v, why);
    }
    return false;
}

void key_clear(const struct key *k, struct config *c)
{
    static const size_t sizes[] = {
        [KEY_STRING] = sizeof(char *),
        [KEY_PATH] = sizeof(char *),
        [KEY_CHOICE] = sizeof(char *),
        [KEY_ENUM] = sizeof(unsigned),
        [KEY_URI] = sizeof(char *),
        [KEY_INT] = sizeof(unsigned),
        [KEY_PORT] = sizeof(char *),
        [KEY_NUMBER] = sizeof(double),
        [KEY_BOOL] = sizeof(bool),
        [KEY_DURATION] = sizeof(uint64_t),
        [KEY_LIST] = sizeof(struct string_list),
        [KEY_ARGV] = sizeof(struct string_list),
        [KEY_SETTINGS] = sizeof(struct setting *),
        [KEY_SECRET] = 0,
        [KEY_COUNT] = sizeof(int),
    };

    if (k->type == KEY_SECRET)
        secret_release(slot_of(k, c));
    if (k->type == KEY_SETTINGS)
        *(size_t *)(void *)((char *)c + k->count_at) = 0;
    memset(slot_of(k, c), 0, sizes[k->type]);
}
