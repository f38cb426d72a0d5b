/* test_report.c - filling the report of a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/io.h"
#include "model/report.h"

static void runs_have_different_names_of_12_hex_digits(void **state)
{
    struct report a;
    struct report b;

    (void)state;
    report_init(&a);
    report_init(&b);
    assert_int_equal(strlen(a.run_id), 12);
    assert_int_equal(strspn(a.run_id, "0123456789abcdef"), 12);
    assert_string_not_equal(a.run_id, b.run_id);
    assert_true(a.started_ms > UINT64_C(1600000000000));
    assert_int_equal(a.target_state, TARGET_UNCHANGED);
    report_release(&a);
    report_release(&b);
}

static void a_phase_ends_when_the_next_one_begins(void **state)
{
    struct report r;

    (void)state;
    report_init(&r);
    report_phase(&r, "prepare");
    r.phase_began_ms = io_now_ms() - 500;
    report_phase(&r, "dump");
    report_phase_bytes(&r, 42);
    report_phase(&r, NULL);
    report_phase_bytes(&r, 99); /* of no phase */
    assert_int_equal(r.phase_count, 2);
    assert_string_equal(r.phases[0].name, "prepare");
    assert_in_range(r.phases[0].ms, 500, 5000);
    assert_int_equal(r.phases[0].bytes, 0);
    assert_string_equal(r.phases[1].name, "dump");
    assert_int_equal(r.phases[1].bytes, 42);
    assert_in_range(r.phases[1].ms, 0, 5000);
    report_release(&r);
}

static void ending_twice_does_not_stretch_the_last_phase(void **state)
{
    struct report r;

    (void)state;
    report_init(&r);
    report_phase(&r, "swap");
    report_phase(&r, NULL);
    r.phases[0].ms = 7;
    r.phase_began_ms = 0;
    report_phase(&r, NULL);
    assert_int_equal(r.phases[0].ms, 7);
    report_release(&r);
}

static void rows_of_tables_add_up_and_names_are_copied(void **state)
{
    struct report r;
    char name[] = "t";

    (void)state;
    report_init(&r);
    for (unsigned i = 0; i < 100; i++)
        report_table(&r, "public", name, i, i * 2);
    name[0] = 'x';
    assert_int_equal(r.table_count, 100);
    assert_int_equal(r.rows, 4950);
    assert_string_equal(r.tables[99].name, "t");
    assert_int_equal(r.tables[99].bytes, 198);
    report_release(&r);
}

static void a_warning_without_a_hint_has_none(void **state)
{
    struct report r;

    (void)state;
    report_init(&r);
    report_warn(&r, "a", "", "%d things", 3);
    report_warn(&r, "b", "do it", "%s", "100 % text");
    assert_string_equal(r.warnings[0].message, "3 things");
    assert_null(r.warnings[0].hint);
    assert_string_equal(r.warnings[1].message, "100 % text");
    assert_string_equal(r.warnings[1].hint, "do it");
    report_release(&r);
}

static void another_attempt_forgets_what_the_first_one_did(void **state)
{
    struct report r;
    char run[sizeof r.run_id];

    (void)state;
    report_init(&r);
    memcpy(run, r.run_id, sizeof run);
    report_phase(&r, "dump");
    report_table(&r, "s", "t", 5, 5);
    report_warn(&r, "a", NULL, "b");
    r.snapshot_lsn = "0/1";
    r.snapshot_ms = 1;
    r.dump_bytes = 9;
    report_restart(&r);
    assert_int_equal(r.phase_count + r.table_count + r.warning_count, 0);
    assert_int_equal(r.rows + r.dump_bytes + r.snapshot_ms, 0);
    assert_null(r.snapshot_lsn);
    assert_null(r.phase_open);
    assert_string_equal(r.run_id, run);
    report_phase(&r, "dump");
    assert_int_equal(r.phase_count, 1);
    report_release(&r);
}

static void states_have_the_names_of_the_document(void **state)
{
    (void)state;
    assert_string_equal(target_state_name(TARGET_UNCHANGED), "unchanged");
    assert_string_equal(target_state_name(TARGET_REPLACED), "replaced");
    assert_string_equal(target_state_name(TARGET_ROLLED_BACK), "rolled_back");
    assert_string_equal(target_state_name(TARGET_UNKNOWN), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_have_different_names_of_12_hex_digits),
        cmocka_unit_test(a_phase_ends_when_the_next_one_begins),
        cmocka_unit_test(ending_twice_does_not_stretch_the_last_phase),
        cmocka_unit_test(rows_of_tables_add_up_and_names_are_copied),
        cmocka_unit_test(a_warning_without_a_hint_has_none),
        cmocka_unit_test(another_attempt_forgets_what_the_first_one_did),
        cmocka_unit_test(states_have_the_names_of_the_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
