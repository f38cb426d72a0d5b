#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check/check.h"
#include "check/check_priv.h"
#include "common/stop.h"

static struct config cfg;
static struct check_report report;
static struct err e;

static int setup(void **state)
{
    (void)state;
    e = (struct err){0};
    stop_reset();
    cfg = (struct config){
        .files = "none.json",
        .source = {.side = "source", .host = "/nonexistent", .port = "1", .database = "app"},
        .target = {.side = "target", .host = "/nonexistent", .port = "2", .database = "app"},
        .jobs = 2,
        .temp_dir = "/tmp",
    };
    return stop_init(&e) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    check_report_release(&report);
    stop_reset();
    return 0;
}

static const struct probe_result *run_and_find(const struct check_options *o, const char *id)
{
    check_report_release(&report);
    assert_true(check_run(&report, &cfg, o, &e));
    for (size_t i = 0; i < report.count; i++)
        if (strcmp(report.results[i].id, id) == 0)
            return &report.results[i];
    return NULL;
}

static void a_probe_stands_below_what_it_depends_on(void **state)
{
    size_t count;
    const struct probe *p = probe_table(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < PROBE_DEPENDS_MAX && p[i].depends_on[k]; k++) {
            size_t at = 0;

            while (at < i && strcmp(p[at].id, p[i].depends_on[k]) != 0)
                at++;
            if (at == i)
                fail_msg("%s depends on %s, which is not above it", p[i].id, p[i].depends_on[k]);
            if (p[i].in_preflight && !p[at].in_preflight)
                fail_msg("%s is in the preflight, %s is not", p[i].id, p[at].id);
        }
    }
}

static void ids_are_unique_and_begin_with_their_side(void **state)
{
    static const char *const prefix[] = {"cfg.", "env.", "src.", "tgt."};
    size_t count;
    const struct probe *p = probe_table(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(strncmp(p[i].id, prefix[p[i].side], 4), 0);
        assert_true(p[i].run != NULL);
        assert_int_not_equal(p[i].code, E_NONE);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(p[i].id, p[k].id);
    }
    assert_string_equal(check_probe_id(0), p[0].id);
    assert_null(check_probe_id(count));
}

static void everything_is_asked_although_nobody_answers(void **state)
{
    struct check_options o = {0};
    size_t count;

    (void)state;
    probe_table(&count);
    assert_non_null(run_and_find(&o, "env.paths"));
    assert_int_equal(report.count, count);
    assert_int_equal(run_and_find(&o, "src.reach")->level, CHECK_FAIL);
    assert_int_equal(run_and_find(&o, "tgt.reach")->level, CHECK_FAIL);
    assert_int_equal(run_and_find(&o, "cfg.valid")->level, CHECK_OK);
    assert_int_equal(run_and_find(&o, "env.ulimit")->level, CHECK_OK);
}

static void a_dependant_is_skipped_and_names_the_first_reason(void **state)
{
    struct check_options o = {0};

    (void)state;
    assert_int_equal(run_and_find(&o, "src.auth")->level, CHECK_SKIP);
    assert_string_equal(run_and_find(&o, "src.auth")->message, "src.reach failed");
    assert_string_equal(run_and_find(&o, "src.priv")->message, "src.reach failed");
    assert_string_equal(run_and_find(&o, "tgt.owner")->message, "tgt.reach failed");
}

static void a_failure_has_the_exit_code_of_its_reason_and_a_hint(void **state)
{
    struct check_options o = {0};

    (void)state;
    run_and_find(&o, "src.reach");
    for (size_t i = 0; i < report.count; i++) {
        if (report.results[i].level != CHECK_FAIL)
            continue;
        assert_string_not_equal(report.results[i].message, "");
        assert_string_not_equal(report.results[i].hint, "");
    }
    assert_int_equal(check_first_failure(&report)->code, E_CONNECT);
    assert_false(check_report_err(&report, &e));
    assert_int_equal(e.code, E_CONNECT);
    assert_non_null(strstr(e.text, "(check tgt.reach)"));
    assert_non_null(strstr(e.detail, "src.reach: "));
}

static void only_leaves_the_others_out(void **state)
{
    const char *names[] = {"cfg", "env.ulimit"};
    struct check_options o = {.only = {names, 2}};

    (void)state;
    assert_non_null(run_and_find(&o, "cfg.perms"));
    assert_non_null(run_and_find(&o, "env.ulimit"));
    assert_int_equal(report.count, 4);
}

static void only_tells_why_it_could_not_be_asked(void **state)
{
    const char *names[] = {"src.priv"};
    struct check_options o = {.only = {names, 1}};

    (void)state;
    assert_int_equal(run_and_find(&o, "src.reach")->level, CHECK_FAIL);
    assert_int_equal(run_and_find(&o, "src.priv")->level, CHECK_SKIP);
    assert_int_equal(report.count, 2);
}

static void skip_leaves_them_out(void **state)
{
    const char *names[] = {"src", "tgt", "env.lock"};
    struct check_options o = {.skip = {names, 3}};

    (void)state;
    assert_null(run_and_find(&o, "env.lock"));
    assert_null(run_and_find(&o, "src.priv"));
    assert_non_null(run_and_find(&o, "env.paths"));
}

static void one_side_alone_does_not_ask_the_other(void **state)
{
    struct check_options o = {.target_only = true};

    (void)state;
    assert_null(run_and_find(&o, "src.reach"));
    assert_int_equal(run_and_find(&o, "tgt.reach")->level, CHECK_FAIL);
    assert_int_equal(run_and_find(&o, "tgt.distinct")->level, CHECK_SKIP);
}

static void unknown_names_are_refused_with_the_likely_one(void **state)
{
    const char *names[] = {"src.prov"};
    struct check_options o = {.skip = {names, 1}};

    (void)state;
    assert_false(check_options_valid(&o, &e));
    assert_int_equal(e.code, E_USAGE);
    assert_string_equal(e.text, "there is no check named 'src.prov'");
    assert_string_equal(e.hint, "did you mean 'src.priv'?");
    names[0] = "src";
    assert_true(check_options_valid(&o, &e));
}

static void both_sides_only_is_a_contradiction(void **state)
{
    struct check_options o = {.source_only = true, .target_only = true};

    (void)state;
    assert_false(check_options_valid(&o, &e));
    assert_int_equal(e.code, E_USAGE);
    assert_string_equal(e.text, "--source-only and --target-only exclude each other");
}

static void a_stopped_run_says_so(void **state)
{
    struct check_options o = {0};

    (void)state;
    stop_request(STOP_SIGNAL, 15);
    assert_false(check_run(&report, &cfg, &o, &e));
    assert_int_equal(e.code, E_CANCELLED);
    assert_string_equal(e.text, "interrupted by SIGTERM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_stands_below_what_it_depends_on),
        cmocka_unit_test(ids_are_unique_and_begin_with_their_side),
        cmocka_unit_test_setup_teardown(everything_is_asked_although_nobody_answers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_dependant_is_skipped_and_names_the_first_reason, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_failure_has_the_exit_code_of_its_reason_and_a_hint, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(only_leaves_the_others_out, setup, teardown),
        cmocka_unit_test_setup_teardown(only_tells_why_it_could_not_be_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(skip_leaves_them_out, setup, teardown),
        cmocka_unit_test_setup_teardown(one_side_alone_does_not_ask_the_other, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_names_are_refused_with_the_likely_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(both_sides_only_is_a_contradiction, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stopped_run_says_so, setup, teardown),
    };

    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
