/* dump_run and restore_run against programs that write down how they were called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/dump_run.h"
#include "archive/restore_run.h"
#include "common/buf.h"
#include "common/io.h"

static char dir[64];
static char program[100];
static char args_file[100];
static char env_file[100];
static struct client_tools tools;
static struct spool spool;
static struct buf messages = BUF_INIT(100000);

/* A program that records its arguments and environment, then runs `body`. */
static void make_program(const char *body)
{
    struct err e = {0};
    char script[600];

    (void)snprintf(script, sizeof script,
                   "#!/bin/sh\nprintf '%%s\\n' \"$@\" >%s\nenv >%s\n"
                   "for a in \"$@\"; do case $a in --file=*) out=${a#--file=};; "
                   "--use-list=*) list=${a#--use-list=};; esac; in=$a; done\n%s\n",
                   args_file, env_file, body);
    assert_true(io_replace_file(program, 0755, script, strlen(script), &e));
}

static int set_up(void **state)
{
    struct err e = {0};

    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/pgm_run_XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(program, sizeof program, "%s/program", dir);
    (void)snprintf(args_file, sizeof args_file, "%s/args", dir);
    (void)snprintf(env_file, sizeof env_file, "%s/env", dir);
    (void)snprintf(tools.pg_dump, sizeof tools.pg_dump, "%s", program);
    (void)snprintf(tools.pg_restore, sizeof tools.pg_restore, "%s", program);
    tools.version = 150020;
    buf_clear(&messages);
    assert_true(spool_open(&spool, dir, "r1", &e));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    spool_close(&spool);
    (void)unlink(program);
    (void)unlink(args_file);
    (void)unlink(env_file);
    buf_release(&messages);
    return rmdir(dir);
}

static bool file_has_line(const char *path, const char *line)
{
    AUTO_BUF struct buf b = BUF_INIT(1000000);
    char wanted[300];
    const char *at;
    struct err e = {0};

    assert_true(io_read_file(path, &b, &e));
    (void)snprintf(wanted, sizeof wanted, "%s\n", line);
    at = strstr(buf_str(&b), wanted);
    return at && (at == buf_str(&b) || at[-1] == '\n');
}

static bool file_has(const char *path, const char *text)
{
    AUTO_BUF struct buf b = BUF_INIT(1000000);
    struct err e = {0};

    assert_true(io_read_file(path, &b, &e));
    return strstr(buf_str(&b), text) != NULL;
}

static struct dump_run_options dump_options(void)
{
    return (struct dump_run_options){
        .tools = &tools,
        .login = {.conninfo = "dbname='a=b' host='/run'", .password = "s3cret x"},
        .spool = &spool,
        .snapshot = "00000003-1",
        .encoding = "LATIN1",
        .compression = "gzip:1",
        .lock_timeout_ms = 5000,
        .io = {.messages = &messages},
    };
}

static struct restore_run_options restore_options(void)
{
    return (struct restore_run_options){
        .tools = &tools,
        .login = {.conninfo = "dbname='b'", .password = "s3cret y", .options = "-c a.b=1"},
        .spool = &spool,
        .jobs = 3,
        .io = {.messages = &messages},
    };
}

static void compression_is_spelled_as_the_version_wants_it(void **state)
{
    static const struct {
        const char *spec;
        const char *old;
        const char *new;
    } cases[] = {
        {"none", "0", "none"}, {"0", "0", "none"},       {"1", "1", "gzip:1"},
        {"9", "9", "gzip:9"},  {"gzip", "6", "gzip"},    {"gzip:4", "4", "gzip:4"},
        {"lz4", NULL, "lz4"},  {"lz4:1", NULL, "lz4:1"},
    };
    char dst[DUMP_COMPRESSION_MAX];
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(dump_compression_arg(dst, cases[i].spec, 160000, &e));
        assert_string_equal(dst, cases[i].new);
        if (cases[i].old) {
            assert_true(dump_compression_arg(dst, cases[i].spec, 150020, &e));
            assert_string_equal(dst, cases[i].old);
        }
    }
    assert_false(dump_compression_arg(dst, "lz4", 150020, &e));
    assert_int_equal(e.code, E_CONFIG);
    assert_string_equal(e.text, "pg_dump 15 cannot compress with lz4");
    assert_string_equal(e.hint,
                        "use gzip:1, or install the client programs of PostgreSQL 16 or later");
}

