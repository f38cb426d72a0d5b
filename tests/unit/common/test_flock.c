/* One run at a time: the lock file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/flock.h"
#include "common/io.h"

static char dir[] = "/tmp/pgm_flock.XXXXXX";
static char path[128];

static int setup(void **state)
{
    (void)state;
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof path, "%s/run/job.lock", dir);
    return 0;
}

static int teardown(void **state)
{
    char parent[64];

    (void)state;
    (void)unlink(path);
    (void)snprintf(parent, sizeof parent, "%s/run", dir);
    (void)rmdir(parent);
    return rmdir(dir);
}

static void missing_directory_is_created_private(void **state)
{
    struct file_lock l = FILE_LOCK_INIT;
    struct err e = {0};
    struct stat st;
    char parent[64];

    (void)state;
    assert_true(file_lock_acquire(&l, path, "7f3a", 0, &e));
    (void)snprintf(parent, sizeof parent, "%s/run", dir);
    assert_int_equal(stat(parent, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    file_lock_release(&l);
    assert_int_equal(l.fd, -1);
}

static void second_run_is_told_who_holds_it(void **state)
{
    struct file_lock a = FILE_LOCK_INIT;
    struct file_lock b = FILE_LOCK_INIT;
    struct err e = {0};
    char holder[FILE_LOCK_HOLDER_MAX];
    char expected[80];

    (void)state;
    assert_true(file_lock_acquire(&a, path, "7f3a", 0, &e));
    assert_false(file_lock_acquire(&b, path, "other", 0, &e));
    assert_int_equal(e.code, E_BUSY);
    assert_non_null(strstr(e.text, "another run holds the lock file '"));
    (void)snprintf(expected, sizeof expected, "held by pid %d, run 7f3a, since ", (int)getpid());
    assert_memory_equal(e.detail, expected, strlen(expected));
    assert_string_equal(e.hint, "wait for it with --lock-wait 10m");
    assert_true(file_lock_holder(path, holder, &e));
    assert_non_null(strstr(holder, "run 7f3a"));
    file_lock_release(&a);
    assert_true(file_lock_holder(path, holder, &e));
    assert_string_equal(holder, "");
    assert_true(file_lock_acquire(&b, path, "other", 0, &e));
    file_lock_release(&b);
}

static void unreadable_content_does_not_matter(void **state)
{
    struct file_lock a = FILE_LOCK_INIT;
    struct file_lock b = FILE_LOCK_INIT;
    struct err e = {0};

    (void)state;
    assert_true(file_lock_acquire(&a, path, "7f3a", 0, &e));
    assert_true(io_write_full(a.fd, "\xff\xfe garbage without end", 23));
    assert_int_equal(ftruncate(a.fd, 3), 0);
    assert_false(file_lock_acquire(&b, path, "other", 0, &e));
    assert_int_equal(e.code, E_BUSY);
    assert_string_equal(e.detail, "");
    file_lock_release(&a);
}

static void lock_of_a_killed_process_is_free(void **state)
{
    struct file_lock l = FILE_LOCK_INIT;
    struct err e = {0};
    int ready[2];
    pid_t pid;
    char c;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (file_lock_acquire(&l, path, "doomed", 0, &e))
            (void)!write(ready[1], "x", 1);
        (void)pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_false(file_lock_acquire(&l, path, "next", 0, &e));
    assert_non_null(strstr(e.detail, "run doomed"));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(file_lock_acquire(&l, path, "next", 0, &e));
    file_lock_release(&l);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void child_that_inherited_the_descriptor_keeps_the_lock(void **state)
{
    struct file_lock l = FILE_LOCK_INIT;
    struct file_lock other = FILE_LOCK_INIT;
    struct err e = {0};
    pid_t pid;

    (void)state;
    assert_true(file_lock_acquire(&l, path, "parent", 0, &e));
    pid = fork();
    if (pid == 0) {
        (void)pause();
        _exit(1);
    }
    file_lock_release(&l);
    assert_false(file_lock_acquire(&other, path, "next", 0, &e));
    assert_int_equal(e.code, E_BUSY);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(file_lock_acquire(&other, path, "next", 0, &e));
    file_lock_release(&other);
}

static void waiting_ends_when_the_holder_leaves(void **state)
{
    struct file_lock l = FILE_LOCK_INIT;
    struct err e = {0};
    int ready[2];
    pid_t pid;
    char c;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (file_lock_acquire(&l, path, "first", 0, &e))
            (void)!write(ready[1], "x", 1);
        (void)usleep(250000);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_true(file_lock_acquire(&l, path, "second", 20000, &e));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    file_lock_release(&l);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void removed_file_does_not_let_a_second_run_in_for_ever(void **state)
{
    struct file_lock a = FILE_LOCK_INIT;
    struct file_lock b = FILE_LOCK_INIT;
    struct err e = {0};
    struct stat held;
    struct stat named;

    (void)state;
    assert_true(file_lock_acquire(&a, path, "first", 0, &e));
    assert_int_equal(unlink(path), 0);
    assert_true(file_lock_acquire(&b, path, "second", 0, &e));
    assert_int_equal(fstat(b.fd, &held), 0);
    assert_int_equal(stat(path, &named), 0);
    assert_int_equal(held.st_ino, named.st_ino);
    file_lock_release(&a);
    file_lock_release(&b);
}

static void symbolic_link_is_refused(void **state)
{
    struct file_lock l = FILE_LOCK_INIT;
    struct err e = {0};
    char parent[64];
    char victim[128];

    (void)state;
    (void)snprintf(parent, sizeof parent, "%s/run", dir);
    (void)snprintf(victim, sizeof victim, "%s/victim", dir);
    assert_int_equal(mkdir(parent, 0700), 0);
    assert_int_equal(symlink(victim, path), 0);
    assert_false(file_lock_acquire(&l, path, "x", 0, &e));
    assert_int_equal(e.code, E_CREATE);
    assert_non_null(strstr(e.text, "is a symbolic link"));
    assert_int_not_equal(access(victim, F_OK), 0);
}

static void file_with_a_second_name_is_refused(void **state)
{
    struct file_lock l = FILE_LOCK_INIT;
    struct err e = {0};
    char other[128];

    (void)state;
    assert_true(file_lock_acquire(&l, path, "x", 0, &e));
    file_lock_release(&l);
    (void)snprintf(other, sizeof other, "%s/other", dir);
    assert_int_equal(link(path, other), 0);
    assert_false(file_lock_acquire(&l, path, "x", 0, &e));
    assert_int_equal(e.code, E_CREATE);
    assert_non_null(strstr(e.text, "is not a plain file"));
    assert_int_equal(unlink(other), 0);
}

static void descriptor_is_close_on_exec(void **state)
{
    struct file_lock l = FILE_LOCK_INIT;
    struct err e = {0};

    (void)state;
    assert_true(file_lock_acquire(&l, path, "x", 0, &e));
    assert_int_equal(fcntl(l.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    file_lock_release(&l);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(missing_directory_is_created_private),
        T(second_run_is_told_who_holds_it),
        T(unreadable_content_does_not_matter),
        T(lock_of_a_killed_process_is_free),
        T(child_that_inherited_the_descriptor_keeps_the_lock),
        T(waiting_ends_when_the_holder_leaves),
        T(removed_file_does_not_let_a_second_run_in_for_ever),
        T(symbolic_link_is_refused),
        T(file_with_a_second_name_is_refused),
        T(descriptor_is_close_on_exec),
    };

    return cmocka_run_group_tests_name("flock", tests, NULL, NULL);
}
