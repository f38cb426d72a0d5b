/* What the program says: levels, formats, history, the log file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io.h"
#include "common/log.h"

static char path[] = "/tmp/pgm_log.XXXXXX";
static char file[64];
static int saved = -1;
static struct buf said = BUF_INIT(1 << 20);

/* stderr goes to a file for the length of a test. */
static int setup(void **state)
{
    int fd;

    (void)state;
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    fd = mkstemp(path);
    (void)snprintf(file, sizeof file, "%s.log", path);
    saved = dup(STDERR_FILENO);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        return -1;
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_close();
    (void)dup2(saved, STDERR_FILENO);
    close(saved);
    (void)unlink(path);
    (void)unlink(file);
    buf_clear(&said);
    return 0;
}

static const char *stderr_text(void)
{
    struct err e = {0};

    buf_clear(&said);
    assert_true(io_read_file(path, &said, &e));
    return buf_str(&said);
}

static void start(struct log_options o)
{
    struct err e = {0};

    if (!log_init(&o, &e))
        fail_msg("%s", e.text);
}

static void lines_below_the_level_wait_for_a_failure(void **state)
{
    const char *s;

    (void)state;
    start((struct log_options){.level = LOG_WARNING, .format = LOG_FORMAT_JOURNAL});
    log_info("first");
    log_warn("loud");
    log_debug("never");
    log_info("second");
    assert_string_equal(stderr_text(), "<4>loud\n");
    log_history_flush();
    assert_string_equal(stderr_text(), "<4>loud\n<6>first\n<6>second\n");
    log_history_flush();
    s = stderr_text();
    assert_int_equal(strlen(s), strlen("<4>loud\n<6>first\n<6>second\n"));
}

static void history_keeps_the_newest(void **state)
{
    const char *s;

    (void)state;
    start((struct log_options){.level = LOG_ERROR, .format = LOG_FORMAT_JOURNAL});
    for (int i = 0; i < LOG_HISTORY_LINES + 50; i++)
        log_info("line %d.", i);
    log_history_flush();
    s = stderr_text();
    assert_null(strstr(s, "line 49."));
    assert_non_null(strstr(s, "line 50."));
    assert_true(strstr(s, "line 50.") < strstr(s, "line 51."));
    assert_non_null(strstr(s, "line 249."));
}

static void text_is_stamped_without_a_terminal(void **state)
{
    const char *s;

    (void)state;
    start((struct log_options){.level = LOG_INFO, .job = "staging", .run = "7f3a"});
    log_message(LOG_ERROR, "cannot lock table 's.t'", "held by pid 7", "wait");
    s = stderr_text();
    assert_int_equal(s[4], '-');
    assert_int_equal(s[10], 'T');
    assert_int_equal(s[19], 'Z');
    assert_non_null(strstr(s, "Z ERROR [job=staging run=7f3a] cannot lock table 's.t'\n"));
    assert_non_null(strstr(s, "Z ERROR [job=staging run=7f3a] detail: held by pid 7\n"));
    assert_non_null(strstr(s, "Z ERROR [job=staging run=7f3a] hint: wait\n"));
}

static void json_is_one_valid_object_a_line(void **state)
{
    const char *s;

    (void)state;
    start((struct log_options){.level = LOG_INFO, .format = LOG_FORMAT_JSON, .run = "7f3a"});
    log_set_phase("dump");
    log_message(LOG_INFO, "a \"b\" \\ \n\t\x01 ä", "", "do");
    log_set_phase("");
    s = stderr_text();
    assert_non_null(
        strstr(s, "\",\"level\":\"info\",\"run_id\":\"7f3a\",\"phase\":\"dump\","
                  "\"msg\":\"a \\\"b\\\" \\\\ \\u000a\\u0009\\u0001 ä\",\"hint\":\"do\"}\n"));
    assert_int_equal(s[0], '{');
}

static void json_stays_utf8_whatever_a_server_says(void **state)
{
    (void)state;
    start((struct log_options){.level = LOG_INFO, .format = LOG_FORMAT_JSON});
    log_info("%s", "caf\xe9 ä \xff");
    assert_non_null(strstr(stderr_text(), "\"msg\":\"caf\\ufffd ä \\ufffd\"}\n"));
}

static void the_file_gets_info_whatever_stderr_gets(void **state)
{
    struct err e = {0};
    struct stat st;

    (void)state;
    (void)umask(022);
    start((struct log_options){.level = LOG_ERROR, .file = file});
    log_info("quiet");
    log_debug("never");
    assert_string_equal(stderr_text(), "");
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    buf_clear(&said);
    assert_true(io_read_file(file, &said, &e));
    assert_non_null(strstr(buf_str(&said), "Z INFO quiet\n"));
    assert_null(strstr(buf_str(&said), "never"));
}

static void a_log_file_that_cannot_be_opened_is_said(void **state)
{
    struct log_options o = {.level = LOG_INFO, .file = "/nonexistent/x.log"};
    struct err e = {0};

    (void)state;
    assert_false(log_init(&o, &e));
    assert_int_equal(e.code, E_CREATE);
    assert_string_equal(e.text,
                        "cannot open log file '/nonexistent/x.log': No such file or directory");
    log_info("still here");
    assert_non_null(strstr(stderr_text(), "INFO still here\n"));
}

static void progress_is_pushed_down_by_lines(void **state)
{
    (void)state;
    start((struct log_options){.level = LOG_INFO, .format = LOG_FORMAT_JOURNAL});
    log_progress("50%");
    log_info("line");
    log_progress(NULL);
    assert_string_equal(stderr_text(), "50%\r\033[K<6>line\n50%\r\033[K");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(lines_below_the_level_wait_for_a_failure), T(history_keeps_the_newest),
        T(text_is_stamped_without_a_terminal),       T(json_is_one_valid_object_a_line),
        T(json_stays_utf8_whatever_a_server_says),   T(the_file_gets_info_whatever_stderr_gets),
        T(a_log_file_that_cannot_be_opened_is_said), T(progress_is_pushed_down_by_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
