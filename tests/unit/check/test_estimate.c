#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/check_priv.h"
#include "check/estimate_priv.h"

static void the_ratio_follows_the_compression(void **state)
{
    (void)state;
    assert_true(estimate_ratio("none") == 1.0);
    assert_true(estimate_ratio("0") == 1.0);
    assert_true(estimate_ratio("auto") < 0.5);
    assert_true(estimate_ratio(NULL) == estimate_ratio("auto"));
    assert_true(estimate_ratio("gzip:1") > estimate_ratio("gzip:9"));
    assert_true(estimate_ratio("lz4:3") > estimate_ratio("1"));
}

static void more_jobs_take_less_time_up_to_a_point(void **state)
{
    struct copy_facts f = {.heap_bytes = (uint64_t)50 << 30, .index_bytes = (uint64_t)10 << 30};
    uint64_t one, four;

    (void)state;
    f.jobs = 1;
    estimate_time(&f);
    one = f.seconds_high;
    f.jobs = 4;
    estimate_time(&f);
    four = f.seconds_high;
    assert_true(four < one);
    assert_true(f.seconds_low < f.seconds_high);
    f.jobs = 64;
    estimate_time(&f);
    assert_int_equal(f.seconds_high, four);
}

static void nothing_takes_a_moment(void **state)
{
    struct copy_facts f = {.jobs = 4};

    (void)state;
    estimate_time(&f);
    assert_int_equal(f.seconds_low, 1);
    assert_int_equal(f.seconds_high, 2);
}

static void support_ends_on_its_day(void **state)
{
    (void)state;
    assert_null(version_end_of_life(130020, 1762992000 - 1));
    assert_string_equal(version_end_of_life(130020, 1762992000), "2025-11-13");
    assert_null(version_end_of_life(170002, 1762992000));
    assert_null(version_end_of_life(190000, 1962992000));
    assert_string_equal(version_end_of_life(90600, 0), "years ago");
}

static void a_name_is_quoted_for_sql_only_where_it_must_be(void **state)
{
    struct check c = {.a = arena_new()};

    (void)state;
    assert_string_equal(sql_ident(&c, "app_ro"), "app_ro");
    assert_string_equal(sql_ident(&c, "App"), "\"App\"");
    assert_string_equal(sql_ident(&c, "a b"), "\"a b\"");
    assert_string_equal(sql_ident(&c, "user"), "\"user\"");
    assert_string_equal(sql_ident(&c, "1a"), "\"1a\"");
    arena_free(c.a);
}

static void commands_survive_odd_names(void **state)
{
    struct check c = {.a = arena_new()};
    struct endpoint ep = {.host = "/run/my pg", .port = "5433"};

    (void)state;
    assert_string_equal(psql_command(&c, &ep, "o'dd", "GRANT \"a b\" TO c"),
                        "psql -h '/run/my pg' -p 5433 -d 'o'\\''dd' -c 'GRANT \"a b\" TO c'");
    arena_free(c.a);
}

static void long_lists_of_names_are_cut(void **state)
{
    struct check c = {.a = arena_new()};
    struct name_list l = NAME_LIST_INIT;

    (void)state;
    for (const char *p = "abcdefg"; *p; p++)
        name_list_add(&l, (const char[]){*p, '\0'});
    assert_string_equal(name_list_text(&c, &l), "a, b, c, d, e and 2 more");
    name_list_release(&l);
    arena_free(c.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ratio_follows_the_compression),
        cmocka_unit_test(more_jobs_take_less_time_up_to_a_point),
        cmocka_unit_test(nothing_takes_a_moment),
        cmocka_unit_test(support_ends_on_its_day),
        cmocka_unit_test(a_name_is_quoted_for_sql_only_where_it_must_be),
        cmocka_unit_test(commands_survive_odd_names),
        cmocka_unit_test(long_lists_of_names_are_cut),
    };

    return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
