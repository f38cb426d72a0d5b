/* test_keys.c - the table of keys and options is consistent with itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/str.h"
#include "config/config.h"
#include "config/key_value_priv.h"
#include "config/keys.h"

static const char *label(const struct key *k)
{
    return k->pointer ? k->pointer : k->option;
}

static void pointers_options_and_letters_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];

        assert_true(k->pointer || k->option);
        if (k->pointer)
            assert_ptr_equal(key_by_pointer(k->pointer), k);
        if (k->option)
            assert_ptr_equal(key_by_option(k->option), k);
        if (k->letter)
            assert_ptr_equal(key_by_letter(k->letter), k);
        if (k->letter2)
            assert_ptr_equal(key_by_letter(k->letter2), k);
        assert_int_equal(key_index(k), i);
    }
    assert_null(key_by_letter('\0'));
    assert_null(key_by_option("JOBS"));
    assert_null(key_by_pointer("/options"));
}

static void every_row_is_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];

        assert_non_null(k->help);
        if (k->help[0] == '\0' || k->help[strlen(k->help) - 1] == '.')
            fail_msg("%s: wording of '%s'", label(k), k->help);
        if (k->pointer && !k->example)
            fail_msg("%s has no example", label(k));
        if (k->option && key_takes_value(k) && !k->metavar)
            fail_msg("--%s has no metavar", k->option);
    }
}

/* What the file may say, the command line may not, and the other way round. */
static void only_options_of_single_commands_name_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];

        assert_int_equal(k->commands & ~(unsigned)CMD_ALL, 0);
        if (k->commands && !k->option)
            fail_msg("%s names commands without an option", label(k));
    }
}

static void defaults_and_examples_are_valid_values(void **state)
{
    struct config c = {.arena = arena_new()};

    (void)state;
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];
        AUTO_BUF struct buf why = BUF_INIT(4096);
        struct problems p = {.arena = c.arena};
        struct json *v;

        if (k->fallback && !key_set(k, &c, key_value_from_text(k, k->fallback, c.arena), &why))
            fail_msg("default of %s: %s", label(k), buf_str(&why));
        if (!k->example)
            continue;
        v = json_read(c.arena, "", 0, k->example, strlen(k->example), &p);
        if (!v || !key_set(k, &c, v, &why))
            fail_msg("example of %s: %s", label(k), buf_str(&why));
    }
    secret_release(&c.source_secret.value);
    secret_release(&c.target_secret.value);
    arena_free(c.arena);
}

/* What is printed reads back as the same value. */
static void printed_values_read_back(void **state)
{
    struct config c = {.arena = arena_new()};

    (void)state;
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];
        AUTO_BUF struct buf why = BUF_INIT(4096);
        AUTO_BUF struct buf once = BUF_INIT(4096);
        AUTO_BUF struct buf twice = BUF_INIT(4096);
        struct problems p = {.arena = c.arena};

        if (!k->example || k->type == KEY_SECRET)
            continue;
        assert_true(
            key_set(k, &c, json_read(c.arena, "", 0, k->example, strlen(k->example), &p), &why));
        assert_true(key_print(k, &c, &once));
        assert_true(key_set(k, &c, json_read(c.arena, "", 0, buf_str(&once), once.len, &p), &why));
        assert_true(key_print(k, &c, &twice));
        assert_string_equal(buf_str(&once), buf_str(&twice));
    }
    arena_free(c.arena);
}

static void every_long_option_has_an_environment_twin(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];

        if (!k->option || str_eq(k->option, "help") || str_eq(k->option, "version"))
            continue;
        assert_non_null(key_env_name(k, a));
        assert_memory_equal(key_env_name(k, a), "PG_MIRROR_", 10);
    }
    assert_string_equal(key_env_name(key_by_option("keep-previous"), a), "PG_MIRROR_KEEP_PREVIOUS");
    assert_string_equal(key_env_name(key_by_pointer("/target/password_file"), a),
                        "PG_MIRROR_TARGET_PASSWORD_FILE");
    assert_null(key_env_name(key_by_option("help"), a));
    assert_null(key_env_name(key_by_pointer("/source/host"), a));
}

