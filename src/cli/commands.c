#include <string.h>

#include "cli/command.h"

/* Commands whose files are still to come. */
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
