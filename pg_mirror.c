/*
 * pg_mirror - clone a PostgreSQL database, exactly, from one JSON file and one command.
 */
#include <fcntl.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/result.h"
#include "cli/runner.h"
#include "common/buf.h"
#include "common/log.h"

/* Descriptors 0 to 2 must be something, or the next file opened would be taken for one of them. */
static bool standard_streams_are_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    }
    return true;
}

/* A bare call only gets the usage text: no error, and no success either. */
static bool run(struct invocation *inv, struct err *e)
{
    if (!inv->command) {
        help_print_usage();
        return false;
    }
    if (!inv->command->run)
        return err_set(e, E_INTERNAL, "'%s' is not built yet", inv->command->name);
    return inv->command->run(inv, e);
}

/* What was held back comes first, so that the story ends with the error. */
static int fail(const struct invocation *inv, const struct err *e)
{
    if (inv->config.verbosity >= 0)
        log_history_flush();
    result_log_error(e);
    if (!inv->printed && invocation_wants_json(inv))
        result_print_failure(inv->command ? inv->command->name : NULL, &inv->problems, e);
    return err_exit_status(e);
}

/* A monitoring system reads one line and a status of 0 to 3; a question not answered is a 3. */
static int end_as_plugin(const struct invocation *inv, const struct err *e)
{
    AUTO_BUF struct buf line = BUF_INIT(BUF_TEXT_MAX);
    struct err ignored = {0};

    if (inv->printed)
        return inv->plugin_exit;
    buf_printf(&line, "UNKNOWN - %s\n", e->text);
    (void)!cli_print(buf_str(&line), &ignored);
    return PLUGIN_UNKNOWN;
}

int main(int argc, char **argv)
{
    struct invocation inv = {0};
    struct err e = {0};
    int status = 0;

    if (!standard_streams_are_open())
        return err_code_status(E_SYSTEM);
    if (!runner_block_signals(&e) || !invocation_prepare(&inv, argc, argv, &e) || !run(&inv, &e))
        status = e.code == E_NONE ? err_code_status(E_USAGE) : fail(&inv, &e);
    if (invocation_wants_nagios(&inv))
        status = end_as_plugin(&inv, &e);
    invocation_release(&inv);
    log_close();
    return status;
}
