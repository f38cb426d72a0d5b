#include "config/print.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "conninfo_priv.h"
#include "key_value_priv.h"

/* The object that holds the last part of a pointer, made where it is missing; *ret_name is that
 * part. */
static cJSON *parent_of(cJSON *root, const char *pointer, const char **ret_name)
{
    const char *slash = strchr(pointer + 1, '/');
    char name[64];
    cJSON *child;

    *ret_name = pointer + 1;
    if (!slash)
        return root;
    (void)snprintf(name, sizeof name, "%.*s", (int)(slash - pointer - 1), pointer + 1);
    child = cJSON_GetObjectItemCaseSensitive(root, name);
    if (!child)
        child = cJSON_AddObjectToObject(root, name);
    return parent_of(child, slash, ret_name);
}

static bool is_password_list(const struct key *k)
{
    return k->type == KEY_ARGV;
}

static void show_key(cJSON *config, const struct key *k, const struct config *c)
{
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);
    const char *name;
    cJSON *parent;

    if (!key_print(k, c, &text) && (k->type != KEY_LIST || is_password_list(k)))
        return;
    parent = parent_of(config, k->pointer, &name);
    (void)cJSON_AddRawToObject(parent, name, buf_str(&text));
}

static void show_option(cJSON *line, const struct key *k, const struct config *c)
{
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);

    if (key_print(k, c, &text) && !cJSON_HasObjectItem(line, k->option))
        (void)cJSON_AddRawToObject(line, k->option, buf_str(&text));
}

/* Does another row with a pointer store into the same place? Then that one is shown. */
static bool has_pointer_twin(const struct key *k)
{
    for (size_t i = 0; i < key_count; i++) {
        if (key_table[i].pointer && key_table[i].at == k->at)
            return true;
    }
    return false;
}

/* The name that the target takes from the source is part of what is in force. */
static void show_target_database(cJSON *config, const struct config *c)
{
    cJSON *target = cJSON_GetObjectItemCaseSensitive(config, "target");

    if (target && !c->target.database && config_target_database(c))
        (void)cJSON_AddStringToObject(target, "database", config_target_database(c));
}

struct cJSON *config_show(const struct config *c)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *config = cJSON_AddObjectToObject(root, "config");
    cJSON *line = cJSON_AddObjectToObject(root, "command_line");
    cJSON *origins = cJSON_AddObjectToObject(root, "origins");

    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];
        const char *origin = c->origins[i];

        if (k->flags & (KEY_ALIAS | KEY_SPECIAL))
            continue;
        if (k->pointer) {
            show_key(config, k, c);
            if (origin)
                (void)cJSON_AddStringToObject(origins, k->pointer, origin);
        } else if (origin && !has_pointer_twin(k)) {
            show_option(line, k, c);
        }
    }
    show_target_database(config, c);
    return root;
}

struct cJSON *config_starter(const struct config *c)
{
    static const char *const keywords[] = {"service",     "host",     "port",     "database",
                                           "user",        "password", "passfile", "sslmode",
                                           "sslrootcert", "sslcert",  "sslkey"};
    const struct endpoint *ends[] = {&c->source, &c->target};
    cJSON *root = cJSON_CreateObject();

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        cJSON *end = cJSON_AddObjectToObject(root, ends[i]->side);
        AUTO_BUF struct buf why = BUF_INIT(4096);
        struct conninfo info = {0};
        const char *values[ARRAY_LEN(keywords)];

        if (!conninfo_parse(ends[i]->uri, c->arena, &info, &why) || info.other) {
            (void)cJSON_AddStringToObject(end, "uri", ends[i]->uri);
            continue;
        }
        memcpy(values,
               (const char *const[]){info.service, info.host, info.port, info.database, info.user,
                                     info.password, info.passfile, info.sslmode, info.sslrootcert,
                                     info.sslcert, info.sslkey},
               sizeof values);
        for (size_t k = 0; k < ARRAY_LEN(keywords); k++) {
            if (values[k] && strcmp(keywords[k], "port") == 0)
                (void)cJSON_AddRawToObject(end, keywords[k], values[k]);
            else if (values[k])
                (void)cJSON_AddStringToObject(end, keywords[k], values[k]);
        }
    }
    (void)cJSON_AddStringToObject(cJSON_GetObjectItemCaseSensitive(root, "target"), "if_exists",
                                  "error");
    (void)cJSON_AddNumberToObject(cJSON_AddObjectToObject(root, "options"), "jobs", c->jobs);
    return root;
}
