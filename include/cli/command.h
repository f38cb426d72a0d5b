/*
 * command.h - what a command is, and one call of it.
 *
 * A command is a const struct in a file of its own (cmd_*.c) and a line in commands.c; its options
 * are the rows of config/keys.h that name its bit.
 */
#ifndef PGM_CLI_COMMAND_H
#define PGM_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/macros.h"
#include "config/config.h"
#include "config/load.h"

struct invocation;

struct command {
    const char *name;
    const char *args;    /* synopsis of the words after it: "FILE", "" */
    const char *summary; /* one line for lists */
    const char *text;    /* a few sentences for its own help; may be NULL */
    unsigned bit;        /* CMD_* */
    unsigned needs;      /* CONFIG_NEEDS_* */
    size_t min_args, max_args;
    const char *const *examples; /* NULL-terminated; may be NULL */
    /* The answer "no" is E_NO with a text. NULL: not built yet. */
    bool (*run)(struct invocation *inv, struct err *e);
};

/* The one table of commands, in the order that help shows them; NULL-terminated. */
extern const struct command *const command_table[];
const struct command *command_by_name(const char *name); /* NULL: none */

/* Exit statuses of monitoring plugins. */
enum { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };

/* One call: made by invocation_prepare(), released in any case. All-zero is empty. */
struct invocation {
    struct arena *arena;
    const struct command *command; /* NULL: a bare call, which only gets the usage text */
    struct config config;
    struct config_report problems; /* warnings; after a failure the errors as well */
    const char **args;             /* words after the command */
    size_t arg_count;
    struct config_option *options; /* as typed */
    size_t option_count, option_cap;
    bool printed;    /* the one document of --output json or nagios is on stdout */
    int plugin_exit; /* PLUGIN_*, of --output nagios once printed */
};

/* Split the command line. E_USAGE with a hint naming the help to read. */
bool args_parse(struct invocation *inv, int argc, char *const *argv, struct err *e) MUST_USE;

/*
 * args_parse(), configuration, logging. Every problem but a single one is logged before it returns
 * false, and so are warnings.
 */
bool invocation_prepare(struct invocation *inv, int argc, char *const *argv,
                        struct err *e) MUST_USE;
void invocation_release(struct invocation *inv);

/*
 * log_init() as the options ask; run (id) may be NULL. Called again when the run id is known. The
 * log file is opened for commands that act, not for those that only look.
 */
bool invocation_start_log(const struct invocation *inv, const char *run, struct err *e) MUST_USE;

/* Was one JSON document asked for? Also known when preparing the call failed. */
bool invocation_wants_json(const struct invocation *inv);
bool invocation_wants_nagios(const struct invocation *inv);

/* Twelve lines for a bare call, on stderr. */
void help_print_usage(void);
/* Write text to stdout; a reader that left is no error. */
bool cli_print(const char *text, struct err *e) MUST_USE;

extern const struct command cmd_mirror, cmd_plan, cmd_check, cmd_restore, cmd_status, cmd_validate,
    cmd_rollback, cmd_prune, cmd_archive, cmd_schema, cmd_help, cmd_version, cmd_init,
    cmd_completion;

#endif
