#include "cli/job.h"

static bool mirror_work(const struct clone_job *job, const struct invocation *inv, struct err *e)
{
    (void)inv;
    return clone_mirror(job, e);
}

static bool mirror_run(struct invocation *inv, struct err *e)
{
    if (inv->config.dry_run)
        return cmd_plan.run(inv, e);
    return job_run(inv, mirror_work, e);
}

static const char *const mirror_examples[] = {
    "pg_mirror --source postgresql://ro@prod/app --target postgresql://ci@test/app",
    "pg_mirror -c staging.json --yes        # nightly refresh, for cron",
    "pg_mirror -c staging.json -j 8 --keep-dump /var/backups/app",
    NULL,
};

const struct command cmd_mirror = {
    .name = "mirror",
    .args = "[FILE]",
    .summary = "clone the source into the target, check it, swap it in (the default)",
    .bit = CMD_MIRROR,
    .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
    .examples = mirror_examples,
    .run = mirror_run,
};
