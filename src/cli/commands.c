#include <string.h>

#include "cli/command.h"

static const char *const mirror_examples[] = {
    "pg_mirror --source postgresql://ro@prod/app --target postgresql://ci@test/app",
    "pg_mirror -c staging.json --yes        # nightly refresh, for cron",
    "pg_mirror -c staging.json -j 8 --keep-dump /var/backups/app",
    NULL,
};

/* Commands whose files are still to come. */
static const struct command cmd_mirror = {
    .name = "mirror",
    .args = "[FILE]",
    .summary = "clone the source into the target, check it, swap it in (the default)",
    .bit = CMD_MIRROR,
    .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
    .examples = mirror_examples,
};
static const struct command cmd_plan = {
    .name = "plan",
    .args = "[FILE]",
    .summary = "print what mirror would do, change nothing",
    .bit = CMD_PLAN,
    .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
};
static const struct command cmd_status = {
    .name = "status",
    .args = "[FILE]",
    .summary = "last run, its age, previous copies; an alarm with --max-age",
    .bit = CMD_STATUS,
    .needs = CONFIG_NEEDS_TARGET,
};
static const struct command cmd_rollback = {
    .name = "rollback",
    .args = "",
    .summary = "swap the newest previous copy back",
    .bit = CMD_ROLLBACK,
    .needs = CONFIG_NEEDS_TARGET,
};
static const struct command cmd_prune = {
    .name = "prune",
    .args = "",
    .summary = "drop previous copies beyond keep_previous, and what dead runs left",
    .bit = CMD_PRUNE,
    .needs = CONFIG_NEEDS_TARGET,
};
static const struct command cmd_restore = {
    .name = "restore",
    .args = "FILE",
    .summary = "bring a kept dump to the target: same checks, counts and swap",
    .bit = CMD_RESTORE,
    .needs = CONFIG_NEEDS_TARGET,
    .min_args = 1,
    .max_args = 1,
};
static const struct command cmd_archive = {
    .name = "archive",
    .args = "list|verify [FILE...]",
    .summary = "what kept dumps there are; read every byte of them back",
    .bit = CMD_ARCHIVE,
    .needs = CONFIG_NEEDS_NONE,
    .min_args = 1,
    .max_args = SIZE_MAX,
};

const struct command *const command_table[] = {
    &cmd_mirror,   &cmd_plan,       &cmd_check,   &cmd_validate, &cmd_status,
    &cmd_rollback, &cmd_prune,      &cmd_restore, &cmd_archive,  &cmd_init,
    &cmd_schema,   &cmd_completion, &cmd_help,    &cmd_version,  NULL,
};

const struct command *command_by_name(const char *name)
{
    for (size_t i = 0; command_table[i]; i++) {
        if (strcmp(command_table[i]->name, name) == 0)
            return command_table[i];
    }
    return NULL;
}
