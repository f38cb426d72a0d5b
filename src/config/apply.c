#include "loader_priv.h"

#include <stdio.h>
#include <string.h>

#include "common/str.h"
#include "expand_priv.h"

/* Rows that store into the same place tell the same origin. */
static void note_given(struct loader *l, const struct key *k, enum layer layer,
                       const struct place *at, const char *origin)
{
    for (size_t i = 0; i < key_count; i++) {
        if (key_table[i].at == k->at)
            l->c->origins[i] = origin;
    }
    l->given[key_index(k)] = (struct given){.layer = layer};
    if (at)
        l->given[key_index(k)].at = *at;
}

static bool is_prefix(const char *prefix, const char *pointer)
{
    size_t n = strlen(prefix);

    return strncmp(prefix, pointer, n) == 0 && pointer[n] == '/';
}

static bool is_section(const char *pointer)
{
    for (size_t i = 0; i < key_count; i++) {
        if (key_table[i].pointer && is_prefix(pointer, key_table[i].pointer))
            return true;
    }
    return false;
}

/* The name below `parent` that a row's pointer goes through: "jobs" or "options"; "" if not below.
 */
static void name_below(const char *parent, const char *pointer, char *dst, size_t cap)
{
    const char *name = pointer ? pointer + strlen(parent) + 1 : "";
    size_t n = pointer && is_prefix(parent, pointer) ? strcspn(name, "/") : 0;

    if (n >= cap)
        n = cap - 1;
    memcpy(dst, name, n);
    dst[n] = '\0';
}

/* The known name in the same object that looks most like `typed`; "" if none does. */
static void suggest(const char *parent, const char *typed, char *dst, size_t cap)
{
    char name[64];
    size_t best = SIZE_MAX;

    dst[0] = '\0';
    for (size_t i = 0; i < key_count; i++) {
        size_t distance;

        name_below(parent, key_table[i].pointer, name, sizeof name);
        if (!name[0] || !str_is_likely_typo(typed, name))
            continue;
        distance = str_edit_distance(typed, name);
        if (distance < best) {
            best = distance;
            (void)snprintf(dst, cap, "%s", name);
        }
    }
}

/* The full pointer of a key that has this name somewhere else; NULL: none, or several. */
static const char *elsewhere(const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < key_count; i++) {
        const char *pointer = key_table[i].pointer;

        if (!pointer || strcmp(strrchr(pointer, '/') + 1, name) != 0)
            continue;
        if (found)
            return NULL;
        found = pointer;
    }
    return found;
}

static void unknown_key(struct loader *l, const struct json *m, const char *pointer)
{
    AUTO_BUF struct buf hint = BUF_INIT(512);
    const char *slash = strrchr(pointer, '/');
    char *parent = arena_strndup(l->scratch, pointer, (size_t)(slash - pointer));
    char likely[64];

    suggest(parent, m->key, likely, sizeof likely);
    if (likely[0])
        buf_printf(&hint, " (did you mean \"%s\"?)", likely);
    else if (elsewhere(m->key))
        buf_printf(&hint, " (did you mean %s?)", elsewhere(m->key));
    if (l->lenient)
        problem_warn(&l->problems, &m->key_at, pointer, "unknown key, ignored%s", buf_str(&hint));
    else
        problem_add(&l->problems, &m->key_at, pointer, "unknown key%s", buf_str(&hint));
}

static const char *place_text(struct loader *l, const struct place *at)
{
    return arena_printf(l->c->arena, "%s:%u:%u", at->file, at->line, at->column);
}

static void apply_value(struct loader *l, const struct key *k, const struct json *v)
{
    AUTO_BUF struct buf why = BUF_INIT(4096);

    if (v->broken)
        return;
    if (key_set(k, l->c, v, &why))
        note_given(l, k, LAYER_FILE, &v->at, place_text(l, &v->at));
    else
        problem_add(&l->problems, &v->at, k->pointer, "%s", buf_str(&why));
    if (v->type == JSON_NULL)
        l->given[key_index(k)].layer = LAYER_BUILTIN;
}

