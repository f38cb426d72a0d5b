/* fuzz_config.c - the whole reader of configuration files on arbitrary bytes. */
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "config/load.h"
#include "config/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted can be shown. */
static void check_accepted(const struct config *c)
{
    cJSON *shown = config_show(c);
    char *text = cJSON_Print(shown);

    if (!text)
        abort();
    free(text);
    cJSON_Delete(shown);
}

/* Every refusal has a text that is valid UTF-8 and a place within the file. */
static void check_refused(const struct config_report *report, const struct err *e)
{
    if (report->errors == 0 || e->code == E_NONE || !e->text[0])
        abort();
    for (size_t i = 0; i < report->count; i++) {
        const char *text = report->items[i].text;

        if (!text[0] || text[str_utf8_valid_prefix(text, strlen(text))] != '\0')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_text text = {"fuzz.json", (const char *)data, size};
    struct config_request rq = {.command = CMD_MIRROR,
                                .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
                                .texts = &text,
                                .text_count = 1};
    struct config_report report;
    struct config c;
    struct err e = {0};

    if (config_load(&c, &rq, &report, &e))
        check_accepted(&c);
    else
        check_refused(&report, &e);
    config_release(&c);
    config_report_release(&report);
    return 0;
}
