#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "postgres/count.h"

static void equal_counts_are_no_mismatch(void **state)
{
    struct count_item items[] = {
        {.schema = "s", .name = "a", .count = true, .expected = 3, .actual = 3},
        {.schema = "s", .name = "b", .expected = 3}, /* not counted */
        {.schema = "s", .name = "ext", .count = true, .at_least = true, .expected = 3, .actual = 9},
    };
    struct err e = {0};

    (void)state;
    assert_true(count_check(items, 3, &e));
    assert_int_equal(e.code, E_NONE);
}

static void tables_that_differ_are_named_with_both_counts(void **state)
{
    struct count_item items[] = {
        {.schema = "s", .name = "a", .count = true, .expected = 3, .actual = 2},
        {.schema = "s", .name = "b", .count = true, .expected = 3, .actual = 3},
        {.schema = "s", .name = "c", .count = true, .expected = 0, .missing = true},
        {.schema = "s", .name = "d", .count = true, .at_least = true, .expected = 3, .actual = 1},
    };
    struct err e = {0};

    (void)state;
    assert_false(count_check(items, 4, &e));
    assert_int_equal(e.code, E_MISMATCH);
    assert_string_equal(e.text, "3 of 4 tables of the copy differ from the dump");
    assert_string_equal(e.detail, "s.a has 2 rows instead of 3, s.c is missing, "
                                  "s.d has 1 rows instead of 3");
}

static void only_the_first_differences_are_listed(void **state)
{
    struct count_item items[7] = {0};
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < 7; i++)
        items[i] = (struct count_item){.schema = "s", .name = "t", .count = true, .missing = true};
    assert_false(count_check(items, 7, &e));
    assert_string_equal(e.text, "7 of 7 tables of the copy differ from the dump");
    assert_string_equal(e.detail, "s.t is missing, s.t is missing, s.t is missing, s.t is missing, "
                                  "s.t is missing, ...");
}

static void partitions_loaded_through_their_root_are_compared_in_sum(void **state)
{
    struct count_item items[] = {
        {.schema = "s", .name = "p0", .count = true, .group = 1, .expected = 3, .actual = 5},
        {.schema = "s", .name = "p1", .count = true, .group = 1, .expected = 4, .actual = 2},
        {.schema = "s", .name = "q0", .count = true, .group = 2, .expected = 4, .actual = 1},
        {.schema = "s", .name = "q1", .count = true, .group = 2, .expected = 1, .actual = 1},
    };
    struct err e = {0};

    (void)state;
    assert_true(count_check(items, 2, &e));
    assert_false(count_check(items, 4, &e));
    assert_int_equal(e.code, E_MISMATCH);
    assert_string_equal(e.detail, "s.q0 has 2 rows instead of 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_counts_are_no_mismatch),
        cmocka_unit_test(tables_that_differ_are_named_with_both_counts),
        cmocka_unit_test(only_the_first_differences_are_listed),
        cmocka_unit_test(partitions_loaded_through_their_root_are_compared_in_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
