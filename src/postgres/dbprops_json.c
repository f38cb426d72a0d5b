/* Properties as JSON and back, for kept dumps. The reader takes nothing on trust. */
#include "postgres/dbprops.h"

#include <cjson/cJSON.h>
#include <string.h>

/* ---- writing ---- */

static void put_string(cJSON *j, const char *key, const char *value)
{
    if (value)
        (void)cJSON_AddStringToObject(j, key, value);
    else
        (void)cJSON_AddNullToObject(j, key);
}

static cJSON *append_object(cJSON *array)
{
    cJSON *j = cJSON_CreateObject();

    (void)cJSON_AddItemToArray(array, j);
    return j;
}

static void put_grants(cJSON *j, const struct database_properties *p)
{
    cJSON *array = cJSON_AddArrayToObject(j, "grants");

    for (size_t i = 0; i < p->grant_count; i++) {
        cJSON *g = append_object(array);

        put_string(g, "grantor", p->grants[i].grantor);
        put_string(g, "grantee", p->grants[i].grantee);
        put_string(g, "privilege", p->grants[i].privilege);
        (void)cJSON_AddBoolToObject(g, "grantable", p->grants[i].grantable);
    }
}

static void put_settings(cJSON *j, const struct database_properties *p)
{
    cJSON *array = cJSON_AddArrayToObject(j, "settings");

    for (size_t i = 0; i < p->setting_count; i++) {
        cJSON *s = append_object(array);

        put_string(s, "role", p->settings[i].role);
        put_string(s, "name", p->settings[i].name);
        put_string(s, "value", p->settings[i].value);
    }
}

static void put_labels(cJSON *j, const struct database_properties *p)
{
    cJSON *array = cJSON_AddArrayToObject(j, "security_labels");

    for (size_t i = 0; i < p->label_count; i++) {
        cJSON *l = append_object(array);

        put_string(l, "provider", p->labels[i].provider);
        put_string(l, "label", p->labels[i].label);
    }
}

struct cJSON *dbprops_to_json(const struct database_properties *p)
{
    cJSON *j = cJSON_CreateObject();
    char provider[2] = {p->provider, '\0'};

    put_string(j, "name", p->name);
    put_string(j, "owner", p->owner);
    put_string(j, "encoding", p->encoding);
    put_string(j, "collate", p->collate);
    put_string(j, "ctype", p->ctype);
    put_string(j, "provider", provider);
    put_string(j, "locale", p->locale);
    put_string(j, "icu_rules", p->icu_rules);
    put_string(j, "collation_version", p->collversion);
    put_string(j, "tablespace", p->tablespace);
    put_string(j, "comment", p->comment);
    (void)cJSON_AddNumberToObject(j, "connection_limit", p->connection_limit);
    (void)cJSON_AddBoolToObject(j, "allow_connections", p->allow_connections);
    (void)cJSON_AddBoolToObject(j, "is_template", p->is_template);
    (void)cJSON_AddBoolToObject(j, "default_privileges", p->acl_is_default);
    put_grants(j, p);
    put_settings(j, p);
    put_labels(j, p);
    return j;
}

/* ---- reading ---- */

enum kind { KIND_STRING, KIND_OPTIONAL_STRING, KIND_BOOL, KIND_INT };

struct field {
    const char *key;
    enum kind kind;
    void *dst;
};

static bool int_value(const cJSON *v, int *ret)
{
    double d = cJSON_GetNumberValue(v);

    if (!cJSON_IsNumber(v) || !(d >= -2147483648.0 && d <= 2147483647.0))
        return false;
    *ret = (int)d;
    return (double)*ret >= d && (double)*ret <= d;
}

static bool field_read(const struct field *f, const cJSON *v, struct arena *a)
{
    switch (f->kind) {
    case KIND_OPTIONAL_STRING:
    case KIND_STRING:
        if (f->kind == KIND_OPTIONAL_STRING && cJSON_IsNull(v))
            return true;
        *(const char **)f->dst = arena_strdup(a, cJSON_GetStringValue(v));
        return cJSON_IsString(v);
    case KIND_BOOL:
        *(bool *)f->dst = cJSON_IsTrue(v);
        return cJSON_IsBool(v);
    case KIND_INT:
        return int_value(v, f->dst);
    default:
        return false;
    }
}

/* Every field once, each of its type, and no others but `arrays` further ones. */
static bool object_read(const cJSON *j, const struct field *fields, size_t count, size_t arrays,
                        struct arena *a, struct err *e)
{
    if (!cJSON_IsObject(j))
        return err_set(e, E_DATA, "the database's properties are not a JSON object");
    for (size_t i = 0; i < count; i++) {
        const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, fields[i].key);

        if (!v)
            return err_set(e, E_DATA, "the database's properties lack '%s'", fields[i].key);
        if (!field_read(&fields[i], v, a))
            return err_set(e, E_DATA, "'%s' in the database's properties has the wrong type",
                           fields[i].key);
    }
    if ((size_t)cJSON_GetArraySize(j) != count + arrays)
        return err_set(e, E_DATA, "the database's properties hold unknown or doubled keys");
    return true;
}

