#include "cli/job.h"

static bool restore_work(const struct clone_job *job, const struct invocation *inv, struct err *e)
{
    return clone_restore(job, inv->args[0], e);
}

static bool restore_command(struct invocation *inv, struct err *e)
{
    return job_run(inv, restore_work, e);
}

static const char *const restore_examples[] = {
    "pg_mirror restore -c staging.json staging-app-20261120T023107Z.tar",
    NULL,
};

const struct command cmd_restore = {
    .name = "restore",
    .args = "FILE",
    .summary = "bring a kept dump to the target: same checks, counts and swap",
    .text = "The source is not contacted. Every byte of the file is compared with its digests and "
            "the dump is read to its end before the target is touched.",
    .bit = CMD_RESTORE,
    .needs = CONFIG_NEEDS_TARGET,
    .min_args = 1,
    .max_args = 1,
    .examples = restore_examples,
    .run = restore_command,
};
