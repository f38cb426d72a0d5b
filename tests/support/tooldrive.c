/*
 * tooldrive - pg_dump into a spool file and pg_restore from it, for the integration tests.
 *
 *     tooldrive KEY=VALUE...
 *
 * bin, temp, compression, jobs, list (a file), source_version, target_version; source and target
 * are conninfo strings, their passwords SOURCE_PASSWORD and TARGET_PASSWORD in the environment.
 * Prints a line per step, or the error's lines; the exit status is the error's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/client.h"
#include "archive/dump_run.h"
#include "archive/restore_run.h"
#include "archive/spool.h"
#include "common/io.h"
#include "common/num.h"

static const char *arg(char *const *argv, const char *key, const char *otherwise)
{
    size_t n = strlen(key);

    for (argv++; *argv; argv++) {
        if (strncmp(*argv, key, n) == 0 && (*argv)[n] == '=')
            return *argv + n + 1;
    }
    return otherwise;
}

static unsigned number(char *const *argv, const char *key)
{
    uint64_t v = 0;

    if (!num_parse_u64(arg(argv, key, "0"), 0, 1000000, &v))
        (void)fprintf(stderr, "bad number for %s\n", key);
    return (unsigned)v;
}

static bool find(char *const *argv, struct client_tools *tools, struct err *e)
{
    const struct client_options o = {
        .bin_dir = arg(argv, "bin", NULL),
        .source_version = (int)number(argv, "source_version"),
        .target_version = (int)number(argv, "target_version"),
    };

    if (!client_find(tools, &o, e))
        return false;
    (void)printf("found %s\n", tools->version_text);
    if (tools->warning[0])
        (void)printf("warning %s\n", tools->warning);
    return true;
}

static bool dump(char *const *argv, const struct client_tools *tools, struct spool *spool,
                 struct err *e)
{
    const struct dump_run_options o = {
        .tools = tools,
        .login = {.conninfo = arg(argv, "source", ""), .password = getenv("SOURCE_PASSWORD")},
        .spool = spool,
        .snapshot = arg(argv, "snapshot", NULL),
        .compression = arg(argv, "compression", "gzip:1"),
        .encoding = arg(argv, "encoding", "UTF8"),
    };

    if (!dump_run(&o, e))
        return false;
    (void)printf("dumped %llu\n", (unsigned long long)spool_size(spool));
    (void)fflush(stdout);
    return true;
}

static bool restore(char *const *argv, const struct client_tools *tools, struct spool *spool,
                    struct err *e)
{
    AUTO_BUF struct buf messages = BUF_INIT(100000);
    AUTO_BUF struct buf list = BUF_INIT(1000000);
    const char *list_path = arg(argv, "list", NULL);
    struct restore_run_options o = {
        .tools = tools,
        .login = {.conninfo = arg(argv, "target", ""), .password = getenv("TARGET_PASSWORD")},
        .spool = spool,
        .jobs = number(argv, "jobs"),
        .tuning = {.async_commit = true,
                   .maintenance_work_mem_kb = 65536,
                   .maintenance_workers = 1},
        .io = {.messages = &messages},
    };
    struct client_end end;

    if (list_path) {
        if (!io_read_file(list_path, &list, e))
            return false;
        o.list = buf_str(&list);
    }
    if (!restore_run(&o, &end, e))
        return false;
    if (!end.ok)
        return restore_failed(&end, &messages, e);
    (void)puts("restored");
    return true;
}

int main(int argc, char **argv)
{
    AUTO_SPOOL struct spool spool = SPOOL_INIT;
    struct client_tools tools;
    struct err e = {0};

    (void)argc;
    if (find(argv, &tools, &e) && spool_open(&spool, arg(argv, "temp", "/tmp"), "test", &e) &&
        (!arg(argv, "source", NULL) || dump(argv, &tools, &spool, &e)) &&
        (!arg(argv, "target", NULL) || restore(argv, &tools, &spool, &e)))
        return 0;
    (void)printf("error %s\ndetail %s\nhint %s\n", e.text, e.detail, e.hint);
    return err_exit_status(&e);
}