static bool array_of(const cJSON *j, const char *key, const cJSON **ret, struct err *e)
{
    *ret = cJSON_GetObjectItemCaseSensitive(j, key);
    if (!cJSON_IsArray(*ret))
        return err_set(e, E_DATA, "'%s' in the database's properties is not a list", key);
    return true;
}

static void *room_for(const cJSON *array, size_t size, struct arena *a)
{
    return arena_array(a, (size_t)cJSON_GetArraySize(array), size);
}

static bool get_grants(const cJSON *j, struct arena *a, struct database_properties *p,
                       struct err *e)
{
    const cJSON *array;
    const cJSON *item;

    if (!array_of(j, "grants", &array, e))
        return false;
    p->grants = room_for(array, sizeof *p->grants, a);
    cJSON_ArrayForEach(item, array)
    {
        struct dbprops_grant *g = &p->grants[p->grant_count++];
        const struct field fields[] = {
            {"grantor", KIND_STRING, &g->grantor},
            {"grantee", KIND_OPTIONAL_STRING, &g->grantee},
            {"privilege", KIND_STRING, &g->privilege},
            {"grantable", KIND_BOOL, &g->grantable},
        };

        if (!object_read(item, fields, ARRAY_LEN(fields), 0, a, e))
            return err_in(e, "grants");
        if (strcmp(g->privilege, "CREATE") != 0 && strcmp(g->privilege, "TEMPORARY") != 0 &&
            strcmp(g->privilege, "CONNECT") != 0) /* it goes into SQL as a keyword */
            return err_set(e, E_DATA, "'%s' is not a privilege on a database", g->privilege);
    }
    return true;
}

static bool get_settings(const cJSON *j, struct arena *a, struct database_properties *p,
                         struct err *e)
{
    const cJSON *array;
    const cJSON *item;

    if (!array_of(j, "settings", &array, e))
        return false;
    p->settings = room_for(array, sizeof *p->settings, a);
    cJSON_ArrayForEach(item, array)
    {
        struct dbprops_setting *s = &p->settings[p->setting_count++];
        const struct field fields[] = {
            {"role", KIND_OPTIONAL_STRING, &s->role},
            {"name", KIND_STRING, &s->name},
            {"value", KIND_STRING, &s->value},
        };

        if (!object_read(item, fields, ARRAY_LEN(fields), 0, a, e))
            return err_in(e, "settings");
    }
    return true;
}

static bool get_labels(const cJSON *j, struct arena *a, struct database_properties *p,
                       struct err *e)
{
    const cJSON *array;
    const cJSON *item;

    if (!array_of(j, "security_labels", &array, e))
        return false;
    p->labels = room_for(array, sizeof *p->labels, a);
    cJSON_ArrayForEach(item, array)
    {
        struct dbprops_label *l = &p->labels[p->label_count++];
        const struct field fields[] = {
            {"provider", KIND_STRING, &l->provider},
            {"label", KIND_STRING, &l->label},
        };

        if (!object_read(item, fields, ARRAY_LEN(fields), 0, a, e))
            return err_in(e, "security_labels");
    }
    return true;
}

bool dbprops_from_json(const struct cJSON *j, struct arena *a, struct database_properties *ret,
                       struct err *e)
{
    struct database_properties p = {0};
    const char *provider = "";
    const struct field fields[] = {
        {"name", KIND_STRING, &p.name},
        {"owner", KIND_STRING, &p.owner},
        {"encoding", KIND_STRING, &p.encoding},
        {"collate", KIND_STRING, &p.collate},
        {"ctype", KIND_STRING, &p.ctype},
        {"provider", KIND_STRING, &provider},
        {"locale", KIND_OPTIONAL_STRING, &p.locale},
        {"icu_rules", KIND_OPTIONAL_STRING, &p.icu_rules},
        {"collation_version", KIND_OPTIONAL_STRING, &p.collversion},
        {"tablespace", KIND_STRING, &p.tablespace},
        {"comment", KIND_OPTIONAL_STRING, &p.comment},
        {"connection_limit", KIND_INT, &p.connection_limit},
        {"allow_connections", KIND_BOOL, &p.allow_connections},
        {"is_template", KIND_BOOL, &p.is_template},
        {"default_privileges", KIND_BOOL, &p.acl_is_default},
    };

    if (!object_read(j, fields, ARRAY_LEN(fields), 3, a, e))
        return false;
    if (strlen(provider) != 1 || !strchr("cib", provider[0]))
        return err_set(e, E_DATA, "'%s' is not a locale provider", provider);
    p.provider = provider[0];
    if (!get_grants(j, a, &p, e) || !get_settings(j, a, &p, e) || !get_labels(j, a, &p, e))
        return false;
    *ret = p;
    return true;
}