static void unknown_compression_is_refused(void **state)
{
    static const char *const cases[] = {"zstd", "gzip:0", "gzip:10", "gzip:", "lz4:99",
                                        "10",   "none:1", "",        "gzipx", "-1"};
    char dst[DUMP_COMPRESSION_MAX];
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};

        assert_false(dump_compression_arg(dst, cases[i], 170012, &e));
        assert_int_equal(e.code, E_CONFIG);
        (void)snprintf(text, sizeof text, "compression '%s' is not supported", cases[i]);
        assert_string_equal(e.text, text);
    }
}

static void pg_dump_gets_its_options_and_writes_the_spool(void **state)
{
    static const char *const table[] = {"-odd name*", "public.t"};
    static const char *const wanted[] = {
        "--format=custom",
        "--compress=1",
        "--no-password",
        "--no-sync",
        "--encoding=LATIN1",
        "--snapshot=00000003-1",
        "--table=-odd name*",
        "--lock-wait-timeout=5000",
        "--table=public.t",
        "--no-privileges",
        "--no-subscriptions",
        "--dbname=dbname='a=b' host='/run'",
        "-b",
        "--data-only",
    };
    struct dump_run_options o = dump_options();
    struct err e = {0};
    char text[6] = "";

    (void)state;
    make_program("printf PGDMP >$out; echo note >&2");
    o.include_tables = (struct dump_patterns){.items = table, .count = 2};
    o.no_acl = o.no_subscriptions = true;
    o.section = CLIENT_DATA_ONLY;
    assert_true(io_write_full(spool.fd, "rubbish of an earlier try", 25));
    assert_true(dump_run(&o, &e));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_true(file_has_line(args_file, wanted[i]));
    assert_int_equal(spool_size(&spool), 5);
    assert_int_equal(pread(spool.fd, text, 5, 0), 5);
    assert_string_equal(text, "PGDMP");
    assert_string_equal(buf_str(&messages), "note\n");
}

static void the_password_is_in_the_childs_environment_only(void **state)
{
    struct dump_run_options o = dump_options();
    struct err e = {0};

    (void)state;
    make_program("");
    assert_true(dump_run(&o, &e));
    assert_true(file_has_line(env_file, "PGPASSWORD=s3cret x"));
    assert_false(file_has(args_file, "s3cret"));
    assert_null(getenv("PGPASSWORD"));
}

static void without_a_password_none_is_set(void **state)
{
    struct dump_run_options o = dump_options();
    struct err e = {0};

    (void)state;
    make_program("");
    o.login.password = NULL;
    assert_true(dump_run(&o, &e));
    assert_false(file_has(env_file, "PGPASSWORD"));
}

static void a_failed_pg_dump_is_a_server_error_with_its_last_words(void **state)
{
    struct dump_run_options o = dump_options();
    struct err e = {0};

    (void)state;
    make_program("echo 'pg_dump: error: no' >&2; exit 1");
    assert_false(dump_run(&o, &e));
    assert_int_equal(e.code, E_SERVER);
    assert_string_equal(e.text, "pg_dump failed (exit status 1)");
    assert_string_equal(e.detail, "pg_dump: error: no");
}

static void a_killed_pg_dump_is_told_by_its_signal(void **state)
{
    struct dump_run_options o = dump_options();
    struct err e = {0};

    (void)state;
    make_program("kill -SEGV $$");
    assert_false(dump_run(&o, &e));
    assert_int_equal(e.code, E_SERVER);
    assert_string_equal(e.text, "pg_dump failed (killed by SIGSEGV)");
}

static void a_spool_that_can_not_grow_makes_it_an_io_error(void **state)
{
    struct dump_run_options o = dump_options();
    struct rlimit old;
    struct rlimit small;
    struct err e = {0};
    char text[200];

    (void)state;
    make_program("printf 12345 >$out; exit 1");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 64 * 1024;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_false(dump_run(&o, &e));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(e.code, E_IO);
    (void)snprintf(text, sizeof text,
                   "no space left in '%s' after 5 B: pg_dump failed (exit status 1)", dir);
    assert_string_equal(e.text, text);
    assert_non_null(strstr(e.hint, "--set /options/temp_dir=DIR"));
}

