/* test_progress_line.c - what the line says, second by second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/progress_line.h"

#define MIB (UINT64_C(1) << 20)

enum { TEXT_MAX = 200 };

static void begin(struct progress *p, const char *phase, const char *unit, uint64_t total,
                  uint64_t now_ms)
{
    progress_phase(p, phase, unit, total);
    atomic_store(&p->phase_started_ms, now_ms);
}

static const char *line_at(struct progress_line *l, struct progress *p, uint64_t done,
                           uint64_t now_ms)
{
    static char text[TEXT_MAX];

    progress_done(p, done);
    progress_line_format(l, p, now_ms, text, sizeof text);
    return text;
}

static void before_the_first_phase_there_is_nothing_to_say(void **state)
{
    struct progress_line l = {0};
    struct progress p = {0};

    (void)state;
    assert_string_equal(line_at(&l, &p, 0, 1000), "");
}

static void a_phase_without_a_unit_shows_how_long_it_takes(void **state)
{
    struct progress_line l = {0};
    struct progress p = {0};

    (void)state;
    begin(&p, "swap", NULL, 0, 1000);
    assert_string_equal(line_at(&l, &p, 0, 3500), "swap     2.5s");
}

static void bytes_of_a_known_total_show_a_bar_a_rate_and_after_5_s_when_it_ends(void **state)
{
    struct progress_line l = {0};
    struct progress p = {0};

    (void)state;
    begin(&p, "dump", "B", 1000 * MIB, 1000);
    assert_string_equal(line_at(&l, &p, 0, 1000),
                        "dump       0% [----------------] 0 B/1000.0 MiB");
    assert_string_equal(line_at(&l, &p, 100 * MIB, 3000),
                        "dump      10% [#---------------] 100.0 MiB/1000.0 MiB  50.0 MiB/s");
    assert_string_equal(
        line_at(&l, &p, 250 * MIB, 6000),
        "dump      25% [####------------] 250.0 MiB/1000.0 MiB  50.0 MiB/s  eta 15s");
}

static void a_total_that_was_guessed_too_low_does_not_go_beyond_100(void **state)
{
    struct progress_line l = {0};
    struct progress p = {0};

    (void)state;
    begin(&p, "dump", "B", 100 * MIB, 0);
    (void)line_at(&l, &p, 0, 0);
    assert_string_equal(line_at(&l, &p, 120 * MIB, 6000),
                        "dump     100% [################] 120.0 MiB/100.0 MiB  20.0 MiB/s");
}

static void the_rate_is_that_of_the_last_half_minute(void **state)
{
    struct progress_line l = {0};
    struct progress p = {0};
    const char *text = "";

    (void)state;
    begin(&p, "dump", "B", 100000 * MIB, 0);
    for (uint64_t s = 0; s <= 60; s++)
        text = line_at(&l, &p, s * 100 * MIB, s * 1000);
    assert_non_null(strstr(text, "  100.0 MiB/s  "));
    for (uint64_t half = 0; half < 130; half++)
        text = line_at(&l, &p, 6000 * MIB + half * 5 * MIB, 60000 + half * 500);
    assert_non_null(strstr(text, "  10.0 MiB/s  "));
}

static void another_phase_starts_over(void **state)
{
    struct progress_line l = {0};
    struct progress p = {0};

    (void)state;
    begin(&p, "dump", "B", 100 * MIB, 0);
    (void)line_at(&l, &p, 0, 0);
    (void)line_at(&l, &p, 100 * MIB, 10000);
    begin(&p, "verify", "tables", 8, 10000);
    assert_string_equal(line_at(&l, &p, 2, 10200), "verify    25% [####------------] 2/8 tables");
    begin(&p, "check", "B", 400 * MIB, 11000);
    assert_string_equal(line_at(&l, &p, 200 * MIB, 11000),
                        "check     50% [########--------] 200.0 MiB/400.0 MiB");
}

static void an_unknown_total_shows_what_was_done(void **state)
{
    struct progress_line l = {0};
    struct progress p = {0};

    (void)state;
    begin(&p, "unpack", "B", 0, 0);
    assert_string_equal(line_at(&l, &p, 3 * MIB, 500), "unpack   3.0 MiB");
}

static void a_short_buffer_is_never_overrun(void **state)
{
    struct progress_line l = {0};
    struct progress p = {0};
    char text[32];

    (void)state;
    begin(&p, "restore", "B", 1000 * MIB, 0);
    progress_line_format(&l, &p, 1000, text, sizeof text);
    assert_true(strlen(text) < sizeof text);
    assert_memory_equal(text, "restore", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_phase_there_is_nothing_to_say),
        cmocka_unit_test(a_phase_without_a_unit_shows_how_long_it_takes),
        cmocka_unit_test(bytes_of_a_known_total_show_a_bar_a_rate_and_after_5_s_when_it_ends),
        cmocka_unit_test(a_total_that_was_guessed_too_low_does_not_go_beyond_100),
        cmocka_unit_test(the_rate_is_that_of_the_last_half_minute),
        cmocka_unit_test(another_phase_starts_over),
        cmocka_unit_test(an_unknown_total_shows_what_was_done),
        cmocka_unit_test(a_short_buffer_is_never_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