/* Depth is limited by json_read(). */
static void apply_object(struct loader *l, const struct json *object, struct buf *path)
{
    for (const struct json *m = object->child; m; m = m->next) {
        size_t used = path->len;
        const struct key *k;

        if (key_is_annotation(m->key))
            continue;
        json_pointer_push(path, m->key);
        k = key_by_pointer(buf_str(path));
        if (k)
            apply_value(l, k, m);
        else if (!is_section(buf_str(path)))
            unknown_key(l, m, buf_str(path));
        else if (m->type == JSON_OBJECT)
            apply_object(l, m, path);
        else
            problem_add(&l->problems, &m->at, buf_str(path), "expected an object");
        json_pointer_pop(path, used);
    }
}

void apply_tree(struct loader *l)
{
    AUTO_BUF struct buf path = BUF_INIT(2 * JSON_TEXT_MAX + JSON_DEPTH_MAX);

    if (l->root->type != JSON_OBJECT)
        problem_add(&l->problems, &l->root->at, NULL, "expected an object: {\"source\": ...}");
    else
        apply_object(l, l->root, &path);
}

/* --source names another server: what the file says about this side's, and its password, is off. */
static void drop_address(struct loader *l, const struct key *uri)
{
    size_t side = (size_t)(strrchr(uri->pointer, '/') - uri->pointer) + 1;

    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];

        if (!(k->flags & KEY_ADDRESS) || strncmp(k->pointer, uri->pointer, side) != 0 ||
            l->given[i].layer != LAYER_FILE)
            continue;
        key_clear(k, l->c);
        l->given[i] = (struct given){0};
        l->c->origins[i] = NULL;
    }
}

static enum err_code code_of(enum layer layer)
{
    return layer == LAYER_LINE ? E_USAGE : E_CONFIG;
}

/* A flag's variable is a boolean; a false one is as if it were not set. */
static bool flag_is_set(struct loader *l, const struct key *k, const char *text, enum layer layer,
                        const char *where, bool *ret)
{
    static const struct key as_bool = {.type = KEY_BOOL};
    const struct json *v = key_value_from_text(&as_bool, text, l->scratch);

    if (k->type == KEY_COUNT && text[0] >= '0' && text[0] <= '3' && !text[1]) {
        *ret = text[0] != '0';
        return true;
    }
    if (v->type != JSON_BOOL) {
        problem_option(&l->problems, code_of(layer), where,
                       "expected true or false, got the string \"%s\"", text);
        return false;
    }
    *ret = v->truth;
    return true;
}

static void append_list(struct loader *l, const struct key *k, const struct string_list *before)
{
    struct string_list *list = (struct string_list *)(void *)((char *)l->c + k->at);
    struct string_list whole = {0};
    size_t cap = 0;

    for (size_t i = 0; i < before->count + list->count; i++) {
        whole.items = arena_grow(l->c->arena, whole.items, whole.count, &cap, sizeof *whole.items);
        whole.items[whole.count++] =
            i < before->count ? before->items[i] : list->items[i - before->count];
    }
    *list = whole;
}

static void apply_json(struct loader *l, const struct key *k, const struct json *v,
                       enum layer layer, const char *where)
{
    AUTO_BUF struct buf why = BUF_INIT(4096);
    struct string_list before = {0};

    if (k->type == KEY_LIST && k->option && l->given[key_index(k)].layer == layer)
        before = *(const struct string_list *)(const void *)((const char *)l->c + k->at);
    if (!key_set(k, l->c, v, &why)) {
        problem_option(&l->problems, code_of(layer), where, "%s", buf_str(&why));
        return;
    }
    if (before.count)
        append_list(l, k, &before);
    note_given(l, k, layer, NULL, arena_strdup(l->c->arena, where));
}

