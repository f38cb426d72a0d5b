/* What we write into a database's comment, and that nothing else is taken for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/marker.h"

static int setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static struct marker sample(void)
{
    return (struct marker){.role = MARKER_PREVIOUS,
                           .run = "7f3a",
                           .of = "o'n\"eil = \\ \xe2\x82\xac",
                           .name = "app__prev_x",
                           .time = 1795141867,
                           .comment = "the owner's\n\"comment\""};
}

static void marker_is_read_back_as_written(void **state)
{
    struct marker m = sample();
    struct marker back;

    assert_true(marker_parse(marker_format(&m, *state), *state, &back));
    assert_int_equal(back.role, MARKER_PREVIOUS);
    assert_string_equal(back.run, m.run);
    assert_string_equal(back.of, m.of);
    assert_string_equal(back.name, m.name);
    assert_int_equal(back.time, m.time);
    assert_string_equal(back.comment, m.comment);
}

static void database_without_a_comment_has_null_inside(void **state)
{
    struct marker m = sample();
    struct marker back;

    m.comment = NULL;
    m.role = MARKER_SHADOW;
    m.of = "app";
    assert_string_equal(marker_format(&m, *state),
                        "pg_mirror:{\"run\":\"7f3a\",\"role\":\"shadow\",\"of\":\"app\",\"name\":"
                        "\"app__prev_x\",\"time\":\"2026-11-20T02:31:07Z\",\"comment\":null}");
    assert_true(marker_parse(marker_format(&m, *state), *state, &back));
    assert_null(back.comment);
}

static void empty_comment_is_not_the_same_as_none(void **state)
{
    struct marker m = sample();
    struct marker back;

    m.comment = "";
    assert_true(marker_parse(marker_format(&m, *state), *state, &back));
    assert_string_equal(back.comment, "");
}

static void comments_of_people_and_programs_are_not_ours(void **state)
{
    static const char *const others[] = {
        "",
        "the production database",
        "pg_mirror",
        "pg_mirror:",
        "pg_mirror:protected",
        "pg_mirror:{}",
        "pg_mirror:{\"run\":\"1\"}",
        "pg_mirror: {\"run\":\"1\",\"role\":\"shadow\",\"of\":\"a\",\"name\":\"b\",\"time\":"
        "\"2026-11-20T02:31:07Z\",\"comment\":null}",
        "{\"run\":\"1\",\"role\":\"shadow\",\"of\":\"a\",\"name\":\"b\",\"time\":"
        "\"2026-11-20T02:31:07Z\",\"comment\":null}",
        "pg_mirror:{\"run\":\"1\",\"role\":\"shadow\",\"of\":\"a\",\"name\":\"b\",\"time\":"
        "\"2026-11-20T02:31:07Z\",\"comment\":null} and more",
        "pg_mirror:{\"run\":\"1\",\"role\":\"owner\",\"of\":\"a\",\"name\":\"b\",\"time\":"
        "\"2026-11-20T02:31:07Z\",\"comment\":null}",
        "pg_mirror:{\"run\":\"1\",\"role\":\"shadow\",\"of\":\"a\",\"name\":\"b\",\"time\":"
        "\"yesterday\",\"comment\":null}",
        "pg_mirror:{\"run\":\"1\",\"role\":\"shadow\",\"of\":\"\",\"name\":\"b\",\"time\":"
        "\"2026-11-20T02:31:07Z\",\"comment\":null}",
        "pg_mirror:{\"run\":\"1\",\"role\":\"shadow\",\"of\":\"a\",\"time\":"
        "\"2026-11-20T02:31:07Z\",\"comment\":null}",
        "pg_mirror:{\"run\":\"1\",\"role\":\"shadow\",\"of\":\"a\",\"name\":\"b\",\"time\":"
        "\"2026-11-20T02:31:07Z\",\"comment\":7}",
        "pg_mirror:{\"run\":\"1\",\"role\":\"shadow\",\"of\":\"a\",\"name\":\"b\",\"time\":"
        "\"2026-11-20T02:31:07Z\"}",
        "pg_mirror:{\"run\":1,\"role\":\"shadow\",\"of\":\"a\",\"name\":\"b\",\"time\":"
        "\"2026-11-20T02:31:07Z\",\"comment\":null}",
        "pg_mirror:{\"role\":\"shadow\",\"run\":\"1\",\"role\":\"previous\",\"of\":\"a\",\"name\":"
        "\"b\",\"time\":\"2026-11-20T02:31:07Z\",\"comment\":null}",
    };
    struct marker m;

    assert_false(marker_parse(NULL, *state, &m));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (marker_parse(others[i], *state, &m))
            fail_msg("taken for ours: %s", others[i]);
    }
}

static void every_cut_marker_is_refused(void **state)
{
    struct marker m = sample();
    const char *text = marker_format(&m, *state);

    for (size_t n = 0; n < strlen(text); n++)
        assert_false(marker_parse(arena_strndup(*state, text, n), *state, &m));
}

static void own_comment_is_what_is_inside(void **state)
{
    struct marker m = sample();

    assert_string_equal(marker_own_comment(marker_format(&m, *state), *state), m.comment);
    assert_string_equal(marker_own_comment("mine", *state), "mine");
    assert_null(marker_own_comment(NULL, *state));
}

static void protection_is_found_anywhere_in_a_comment(void **state)
{
    struct marker m = sample();

    m.comment = "billing. pg_mirror:protected (ask ops)";
    assert_true(marker_is_protected("pg_mirror:protected"));
    assert_true(marker_is_protected(marker_format(&m, *state)));
    assert_false(marker_is_protected("protected"));
    assert_false(marker_is_protected(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marker_is_read_back_as_written),
        cmocka_unit_test(database_without_a_comment_has_null_inside),
        cmocka_unit_test(empty_comment_is_not_the_same_as_none),
        cmocka_unit_test(comments_of_people_and_programs_are_not_ours),
        cmocka_unit_test(every_cut_marker_is_refused),
        cmocka_unit_test(own_comment_is_what_is_inside),
        cmocka_unit_test(protection_is_found_anywhere_in_a_comment),
    };

    return cmocka_run_group_tests_name("marker", tests, setup, teardown);
}
