#include <string.h>

#include "cli/command.h"

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
