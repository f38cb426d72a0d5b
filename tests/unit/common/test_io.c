/* Whole reads and writes, files that survive, UTC. */
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

static char dir[] = "/tmp/pgm_io.XXXXXX";
static char path[64];

static int setup(void **state)
{
    (void)state;
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof path, "%s/file", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir); /* fails if anything was left over */
}

static void a_replaced_file_has_its_bytes_and_mode(void **state)
{
    struct buf b = BUF_INIT(100);
    struct err e = {0};
    struct stat st;

    (void)state;
    assert_true(io_replace_file(path, 0600, "one", 3, &e));
    assert_true(io_replace_file(path, 0644, "second", 6, &e));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_true(io_read_file(path, &b, &e));
    assert_string_equal(buf_str(&b), "second");
    assert_true(io_read_file(path, &b, &e)); /* appends */
    assert_string_equal(buf_str(&b), "secondsecond");
    buf_release(&b);
}

static void a_file_that_cannot_be_replaced_stays(void **state)
{
    char below[80];
    struct err e = {0};

    (void)state;
    assert_true(io_replace_file(path, 0600, "one", 3, &e));
    (void)snprintf(below, sizeof below, "%s/x", path);
    assert_false(io_replace_file(below, 0600, "two", 3, &e));
    assert_int_equal(e.code, E_CREATE);
    assert_non_null(strstr(e.text, path));
    assert_non_null(strstr(e.text, "Not a directory"));
}

static void a_missing_file_is_no_input(void **state)
{
    struct buf b = BUF_INIT(100);
    struct err e = {0};

    (void)state;
    assert_false(io_read_file(path, &b, &e));
    assert_int_equal(e.code, E_NOINPUT);
    assert_non_null(strstr(e.text, "No such file"));
}

static void a_file_above_the_cap_is_refused(void **state)
{
    struct buf b = BUF_INIT(4);
    struct err e = {0};

    (void)state;
    assert_true(io_replace_file(path, 0600, "12345", 5, &e));
    assert_false(io_read_file(path, &b, &e));
    assert_int_equal(e.code, E_DATA);
    assert_non_null(strstr(e.text, path));
    buf_release(&b);
}

static void reads_and_writes_are_whole_across_a_pipe(void **state)
{
    enum { MANY = 300000 }; /* several times what a pipe holds */
    unsigned char *data = malloc(MANY);
    unsigned char *got = malloc(MANY + 10);
    int fds[2];
    pid_t writer;

    (void)state;
    for (int i = 0; i < MANY; i++)
        data[i] = (unsigned char)(i * 7 / 3);
    assert_int_equal(pipe(fds), 0);
    writer = fork();
    if (writer == 0)
        _exit(close(fds[0]) || !io_write_full(fds[1], data, MANY));
    close(fds[1]);
    assert_int_equal(io_read_full(fds[0], got, MANY + 10), MANY);
    assert_memory_equal(got, data, MANY);
    assert_int_equal(io_read_full(fds[0], got, 1), 0);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    io_close(&fds[0]);
    assert_int_equal(fds[0], -1);
    io_close(&fds[0]); /* twice is fine */
    assert_int_equal(io_read_full(-1, got, 1), -1);
    assert_false(io_write_full(-1, data, 1));
    free(data);
    free(got);
}

static void directories_are_cut_off(void **state)
{
    static const char *const cases[][2] = {{"/a/b/c", "/a/b"}, {"file", "."}, {"/file", "/"},
                                           {"a/b", "a"},       {"./x", "."},  {"", "."}};
    char got[20];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        io_dirname(cases[i][0], got, sizeof got);
        assert_string_equal(got, cases[i][1]);
    }
}

static void utc_is_written_and_read_back(void **state)
{
    static const time_t times[] = {0, 1, 951782399, 1763653867, 4102444800};
    char text[IO_TIME_MAX];
    time_t t;

    (void)state;
    assert_string_equal(io_format_utc(text, 1763653867), "2025-11-20T15:51:07Z");
    assert_string_equal(io_format_utc_compact(text, 1763653867), "20251120T155107Z");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        assert_true(io_parse_utc(io_format_utc(text, times[i]), &t));
        assert_int_equal(t, times[i]);
        assert_true(io_parse_utc(io_format_utc_compact(text, times[i]), &t));
        assert_int_equal(t, times[i]);
    }
}

static void what_is_no_utc_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "2025-11-20",
        "2025-11-20T15:51:07",
        "2025-11-20 15:51:07Z",
        "2025-11-20T15:51:07Zx",
        "20251120T155107",
        "2025-13-20T15:51:07Z",
        "2025-11-20T25:51:07Z",
        "now",
    };
    time_t t = 4711;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (io_parse_utc(bad[i], &t))
            fail_msg("'%s' was taken", bad[i]);
    }
    assert_int_equal(t, 4711);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_replaced_file_has_its_bytes_and_mode, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_replaced_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_file_is_no_input, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_above_the_cap_is_refused, setup, teardown),
        cmocka_unit_test(reads_and_writes_are_whole_across_a_pipe),
        cmocka_unit_test(directories_are_cut_off),
        cmocka_unit_test(utc_is_written_and_read_back),
        cmocka_unit_test(what_is_no_utc_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
