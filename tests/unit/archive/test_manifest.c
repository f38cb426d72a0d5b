#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archive/manifest.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct manifest_table tables[] = {
    {"public", "orders", 18446744073709551615U},
    {"odd \"schema\"\n", "\\x41", 0},
    {"latin", "caf\xe9", 7},
};
static const char *const filters[] = {"exclude_table=public.log", "exclude_schema=\xff"};

static struct manifest sample(void)
{
    return (struct manifest){
        .tool_version = "0.1.0",
        .job = "nightly",
        .run = "a1b2",
        .created = 1795000000,
        .source_host = "prod.db",
        .source_port = "5432",
        .source_database = "a=b 'x' \xfc",
        .source_user = "ro",
        .source_version = "15.20 (Debian 15.20-0+deb12u1)",
        .source_version_num = 150020,
        .source_system_id = "7574391234567890123",
        .encoding = "LATIN1",
        .client_version = "17.12",
        .client_version_num = 170012,
        .snapshot_lsn = "0/16B3740",
        .snapshot_time = 1795000001,
        .section = "all",
        .filters = filters,
        .filter_count = 2,
        .tables = tables,
        .table_count = 3,
        .large_objects = 9007199254740993U,
        .database = {.size_bytes = 2, .sha256 = HEX64},
        .dump = {.size_bytes = 9007199254740995U, .sha256 = HEX64},
    };
}

static struct arena *arena;
static struct buf json = BUF_INIT(1000000);

static int set_up(void **state)
{
    struct manifest m = sample();
    struct err e = {0};

    (void)state;
    arena = arena_new();
    buf_clear(&json);
    return manifest_write(&m, &json, &e) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    buf_release(&json);
    return 0;
}

/* The sample with the first `from` replaced by `to`, which must be refused with this text. */
static void assert_refused(const char *from, const char *to, const char *text)
{
    AUTO_BUF struct buf b = BUF_INIT(1000000);
    struct manifest m;
    struct err e = {0};
    const char *at = strstr(buf_str(&json), from);

    assert_non_null(at);
    buf_add(&b, json.data, (size_t)(at - json.data));
    buf_addstr(&b, to);
    buf_addstr(&b, at + strlen(from));
    assert_false(manifest_parse(&m, buf_str(&b), b.len, arena, &e));
    assert_int_equal(e.code, E_DATA);
    assert_string_equal(e.text, text);
}

static void what_is_written_is_read_back(void **state)
{
    struct manifest m;
    struct err e = {0};

    (void)state;
    assert_true(manifest_parse(&m, buf_str(&json), json.len, arena, &e));
    assert_string_equal(m.source_database, "a=b 'x' \xfc");
    assert_int_equal(m.created, 1795000000);
    assert_int_equal(m.snapshot_time, 1795000001);
    assert_int_equal(m.source_version_num, 150020);
    assert_string_equal(m.snapshot_lsn, "0/16B3740");
    assert_int_equal(m.table_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(m.tables[i].schema, tables[i].schema);
        assert_string_equal(m.tables[i].name, tables[i].name);
        assert_true(m.tables[i].rows == tables[i].rows);
    }
    assert_int_equal(m.filter_count, 2);
    assert_string_equal(m.filters[1], filters[1]);
    assert_true(m.large_objects == 9007199254740993U);
    assert_true(m.dump.size_bytes == 9007199254740995U);
    assert_string_equal(m.database.sha256, HEX64);
}

static void large_numbers_are_strings(void **state)
{
    (void)state;
    assert_non_null(strstr(buf_str(&json), "\"18446744073709551615\""));
    assert_non_null(strstr(buf_str(&json), "\"9007199254740993\""));
    assert_non_null(strstr(buf_str(&json), "\"0/16B3740\""));
}

static void rows_are_added_up(void **state)
{
    struct manifest m = sample();

    (void)state;
    m.tables = tables + 1;
    m.table_count = 2;
    assert_int_equal(manifest_rows(&m), 7);
}

static void names_that_are_not_utf8_come_back_as_they_were(void **state)
{
    static const char *const names[] = {"",        "plain", "\xff\xfe", "\\x",
                                        "\\x00ff", "\\y",   "\xe4\xb8"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(manifest_name_decode(manifest_name_encode(names[i], arena), arena),
                            names[i]);
}

static void wrong_spellings_of_names_are_refused(void **state)
{
    static const char *const cases[] = {"\\x0", "\\xzz", "\\x00", "\\x4A", "\\x41 "};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_null(manifest_name_decode(cases[i], arena));
}

static void every_wrong_key_is_named(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *key;
    } cases[] = {
        {"\"format\"", "\"form\"", "format"},
        {"\"pg_mirror kept dump\"", "\"other\"", "format"},
        {"\"run\"", "\"ruin\"", "run"},
        {"\"created\":\t\"2", "\"created\":\t\"x", "created"},
        {"150020", "150020.5", "server_version_num"},
        {"150020", "-1", "server_version_num"},
        {"150020", "\"150020\"", "server_version_num"},
        {"\"15.20 ", "5, \"x\": \"", "server_version"},
        {"\"18446744073709551615\"", "\"18446744073709551616\"", "rows"},
        {"\"18446744073709551615\"", "1", "rows"},
        {"0123456789abcdef", "0123456789ABCDEF", "sha256"},
        {"0123456789abcdef", "0123456789abcde", "sha256"},
        {"\"lsn\"", "\"lsn\": \"\", \"lsn\"", "snapshot"},
        {"\"exclude_table=public.log\"", "null", "filters"},
        {"\"dump.pgc\"", "\"other\": {}, \"dump.pgc\"", "members"},
        {"\"job\"", "\"extra\": 1, \"job\"", "a key that is not known"},
        {"\"orders\"", "\"orders\", \"more\": \"\"", "tables"},
        {"\"tables\"", "\"tables\": {}, \"tables\"", "tables"},
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(text, sizeof text,
                       "the manifest is not of our making: wrong or missing '%s'", cases[i].key);
        assert_refused(cases[i].from, cases[i].to, text);
    }
}