static bool text_is_utf8(struct loader *l, const char *text, enum layer layer, const char *where)
{
    if (text[str_utf8_valid_prefix(text, strlen(text))] == '\0')
        return true;
    problem_option(&l->problems, code_of(layer), where, "not valid UTF-8");
    return false;
}

void apply_text(struct loader *l, const struct key *k, const char *text, enum layer layer,
                const char *where)
{
    bool on = true;

    if (text && !text_is_utf8(l, text, layer, where))
        return;
    if (!key_takes_value(k)) {
        if (text && !flag_is_set(l, k, text, layer, where, &on))
            return;
        if (!on)
            return;
        text =
            k->type == KEY_COUNT && text && text[0] >= '1' && text[0] <= '3' && k->set_to[0] == '1'
                ? text
                : k->set_to;
    }
    if (k->flags & KEY_REPLACES)
        drop_address(l, k);
    apply_json(l, k, key_value_from_text(k, text, l->scratch), layer, where);
}

/* "/source/settings/work_mem=64MB": one setting more. */
static bool apply_one_setting(struct loader *l, const char *pointer, const char *text,
                              enum layer layer, const char *where)
{
    const char *slash = strrchr(pointer, '/');
    const struct key *k =
        key_by_pointer(arena_strndup(l->scratch, pointer, (size_t)(slash - pointer)));
    AUTO_BUF struct buf json = BUF_INIT(JSON_TEXT_MAX);

    if (!k || k->type != KEY_SETTINGS)
        return false;
    (void)key_print(k, l->c, &json);
    if (json.len > 2)
        json.len--; /* the closing brace */
    else
        json.len = 1;
    if (json.len > 1)
        buf_addstr(&json, ", ");
    json_print_string(&json, slash + 1);
    buf_addstr(&json, ": ");
    json_print_string(&json, text);
    buf_addch(&json, '}');
    apply_text(l, k, buf_str(&json), layer, where);
    return true;
}

static void warn_visible(struct loader *l, const char *where)
{
    static const struct place none = {.order = UINT32_MAX};

    problem_warn(&l->problems, &none, where,
                 "a password here can be read by everybody with ps; use password_file");
}

/* A guard without an override has none here either. */
static bool guard_is_up(struct loader *l, const struct key *k, enum layer layer, const char *where)
{
    const struct given *given = &l->given[key_index(k)];

    if (!(k->flags & KEY_GUARD) || given->layer != LAYER_FILE)
        return false;
    problem_option(&l->problems, code_of(layer), where,
                   "%s is in the file, and there is no override", k->pointer);
    return true;
}

void apply_set(struct loader *l, const char *assignment, enum layer layer, const char *where)
{
    const char *equals = strchr(assignment, '=');
    const struct key *k;
    char *pointer;

    if (!text_is_utf8(l, assignment, layer, where))
        return;
    if (assignment[0] != '/' || !equals) {
        problem_option(&l->problems, code_of(layer), where,
                       "expected /KEY=VALUE such as /options/jobs=8");
        return;
    }
    pointer = arena_strndup(l->scratch, assignment, (size_t)(equals - assignment));
    k = key_by_pointer(pointer);
    if (!k && apply_one_setting(l, pointer, equals + 1, layer, where))
        return;
    if (k && k->type == KEY_SECRET && layer == LAYER_LINE)
        warn_visible(l, where);
    if (k && guard_is_up(l, k, layer, where))
        return;
    if (k && key_takes_value(k)) {
        apply_json(l, k, key_value_from_text(k, equals + 1, l->scratch), layer,
                   arena_printf(l->scratch, "%s %s", where, pointer));
        return;
    }
    if (!k) {
        char *slash = strrchr(pointer, '/');
        char likely[64];

        *slash = '\0';
        suggest(pointer, slash + 1, likely, sizeof likely);
        *slash = '/';
        problem_option(&l->problems, code_of(layer), where, "unknown key '%s'%s%s%s", pointer,
                       likely[0] ? " (did you mean \"" : "", likely, likely[0] ? "\"?)" : "");
    }
}
