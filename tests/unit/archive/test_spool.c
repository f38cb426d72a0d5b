#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/spool.h"
#include "archive/spool_priv.h"
#include "common/io.h"

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/pgm_spool_XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(dir); /* fails if a test left something */
}

static unsigned files_in_dir(void)
{
    DIR *d = opendir(dir);
    unsigned n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n - 2;
}

static void a_spool_has_no_name_and_mode_0600(void **state)
{
    AUTO_SPOOL struct spool s = SPOOL_INIT;
    struct err e = {0};
    struct stat st;

    (void)state;
    assert_true(spool_open(&s, dir, "r1", &e));
    assert_int_equal(fstat(s.fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 0);
    assert_int_equal(files_in_dir(), 0);
    assert_int_equal(fcntl(s.fd, F_GETFD), FD_CLOEXEC);
}

static void a_spool_can_not_be_given_a_name(void **state)
{
    AUTO_SPOOL struct spool s = SPOOL_INIT;
    struct err e = {0};
    char to[100];

    (void)state;
    assert_true(spool_open(&s, dir, "r1", &e));
    (void)snprintf(to, sizeof to, "%s/x", dir);
    assert_int_not_equal(linkat(AT_FDCWD, s.path, AT_FDCWD, to, AT_SYMLINK_FOLLOW), 0);
}

static void its_path_reaches_the_same_bytes_with_a_position_of_its_own(void **state)
{
    AUTO_SPOOL struct spool s = SPOOL_INIT;
    struct err e = {0};
    char text[8] = "";

    (void)state;
    assert_true(spool_open(&s, dir, "r1", &e));
    {
        AUTO_FD int out = open(s.path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

        assert_true(out >= 0);
        assert_true(io_write_full(out, "hello", 5));
    }
    assert_int_equal(spool_size(&s), 5);
    assert_int_equal(lseek(s.fd, 0, SEEK_CUR), 0);
    assert_int_equal(io_read_full(s.fd, text, 5), 5);
    assert_string_equal(text, "hello");
    assert_true(spool_reset(&s, &e));
    assert_int_equal(spool_size(&s), 0);
}

static void a_missing_directory_is_named(void **state)
{
    struct spool s = SPOOL_INIT;
    struct err e = {0};

    (void)state;
    assert_false(spool_open(&s, "/nonexistent/x", "r1", &e));
    assert_int_equal(e.code, E_CREATE);
    assert_string_equal(e.text, "temporary directory '/nonexistent/x' does not exist");
    assert_string_equal(e.hint, "name another one with --set /options/temp_dir=DIR");
    assert_int_equal(s.fd, -1);
}

static void a_directory_without_write_permission_is_refused(void **state)
{
    struct spool s = SPOOL_INIT;
    struct err e = {0};

    (void)state;
    assert_false(spool_open(&s, "/proc/self", "r1", &e)); /* for root too */
    assert_int_equal(e.code, E_CREATE);
    assert_non_null(strstr(e.text, "cannot create a file in"));
}

static void a_named_temporary_is_locked_while_open(void **state)
{
    struct err e = {0};
    char path[200];
    int fd = spool_temp_open(dir, "r1", SPOOL_BUNDLE_SUFFIX, path, sizeof path, &e);
    struct stat st;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(spool_reap(dir), 0);
    assert_int_equal(files_in_dir(), 1);
    (void)close(fd);
    assert_int_equal(spool_reap(dir), 1);
    assert_int_equal(files_in_dir(), 0);
}

static void what_a_killed_process_left_is_reaped(void **state)
{
    int ready[2];
    char c;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        char path[200];
        int fd = spool_temp_open(dir, "r1", SPOOL_DUMP_SUFFIX, path, sizeof path, NULL);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)!write(ready[1], fd >= 0 ? "y" : "n", 1);
        (void)pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    assert_int_equal(spool_reap(dir), 0);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
    assert_int_equal(spool_reap(dir), 1);
}

static void foreign_names_links_and_directories_are_left_alone(void **state)
{
    static const char *const names[] = {"x.dump", ".pg_mirror-1-2-abc.txt", ".pg_mirror.dump"};
    char path[200];
    char link_path[200];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)close(open(path, O_CREAT | O_WRONLY, 0600));
    }
    (void)snprintf(link_path, sizeof link_path, "%s/.pg_mirror-1-2-abc.dump", dir);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(spool_reap(dir), 0);
    assert_int_equal(files_in_dir(), 4);
    (void)unlink(link_path);
    assert_int_equal(mkdir(link_path, 0700), 0);
    assert_int_equal(spool_reap(dir), 0);
    (void)rmdir(link_path);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
}

static void a_disk_with_room_is_not_full_and_the_file_stays_as_it_is(void **state)
{
    AUTO_SPOOL struct spool s = SPOOL_INIT;
    struct err e = {0};
    uint64_t space = 0;

    (void)state;
    assert_true(spool_open(&s, dir, "r1", &e));
    assert_true(io_write_full(s.fd, "abc", 3));
    assert_false(spool_is_full(&s));
    assert_int_equal(spool_size(&s), 3);
    assert_true(spool_space(dir, &space));
    assert_true(space > 0);
    assert_false(spool_space("/nonexistent", &space));
}

static void a_file_size_limit_counts_as_full(void **state)
{
    AUTO_SPOOL struct spool s = SPOOL_INIT;
    struct err e = {0};
    struct rlimit old;
    struct rlimit small = {.rlim_cur = 512 * 1024};

    (void)state;
    assert_true(spool_open(&s, dir, "r1", &e));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_true(spool_is_full(&s));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(spool_is_full(&s));
}

static void a_memory_file_system_is_recognised(void **state)
{
    (void)state;
    assert_false(spool_dir_is_memory("/nonexistent"));
    if (access("/dev/shm", W_OK) == 0)
        assert_true(spool_dir_is_memory("/dev/shm"));
}

static void closing_twice_is_fine(void **state)
{
    struct spool s = SPOOL_INIT;
    struct err e = {0};

    (void)state;
    spool_close(&s);
    assert_true(spool_open(&s, dir, "r1", &e));
    spool_close(&s);
    spool_close(&s);
    assert_int_equal(s.fd, -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_spool_has_no_name_and_mode_0600),
        TEST(a_spool_can_not_be_given_a_name),
        TEST(its_path_reaches_the_same_bytes_with_a_position_of_its_own),
        TEST(a_missing_directory_is_named),
        TEST(a_directory_without_write_permission_is_refused),
        TEST(a_named_temporary_is_locked_while_open),
        TEST(what_a_killed_process_left_is_reaped),
        TEST(foreign_names_links_and_directories_are_left_alone),
        TEST(a_disk_with_room_is_not_full_and_the_file_stays_as_it_is),
        TEST(a_file_size_limit_counts_as_full),
        TEST(a_memory_file_system_is_recognised),
        TEST(closing_twice_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
