/* test_status_file.c - what the status file remembers from run to run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "cli/result.h"
#include "common/io.h"

static char dir[64];
static char path[96];

static int in_a_directory(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/pgm_status.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof path, "%s/status.json", dir);
    return 0;
}

static int out_of_it(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir); /* fails when a temporary file was left */
}

static cJSON *file(void)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);
    cJSON *o;

    assert_true(io_read_file(path, &b, NULL));
    o = cJSON_Parse(buf_str(&b));
    assert_non_null(o);
    return o;
}

/* One run that ended at this wall clock time, in s. */
static void run_ends(uint64_t at_s, enum err_code code)
{
    struct report r;
    struct err e = {0};
    struct err why = {0};

    report_init(&r);
    r.job = "nightly";
    r.started_ms = (at_s - 1) * 1000;
    r.finished_ms = at_s * 1000;
    if (code != E_NONE)
        (void)err_set(&e, code, "it went wrong");
    assert_true(status_file_finished(path, &r, &e, err_exit_status(&e), &why));
    report_release(&r);
}

static const char *text_of(const cJSON *o, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

static void a_failure_keeps_the_time_of_the_last_success(void **state)
{
    cJSON *o;

    (void)state;
    run_ends(1000000, E_NONE);
    run_ends(1000100, E_CONNECT);
    o = file();
    assert_string_equal(text_of(o, "last_success"), "1970-01-12T13:46:40Z");
    assert_string_equal(text_of(cJSON_GetObjectItemCaseSensitive(o, "last"), "result"), "failed");
    assert_string_equal(text_of(o, "job"), "nightly");
    cJSON_Delete(o);
}

static void a_first_run_that_fails_knows_no_success(void **state)
{
    cJSON *o;

    (void)state;
    run_ends(1000000, E_CONNECT);
    o = file();
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(o, "last_success")));
    cJSON_Delete(o);
}

static void a_clone_that_is_live_is_a_success_even_if_strict_complains(void **state)
{
    cJSON *o;

    (void)state;
    run_ends(1000000, E_SECONDARY);
    o = file();
    assert_string_equal(text_of(cJSON_GetObjectItemCaseSensitive(o, "last"), "result"), "ok");
    assert_string_equal(text_of(o, "last_success"), "1970-01-12T13:46:40Z");
    cJSON_Delete(o);
}

static void while_a_run_works_the_file_says_how_far_it_is_and_still_what_was(void **state)
{
    struct report r;
    struct progress p = {0};
    const cJSON *running;
    cJSON *o;

    (void)state;
    run_ends(1000000, E_NONE);
    report_init(&r);
    r.job = "nightly";
    progress_phase(&p, "dump", "B", 200);
    progress_done(&p, 50);
    status_file_running(path, &r, &p);
    o = file();
    running = cJSON_GetObjectItemCaseSensitive(o, "running");
    assert_string_equal(text_of(running, "phase"), "dump");
    assert_string_equal(text_of(running, "run_id"), r.run_id);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(running, "done")->valueint, 50);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(running, "total")->valueint, 200);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(running, "pid")->valueint, getpid());
    assert_string_equal(text_of(o, "last_success"), "1970-01-12T13:46:40Z");
    assert_non_null(cJSON_GetObjectItemCaseSensitive(o, "last"));
    cJSON_Delete(o);
    report_release(&r);
    run_ends(1000200, E_NONE);
    o = file();
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(o, "running")));
    cJSON_Delete(o);
}

static void the_history_holds_30_runs_the_newest_first(void **state)
{
    const cJSON *history;
    cJSON *o;

    (void)state;
    for (unsigned i = 0; i < STATUS_HISTORY + 5; i++)
        run_ends(1000000 + i, i == STATUS_HISTORY + 4 ? E_BUSY : E_NONE);
    o = file();
    history = cJSON_GetObjectItemCaseSensitive(o, "history");
    assert_int_equal(cJSON_GetArraySize(history), STATUS_HISTORY);
    assert_string_equal(text_of(cJSON_GetArrayItem(history, 0), "message"), "it went wrong");
    assert_string_equal(text_of(cJSON_GetArrayItem(history, 0), "finished"),
                        "1970-01-12T13:47:14Z");
    assert_string_equal(text_of(cJSON_GetArrayItem(history, STATUS_HISTORY - 1), "finished"),
                        "1970-01-12T13:46:45Z");
    cJSON_Delete(o);
}

static void a_damaged_file_is_replaced_and_everybody_may_read_it(void **state)
{
    struct stat st;
    FILE *f = fopen(path, "w");
    cJSON *o;

    (void)state;
    assert_non_null(f);
    (void)fputs("{\"last_success\": ", f);
    (void)fclose(f);
    run_ends(1000000, E_NONE);
    o = file();
    assert_string_equal(text_of(o, "last_success"), "1970-01-12T13:46:40Z");
    cJSON_Delete(o);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
}

static void a_directory_that_is_not_there_is_an_error_that_names_the_file(void **state)
{
    struct report r;
    struct err none = {0};
    struct err e = {0};

    (void)state;
    report_init(&r);
    assert_false(status_file_finished("/nowhere/at/all.json", &r, &none, 0, &e));
    assert_int_equal(e.code, E_CREATE);
    assert_non_null(strstr(e.text, "/nowhere/at"));
    assert_true(status_file_finished(NULL, &r, &none, 0, &e));
    report_release(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, in_a_directory, out_of_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_failure_keeps_the_time_of_the_last_success),
        TEST(a_first_run_that_fails_knows_no_success),
        TEST(a_clone_that_is_live_is_a_success_even_if_strict_complains),
        TEST(while_a_run_works_the_file_says_how_far_it_is_and_still_what_was),
        TEST(the_history_holds_30_runs_the_newest_first),
        TEST(a_damaged_file_is_replaced_and_everybody_may_read_it),
        TEST(a_directory_that_is_not_there_is_an_error_that_names_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
