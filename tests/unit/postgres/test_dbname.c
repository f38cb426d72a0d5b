/* Names of shadow databases and previous copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/str.h"
#include "postgres/dbname.h"

static const time_t when = 1795141867; /* 2026-11-20T02:31:07Z */

static void placeholders_are_filled_in(void **state)
{
    struct dbname n;
    struct err e = {0};

    (void)state;
    assert_true(dbname_expand("{database}__new", "app", when, &n, &e));
    assert_string_equal(n.text, "app__new");
    assert_true(dbname_expand("{database}__prev_{time}", "my app", when, &n, &e));
    assert_string_equal(n.text, "my app__prev_20261120T023107Z");
    assert_true(dbname_expand_nth("{database}__prev_{time}", "app", when, 12, &n, &e));
    assert_string_equal(n.text, "app__prev_20261120T023107Z_12");
}

static void text_that_looks_like_a_placeholder_in_the_database_name_is_left_alone(void **state)
{
    struct dbname n;
    struct err e = {0};

    (void)state;
    assert_true(dbname_expand("{database}__new", "a{time}{x", when, &n, &e));
    assert_string_equal(n.text, "a{time}{x__new");
}

static void long_name_keeps_its_start_and_gets_a_hash(void **state)
{
    char database[64];
    struct dbname n;
    struct err e = {0};

    (void)state;
    memset(database, 'a', 63);
    database[63] = '\0';
    assert_true(dbname_expand("{database}__prev_{time}", database, when, &n, &e));
    assert_int_equal(strlen(n.text), DBNAME_MAX);
    assert_memory_equal(n.text, database, 30);
    assert_non_null(strstr(n.text, "__prev_20261120T023107Z"));
}

static void long_names_that_differ_only_at_the_end_stay_apart(void **state)
{
    char a[64];
    char b[64];
    struct dbname na;
    struct dbname nb;
    struct err e = {0};

    (void)state;
    memset(a, 'a', 63);
    memset(b, 'a', 63);
    a[63] = b[63] = '\0';
    b[62] = 'b';
    assert_true(dbname_expand("{database}__new", a, when, &na, &e));
    assert_true(dbname_expand("{database}__new", b, when, &nb, &e));
    assert_string_not_equal(na.text, nb.text);
}

static void name_that_just_fits_is_not_shortened(void **state)
{
    char database[64];
    char expected[80];
    struct dbname n;
    struct err e = {0};

    (void)state;
    memset(database, 'x', 58);
    database[58] = '\0';
    (void)snprintf(expected, sizeof expected, "%s__new", database);
    assert_true(dbname_expand("{database}__new", database, when, &n, &e));
    assert_string_equal(n.text, expected);
}

static void shortened_name_holds_whole_characters_for_every_length(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 8; pad++) {
        char database[64] = "";
        struct dbname n;
        struct err e = {0};

        memset(database, 'p', pad);
        while (strlen(database) + 3 <= 63)
            (void)snprintf(database + strlen(database), 4, "%s", "\xe2\x82\xac");
        assert_true(dbname_expand("{database}__prev_{time}", database, when, &n, &e));
        assert_true(strlen(n.text) <= DBNAME_MAX);
        assert_int_equal(str_utf8_valid_prefix(n.text, strlen(n.text)), strlen(n.text));
    }
}

static void unknown_placeholder_is_refused(void **state)
{
    struct dbname n;
    struct err e = {0};

    (void)state;
    assert_false(dbname_expand("{databse}__new", "app", when, &n, &e));
    assert_int_equal(e.code, E_CONFIG);
    assert_string_equal(e.text, "unknown placeholder in the name pattern '{databse}__new'");
    assert_false(dbname_expand("{database", "app", when, &n, &e));
    assert_int_equal(e.code, E_CONFIG);
}

static void pattern_that_gives_the_databases_own_name_is_refused(void **state)
{
    struct dbname n;
    struct err e = {0};

    (void)state;
    assert_false(dbname_expand("{database}", "app", when, &n, &e));
    assert_int_equal(e.code, E_CONFIG);
    assert_string_equal(e.text, "the name pattern '{database}' gives the database's own name");
    assert_false(dbname_expand("", "app", when, &n, &e));
    assert_string_equal(e.text, "the name pattern '' gives an empty name");
}

static void pattern_that_leaves_no_room_is_refused(void **state)
{
    char pattern[128];
    struct dbname n;
    struct err e = {0};

    (void)state;
    memset(pattern, 'z', 100);
    (void)snprintf(pattern + 100, 20, "{database}");
    assert_false(dbname_expand(pattern, "app", when, &n, &e));
    assert_int_equal(e.code, E_CONFIG);
    assert_non_null(strstr(e.text, "is too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_filled_in),
        cmocka_unit_test(text_that_looks_like_a_placeholder_in_the_database_name_is_left_alone),
        cmocka_unit_test(long_name_keeps_its_start_and_gets_a_hash),
        cmocka_unit_test(long_names_that_differ_only_at_the_end_stay_apart),
        cmocka_unit_test(name_that_just_fits_is_not_shortened),
        cmocka_unit_test(shortened_name_holds_whole_characters_for_every_length),
        cmocka_unit_test(unknown_placeholder_is_refused),
        cmocka_unit_test(pattern_that_gives_the_databases_own_name_is_refused),
        cmocka_unit_test(pattern_that_leaves_no_room_is_refused),
    };

    return cmocka_run_group_tests_name("dbname", tests, NULL, NULL);
}
