#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "check/check.h"
#include "common/arena.h"

static struct probe_result results[] = {
    {"cfg.valid", CHECK_CONFIG, CHECK_OK, "a.json", "", "", "", E_CONFIG, 0.1},
    {"tgt.extensions", CHECK_TARGET, CHECK_FAIL, "1 needed", "",
     "not available on the target: postgis", "sudo apt-get install x\nor y", E_CREATE, 1.25},
    {"src.priv", CHECK_SOURCE, CHECK_OK, "212 of 212 tables readable", "", "", "", E_AUTH, 2},
    {"src.locks", CHECK_SOURCE, CHECK_WARN, "", "", "pid 7 locks", "wait", E_SERVER, 2},
    {"tgt.roles", CHECK_TARGET, CHECK_SKIP, "", "", "src.db failed", "", E_CREATE, 0},
    {"src.tls", CHECK_SOURCE, CHECK_OK, "tls verify-full", "", "", "", E_AUTH, 2},
};

static struct check_report report;
static struct buf out = BUF_INIT(BUF_TEXT_MAX);

static int setup(void **state)
{
    (void)state;
    report = (struct check_report){.results = results, .count = ARRAY_LEN(results)};
    report.facts.source_server = (struct check_server){
        .known = true, .where = "prod.db:5432", .version_text = "16.4", .in_recovery = true};
    report.facts.source_db.name = "app";
    buf_clear(&out);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

static void text_shows_what_is_not_ok_below_its_side(void **state)
{
    (void)state;
    check_render_text(&out, &report, &(struct check_render){0});
    assert_string_equal(buf_str(&out),
                        "source  prod.db:5432/app  PostgreSQL 16.4 (standby)  tls verify-full\n"
                        "  warn  locks       pid 7 locks\n"
                        "        hint: wait\n"
                        "target\n"
                        "  FAIL  extensions  not available on the target: postgis\n"
                        "        hint: sudo apt-get install x\n"
                        "              or y\n"
                        "1 failed, 1 warning, 1 skipped, 3 ok\n");
}

static void verbose_text_shows_everything(void **state)
{
    (void)state;
    check_render_text(&out, &report, &(struct check_render){.verbose = true});
    assert_non_null(strstr(buf_str(&out), "config\n  ok    valid       a.json\n"));
    assert_non_null(strstr(buf_str(&out), "  ok    priv        212 of 212 tables readable\n"));
    assert_non_null(strstr(buf_str(&out), "  skip  roles       src.db failed\n"));
}

static void color_marks_only_the_level(void **state)
{
    (void)state;
    check_render_text(&out, &report, &(struct check_render){.color = true});
    assert_non_null(strstr(buf_str(&out), "  \033[1;31mFAIL\033[0m  extensions  not"));
}

static void the_estimate_is_one_line(void **state)
{
    (void)state;
    report.facts.copy = (struct copy_facts){.known = true,
                                            .heap_bytes = 3 << 20,
                                            .index_bytes = 1 << 20,
                                            .dump_bytes = 1 << 20,
                                            .target_bytes = 8 << 20,
                                            .seconds_low = 60,
                                            .seconds_high = 120,
                                            .temp_dir = "/var/tmp",
                                            .jobs = 4};
    check_render_text(&out, &report, &(struct check_render){0});
    assert_non_null(strstr(buf_str(&out), "estimate  4.0 MiB, 1m00s to 2m00s with 4 jobs, needs "
                                          "1.0 MiB in /var/tmp, 8.0 MiB on target while both "
                                          "copies exist\n"));
}

static void nagios_names_the_failed_and_counts(void **state)
{
    (void)state;
    report.facts.copy = (struct copy_facts){.known = true, .seconds_high = 1020};
    check_render_nagios(&out, &report);
    assert_string_equal(buf_str(&out),
                        "CRITICAL - 1 failed: tgt.extensions | failed=1 warn=1 est_seconds=1020\n");
}

static void nagios_warns_when_nothing_failed(void **state)
{
    (void)state;
    report.results = results + 2;
    report.count = 2;
    check_render_nagios(&out, &report);
    assert_string_equal(buf_str(&out), "WARNING - 1 warning: src.locks | failed=0 warn=1\n");
}

static void nagios_is_ok_when_all_is(void **state)
{
    (void)state;
    report.count = 1;
    check_render_nagios(&out, &report);
    assert_string_equal(buf_str(&out), "OK - 1 checks passed | failed=0 warn=0\n");
}

static const char *text_member(const cJSON *o, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

static void json_has_every_field_of_every_check(void **state)
{
    cJSON *o = cJSON_CreateObject();
    const cJSON *checks, *one;

    (void)state;
    check_render_json(o, &report);
    checks = cJSON_GetObjectItemCaseSensitive(o, "checks");
    assert_int_equal(cJSON_GetArraySize(checks), ARRAY_LEN(results));
    one = cJSON_GetArrayItem(checks, 1);
    assert_string_equal(text_member(one, "id"), "tgt.extensions");
    assert_string_equal(text_member(one, "side"), "target");
    assert_string_equal(text_member(one, "level"), "fail");
    assert_string_equal(text_member(one, "value"), "1 needed");
    assert_string_equal(text_member(one, "threshold"), "");
    assert_string_equal(text_member(one, "message"), "not available on the target: postgis");
    assert_string_equal(text_member(one, "hint"), "sudo apt-get install x\nor y");
    assert_true(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(one, "ms")) > 1.2);
    one = cJSON_GetObjectItemCaseSensitive(o, "summary");
    assert_true(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(one, "fail")) == 1);
    assert_true(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(one, "ok")) == 3);
    assert_null(cJSON_GetObjectItemCaseSensitive(o, "estimate"));
    cJSON_Delete(o);
}

static void json_stays_utf8_when_a_server_does_not(void **state)
{
    struct probe_result odd = results[3];
    cJSON *o = cJSON_CreateObject();

    (void)state;
    odd.message = "r\xe9seau \xc3\xa9";
    report.results = &odd;
    report.count = 1;
    check_render_json(o, &report);
    assert_string_equal(
        text_member(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(o, "checks"), 0),
                    "message"),
        "r?seau \xc3\xa9");
    cJSON_Delete(o);
}

static void the_worst_failure_decides_the_exit_code(void **state)
{
    struct probe_result two[] = {results[1], results[1]};

    (void)state;
    two[0].code = E_IO;
    two[1].code = E_REFUSED;
    report.results = two;
    report.count = 2;
    assert_ptr_equal(check_first_failure(&report), &two[1]);
    two[1].level = CHECK_WARN;
    assert_ptr_equal(check_first_failure(&report), &two[0]);
    two[0].level = CHECK_OK;
    assert_null(check_first_failure(&report));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_shows_what_is_not_ok_below_its_side, setup, teardown),
        cmocka_unit_test_setup_teardown(verbose_text_shows_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(color_marks_only_the_level, setup, teardown),
        cmocka_unit_test_setup_teardown(the_estimate_is_one_line, setup, teardown),
        cmocka_unit_test_setup_teardown(nagios_names_the_failed_and_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(nagios_warns_when_nothing_failed, setup, teardown),
        cmocka_unit_test_setup_teardown(nagios_is_ok_when_all_is, setup, teardown),
        cmocka_unit_test_setup_teardown(json_has_every_field_of_every_check, setup, teardown),
        cmocka_unit_test_setup_teardown(json_stays_utf8_when_a_server_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(the_worst_failure_decides_the_exit_code, setup, teardown),
    };

    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
