/* Probes that only look at facts: what each of them makes of odd ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "check/check_priv.h"

static struct config cfg;
static struct check_report report;
static struct check_options options;
static struct check c;
static struct probe_result r;
static struct err e;

static int setup(void **state)
{
    (void)state;
    report = (struct check_report){.arena = arena_new()};
    cfg = (struct config){.jobs = 4, .temp_dir = "/tmp", .name = "job"};
    options = (struct check_options){0};
    c = (struct check){.cfg = &cfg,
                       .o = &options,
                       .report = &report,
                       .a = report.arena,
                       .f = &report.facts,
                       .target_database = "app"};
    c.source = (struct endpoint){.side = "source", .host = "prod"};
    c.target = (struct endpoint){.side = "target", .host = "test"};
    report.facts.source_server = (struct check_server){.known = true,
                                                       .version = 150020,
                                                       .version_text = "15.20",
                                                       .started = "then",
                                                       .user = "me",
                                                       .max_connections = 100,
                                                       .role_limit = -1};
    report.facts.target_server = report.facts.source_server;
    report.facts.target_server.started = "later";
    r = (struct probe_result){.id = "x.y", .value = "", .threshold = "", .message = "", .hint = ""};
    e = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(report.arena);
    return 0;
}

static void a_clock_that_is_off_warns_then_fails(void **state)
{
    (void)state;
    assert_true(probe_env_clock(&c, &r, &e));
    assert_int_equal(r.level, CHECK_OK);
    report.facts.target_server.clock_offset_s = -7;
    assert_true(probe_env_clock(&c, &r, &e));
    assert_int_equal(r.level, CHECK_WARN);
    assert_string_equal(r.message, "the target's clock is 7 s behind ours");
    report.facts.source_server.clock_offset_s = 3600;
    assert_true(probe_env_clock(&c, &r, &e));
    assert_int_equal(r.level, CHECK_FAIL);
    assert_string_equal(r.message, "the source's clock is 3600 s ahead of ours");
    assert_non_null(strstr(r.hint, "timedatectl"));
}

static void clocks_cannot_be_compared_without_a_server(void **state)
{
    (void)state;
    report.facts.source_server.known = report.facts.target_server.known = false;
    assert_true(probe_env_clock(&c, &r, &e));
    assert_int_equal(r.level, CHECK_SKIP);
}

static void the_target_needs_sessions_for_every_job(void **state)
{
    (void)state;
    report.facts.target_server.connections = 93;
    assert_true(probe_tgt_conn(&c, &r, &e));
    assert_int_equal(r.level, CHECK_OK);
    report.facts.target_server.connections = 94;
    assert_true(probe_tgt_conn(&c, &r, &e));
    assert_int_equal(r.level, CHECK_FAIL);
    assert_string_equal(r.message, "7 sessions are needed, but 94 of the server's 100 are in use");
    assert_non_null(strstr(r.hint, "max_connections"));
}

static void one_cluster_needs_the_sessions_of_both(void **state)
{
    (void)state;
    report.facts.target_server.started = "then";
    report.facts.target_server.connections = 91;
    assert_true(probe_tgt_conn(&c, &r, &e));
    assert_int_equal(r.level, CHECK_FAIL);
    assert_non_null(strstr(r.message, "10 sessions are needed"));
}

static void every_limit_that_is_too_low_is_told(void **state)
{
    (void)state;
    report.facts.source_server.connections = 99;
    report.facts.source_server.role_limit = 1;
    report.facts.source_db =
        (struct check_database){.exists = true, .name = "app", .connection_limit = 0};
    assert_true(probe_src_conn(&c, &r, &e));
    assert_non_null(strstr(r.message, "3 sessions are needed"));
    assert_non_null(strstr(r.message, "; role 'me' may have 1"));
    assert_non_null(strstr(r.message, "; database 'app' allows 0"));
    assert_non_null(strstr(r.hint, "ALTER ROLE me CONNECTION LIMIT 3"));
}

static void a_superuser_is_not_held_to_the_databases_limit(void **state)
{
    (void)state;
    report.facts.source_server.superuser = true;
    report.facts.source_db =
        (struct check_database){.exists = true, .name = "app", .connection_limit = 0};
    assert_true(probe_src_conn(&c, &r, &e));
    assert_int_equal(r.level, CHECK_OK);
}

static void going_down_a_major_is_told(void **state)
{
    (void)state;
    report.facts.source_server.version = 160016;
    assert_true(probe_tgt_version(&c, &r, &e));
    assert_int_equal(r.level, CHECK_WARN);
    assert_string_equal(r.message, "the target is PostgreSQL 15, older than the source's 16: what "
                                   "only 16 knows cannot be restored");
    report.facts.source_server.version = 170012;
    assert_true(probe_tgt_version(&c, &r, &e));
    assert_int_equal(r.level, CHECK_FAIL);
    assert_string_equal(r.message, "the target is PostgreSQL 15, which refuses what pg_restore 17 "
                                   "sets (transaction_timeout)");
}

static void a_server_before_12_is_not_supported(void **state)
{
    (void)state;
    report.facts.source_server.version = 110022;
    report.facts.source_server.version_text = "11.22";
    assert_true(probe_src_version(&c, &r, &e));
    assert_int_equal(r.level, CHECK_FAIL);
    assert_string_equal(r.message, "PostgreSQL 11.22 is older than 12, which pg_mirror needs");
}

static void a_major_without_support_warns(void **state)
{
    (void)state;
    report.facts.source_server.version = 120020;
    assert_true(probe_src_version(&c, &r, &e));
    assert_int_equal(r.level, CHECK_WARN);
    assert_string_equal(r.message, "PostgreSQL 12 gets no more fixes since 2024-11-21");
}

static void a_right_that_is_missing_is_granted_by_the_hint(void **state)
{
    (void)state;
    report.facts.target_server.user = "User";
    assert_true(probe_tgt_createdb(&c, &r, &e));
    assert_int_equal(r.level, CHECK_FAIL);
    assert_string_equal(r.hint, "psql -h test -d postgres -c 'ALTER ROLE \"User\" CREATEDB'");
}

static void in_place_needs_no_createdb(void **state)
{
    (void)state;
    cfg.if_exists = IF_EXISTS_IN_PLACE;
    report.facts.target_db.exists = true;
    assert_true(probe_tgt_createdb(&c, &r, &e));
    assert_int_equal(r.level, CHECK_OK);
}

static void a_superusers_session_is_worse_than_no_right_to_end_others(void **state)
{
    (void)state;
    report.facts.target_db =
        (struct check_database){.exists = true, .name = "app", .superuser_connections = 2};
    assert_true(probe_tgt_signal(&c, &r, &e));
    assert_int_equal(r.level, CHECK_FAIL);
    assert_string_equal(r.message, "2 superuser sessions in 'app': only a superuser can end them");
}

static void a_password_file_that_others_read_warns_and_fails_under_strict(void **state)
{
    char path[] = "/tmp/check_secret_XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    cfg.source_secret.file = path;
    assert_int_equal(fchmod(fd, 0644), 0);
    assert_true(probe_cfg_perms(&c, &r, &e));
    assert_int_equal(r.level, CHECK_WARN);
    assert_non_null(strstr(r.message, "has mode 0644: others can read it"));
    assert_non_null(strstr(r.hint, "chmod 600 "));
    cfg.strict = true;
    assert_true(probe_cfg_perms(&c, &r, &e));
    assert_int_equal(r.level, CHECK_FAIL);
    assert_int_equal(close(fd) | unlink(path), 0);
}

static void the_worst_finding_counts_and_equals_are_joined(void **state)
{
    (void)state;
    check_ok(&c, &r, "%d", 1);
    check_warn(&c, &r, "a");
    check_warn(&c, &r, "b");
    assert_string_equal(r.message, "a; b");
    check_fail(&c, &r, "c");
    check_warn(&c, &r, "d");
    assert_int_equal(r.level, CHECK_FAIL);
    assert_string_equal(r.message, "c");
    assert_string_equal(r.value, "1");
}

static void an_error_becomes_message_hint_and_code(void **state)
{
    (void)state;
    (void)err_set(&e, E_AUTH, "refused");
    (void)err_detail(&e, "by 'x'");
    (void)err_hint(&e, "ask");
    check_fail_err(&c, &r, &e);
    assert_string_equal(r.message, "refused (by 'x')");
    assert_string_equal(r.hint, "ask");
    assert_int_equal(r.code, E_AUTH);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_clock_that_is_off_warns_then_fails),
        TEST(clocks_cannot_be_compared_without_a_server),
        TEST(the_target_needs_sessions_for_every_job),
        TEST(one_cluster_needs_the_sessions_of_both),
        TEST(every_limit_that_is_too_low_is_told),
        TEST(a_superuser_is_not_held_to_the_databases_limit),
        TEST(going_down_a_major_is_told),
        TEST(a_server_before_12_is_not_supported),
        TEST(a_major_without_support_warns),
        TEST(a_right_that_is_missing_is_granted_by_the_hint),
        TEST(in_place_needs_no_createdb),
        TEST(a_superusers_session_is_worse_than_no_right_to_end_others),
        TEST(a_password_file_that_others_read_warns_and_fails_under_strict),
        TEST(the_worst_finding_counts_and_equals_are_joined),
        TEST(an_error_becomes_message_hint_and_code),
    };

    return cmocka_run_group_tests_name("probes", tests, NULL, NULL);
}
