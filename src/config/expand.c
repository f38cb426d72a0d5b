#include "expand_priv.h"

#include <stdlib.h>
#include <string.h>

#include "common/str.h"

bool key_is_annotation(const char *key)
{
    return strcmp(key, "$schema") == 0 || strcmp(key, "$comment") == 0 ||
           strncmp(key, "x-", 2) == 0;
}

struct expander {
    struct arena *arena;
    struct problems *problems;
    struct buf path;
};

static bool name_is_valid(const char *s, size_t n)
{
    if (n == 0 || (s[0] >= '0' && s[0] <= '9'))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!((s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= 'a' && s[i] <= 'z') ||
              (s[i] >= '0' && s[i] <= '9') || s[i] == '_'))
            return false;
    }
    return true;
}

/* The value for what stands between the braces, or NULL after telling why there is none. */
static const char *lookup(struct expander *x, const struct json *node, const char *inner, size_t n)
{
    const char *colon = memmem(inner, n, ":-", 2);
    size_t name_len = colon ? (size_t)(colon - inner) : n;
    const char *name = arena_strndup(x->arena, inner, name_len);
    const char *value;

    if (!name_is_valid(inner, name_len)) {
        problem_add(x->problems, &node->at, buf_str(&x->path),
                    "'${...}' needs the name of a variable; write '$${' for a literal '${'");
        return NULL;
    }
    value = getenv(name);
    if (colon && (!value || !value[0]))
        return arena_strndup(x->arena, colon + 2, n - name_len - 2);
    if (!value)
        problem_add(x->problems, &node->at, buf_str(&x->path),
                    "environment variable '%s' is not set", name);
    else if (value[str_utf8_valid_prefix(value, strlen(value))] != '\0') {
        problem_add(x->problems, &node->at, buf_str(&x->path),
                    "environment variable '%s' is not valid UTF-8", name);
        value = NULL;
    }
    return value;
}

/* At "${": append its value; returns what follows, NULL after a problem. */
static const char *expand_one(struct expander *x, const struct json *node, const char *s,
                              struct buf *out)
{
    const char *end = strchr(s, '}');
    const char *value;

    if (!end) {
        problem_add(x->problems, &node->at, buf_str(&x->path), "'${' has no '}'");
        return NULL;
    }
    value = lookup(x, node, s + 2, (size_t)(end - s - 2));
    if (!value)
        return NULL;
    buf_addstr(out, value);
    return end + 1;
}

static void expand_string(struct expander *x, struct json *node)
{
    struct buf out = BUF_INIT(JSON_TEXT_MAX);
    const char *s = node->text;
    bool whole = strncmp(s, "${", 2) == 0 && strchr(s, '}') && strchr(s, '}')[1] == '\0';

    if (!strstr(s, "${"))
        return;
    while (s && *s) {
        if (strncmp(s, "$${", 3) == 0) {
            buf_addstr(&out, "${");
            s += 3;
        } else if (strncmp(s, "${", 2) == 0) {
            s = expand_one(x, node, s, &out);
        } else {
            buf_addch(&out, *s++);
        }
    }
    if (out.failed)
        problem_add(x->problems, &node->at, buf_str(&x->path), "the expanded text is too long");
    node->broken = !s || out.failed;
    node->text = arena_strdup(x->arena, buf_str(&out));
    node->expanded = whole;
    buf_wipe(&out);
}

/* Depth is limited by json_read(). */
static void expand_node(struct expander *x, struct json *node)
{
    if (node->type == JSON_STRING)
        expand_string(x, node);
    for (struct json *c = node->child; c; c = c->next) {
        size_t used = x->path.len;

        if (c->key && key_is_annotation(c->key))
            continue;
        if (c->key)
            json_pointer_push(&x->path, c->key);
        expand_node(x, c);
        node->broken = node->broken || (c->broken && node->type == JSON_ARRAY);
        if (c->key)
            json_pointer_pop(&x->path, used);
    }
}

void expand_tree(struct json *node, struct arena *a, struct problems *problems)
{
    struct expander x = {
        .arena = a, .problems = problems, .path = BUF_INIT(2 * JSON_TEXT_MAX + JSON_DEPTH_MAX)};

    expand_node(&x, node);
    buf_release(&x.path);
}
