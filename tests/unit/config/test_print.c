/* test_print.c - documents made from the key table: effective configuration, schema, starter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "config/keys.h"
#include "config/load.h"
#include "config/print.h"

/* Load one text with up to one option; print with `make`; compare. */
static void assert_printed(const char *text, const struct config_option *option,
                           cJSON *(*make)(const struct config *), const char *section,
                           const char *expected)
{
    struct config_text t = {"f.json", text, strlen(text)};
    struct config_request rq = {.command = CMD_MIRROR,
                                .options = option,
                                .option_count = option ? 1 : 0,
                                .texts = &t,
                                .text_count = 1};
    struct config_report report;
    struct config c;
    struct err e = {0};
    cJSON *document;
    char *printed;

    assert_true(config_load(&c, &rq, &report, &e));
    document = make(&c);
    printed = cJSON_PrintUnformatted(section ? cJSON_GetObjectItemCaseSensitive(document, section)
                                             : document);
    assert_string_equal(printed, expected);
    free(printed);
    cJSON_Delete(document);
    config_release(&c);
    config_report_release(&report);
}

static cJSON *show_source(const struct config *c)
{
    cJSON *document = config_show(c);
    cJSON *source = cJSON_DetachItemFromObjectCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(document, "config"), "source");

    cJSON_Delete(document);
    return source;
}

static void secrets_are_masked_also_inside_a_uri(void **state)
{
    (void)state;
    assert_printed("{\"source\": {\"host\": \"a\", \"password\": \"hunter2\", \"settings\": "
                   "{\"x\": \"\\\"\\n\"}, \"port\": 1}}",
                   NULL, show_source, NULL,
                   "{\"type\":\"postgresql\",\"host\":\"a\",\"port\":1,\"password\":\"***\","
                   "\"application_name\":"
                   "\"pg_mirror\",\"connect_timeout\":\"10s\",\"lock_timeout\":\"5s\","
                   "\"statement_timeout\":\"0\",\"settings\":{\"x\": \"\\\"\\u000a\"}}");
    assert_printed(
        "{\"source\": {\"uri\": \"postgresql://u:hunter2@a/o'neil\"}}", NULL, show_source, NULL,
        "{\"type\":\"postgresql\",\"uri\":\"user=u password=*** dbname='o\\\\'neil' host=a\","
        "\"database\":\"o'neil\",\"application_name\":\"pg_mirror\",\"connect_timeout\":\"10s\","
        "\"lock_timeout\":\"5s\",\"statement_timeout\":\"0\"}");
    assert_printed("{\"source\": {\"uri\": \"postgresql://u@a/b?sslmode=require\"}}", NULL,
                   show_source, NULL,
                   "{\"type\":\"postgresql\",\"uri\":\"postgresql://u@a/"
                   "b?sslmode=require\",\"database\":\"b\",\"application_name\":"
                   "\"pg_mirror\",\"connect_timeout\":\"10s\",\"lock_timeout\":\"5s\","
                   "\"statement_timeout\":\"0\"}");
}

static void origins_name_what_is_not_built_in(void **state)
{
    struct config_option yes = {key_by_option("yes"), NULL, "-y"};
    struct config_option jobs = {key_by_option("jobs"), "3", "-j"};

    (void)state;
    assert_printed("{\"source\": {\"host\": \"a\"}, \"options\": {\"parallel_jobs\": 2}}", NULL,
                   config_show, "origins",
                   "{\"/source/host\":\"f.json:1:21\",\"/options/jobs\":\"f.json:1:56\"}");
    assert_printed("{\"options\": {\"jobs\": 2}}", &jobs, config_show, "origins",
                   "{\"/options/jobs\":\"-j\"}");
    assert_printed("{}", &yes, config_show, "command_line", "{\"yes\":true}");
}

static void a_starter_says_what_the_uris_say(void **state)
{
    struct config_option target = {key_by_option("target"), "host=/run user=ci", "--target"};

    (void)state;
    assert_printed("{\"source\": {\"uri\": \"postgresql://u:pw@a:5433/app?sslmode=require\"}}",
                   &target, config_starter, NULL,
                   "{\"source\":{\"host\":\"a\",\"port\":5433,\"database\":\"app\",\"user\":\"u\","
                   "\"password\":\"pw\",\"sslmode\":\"require\"},\"target\":{\"host\":\"/run\","
                   "\"user\":\"ci\",\"if_exists\":\"error\"},\"options\":{\"jobs\":4}}");
    assert_printed("{\"source\": {\"uri\": \"postgresql://a:1,b:2/app\"}}", &target, config_starter,
                   "source", "{\"uri\":\"postgresql://a:1,b:2/app\"}");
}

static const cJSON *property(const cJSON *schema, const char *pointer)
{
    char name[64];
    size_t n = strcspn(pointer + 1, "/");
    const cJSON *child;

    (void)snprintf(name, sizeof name, "%.*s", (int)n, pointer + 1);
    child = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(schema, "properties"),
                                             name);
    return pointer[1 + n] && child ? property(child, pointer + 1 + n) : child;
}

static void the_schema_has_every_key_with_help_default_and_example(void **state)
{
    cJSON *schema = config_schema();

    (void)state;
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];
        const cJSON *p = k->pointer ? property(schema, k->pointer) : NULL;

        if (!k->pointer)
            continue;
        if (!p)
            fail_msg("%s is not in the schema", k->pointer);
        assert_non_null(strstr(
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p, "description")), k->help));
        assert_int_equal(cJSON_HasObjectItem(p, "default"), k->fallback != NULL);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(p, "examples")), 1);
    }
    assert_null(property(schema, "/hooks"));
    cJSON_Delete(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_masked_also_inside_a_uri),
        cmocka_unit_test(origins_name_what_is_not_built_in),
        cmocka_unit_test(a_starter_says_what_the_uris_say),
        cmocka_unit_test(the_schema_has_every_key_with_help_default_and_example),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
