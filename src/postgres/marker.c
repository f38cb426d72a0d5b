#include "postgres/marker.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "common/macros.h"
#include "common/str.h"

#define PREFIX "pg_mirror:"

static const char *const role_names[] = {
    [MARKER_SHADOW] = "shadow",
    [MARKER_PREVIOUS] = "previous",
    [MARKER_CLOSED] = "closed",
};

static void json_cleanup(cJSON **j)
{
    cJSON_Delete(*j);
}

const char *marker_role_name(enum marker_role role)
{
    return role_names[role];
}

const char *marker_format(const struct marker *m, struct arena *a)
{
    CLEANUP(json_cleanup) cJSON *j = cJSON_CreateObject();
    AUTO_FREE char *text = NULL;
    char at[IO_TIME_MAX];

    (void)cJSON_AddStringToObject(j, "run", m->run);
    (void)cJSON_AddStringToObject(j, "role", role_names[m->role]);
    (void)cJSON_AddStringToObject(j, "of", m->of);
    (void)cJSON_AddStringToObject(j, "name", m->name);
    (void)cJSON_AddStringToObject(j, "time", io_format_utc(at, m->time));
    if (m->comment)
        (void)cJSON_AddStringToObject(j, "comment", m->comment);
    else
        (void)cJSON_AddNullToObject(j, "comment");
    text = cJSON_PrintUnformatted(j);
    return arena_printf(a, PREFIX "%s", text ? text : "");
}

static const char *string_of(const cJSON *j, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, key));

    return s && *s ? s : NULL;
}

static bool role_parse(const char *s, enum marker_role *ret)
{
    for (size_t i = 0; s && i < ARRAY_LEN(role_names); i++) {
        if (strcmp(s, role_names[i]) == 0) {
            *ret = (enum marker_role)i;
            return true;
        }
    }
    return false;
}

/* cJSON keeps the first of two equal keys; a text that has such was not written by us. */
static bool keys_are_unique(const cJSON *j)
{
    for (const cJSON *a = j->child; a; a = a->next) {
        for (const cJSON *b = a->next; b; b = b->next) {
            if (strcmp(a->string, b->string) == 0)
                return false;
        }
    }
    return true;
}

bool marker_parse(const char *comment, struct arena *a, struct marker *ret)
{
    CLEANUP(json_cleanup) cJSON *j = NULL;
    struct marker m = {.role = MARKER_SHADOW};
    const cJSON *own;
    const char *at;

    if (!comment || strncmp(comment, PREFIX "{", strlen(PREFIX) + 1) != 0)
        return false;
    j = cJSON_ParseWithOpts(comment + strlen(PREFIX), NULL, 1);
    if (!cJSON_IsObject(j) || !keys_are_unique(j))
        return false;
    own = cJSON_GetObjectItemCaseSensitive(j, "comment");
    m.run = arena_strdup(a, string_of(j, "run"));
    m.of = arena_strdup(a, string_of(j, "of"));
    m.name = arena_strdup(a, string_of(j, "name"));
    m.comment = arena_strdup(a, cJSON_GetStringValue(own));
    at = string_of(j, "time");
    if (!m.run || !m.of || !m.name || (!m.comment && !cJSON_IsNull(own)))
        return false;
    if (!at || !io_parse_utc(at, &m.time) || !role_parse(string_of(j, "role"), &m.role))
        return false;
    *ret = m;
    return true;
}

const char *marker_own_comment(const char *comment, struct arena *a)
{
    struct marker m;

    return marker_parse(comment, a, &m) ? m.comment : comment;
}

bool marker_is_protected(const char *comment)
{
    return comment && strstr(comment, MARKER_PROTECTED) != NULL;
}
