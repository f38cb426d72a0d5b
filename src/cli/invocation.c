#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "common/io.h"
#include "common/log.h"
#include "common/str.h"

static bool env_is_set(const char *name)
{
    const char *value = getenv(name);

    return value && value[0];
}

/* NO_COLOR beats CLICOLOR_FORCE; --color beats both. */
static bool wants_color(enum tristate color)
{
    if (color != TRI_AUTO)
        return color == TRI_ALWAYS;
    if (env_is_set("NO_COLOR") || str_eq(getenv("TERM"), "dumb"))
        return false;
    return env_is_set("CLICOLOR_FORCE") || isatty(STDERR_FILENO);
}

static enum log_level chosen_level(const struct config *c)
{
    static const char *const names[] = {"error", "warning", "info", "debug", "trace"};

    for (size_t i = 0; c->log_level && i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], c->log_level) == 0)
            return (enum log_level)i;
    }
    if (c->verbosity < 0)
        return LOG_ERROR;
    if (c->verbosity == 0)
        return isatty(STDERR_FILENO) ? LOG_INFO : LOG_WARNING;
    return c->verbosity == 1 ? LOG_INFO : c->verbosity == 2 ? LOG_DEBUG : LOG_TRACE;
}

static enum log_format chosen_format(const struct config *c)
{
    static const char *const names[] = {"auto", "text", "json", "journal"};

    for (size_t i = 0; c->log_format && i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], c->log_format) == 0)
            return (enum log_format)i;
    }
    return LOG_FORMAT_AUTO;
}

bool invocation_start_log(const struct invocation *inv, const char *run, struct err *e)
{
    const struct config *c = &inv->config;
    unsigned bit = inv->command ? inv->command->bit : 0;
    bool has_job = inv->command && inv->command->needs != CONFIG_NEEDS_NONE;
    bool acts = bit & (CMD_MIRROR | CMD_RESTORE | CMD_ROLLBACK | CMD_PRUNE);
    struct log_options o = {.level = chosen_level(c),
                            .format = chosen_format(c),
                            .color = wants_color(c->color),
                            .file = acts ? c->log_file : NULL,
                            .job = has_job ? c->name : NULL,
                            .run = run};

    return log_init(&o, e);
}

/* An only error is the caller's to print; of several each gets its line. */
static void log_problems(const struct config_report *report, struct err *e)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct config_problem *p = &report->items[i];

        if (p->warning)
            log_warn("%s", p->text);
        else if (report->errors > 1)
            log_line(LOG_ERROR, "%s", p->text);
    }
    if (report->errors > 1)
        err_detail_(e, "%s", ""); /* they are all there already */
}

static bool load_config(struct invocation *inv, struct err *e)
{
    struct config_request rq = {.command = inv->command->bit,
                                .needs = inv->command->needs,
                                .options = inv->options,
                                .option_count = inv->option_count,
                                .discover_here = isatty(STDERR_FILENO)};

    return config_load(&inv->config, &rq, &inv->problems, e);
}

/* A line that could not be parsed may still say how its failure is to be told. */
static void find_output_option(struct invocation *inv, int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--output=json") == 0 ||
            (i + 1 < argc && strcmp(argv[i], "--output") == 0 && strcmp(argv[i + 1], "json") == 0))
            inv->config.output = OUTPUT_JSON;
    }
}

bool invocation_prepare(struct invocation *inv, int argc, char *const *argv, struct err *e)
{
    struct err log_error = {0};
    bool loaded;

    inv->arena = arena_new();
    if (!args_parse(inv, argc, argv, e)) {
        find_output_option(inv, argc, argv);
        return false;
    }
    if (!inv->command)
        return true;
    loaded = load_config(inv, e);
    if (!loaded)
        inv->config.log_file = NULL; /* nothing happened that is worth a line in it */
    if (!invocation_start_log(inv, NULL, &log_error) && loaded) {
        *e = log_error;
        return false;
    }
    log_problems(&inv->problems, e);
    if (loaded && inv->command->bit == CMD_MIRROR && inv->config.dry_run)
        inv->command = command_by_name("plan");
    return loaded;
}

void invocation_release(struct invocation *inv)
{
    if (inv->config.arena)
        config_release(&inv->config);
    config_report_release(&inv->problems);
    arena_free(inv->arena);
    *inv = (struct invocation){0};
}

bool cli_print(const char *text, struct err *e)
{
    if (io_write_full(STDOUT_FILENO, text, strlen(text)) || errno == EPIPE)
        return true;
    return err_sys(e, E_IO, "cannot write to standard output");
}

/* Of the configuration if there is one, else as far as can be seen. */
static const char *wanted_output(const struct invocation *inv)
{
    static const char *const names[] = {"text", "json", "nagios"};
    const char *text = getenv("PG_MIRROR_OUTPUT");

    if (inv->config.output != OUTPUT_TEXT)
        return names[inv->config.output];
    for (size_t i = 0; i < inv->option_count; i++) {
        if (str_eq(inv->options[i].key->option, "output"))
            text = inv->options[i].text;
    }
    return text ? text : "text";
}

bool invocation_wants_json(const struct invocation *inv)
{
    return str_eq(wanted_output(inv), "json");
}

bool invocation_wants_nagios(const struct invocation *inv)
{
    return str_eq(wanted_output(inv), "nagios");
}