static const struct {
    const char *pointer;
    const char *json;
    const char *why; /* NULL: fine */
} values[] = {
    {"/source/port", "65535", NULL},
    {"/source/port", "0",
     "expected an integer from 1 to 65535, got the number 0 (default: what libpq uses: PGPORT, "
     "else 5432)"},
    {"/source/port", "5432.7",
     "expected an integer from 1 to 65535, got the number 5432.7 (default: what libpq uses: "
     "PGPORT, else 5432)"},
    {"/options/jobs", "4.0", NULL},
    {"/options/jobs", "257", "expected an integer from 1 to 256, got the number 257 (default 4)"},
    {"/options/jobs", "1e300",
     "expected an integer from 1 to 256, got the number 1e300 (default 4)"},
    {"/options/jobs", "null", "expected an integer from 1 to 256, got null (default 4)"},
    {"/options/jobs", "true", "expected an integer from 1 to 256, got true (default 4)"},
    {"/options/jobs", "[4]", "expected an integer from 1 to 256, got an array (default 4)"},
    {"/options/jobs", "{}", "expected an integer from 1 to 256, got an object (default 4)"},
    {"/options/analyze", "1", "expected true or false, got the number 1 (default true)"},
    {"/target/tablespace", "null", NULL},
    {"/target/if_exists", "\"Replace\"",
     "expected one of \"error\", \"replace\", \"in_place\", got the string \"Replace\" (default "
     "error)"},
    {"/source/sslmode", "\"on\"",
     "expected one of \"disable\", \"allow\", \"prefer\", \"require\", \"verify-ca\", "
     "\"verify-full\", got the string \"on\" (default: what libpq uses: PGSSLMODE, else prefer)"},
    {"/source/host", "\"\"", "expected a string, got an empty string"},
    {"/source/database", "\"0123456789012345678901234567890123456789012345678901234567890123\"",
     "a database name has at most 63 bytes, this one has 64"},
    {"/source/password", "\"\"", NULL},
    {"/source/password", "12345", "expected a string, got a number"},
    {"/source/password", "[\"hunter2\"]", "expected a string, got an array"},
    {"/source/password_command", "[]",
     "expected an array of strings, the program first, got an empty array"},
    {"/source/password_command", "\"pass db\"",
     "expected an array of strings, the program first, got the string \"pass db\""},
    {"/filters/include_tables", "[\"a\", 1]",
     "expected an array of strings; one of its values is not a string, or is empty"},
    {"/filters/include_tables", "[\"a\", \"\"]",
     "expected an array of strings; one of its values is not a string, or is empty"},
    {"/options/deadline", "\"5 hours\"",
     "expected a duration such as \"90s\", \"15m\", \"6h\" or \"0\", got the string \"5 hours\" "
     "(default 0)"},
    {"/options/deadline", "300",
     "expected a duration such as \"90s\", \"15m\", \"6h\" or \"0\", got the number 300 (default "
     "0)"},
    {"/source/connect_timeout", "\"2h\"",
     "expected a duration from 1.0s to 1h00m, got \"2h\" (default 10s)"},
    {"/options/compression", "\"zstd:3\"",
     "zstd dumps cannot be checked by this program; use \"lz4\" or \"auto\""},
    {"/options/compression", "\"gzip:10\"",
     "expected \"auto\", \"none\", \"0\" to \"9\", \"gzip[:1-9]\" or \"lz4[:1-12]\""},
    {"/options/compression", "\"lz4:12\"", NULL},
    {"/options/compression", "\"gzip\"", NULL},
    {"/options/bin_dir", "\"bin\"", "expected \"auto\" or an absolute path"},
    {"/target/shadow_name", "\"new\"", "the placeholder {database} is missing"},
    {"/target/shadow_name", "\"{database}\"",
     "the new database needs a name other than the target's"},
    {"/target/shadow_name", "\"{database}{tmie}\"",
     "unknown placeholder at '{tmie}'; known here: {database}"},
    {"/target/previous_name", "\"{database}_old\"", "the placeholder {time} is missing"},
    {"/status_file", "\"/x/{database}.json\"",
     "unknown placeholder at '{database}.json'; known here: {job}"},
    {"/name", "\"a/b\"", "a job's name becomes part of file names: no '/' and no '.' at its start"},
    {"/verify/max_shrink", "1.5", "expected a number from 0 to 1, got the number 1.5 (default 0)"},
    {"/source/settings", "{\"work_mem\": \"64MB\", \"x.y\": 1, \"jit\": false}", NULL},
    {"/source/settings", "{\"a b\": 1}",
     "setting \"a b\": expected a setting's name and a string, number or boolean"},
    {"/source/settings", "{\"jit\": null}",
     "setting \"jit\": expected a setting's name and a string, number or boolean"},
    {"/source/uri", "\"postgresql://u:hunter2@h:x%zz/db\"", "not a libpq URI or keyword string"},
    {"/source/uri", "\"postgresql://h/db?sslmod=x\"",
     "not a libpq URI or keyword string: invalid URI query parameter: \"sslmod\""},
    {"/source/uri", "\"host=/run/pg dbname='o\\\\'neil'\"", NULL},
};

static void values_are_judged_with_expected_got_and_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct config c = {.arena = arena_new()};
        AUTO_BUF struct buf why = BUF_INIT(4096);
        struct problems p = {.arena = c.arena};
        const struct key *k = key_by_pointer(values[i].pointer);
        struct json *v = json_read(c.arena, "", 0, values[i].json, strlen(values[i].json), &p);
        bool ok;

        assert_non_null(k);
        assert_non_null(v);
        ok = key_set(k, &c, v, &why);
        assert_string_equal(buf_str(&why), values[i].why ? values[i].why : "");
        assert_int_equal(ok, values[i].why == NULL);
        secret_release(&c.source_secret.value);
        arena_free(c.arena);
    }
}

static void a_long_text_is_cut_between_characters(void **state)
{
    struct config c = {.arena = arena_new()};
    AUTO_BUF struct buf why = BUF_INIT(4096);
    const struct key *k = key_by_option("color");
    char text[64 * 2 + 4];
    struct json *v;

    (void)state;
    text[0] = 'x';
    for (size_t i = 0; i < 64; i++)
        memcpy(text + 1 + 2 * i, "\xc3\xa9", 3);
    v = key_value_from_text(k, text, c.arena);
    assert_false(key_set(k, &c, v, &why));
    assert_int_equal(str_utf8_valid_prefix(buf_str(&why), why.len), why.len);
    assert_non_null(strstr(buf_str(&why), "xé"));
    arena_free(c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_options_and_letters_are_unique),
        cmocka_unit_test(every_row_is_explained),
        cmocka_unit_test(only_options_of_single_commands_name_commands),
        cmocka_unit_test(defaults_and_examples_are_valid_values),
        cmocka_unit_test(printed_values_read_back),
        cmocka_unit_test(every_long_option_has_an_environment_twin),
        cmocka_unit_test(values_are_judged_with_expected_got_and_default),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
