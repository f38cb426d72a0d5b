/*
 * The schema says what one key tells alone; what must fit together (uri against host, one source of
 * the password) is the validator's. It is never stricter than the validator, so an editor does not
 * complain about a file that works: "${VAR}" may stand for a number or a boolean.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "common/version.h"
#include "config/print.h"
#include "key_value_priv.h"

static const struct {
    const char *name;
    const char *text;
} sections[] = {
    {"source", "the database to clone"},
    {"target", "where the clone goes; the database's name defaults to the source's"},
    {"options", "how the clone is made"},
    {"filters", "what is cloned; all of it if nothing is said"},
    {"verify", "when the new copy is trusted"},
    {"retention", "what is kept"},
    {"safety", "what is never touched"},
};

static cJSON *object_schema(cJSON *o, const char *name)
{
    cJSON *any;

    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (strcmp(sections[i].name, name) == 0)
            (void)cJSON_AddStringToObject(o, "description", sections[i].text);
    }
    (void)cJSON_AddStringToObject(o, "type", "object");
    (void)cJSON_AddFalseToObject(o, "additionalProperties");
    any = cJSON_AddObjectToObject(o, "patternProperties");
    (void)cJSON_AddTrueToObject(any, "^(\\$schema$|\\$comment$|x-)");
    (void)cJSON_AddObjectToObject(o, "properties");
    return o;
}

/* The "properties" that a pointer's last part belongs to, made where missing. */
static cJSON *properties_of(cJSON *object, const char *pointer, const char **ret_name)
{
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(object, "properties");
    const char *slash = strchr(pointer + 1, '/');
    char name[64];
    cJSON *child;

    *ret_name = pointer + 1;
    if (!slash)
        return properties;
    (void)snprintf(name, sizeof name, "%.*s", (int)(slash - pointer - 1), pointer + 1);
    child = cJSON_GetObjectItemCaseSensitive(properties, name);
    if (!child) {
        child = object_schema(cJSON_CreateObject(), name);
        (void)cJSON_AddItemToObject(properties, name, child);
    }
    return properties_of(child, slash, ret_name);
}

static void add_type(cJSON *o, const char *type, bool nullable)
{
    cJSON *types;

    if (!nullable) {
        (void)cJSON_AddStringToObject(o, "type", type);
        return;
    }
    types = cJSON_AddArrayToObject(o, "type");
    (void)cJSON_AddItemToArray(types, cJSON_CreateString(type));
    (void)cJSON_AddItemToArray(types, cJSON_CreateString("null"));
}

/* Numbers and booleans: the thing itself, or "${VAR}". */
static void add_scalar(cJSON *o, const struct key *k, const char *type, bool nullable)
{
    cJSON *any = cJSON_AddArrayToObject(o, "anyOf");
    cJSON *plain = cJSON_CreateObject();
    cJSON *variable = cJSON_CreateObject();

    add_type(plain, type, nullable);
    if (k->type != KEY_BOOL) {
        (void)cJSON_AddNumberToObject(plain, "minimum", k->lo);
        (void)cJSON_AddNumberToObject(plain, "maximum", k->hi);
    }
    (void)cJSON_AddStringToObject(variable, "type", "string");
    (void)cJSON_AddStringToObject(variable, "pattern", "^\\$\\{[^}]+\\}$");
    (void)cJSON_AddItemToArray(any, plain);
    (void)cJSON_AddItemToArray(any, variable);
}

/* The values, null if it may be, and "${VAR}", whose value only the validator sees. */
static void add_values(cJSON *o, const struct key *k, bool nullable)
{
    cJSON *any = cJSON_AddArrayToObject(o, "anyOf");
    cJSON *plain = cJSON_CreateObject();
    cJSON *variable = cJSON_CreateObject();
    cJSON *values = cJSON_AddArrayToObject(plain, "enum");

    for (size_t i = 0; k->values[i]; i++)
        (void)cJSON_AddItemToArray(values, cJSON_CreateString(k->values[i]));
    if (nullable)
        (void)cJSON_AddItemToArray(values, cJSON_CreateNull());
    (void)cJSON_AddStringToObject(variable, "type", "string");
    (void)cJSON_AddStringToObject(variable, "pattern", "\\$\\{[^}]+\\}");
    (void)cJSON_AddItemToArray(any, plain);
    (void)cJSON_AddItemToArray(any, variable);
}

