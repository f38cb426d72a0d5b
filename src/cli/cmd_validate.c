#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/result.h"
#include "config/print.h"

static bool print_document(cJSON *document, struct err *e)
{
    bool ok = json_print(document, e);

    cJSON_Delete(document);
    return ok;
}

static cJSON *verdict(const struct invocation *inv)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *warnings;

    (void)cJSON_AddTrueToObject(o, "valid");
    (void)cJSON_AddStringToObject(o, "job", inv->config.name);
    warnings = cJSON_AddArrayToObject(o, "warnings");
    for (size_t i = 0; i < inv->problems.count; i++)
        (void)cJSON_AddItemToArray(warnings, cJSON_CreateString(inv->problems.items[i].text));
    return o;
}

/* That the configuration is valid was found before we got here. */
static bool validate_run(struct invocation *inv, struct err *e)
{
    AUTO_BUF struct buf line = BUF_INIT((size_t)64 * 1024);

    if (inv->config.cmd.show)
        return print_document(config_show(&inv->config), e);
    if (inv->config.output == OUTPUT_JSON)
        return print_document(verdict(inv), e);
    buf_printf(&line, "%s: valid\n", inv->config.files ? inv->config.files : "configuration");
    return cli_print(buf_str(&line), e);
}

static bool schema_run(struct invocation *inv, struct err *e)
{
    (void)inv;
    return print_document(config_schema(), e);
}

static const char *const validate_examples[] = {
    "pg_mirror validate -c staging.json",
    "pg_mirror validate -c staging.json --show   # what is in force and why",
    NULL,
};

const struct command cmd_validate = {
    .name = "validate",
    .args = "[FILE]",
    .summary = "check a configuration without connecting anywhere",
    .bit = CMD_VALIDATE,
    .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
    .examples = validate_examples,
    .run = validate_run,
};

const struct command cmd_schema = {
    .name = "schema",
    .args = "",
    .summary = "print the JSON Schema of the configuration file, for editors",
    .bit = CMD_SCHEMA,
    .needs = CONFIG_NEEDS_NONE,
    .run = schema_run,
};