static void another_version_is_told(void **state)
{
    (void)state;
    assert_refused("\"version\":\t1", "\"version\":\t2",
                   "the manifest is of another version than 1");
}

static void what_is_no_json_object_is_refused(void **state)
{
    static const char *const cases[] = {"", "[]", "1", "{", "{} x", "null", "{}{}"};
    struct manifest m;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};

        assert_false(manifest_parse(&m, cases[i], strlen(cases[i]), arena, &e));
        assert_int_equal(e.code, E_DATA);
        assert_string_equal(e.text, "the manifest is not a JSON object");
    }
}

static void invalid_utf8_is_refused(void **state)
{
    (void)state;
    assert_refused("nightly", "night\xff", "the manifest is not valid UTF-8 text of a sane size");
}

/* ---- counts of a dump ---- */

static const struct dump_table dumped[] = {
    {.namespace = "public", .tag = "a", .rows = 5},
    {.namespace = NULL, .tag = "b", .rows = 0},
};

static const struct manifest_table promised[] = {{"public", "a", 5}, {"", "b", 0}};

static void counts_of_a_walk_agree_with_the_manifest(void **state)
{
    const struct dump_report r = {.tables = dumped, .table_count = 2, .object_count = 3};
    struct manifest m = sample();
    struct err e = {0};

    (void)state;
    m.tables = promised;
    m.table_count = 2;
    m.large_objects = 3;
    assert_true(manifest_check_counts(&m, &r, &e));
}

static void names_in_another_encoding_do_not_count_as_different(void **state)
{
    const struct dump_table latin[] = {{.namespace = "public", .tag = "caf\xe9", .rows = 5}};
    const struct manifest_table utf8[] = {{"public", "caf\xc3\xa9", 5}};
    const struct dump_report r = {.tables = latin, .table_count = 1};
    struct manifest m = sample();
    struct err e = {0};

    (void)state;
    m.tables = utf8;
    m.table_count = 1;
    m.large_objects = 0;
    assert_true(manifest_check_counts(&m, &r, &e));
}

static void every_difference_in_counts_is_told(void **state)
{
    const struct dump_table rows[] = {{.namespace = "public", .tag = "a", .rows = 4}, dumped[1]};
    const struct dump_table names[] = {{.namespace = "public", .tag = "c", .rows = 5}, dumped[1]};
    const struct {
        struct dump_report report;
        const char *text;
    } cases[] = {
        {{.tables = dumped, .table_count = 1},
         "the dump has 1 tables with data, its manifest says 2"},
        {{.tables = rows, .table_count = 2},
         "table 'public.a' has 4 rows in the dump, its manifest says 5"},
        {{.tables = names, .table_count = 2},
         "the dump has table 'public.c' where its manifest has 'public.a'"},
        {{.tables = dumped, .table_count = 2, .object_count = 1},
         "the dump has 1 large objects, its manifest says 0"},
    };
    struct manifest m = sample();

    (void)state;
    m.tables = promised;
    m.table_count = 2;
    m.large_objects = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};

        assert_false(manifest_check_counts(&m, &cases[i].report, &e));
        assert_int_equal(e.code, E_DATA);
        assert_string_equal(e.text, cases[i].text);
    }
}

static void every_prefix_is_refused(void **state)
{
    struct manifest m;

    (void)state;
    for (size_t n = 0; n + 2 < json.len; n++) {
        struct err e = {0};

        assert_false(manifest_parse(&m, buf_str(&json), n, arena, &e));
        assert_int_equal(e.code, E_DATA);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read_back),
        TEST(large_numbers_are_strings),
        TEST(rows_are_added_up),
        TEST(names_that_are_not_utf8_come_back_as_they_were),
        TEST(wrong_spellings_of_names_are_refused),
        TEST(every_wrong_key_is_named),
        TEST(another_version_is_told),
        TEST(what_is_no_json_object_is_refused),
        TEST(invalid_utf8_is_refused),
        TEST(every_prefix_is_refused),
        TEST(counts_of_a_walk_agree_with_the_manifest),
        TEST(names_in_another_encoding_do_not_count_as_different),
        TEST(every_difference_in_counts_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
