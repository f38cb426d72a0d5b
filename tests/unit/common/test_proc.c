/* Children: started, drained, stopped, judged. */
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
#include "common/proc.h"
#include "common/stop.h"

static struct buf out = BUF_INIT(1 << 20);
static struct buf err = BUF_INIT(2 * PROC_STDERR_MAX);
static struct proc_result result;
static struct err e;

static int clean(void **state)
{
    (void)state;
    buf_clear(&out);
    buf_clear(&err);
    e = (struct err){0};
    stop_reset();
    return 0;
}

static bool shell(const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct proc_options o = {.argv = argv, .out = &out, .err = &err};

    return proc_run(&o, &result, &e);
}

static void outputs_are_kept_apart(void **state)
{
    (void)state;
    assert_true(shell("echo out; echo err >&2; exit 3"));
    assert_string_equal(buf_str(&out), "out\n");
    assert_string_equal(buf_str(&err), "err\n");
    assert_true(result.exited);
    assert_int_equal(result.status, 3);
}

static void a_killed_child_is_no_exit(void **state)
{
    char text[60];

    (void)state;
    assert_true(shell("kill -SEGV $$"));
    assert_false(result.exited);
    assert_int_equal(result.status, SIGSEGV);
    assert_string_equal(proc_describe(&result, text, sizeof text), "killed by SIGSEGV");
    result = (struct proc_result){.exited = true, .status = 1};
    assert_string_equal(proc_describe(&result, text, sizeof text), "exit status 1");
}

static void both_outputs_are_drained_together(void **state)
{
    (void)state;
    assert_true(
        shell("i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789;"
              " echo error $i >&2; i=$((i+1)); done"));
    assert_int_equal(out.len, 3000 * 41);
    assert_true(err.len <= PROC_STDERR_MAX);
    assert_string_equal(buf_str(&err) + err.len - 11, "error 2999\n"); /* the newest are kept */
}

static void a_missing_program_is_an_error_not_a_status(void **state)
{
    const char *const argv[] = {"/nonexistent/pg_dump", NULL};
    const struct proc_options o = {.argv = argv, .err = &err};

    (void)state;
    assert_false(proc_run(&o, &result, &e));
    assert_int_equal(e.code, E_TOOL);
    assert_string_equal(e.text, "cannot run '/nonexistent/pg_dump': No such file or directory");
}

static void the_environment_is_the_one_given(void **state)
{
    const char *const argv[] = {"/bin/sh", "-c", "echo \"$PGPASSWORD/$HOME/${GONE-unset}\"", NULL};
    struct arena *a = arena_new();
    struct proc_env env;

    (void)state;
    setenv("GONE", "here", 1);
    proc_env_init(&env, a);
    proc_env_set(&env, a, "PGPASSWORD", "first");
    proc_env_set(&env, a, "PGPASSWORD", "it's secret");
    proc_env_set(&env, a, "HOME", "/h");
    proc_env_unset(&env, "GONE");
    const struct proc_options o = {.argv = argv, .env = env.vars, .out = &out, .err = &err};
    assert_true(proc_run(&o, &result, &e));
    assert_string_equal(buf_str(&out), "it's secret//h/unset\n");
    proc_env_wipe(&env, "PGPASSWORD");
    for (size_t i = 0; i < env.count; i++)
        assert_null(strstr(env.vars[i], "secret"));
    assert_null(getenv("PGPASSWORD"));
    arena_free(a);
}

static void stdin_is_empty_and_signals_are_default(void **state)
{
    unsigned long long blocked;
    unsigned long long ignored;
    sigset_t set;
    sigset_t old;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &old);
    (void)signal(SIGPIPE, SIG_IGN);
    assert_true(shell("cat; grep -E '^Sig(Blk|Ign)' /proc/self/status"));
    assert_int_equal(sscanf(buf_str(&out), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & 0x7fffffff, 0); /* above are those that libc keeps for itself */
    (void)signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void a_descriptor_is_inherited_only_when_asked(void **state)
{
    int keep = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char script[100];
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    struct proc_options o = {.argv = argv, .out = &out, .err = &err};

    (void)state;
    (void)snprintf(script, sizeof script, "[ -e /proc/self/fd/%d ] && echo open || echo closed",
                   keep);
    assert_true(proc_run(&o, &result, &e));
    assert_string_equal(buf_str(&out), "closed\n");
    buf_clear(&out);
    o.keep_fds = (int[]){keep, -1};
    assert_true(proc_run(&o, &result, &e));
    assert_string_equal(buf_str(&out), "open\n");
    close(keep);
}

static void a_child_that_takes_too_long_is_ended(void **state)
{
    const char *const argv[] = {"/bin/sleep", "100", NULL};
    const struct proc_options o = {.argv = argv, .err = &err, .timeout_ms = 50};
    uint64_t start = io_now_ms();

    (void)state;
    assert_false(proc_run(&o, &result, &e));
    assert_int_equal(e.code, E_DEADLINE);
    assert_string_equal(e.text, "'/bin/sleep' did not end within 50 ms");
    assert_true(io_now_ms() - start < 5000);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped */
    assert_int_equal(errno, ECHILD);
}

static void tick_and_stop(void *arg)
{
    int *ticks = arg;

    if (++*ticks == 2)
        stop_request(STOP_SIGNAL, SIGINT);
}

static void a_stopped_run_ends_its_child(void **state)
{
    const char *const argv[] = {"/bin/sleep", "100", NULL};
    int ticks = 0;
    const struct proc_options o = {
        .argv = argv, .err = &err, .tick = tick_and_stop, .tick_arg = &ticks};

    (void)state;
    assert_false(proc_run(&o, &result, &e));
    assert_int_equal(e.code, E_CANCELLED);
    assert_string_equal(e.text, "interrupted by SIGINT");
    assert_int_equal(err_exit_status(&e), 130);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_false(shell("exit 0")); /* and starts no more */
    assert_int_equal(e.code, E_CANCELLED);
}

static void the_last_lines_fit_and_start_at_a_line(void **state)
{
    char text[20];

    (void)state;
    buf_addstr(&err, "first line\nsecond line\nthird\n\n");
    assert_string_equal(proc_last_lines(&err, text, sizeof text), "second line\nthird");
    assert_string_equal(proc_last_lines(&err, text, 8), "third");
    buf_clear(&err);
    assert_string_equal(proc_last_lines(&err, text, sizeof text), "");
    buf_addstr(&err, "one line that is longer than there is room");
    assert_string_equal(proc_last_lines(&err, text, sizeof text), "r than there is room" + 1);
}

static int group_setup(void **state)
{
    (void)state;
    return stop_init(&e) ? 0 : -1;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, clean)
    const struct CMUnitTest tests[] = {
        T(outputs_are_kept_apart),
        T(a_killed_child_is_no_exit),
        T(both_outputs_are_drained_together),
        T(a_missing_program_is_an_error_not_a_status),
        T(the_environment_is_the_one_given),
        T(stdin_is_empty_and_signals_are_default),
        T(a_descriptor_is_inherited_only_when_asked),
        T(a_child_that_takes_too_long_is_ended),
        T(a_stopped_run_ends_its_child),
        T(the_last_lines_fit_and_start_at_a_line),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
