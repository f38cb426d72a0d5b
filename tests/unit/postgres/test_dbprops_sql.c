/* From a database's properties to the statements that recreate them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

static struct database_properties plain(void)
{
    return (struct database_properties){.name = "app",
                                        .owner = "o'wner \"x\"",
                                        .encoding = "UTF8",
                                        .collate = "de_DE.UTF-8",
                                        .ctype = "C",
                                        .provider = 'c',
                                        .tablespace = "pg_default",
                                        .connection_limit = 7,
                                        .allow_connections = true};
}

static const char *created(struct arena *a, const struct database_properties *p,
                           struct dbprops_create how)
{
    const char *sql = NULL;
    struct err e = {0};

    how.name = "a\"b";
    how.connection_limit = 5;
    how.allow_connections = true;
    assert_true(dbprops_create_sql(p, &how, a, &sql, &e));
    return sql;
}

static void database_is_created_with_the_sources_encoding_and_locale(void **state)
{
    struct database_properties p = plain();

    assert_string_equal(created(*state, &p, (struct dbprops_create){.server_version = 150000}),
                        "CREATE DATABASE \"a\"\"b\" TEMPLATE template0 ENCODING 'UTF8'"
                        " LOCALE_PROVIDER libc LC_COLLATE 'de_DE.UTF-8' LC_CTYPE 'C'"
                        " ALLOW_CONNECTIONS true CONNECTION LIMIT 5");
}

static void servers_before_15_are_not_told_of_a_provider(void **state)
{
    struct database_properties p = plain();

    assert_string_equal(
        created(*state, &p,
                (struct dbprops_create){.server_version = 140000, .tablespace = "fast disks"}),
        "CREATE DATABASE \"a\"\"b\" TEMPLATE template0 ENCODING 'UTF8'"
        " LC_COLLATE 'de_DE.UTF-8' LC_CTYPE 'C' TABLESPACE \"fast disks\""
        " ALLOW_CONNECTIONS true CONNECTION LIMIT 5");
}

static void icu_rules_are_given_only_to_servers_that_know_them(void **state)
{
    struct database_properties p = plain();

    p.provider = 'i';
    p.locale = "und-u-ks-level2";
    p.icu_rules = "&a < b";
    assert_string_equal(created(*state, &p, (struct dbprops_create){.server_version = 150000}),
                        "CREATE DATABASE \"a\"\"b\" TEMPLATE template0 ENCODING 'UTF8'"
                        " LOCALE_PROVIDER icu LC_COLLATE 'de_DE.UTF-8' LC_CTYPE 'C' ICU_LOCALE"
                        " 'und-u-ks-level2' ALLOW_CONNECTIONS true CONNECTION LIMIT 5");
    assert_non_null(strstr(created(*state, &p, (struct dbprops_create){.server_version = 160000}),
                           " ICU_LOCALE 'und-u-ks-level2' ICU_RULES '&a < b' "));
}

static void builtin_locale_keeps_its_name(void **state)
{
    struct database_properties p = plain();

    p.provider = 'b';
    p.locale = "C.UTF-8";
    assert_non_null(strstr(created(*state, &p, (struct dbprops_create){.server_version = 170000}),
                           " LOCALE_PROVIDER builtin LC_COLLATE 'de_DE.UTF-8' LC_CTYPE 'C'"
                           " BUILTIN_LOCALE 'C.UTF-8' "));
}

static void provider_the_target_does_not_know_is_an_error_with_a_way_out(void **state)
{
    struct database_properties p = plain();
    struct dbprops_create how = {.name = "x", .server_version = 160000};
    const char *sql;
    struct err e = {0};

    p.provider = 'b';
    p.locale = "C.UTF-8";
    assert_false(dbprops_create_sql(&p, &how, *state, &sql, &e));
    assert_int_equal(e.code, E_CREATE);
    assert_string_equal(e.text, "the target cannot have the source's locale: builtin locales need "
                                "PostgreSQL 17");
    assert_non_null(strstr(e.hint, "target.locale"));
    how.locale = "C.UTF-8";
    how.encoding = "LATIN1";
    assert_true(dbprops_create_sql(&p, &how, *state, &sql, &e));
    assert_non_null(strstr(sql, "ENCODING 'LATIN1' LOCALE_PROVIDER libc LC_COLLATE 'C.UTF-8'"
                                " LC_CTYPE 'C.UTF-8'"));
}

static void assert_statement(const struct dbprops_statements *l, size_t i, const char *sql)
{
    assert_true(i < l->count);
    assert_string_equal(l->items[i].sql, sql);
}

static void privileges_are_taken_away_and_granted_as_in_the_source(void **state)
{
    struct dbprops_grant grants[] = {
        {"own", NULL, "TEMPORARY", false}, {"own", "own", "CREATE", false},
        {"own", "own", "CONNECT", false},  {"dba", "app user", "CONNECT", false},
        {"own", "dba", "CONNECT", true},
    };
    struct database_properties p = plain();
    struct dbprops_statements l;

    p.owner = "own";
    p.grants = grants;
    p.grant_count = 5;
    dbprops_apply_sql(&p, "n", DBPROPS_OWNER | DBPROPS_ACL, *state, &l);
    assert_int_equal(l.count, 7);
    assert_statement(&l, 0, "ALTER DATABASE \"n\" OWNER TO \"own\"");
    assert_statement(&l, 1, "REVOKE ALL ON DATABASE \"n\" FROM PUBLIC");
    assert_statement(&l, 2, "REVOKE ALL ON DATABASE \"n\" FROM \"own\"");
    assert_statement(&l, 3, "GRANT TEMPORARY ON DATABASE \"n\" TO PUBLIC");
    assert_statement(&l, 4, "GRANT CREATE, CONNECT ON DATABASE \"n\" TO \"own\"");
    assert_statement(&l, 5, "GRANT CONNECT ON DATABASE \"n\" TO \"dba\" WITH GRANT OPTION");
    assert_statement(&l, 6, "GRANT CONNECT ON DATABASE \"n\" TO \"app user\"");
    assert_string_equal(l.items[6].role, "dba");
    assert_null(l.items[5].role);
    assert_false(l.items[1].optional);
    assert_true(l.items[6].optional);
    assert_true(l.items[4].of_owner);
}

static void other_owner_takes_the_old_ones_place_in_the_privileges(void **state)
{
    struct dbprops_grant grants[] = {{"own", "own", "CREATE", false},
                                     {"own", "dba", "CONNECT", true},
                                     {"dba", "x", "CONNECT", false}};
    struct database_properties p = plain();

    (void)state;
    p.owner = "own";
    p.grants = grants;
    p.grant_count = 3;
    dbprops_set_owner(&p, "new");
    assert_string_equal(p.owner, "new");
    assert_string_equal(grants[0].grantor, "new");
    assert_string_equal(grants[0].grantee, "new");
    assert_string_equal(grants[1].grantee, "dba");
    assert_string_equal(grants[2].grantor, "dba");
}

static void assert_setting(struct arena *a, const char *name, const char *value,
                           const char *expected)
{
    struct dbprops_setting s = {.name = name, .value = value};
    struct database_properties p = plain();
    struct dbprops_statements l;
    const char *to;

    p.settings = &s;
    p.setting_count = 1;
    dbprops_apply_sql(&p, "n", DBPROPS_SETTINGS, a, &l);
    assert_int_equal(l.count, 1);
    to = strstr(l.items[0].sql, " TO ");
    assert_non_null(to);
    assert_string_equal(to + 4, expected);
}

static void list_settings_become_lists_of_literals(void **state)
{
    assert_setting(*state, "search_path", "\"$user\", public", "'$user', 'public'");
    assert_setting(*state, "search_path", "\"a, b\", \"c\"\"d\",e'f", "'a, b', 'c\"d', 'e''f'");
    assert_setting(*state, "search_path", "\"\"", "''");
    assert_setting(*state, "Session_Preload_Libraries", "x,y", "'x', 'y'");
}

static void text_that_is_no_list_is_one_literal(void **state)
{
    assert_setting(*state, "search_path", "", "''");
    assert_setting(*state, "search_path", "\"open", "'\"open'");
    assert_setting(*state, "search_path", "a b", "'a b'");
    assert_setting(*state, "search_path", "a,,b", "'a,,b'");
    assert_setting(*state, "DateStyle", "ISO, DMY", "'ISO, DMY'");
    assert_setting(*state, "app.motd", "it's = \"x\", y", "'it''s = \"x\", y'");
    assert_setting(*state, "app.path", "a\\b", " E'a\\\\b'");
}

static void roles_settings_name_role_and_database(void **state)
{
    struct dbprops_setting s = {.role = "r\"1", .name = "app.x", .value = "1"};
    struct database_properties p = plain();
    struct dbprops_statements l;

    p.settings = &s;
    p.setting_count = 1;
    dbprops_apply_sql(&p, "n", DBPROPS_SETTINGS, *state, &l);
    assert_statement(&l, 0, "ALTER ROLE \"r\"\"1\" IN DATABASE \"n\" SET \"app.x\" TO '1'");
    assert_string_equal(l.items[0].code, "database.setting");
    assert_string_equal(l.items[0].what, "setting 'app.x' of role 'r\"1'");
}

static void template_comes_last_and_comment_may_be_none(void **state)
{
    struct database_properties p = plain();
    struct dbprops_statements l;

    p.is_template = true;
    p.connection_limit = -2; /* a database whose removal was interrupted */
    dbprops_apply_sql(&p, "n", DBPROPS_COMMENT | DBPROPS_LIMITS, *state, &l);
    assert_int_equal(l.count, 2);
    assert_statement(&l, 0, "COMMENT ON DATABASE \"n\" IS NULL");
    assert_statement(&l, 1,
                     "ALTER DATABASE \"n\" WITH CONNECTION LIMIT -1 ALLOW_CONNECTIONS true"
                     " IS_TEMPLATE true");
    assert_false(l.items[1].optional);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(database_is_created_with_the_sources_encoding_and_locale),
        cmocka_unit_test(servers_before_15_are_not_told_of_a_provider),
        cmocka_unit_test(icu_rules_are_given_only_to_servers_that_know_them),
        cmocka_unit_test(builtin_locale_keeps_its_name),
        cmocka_unit_test(provider_the_target_does_not_know_is_an_error_with_a_way_out),
        cmocka_unit_test(privileges_are_taken_away_and_granted_as_in_the_source),
        cmocka_unit_test(other_owner_takes_the_old_ones_place_in_the_privileges),
        cmocka_unit_test(list_settings_become_lists_of_literals),
        cmocka_unit_test(text_that_is_no_list_is_one_literal),
        cmocka_unit_test(roles_settings_name_role_and_database),
        cmocka_unit_test(template_comes_last_and_comment_may_be_none),
    };

    return cmocka_run_group_tests_name("dbprops_sql", tests, setup, teardown);
}
