/* Properties of a database in a kept dump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "postgres/dbprops.h"

static int setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static struct dbprops_grant grants[] = {{"own", NULL, "CONNECT", false},
                                        {"own", "dba", "CREATE", true}};
static struct dbprops_setting settings[] = {{NULL, "search_path", "\"$user\", public"},
                                            {"r", "app.x", "it's"}};
static struct dbprops_label labels[] = {{"selinux", "x:y:z"}};

static struct database_properties full(void)
{
    return (struct database_properties){.name = "app \xe2\x82\xac",
                                        .owner = "own",
                                        .encoding = "UTF8",
                                        .collate = "C",
                                        .ctype = "C",
                                        .provider = 'i',
                                        .locale = "und",
                                        .icu_rules = NULL,
                                        .collversion = "153.120",
                                        .tablespace = "pg_default",
                                        .comment = "line\n\"two\"",
                                        .connection_limit = -1,
                                        .allow_connections = true,
                                        .is_template = true,
                                        .grants = grants,
                                        .grant_count = 2,
                                        .settings = settings,
                                        .setting_count = 2,
                                        .labels = labels,
                                        .label_count = 1};
}

static void properties_survive_the_way_through_text(void **state)
{
    struct database_properties p = full();
    struct database_properties back;
    cJSON *j = dbprops_to_json(&p);
    char *text = cJSON_Print(j);
    cJSON *again = cJSON_Parse(text);
    char *text_again;
    cJSON *j_again;
    struct err e = {0};

    assert_true(dbprops_from_json(again, *state, &back, &e));
    j_again = dbprops_to_json(&back);
    text_again = cJSON_Print(j_again);
    assert_string_equal(text, text_again);
    assert_string_equal(back.comment, p.comment);
    assert_null(back.icu_rules);
    assert_int_equal(back.connection_limit, -1);
    assert_true(back.is_template);
    assert_null(back.grants[0].grantee);
    assert_true(back.grants[1].grantable);
    assert_string_equal(back.settings[0].value, "\"$user\", public");
    assert_string_equal(back.labels[0].label, "x:y:z");
    cJSON_Delete(j);
    cJSON_Delete(again);
    cJSON_Delete(j_again);
    free(text);
    free(text_again);
}

/* Every key taken away, and every value replaced by one of another type, is noticed. */
static void missing_or_mistyped_key_is_refused(void **state)
{
    struct database_properties p = full();
    struct database_properties back;
    cJSON *j = dbprops_to_json(&p);
    int count = cJSON_GetArraySize(j);

    for (int i = 0; i < count; i++) {
        cJSON *copy = cJSON_Duplicate(j, 1);
        struct err e = {0};

        cJSON_DeleteItemFromArray(copy, i);
        assert_false(dbprops_from_json(copy, *state, &back, &e));
        assert_int_equal(e.code, E_DATA);
        cJSON_Delete(copy);

        copy = cJSON_Duplicate(j, 1);
        assert_true(cJSON_ReplaceItemInObjectCaseSensitive(copy, cJSON_GetArrayItem(j, i)->string,
                                                           cJSON_CreateObject()));
        assert_false(dbprops_from_json(copy, *state, &back, &e));
        assert_int_equal(e.code, E_DATA);
        cJSON_Delete(copy);
    }
    cJSON_Delete(j);
}

static void assert_refused(struct arena *a, const char *key, cJSON *value, const char *text)
{
    struct database_properties p = full();
    struct database_properties back;
    cJSON *j = dbprops_to_json(&p);
    struct err e = {0};

    if (cJSON_GetObjectItemCaseSensitive(j, key))
        assert_true(cJSON_ReplaceItemInObjectCaseSensitive(j, key, value));
    else
        assert_true(cJSON_AddItemToObject(j, key, value));
    assert_false(dbprops_from_json(j, a, &back, &e));
    assert_int_equal(e.code, E_DATA);
    assert_string_equal(e.text, text);
    cJSON_Delete(j);
}

static void what_does_not_belong_there_is_refused(void **state)
{
    assert_refused(*state, "extra", cJSON_CreateNull(),
                   "the database's properties hold unknown or doubled keys");
    assert_refused(*state, "provider", cJSON_CreateString("x"), "'x' is not a locale provider");
    assert_refused(*state, "provider", cJSON_CreateString(""), "'' is not a locale provider");
    assert_refused(*state, "connection_limit", cJSON_CreateNumber(1.5),
                   "'connection_limit' in the database's properties has the wrong type");
    assert_refused(*state, "connection_limit", cJSON_CreateNumber(1e300),
                   "'connection_limit' in the database's properties has the wrong type");
    assert_refused(*state, "grants", cJSON_Parse("[7]"),
                   "grants: the database's properties are not a JSON object");
    assert_refused(*state, "grants",
                   cJSON_Parse("[{\"grantor\":\"a\",\"grantee\":null,\"privilege\":\"ALL; DROP\","
                               "\"grantable\":false}]"),
                   "'ALL; DROP' is not a privilege on a database");
    assert_refused(*state, "settings", cJSON_Parse("[{\"role\":null,\"name\":\"x\"}]"),
                   "settings: the database's properties lack 'value'");
}

static void other_things_than_objects_are_refused(void **state)
{
    struct database_properties back;
    struct err e = {0};
    cJSON *j = cJSON_CreateArray();

    assert_false(dbprops_from_json(j, *state, &back, &e));
    assert_false(dbprops_from_json(NULL, *state, &back, &e));
    assert_int_equal(e.code, E_DATA);
    cJSON_Delete(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_survive_the_way_through_text),
        cmocka_unit_test(missing_or_mistyped_key_is_refused),
        cmocka_unit_test(what_does_not_belong_there_is_refused),
        cmocka_unit_test(other_things_than_objects_are_refused),
    };

    return cmocka_run_group_tests_name("dbprops_json", tests, setup, teardown);
}