static void a_pg_dump_that_is_not_there_is_a_missing_tool(void **state)
{
    struct dump_run_options o = dump_options();
    struct err e = {0};

    (void)state;
    assert_false(dump_run(&o, &e));
    assert_int_equal(e.code, E_TOOL);
    assert_non_null(strstr(e.text, "pg_dump: cannot run '"));
}

static void pg_restore_reads_the_spool_and_the_list(void **state)
{
    static const char *const wanted[] = {"--format=custom", "--jobs=3",      "--no-owner",
                                         "--no-privileges", "--no-password", "--dbname=dbname='b'"};
    struct restore_run_options o = restore_options();
    struct client_end end;
    struct err e = {0};

    (void)state;
    make_program("cat $in $list >&2");
    assert_true(io_write_full(spool.fd, "DUMP", 4));
    o.list = "5; 0 0 TABLE public t\n";
    o.no_owner = o.no_acl = true;
    assert_true(restore_run(&o, &end, &e));
    assert_true(end.ok);
    assert_string_equal(buf_str(&messages), "DUMP5; 0 0 TABLE public t\n");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_true(file_has_line(args_file, wanted[i]));
    assert_false(file_has(args_file, "--clean"));
}

static void pg_restore_sessions_are_tuned_through_pgoptions(void **state)
{
    struct restore_run_options o = restore_options();
    struct client_end end;
    struct err e = {0};

    (void)state;
    make_program("");
    o.tuning = (struct restore_tuning){
        .async_commit = true, .maintenance_work_mem_kb = 524288, .maintenance_workers = 2};
    assert_true(restore_run(&o, &end, &e));
    assert_true(file_has_line(env_file,
                              "PGOPTIONS=-c a.b=1 -c jit=off -c synchronous_commit=off -c "
                              "maintenance_work_mem=524288kB -c "
                              "max_parallel_maintenance_workers=2"));
    assert_true(file_has_line(env_file, "PGPASSWORD=s3cret y"));
    assert_false(file_has(args_file, "s3cret"));
}

static void in_place_is_one_transaction_and_one_process(void **state)
{
    struct restore_run_options o = restore_options();
    struct client_end end;
    struct err e = {0};

    (void)state;
    make_program("");
    o.jobs = 1;
    o.single_transaction = o.clean = true;
    assert_true(restore_run(&o, &end, &e));
    assert_true(file_has_line(args_file, "--single-transaction"));
    assert_true(file_has_line(args_file, "--clean"));
    assert_true(file_has_line(args_file, "--if-exists"));
    assert_false(file_has(args_file, "--jobs"));
}

static void a_failed_pg_restore_is_left_to_the_caller(void **state)
{
    struct restore_run_options o = restore_options();
    struct client_end end;
    struct err e = {0};

    (void)state;
    make_program("echo one >&2; echo 'errors ignored on restore: 1' >&2; exit 1");
    assert_true(restore_run(&o, &end, &e));
    assert_false(end.ok);
    assert_false(restore_failed(&end, &messages, &e));
    assert_int_equal(e.code, E_SERVER);
    assert_string_equal(e.text, "pg_restore failed (exit status 1)");
    assert_string_equal(e.detail, "one\nerrors ignored on restore: 1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(compression_is_spelled_as_the_version_wants_it),
        TEST(unknown_compression_is_refused),
        TEST(pg_dump_gets_its_options_and_writes_the_spool),
        TEST(the_password_is_in_the_childs_environment_only),
        TEST(without_a_password_none_is_set),
        TEST(a_failed_pg_dump_is_a_server_error_with_its_last_words),
        TEST(a_killed_pg_dump_is_told_by_its_signal),
        TEST(a_spool_that_can_not_grow_makes_it_an_io_error),
        TEST(a_pg_dump_that_is_not_there_is_a_missing_tool),
        TEST(pg_restore_reads_the_spool_and_the_list),
        TEST(pg_restore_sessions_are_tuned_through_pgoptions),
        TEST(in_place_is_one_transaction_and_one_process),
        TEST(a_failed_pg_restore_is_left_to_the_caller),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