static void add_string_list(cJSON *o, const struct key *k, bool nullable)
{
    cJSON *items;

    add_type(o, "array", nullable);
    items = cJSON_AddObjectToObject(o, "items");
    (void)cJSON_AddStringToObject(items, "type", "string");
    (void)cJSON_AddNumberToObject(items, "minLength", 1);
    if (k->type == KEY_ARGV)
        (void)cJSON_AddNumberToObject(o, "minItems", 1);
}

static void add_settings(cJSON *o, bool nullable)
{
    cJSON *values;
    cJSON *types;

    add_type(o, "object", nullable);
    values = cJSON_AddObjectToObject(o, "additionalProperties");
    types = cJSON_AddArrayToObject(values, "type");
    (void)cJSON_AddItemToArray(types, cJSON_CreateString("string"));
    (void)cJSON_AddItemToArray(types, cJSON_CreateString("number"));
    (void)cJSON_AddItemToArray(types, cJSON_CreateString("boolean"));
}

static void add_string(cJSON *o, const struct key *k, bool nullable)
{
    add_type(o, "string", nullable);
    if (k->type == KEY_DURATION)
        (void)cJSON_AddStringToObject(o, "pattern", "^(0|([0-9]+(ms|s|m|h|d))+)$|\\$\\{");
    if (!(k->flags & KEY_MAY_BE_EMPTY))
        (void)cJSON_AddNumberToObject(o, "minLength", 1);
}

static void add_shape(cJSON *o, const struct key *k)
{
    bool nullable = !k->fallback;

    switch (k->type) {
    case KEY_INT:
    case KEY_PORT:
    case KEY_COUNT:
        add_scalar(o, k, "integer", nullable);
        break;
    case KEY_NUMBER:
        add_scalar(o, k, "number", nullable);
        break;
    case KEY_BOOL:
        add_scalar(o, k, "boolean", nullable);
        break;
    case KEY_CHOICE:
    case KEY_ENUM:
        add_values(o, k, nullable);
        break;
    case KEY_LIST:
    case KEY_ARGV:
        add_string_list(o, k, nullable);
        break;
    case KEY_SETTINGS:
        add_settings(o, nullable);
        break;
    case KEY_STRING:
    case KEY_PATH:
    case KEY_URI:
    case KEY_DURATION:
    case KEY_SECRET:
        add_string(o, k, nullable);
        break;
    }
}

static void add_default(cJSON *o, const struct key *k, struct config *scratch)
{
    AUTO_BUF struct buf why = BUF_INIT(4096);
    AUTO_BUF struct buf text = BUF_INIT(4096);
    const struct json *v;

    if (!k->fallback)
        return;
    v = key_value_from_text(k, k->fallback, scratch->arena);
    if (key_set(k, scratch, v, &why) && key_print(k, scratch, &text))
        (void)cJSON_AddRawToObject(o, "default", buf_str(&text));
}

static void add_key(cJSON *root, const struct key *k, struct config *scratch)
{
    AUTO_BUF struct buf text = BUF_INIT(4096);
    const char *name;
    cJSON *properties = properties_of(root, k->pointer, &name);
    cJSON *o = cJSON_AddObjectToObject(properties, name);

    buf_addstr(&text, k->help);
    if (k->fallback_note)
        buf_printf(&text, " (default: %s)", k->fallback_note);
    (void)cJSON_AddStringToObject(o, "description", buf_str(&text));
    add_shape(o, k);
    add_default(o, k, scratch);
    if (k->example)
        (void)cJSON_AddItemToArray(cJSON_AddArrayToObject(o, "examples"),
                                   cJSON_CreateRaw(k->example));
}

struct cJSON *config_schema(void)
{
    struct config scratch = {.arena = arena_new()};
    cJSON *root = cJSON_CreateObject();

    (void)cJSON_AddStringToObject(root, "$schema", "http://json-schema.org/draft-07/schema#");
    (void)cJSON_AddStringToObject(root, "title", "configuration of pg_mirror " PGM_VERSION);
    (void)object_schema(root, "");
    for (size_t i = 0; i < key_count; i++) {
        if (key_table[i].pointer)
            add_key(root, &key_table[i], &scratch);
    }
    config_release(&scratch);
    return root;
}
