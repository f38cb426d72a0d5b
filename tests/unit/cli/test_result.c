/* test_result.c - the result document: every field, exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "cli/result.h"

/* Unformatted, so that it can be compared; freed by the next call. */
static const char *document(const struct report *r, const struct err *e)
{
    static char *text;
    cJSON *o = result_document(r, e, err_exit_status(e));

    free(text);
    text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return text;
}

static void fill(struct report *r)
{
    report_init(r);
    (void)snprintf(r->run_id, sizeof r->run_id, "0123456789ab");
    r->job = "nightly";
    r->command = "mirror";
    r->started_ms = UINT64_C(1795142472500);
    r->finished_ms = UINT64_C(1795142475000);
    r->target_state = TARGET_REPLACED;
    r->attempts = 1;
    r->source = (struct report_server){"prod:5432", "app", "15.4", "7"};
    r->target = (struct report_server){"test:5432", "app", "17.1", NULL};
    r->snapshot_lsn = "0/16B3748";
    r->snapshot_ms = UINT64_C(1795142473000);
    r->previous = "app__prev_1";
    r->dump_bytes = UINT64_C(9007199254740993);
    report_table(r, "s", "t\"", UINT64_C(9007199254740993), 12);
    report_warn(r, "a.code", "do this", "what %s", "happened");
}

static void a_success_has_every_field_and_numbers_are_exact(void **state)
{
    struct report r;
    struct err none = {0};

    (void)state;
    fill(&r);
    assert_string_equal(
        strstr(document(&r, &none), "\"run_id\""),
        "\"run_id\":\"0123456789ab\",\"job\":\"nightly\",\"command\":\"mirror\",\"result\":\"ok\","
        "\"exit_code\":0,\"target_state\":\"replaced\",\"started\":\"2026-11-20T02:41:12Z\","
        "\"finished\":\"2026-11-20T02:41:15Z\",\"duration_s\":2.5,\"attempts\":1,"
        "\"source\":{\"where\":\"prod:5432\",\"database\":\"app\",\"version\":\"15.4\","
        "\"system_identifier\":\"7\"},\"target\":{\"where\":\"test:5432\",\"database\":\"app\","
        "\"version\":\"17.1\",\"system_identifier\":null},"
        "\"snapshot_time\":\"2026-11-20T02:41:13Z\",\"snapshot_lsn\":\"0/16B3748\","
        "\"rows\":9007199254740993,\"dump_bytes\":9007199254740993,\"previous\":\"app__prev_1\","
        "\"shadow\":null,\"kept_dump\":null,\"phases\":[],\"tables\":[{\"schema\":\"s\","
        "\"name\":\"t\\\"\",\"rows\":9007199254740993,\"bytes\":12}],"
        "\"warnings\":[{\"code\":\"a.code\",\"msg\":\"what happened\",\"hint\":\"do this\"}],"
        "\"error\":null}");
    report_release(&r);
}

static void a_failure_says_what_why_and_what_to_do(void **state)
{
    struct report r;
    struct err e = {0};

    (void)state;
    fill(&r);
    (void)err_set(&e, E_AUTH, "no entry");
    (void)err_detail(&e, "for you");
    (void)err_hint(&e, "GRANT it");
    (void)snprintf(e.sqlstate, sizeof e.sqlstate, "42501");
    assert_non_null(strstr(document(&r, &e), "\"result\":\"failed\",\"exit_code\":77,"));
    assert_string_equal(strstr(document(&r, &e), "\"error\""),
                        "\"error\":{\"code\":77,\"class\":\"auth\",\"sqlstate\":\"42501\","
                        "\"message\":\"no entry\",\"detail\":\"for you\",\"hint\":\"GRANT it\"}}");
    report_release(&r);
}

static void what_is_not_known_is_null_not_left_out(void **state)
{
    struct report r;
    struct err e = {0};

    (void)state;
    report_init(&r);
    (void)err_set(&e, E_USAGE, "no");
    assert_non_null(strstr(document(&r, &e), "\"job\":null,\"command\":null,"));
    assert_non_null(strstr(document(&r, &e), "\"finished\":null,"));
    assert_non_null(strstr(document(&r, &e), "\"source\":{\"where\":null,\"database\":null,"));
    assert_non_null(strstr(document(&r, &e), "\"sqlstate\":null,\"message\":\"no\","
                                             "\"detail\":null,\"hint\":null}}"));
    report_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_has_every_field_and_numbers_are_exact),
        cmocka_unit_test(a_failure_says_what_why_and_what_to_do),
        cmocka_unit_test(what_is_not_known_is_null_not_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
