/* Numbers, durations and sizes from text, and back for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/num.h"

static uint64_t u64(const char *s, uint64_t lo, uint64_t hi)
{
    uint64_t v = 4711; /* must stay on failure */

    bool taken = num_parse_u64(s, lo, hi, &v);

    assert_int_equal(taken, v != 4711);
    return v;
}

static void u64_takes_whole_decimals_in_range(void **state)
{
    (void)state;
    assert_int_equal(u64("0", 0, 9), 0);
    assert_int_equal(u64("007", 0, 9), 7);
    assert_int_equal(u64("18446744073709551615", 0, UINT64_MAX), UINT64_MAX);
    assert_int_equal(u64("1", 1, 65535), 1);
    assert_int_equal(u64("65535", 1, 65535), 65535);
}

static void u64_refuses_everything_else(void **state)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "-1",
                                      "0x10",
                                      "1e3",
                                      "1.0",
                                      "1\n",
                                      "a",
                                      "٣",
                                      "1,000",
                                      "18446744073709551616",
                                      "99999999999999999999999999",
                                      "65536",
                                      "00000065536"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(u64(bad[i], 0, 65535), 4711);
    assert_int_equal(u64("0", 1, 65535), 4711);
}

static void i64_reaches_both_ends(void **state)
{
    int64_t v = 0;

    (void)state;
    assert_true(num_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v));
    assert_true(v == INT64_MIN);
    assert_true(num_parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v));
    assert_true(v == INT64_MAX);
    assert_true(num_parse_i64("-0", -1, 1, &v));
    assert_int_equal(v, 0);
    assert_false(num_parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v));
    assert_false(num_parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &v));
    assert_false(num_parse_i64("--1", INT64_MIN, INT64_MAX, &v));
    assert_false(num_parse_i64("-", INT64_MIN, INT64_MAX, &v));
    assert_false(num_parse_i64("", INT64_MIN, INT64_MAX, &v));
    assert_false(num_parse_i64("-2", -1, 1, &v));
    assert_false(num_parse_i64("2", -1, 1, &v));
    assert_int_equal(v, 0);
}

static void durations_are_read_with_their_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {{"0", 0},
                {"0s", 0},
                {"250ms", 250},
                {"90s", 90000},
                {"15m", 900000},
                {"6h", 21600000},
                {"2d", 172800000},
                {"1h30m", 5400000},
                {"1m1ms", 60001},
                {"1d1h1m1s1ms", 90061001},
                {"18446744073709551615ms", UINT64_MAX}};
    uint64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(num_parse_duration_ms(good[i].text, &v));
        assert_true(v == good[i].ms);
    }
}

static void other_durations_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "5",
                                      "s",
                                      "5 s",
                                      "-5s",
                                      "1.5h",
                                      "5S",
                                      "5min",
                                      "30m1h",
                                      "1h1h",
                                      "1h30",
                                      "1w",
                                      "00",
                                      "5s ",
                                      "18446744073709551616ms",
                                      "18446744073709551615s",
                                      "213503982335d"};
    uint64_t v = 4711;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (num_parse_duration_ms(bad[i], &v))
            fail_msg("'%s' was taken", bad[i]);
        assert_int_equal(v, 4711);
    }
}

static void sizes_are_powers_of_1024(void **state)
{
    static const char *const bad[] = {"",
                                      "B",
                                      "1 kB",
                                      "1KB",
                                      "1kb",
                                      "1M",
                                      "1kBB",
                                      "1.5GB",
                                      "-1B",
                                      "17179869184GB",
                                      "18446744073709551616"};
    uint64_t v = 4711;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (num_parse_size(bad[i], &v))
            fail_msg("'%s' was taken", bad[i]);
    }
    assert_int_equal(v, 4711);
    assert_true(num_parse_size("512", &v) && v == 512);
    assert_true(num_parse_size("512B", &v) && v == 512);
    assert_true(num_parse_size("64kB", &v) && v == 65536);
    assert_true(num_parse_size("10MB", &v) && v == 10485760);
    assert_true(num_parse_size("2GB", &v) && v == 2147483648);
    assert_true(num_parse_size("1TB", &v) && v == 1099511627776);
}

static void arithmetic_reports_overflow(void **state)
{
    size_t v;

    (void)state;
    assert_true(num_add(SIZE_MAX - 1, 1, &v) && v == SIZE_MAX);
    assert_false(num_add(SIZE_MAX, 1, &v));
    assert_true(num_mul(SIZE_MAX / 2, 2, &v) && v == SIZE_MAX - 1);
    assert_false(num_mul(SIZE_MAX / 2 + 1, 2, &v));
}

static void people_read_rounded_numbers(void **state)
{
    char t[NUM_TEXT_MAX];

    (void)state;
    assert_string_equal(num_format_bytes(t, 0), "0 B");
    assert_string_equal(num_format_bytes(t, 1023), "1023 B");
    assert_string_equal(num_format_bytes(t, 1024), "1.0 KiB");
    assert_string_equal(num_format_bytes(t, 1288490189), "1.2 GiB");
    assert_string_equal(num_format_bytes(t, UINT64_MAX), "16384.0 PiB");
    assert_string_equal(num_format_count(t, 999), "999");
    assert_string_equal(num_format_count(t, 3400000), "3.4M");
    assert_string_equal(num_format_duration(t, 0), "0.0s");
    assert_string_equal(num_format_duration(t, 9940), "9.9s");
    assert_string_equal(num_format_duration(t, 59999), "59s");
    assert_string_equal(num_format_duration(t, 133000), "2m13s");
    assert_string_equal(num_format_duration(t, 7380000), "2h03m");
    (void)num_format_duration(t, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(u64_takes_whole_decimals_in_range),
        cmocka_unit_test(u64_refuses_everything_else),
        cmocka_unit_test(i64_reaches_both_ends),
        cmocka_unit_test(durations_are_read_with_their_units),
        cmocka_unit_test(other_durations_are_refused),
        cmocka_unit_test(sizes_are_powers_of_1024),
        cmocka_unit_test(arithmetic_reports_overflow),
        cmocka_unit_test(people_read_rounded_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
