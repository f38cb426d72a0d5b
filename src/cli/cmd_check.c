/* cmd_check.c - look at both ends and say what would go wrong. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/result.h"
#include "cli/runner.h"
#include "common/stop.h"
#include "common/version.h"

static bool wants_color(const struct config *cfg)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");

    if (cfg->color != TRI_AUTO)
        return cfg->color == TRI_ALWAYS;
    return isatty(STDOUT_FILENO) == 1 && !(no_color && *no_color) &&
           !(term && strcmp(term, "dumb") == 0);
}

static bool print_json(struct invocation *inv, const struct check_report *r, struct err *e)
{
    cJSON *o = cJSON_CreateObject();
    bool ok;

    (void)cJSON_AddStringToObject(o, "tool", "pg_mirror");
    (void)cJSON_AddStringToObject(o, "version", PGM_VERSION);
    (void)cJSON_AddStringToObject(o, "job", inv->config.name);
    (void)cJSON_AddStringToObject(o, "command", "check");
    check_render_json(o, r);
    ok = json_print(o, e);
    inv->printed = true;
    cJSON_Delete(o);
    return ok;
}

/* The line is the whole answer, so a failing check is no error of the program. */
static bool print_plugin(struct invocation *inv, const struct check_report *r, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);
    struct check_summary s = check_summarize(r);

    check_render_nagios(&text, r);
    inv->printed = true;
    inv->plugin_exit = s.fail ? PLUGIN_CRITICAL : s.warn ? PLUGIN_WARNING : PLUGIN_OK;
    return cli_print(buf_str(&text), e);
}

static bool print_report(struct invocation *inv, const struct check_report *r, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);
    const struct check_render how = {
        .verbose = inv->config.verbosity > 0,
        .color = wants_color(&inv->config),
    };

    if (inv->config.output == OUTPUT_JSON)
        return print_json(inv, r, e);
    check_render_text(&text, r, &how);
    return cli_print(buf_str(&text), e);
}

static struct check_options options_of(const struct invocation *inv)
{
    const struct command_options *cmd = &inv->config.cmd;

    return (struct check_options){
        .only = cmd->only,
        .skip = cmd->skip,
        .source_only = cmd->source_only,
        .target_only = cmd->target_only,
        .timeout_ms = cmd->timeout_ms,
        .config_report = &inv->problems,
    };
}

/* The answer is no; what is wrong was printed, so the error line only names the probes. */
static bool answer_no(const struct check_report *r, struct err *e)
{
    AUTO_BUF struct buf names = BUF_INIT(4096);
    size_t failed = check_summarize(r).fail;

    for (size_t i = 0; i < r->count; i++)
        if (r->results[i].level == CHECK_FAIL)
            buf_printf(&names, "%s%s", names.len ? ", " : "", r->results[i].id);
    return err_set(e, E_NO, "%zu check%s failed: %s", failed, failed == 1 ? "" : "s",
                   buf_str(&names));
}

/* A password that cannot be read is one of the findings: the rest is asked all the same. */
static bool check_work(void *arg, struct err *e)
{
    struct invocation *inv = arg;
    struct check_options o = options_of(inv);
    AUTO_CHECK_REPORT struct check_report r = {0};
    struct err secrets = {0};

    if (!check_options_valid(&o, e))
        return false;
    if (!config_read_secrets(&inv->config, &secrets)) {
        if (stop_requested())
            return stop_err(e);
        o.secrets_err = &secrets;
    }
    if (!check_run(&r, &inv->config, &o, e))
        return false;
    if (inv->config.output == OUTPUT_NAGIOS)
        return print_plugin(inv, &r, e);
    if (!print_report(inv, &r, e))
        return false;
    return check_first_failure(&r) ? answer_no(&r, e) : true;
}

static bool check_command(struct invocation *inv, struct err *e)
{
    const struct runner runner = {
        .run = check_work,
        .arg = inv,
        .deadline_ms = inv->config.deadline_ms,
    };

    return runner_run(&runner, e);
}

static const char *const check_examples[] = {
    "pg_mirror check -c staging.json",
    "pg_mirror check -c staging.json -v --only src,tgt.extensions",
    "pg_mirror check -c staging.json --output nagios --timeout 5s",
    NULL,
};

const struct command cmd_check = {
    .name = "check",
    .args = "[FILE]",
    .summary = "look at both ends and say what would go wrong",
    .text =
        "Asks everything that could stop a clone and changes nothing. Only what is not in order\n"
        "is shown, with a command that puts it right; -v shows the rest. Exit status 1 if\n"
        "something fails, 0 otherwise.",
    .bit = CMD_CHECK,
    .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
    .examples = check_examples,
    .run = check_command,
};
