/*
 * Values on their way in from the command line and the environment, and on their way out.
 */
#include "key_value_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conninfo_priv.h"

static bool text_is_number(const char *text, double *ret)
{
    char *end;

    if (!*text || text[strspn(text, "-.0123456789")] != '\0')
        return false;
    *ret = strtod(text, &end);
    return *end == '\0';
}

static bool text_is_bool(const char *text, bool *ret)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};

    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *ret = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static void add_items(struct json *list, const char *text, struct arena *a)
{
    struct json **tail = &list->child;

    while (*text) {
        size_t n = strcspn(text, ",");

        *tail = arena_alloc(a, sizeof **tail);
        (*tail)->type = JSON_STRING;
        (*tail)->text = arena_strndup(a, text, n);
        tail = &(*tail)->next;
        text += n + (text[n] == ',');
    }
}

/* Lists and objects may be given as JSON. What is not JSON stays a string, which key_set refuses.
 */
static struct json *structured_text(const struct key *k, const char *text, struct arena *a)
{
    struct problems ignored = {.arena = a};
    struct json *v = NULL;

    if (text[0] == '[' || text[0] == '{')
        v = json_read(a, "", 0, text, strlen(text), &ignored);
    if (!v && k->type == KEY_LIST && text[0] != '[') {
        v = arena_alloc(a, sizeof *v);
        v->type = JSON_ARRAY;
        add_items(v, text, a);
    }
    return v;
}

struct json *key_value_from_text(const struct key *k, const char *text, struct arena *a)
{
    struct json *v = NULL;

    if (k->type == KEY_LIST || k->type == KEY_ARGV || k->type == KEY_SETTINGS)
        v = structured_text(k, text, a);
    if (v)
        return v;
    v = arena_alloc(a, sizeof *v);
    v->type = JSON_STRING;
    v->text = arena_strdup(a, text);
    if (k->type == KEY_INT || k->type == KEY_PORT || k->type == KEY_NUMBER || k->type == KEY_COUNT)
        v->type = text_is_number(text, &v->number) ? JSON_NUMBER : JSON_STRING;
    else if (k->type == KEY_BOOL && text_is_bool(text, &v->truth))
        v->type = JSON_BOOL;
    return v;
}

/* ---- printing ---- */

static const void *slot_in(const struct key *k, const struct config *c)
{
    return (const char *)c + k->at;
}

void json_print_string(struct buf *b, const char *s)
{
    buf_addch(b, '"');
    for (; *s; s++) {
        unsigned char ch = (unsigned char)*s;

        if (ch == '"' || ch == '\\')
            buf_printf(b, "\\%c", ch);
        else if (ch < 0x20 || ch == 0x7f)
            buf_printf(b, "\\u%04x", ch);
        else
            buf_addch(b, *s);
    }
    buf_addch(b, '"');
}

static bool print_string(struct buf *b, const char *s)
{
    if (s)
        json_print_string(b, s);
    else
        buf_addstr(b, "null");
    return s != NULL;
}

/* The shortest form that reads back as the same duration. */
static void print_duration(struct buf *b, uint64_t ms)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

    buf_addch(b, '"');
    if (ms == 0)
        buf_addch(b, '0');
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (ms / units[i].ms)
            buf_printf(b, "%" PRIu64 "%s", ms / units[i].ms, units[i].unit);
        ms %= units[i].ms;
    }
    buf_addch(b, '"');
}

static bool print_list(struct buf *b, const struct string_list *list)
{
    buf_addch(b, '[');
    for (size_t i = 0; i < list->count; i++) {
        buf_addstr(b, i ? ", " : "");
        json_print_string(b, list->items[i]);
    }
    buf_addch(b, ']');
    return list->count > 0;
}

static bool print_settings(struct buf *b, const struct setting *items, size_t count)
{
    buf_addch(b, '{');
    for (size_t i = 0; i < count; i++) {
        buf_addstr(b, i ? ", " : "");
        json_print_string(b, items[i].name);
        buf_addstr(b, ": ");
        json_print_string(b, items[i].value);
    }
    buf_addch(b, '}');
    return count > 0;
}

bool key_print(const struct key *k, const struct config *c, struct buf *b)
{
    const void *slot = slot_in(k, c);
    const char *text;

    switch (k->type) {
    case KEY_STRING:
    case KEY_PATH:
    case KEY_CHOICE:
        return print_string(b, *(const char *const *)slot);
    case KEY_PORT:
        text = *(const char *const *)slot;
        buf_addstr(b, text ? text : "null");
        return text != NULL;
    case KEY_URI:
        text = *(const char *const *)slot;
        return print_string(b, text ? conninfo_masked(text, c->arena) : NULL);
    case KEY_ENUM:
        json_print_string(b, k->values[*(const unsigned *)slot]);
        return true;
    case KEY_INT:
        buf_printf(b, "%u", *(const unsigned *)slot);
        return true;
    case KEY_COUNT:
        buf_printf(b, "%d", *(const int *)slot);
        return true;
    case KEY_NUMBER:
        buf_printf(b, "%.15g", *(const double *)slot);
        return true;
    case KEY_BOOL:
        buf_addstr(b, *(const bool *)slot ? "true" : "false");
        return true;
    case KEY_DURATION:
        print_duration(b, *(const uint64_t *)slot);
        return true;
    case KEY_LIST:
    case KEY_ARGV:
        return print_list(b, slot);
    case KEY_SETTINGS:
        return print_settings(b, *(const struct setting *const *)slot,
                              *(const size_t *)(const void *)((const char *)c + k->count_at));
    case KEY_SECRET:
        return print_string(b, secret_is_set(slot) ? SECRET_MASK : NULL);
    }
    return false;
}
