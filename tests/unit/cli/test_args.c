/* test_args.c - how a command line is split into command, words and options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/command.h"
#include "common/str.h"

enum { WORDS_MAX = 12 };

struct parsed {
    struct invocation inv;
    struct err e;
    bool ok;
};

/* Words after the program's name, NULL-terminated. */
static void parse(struct parsed *p, const char *const *words)
{
    char *argv[WORDS_MAX + 2] = {(char *)(uintptr_t) "pg_mirror"};
    int argc = 1;

    *p = (struct parsed){.inv = {.arena = arena_new()}};
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    p->ok = args_parse(&p->inv, argc, argv, &p->e);
}

static void parsed_release(struct parsed *p)
{
    invocation_release(&p->inv);
}

/* "command word word --option=text --option" */
static void describe(const struct invocation *inv, struct buf *b)
{
    buf_addstr(b, inv->command ? inv->command->name : "(none)");
    for (size_t i = 0; i < inv->arg_count; i++)
        buf_printf(b, " %s", inv->args[i]);
    for (size_t i = 0; i < inv->option_count; i++)
        buf_printf(b, " --%s%s%s", inv->options[i].key->option, inv->options[i].text ? "=" : "",
                   inv->options[i].text ? inv->options[i].text : "");
}

static const struct {
    const char *words[WORDS_MAX];
    const char *expected;
} good[] = {
    {{NULL}, "(none)"},
    {{"mirror"}, "mirror"},
    {{"mirror", "-c", "a.json"}, "mirror --config=a.json"},
    {{"-c", "a.json", "mirror"}, "mirror --config=a.json"},
    {{"-c", "a.json"}, "mirror --config=a.json"},
    {{"a.json"}, "mirror --config=a.json"},
    {{"./a"}, "mirror --config=./a"},
    {{"-"}, "mirror --config=-"},
    {{"mirror", "a.json", "b.json"}, "mirror --config=a.json --config=b.json"},
    {{"check", "a.json"}, "check --config=a.json"},
    {{"--jobs", "4", "check"}, "check --jobs=4"},
    {{"check", "--jobs=4"}, "check --jobs=4"},
    {{"check", "--jobs="}, "check --jobs="},
    {{"check", "-j4"}, "check --jobs=4"},
    {{"check", "-j", "4"}, "check --jobs=4"},
    {{"mirror", "-vvyj4"}, "mirror --verbose --verbose --yes --jobs=4"},
    {{"mirror", "-nc", "x"}, "mirror --dry-run --config=x"},
    {{"mirror", "--set", "/a=b=c"}, "mirror --set=/a=b=c"},
    {{"mirror", "-j", "-1"}, "mirror --jobs=-1"},
    {{"restore", "--", "-odd-name.tar"}, "restore -odd-name.tar"},
    {{"restore", "a.tar", "--no-swap"}, "restore a.tar --no-swap"},
    {{"archive", "list", "a", "b"}, "archive list a b"},
    {{"help", "mirror", "if-exists"}, "help mirror if-exists"},
    {{"--help"}, "help"},
    {{"-h"}, "help"},
    {{"-?"}, "help"},
    {{"check", "-?"}, "help check"},
    {{"check", "--help", "--jobs", "4"}, "help check"},
    {{"help", "--help"}, "help"},
    {{"--version"}, "version"},
    {{"-V", "--output", "json"}, "version --output=json"},
    {{"mirror", "-V"}, "version"},
    {{"-w", "-q"}, "mirror --no-password --quiet"},
    {{"plan", "--sql"}, "plan --sql"},
    {{"check", "--only", "a", "--only=b"}, "check --only=a --only=b"},
};

static void options_stand_anywhere_and_in_every_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        AUTO_BUF struct buf b = BUF_INIT(4096);
        struct parsed p;

        parse(&p, good[i].words);
        assert_string_equal(p.e.text, "");
        assert_true(p.ok);
        describe(&p.inv, &b);
        assert_string_equal(buf_str(&b), good[i].expected);
        parsed_release(&p);
    }
}

static const struct {
    const char *words[WORDS_MAX];
    const char *text;
    const char *hint;
} bad[] = {
    {{"mirrro"}, "unknown command 'mirrro' (did you mean mirror?)", "try: pg_mirror help"},
    {{"frobnicate"}, "unknown command 'frobnicate'", "try: pg_mirror help"},
    {{"verify"}, "unknown command 'verify'", "try: pg_mirror help"},
    {{"--drop-existin"},
     "unknown option '--drop-existin' (did you mean --drop-existing?)",
     "try: pg_mirror help mirror"},
    {{"check", "--frobnicate=1"}, "unknown option '--frobnicate'", "try: pg_mirror help check"},
    {{"check", "-Z"}, "unknown option '-Z'", "try: pg_mirror help check"},
    {{"check", "-vZ"}, "unknown option '-Z'", "try: pg_mirror help check"},
    {{"mirror", "-j"}, "option '-j' needs a value: N", "try: pg_mirror help mirror"},
    {{"mirror", "--config"}, "option '--config' needs a value: FILE", "try: pg_mirror help mirror"},
    {{"mirror", "--yes=1"}, "option '--yes' takes no value", "try: pg_mirror help mirror"},
    {{"check", "--sql"},
     "option '--sql' is not one of check's; it belongs to plan",
     "try: pg_mirror help check"},
    {{"--live"},
     "option '--live' is not one of mirror's; it belongs to status",
     "try: pg_mirror help mirror"},
    {{"restore"}, "restore needs FILE", "try: pg_mirror help restore"},
    {{"restore", "a", "b"}, "unexpected word 'b' after restore", "try: pg_mirror help restore"},
    {{"schema", "x"}, "unexpected word 'x' after schema", "try: pg_mirror help schema"},
};

static void mistakes_are_one_line_and_the_help_to_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct parsed p;

        parse(&p, bad[i].words);
        assert_false(p.ok);
        assert_int_equal(p.e.code, E_USAGE);
        assert_string_equal(p.e.text, bad[i].text);
        assert_string_equal(p.e.hint, bad[i].hint);
        parsed_release(&p);
    }
}

static void a_file_that_exists_is_a_configuration_whatever_its_name(void **state)
{
    char name[] = "/tmp/pg_mirror_args.XXXXXX";
    int fd = mkstemp(name);
    struct parsed p;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(chdir("/tmp"), 0);
    parse(&p, (const char *const[]){name + 5, NULL});
    assert_true(p.ok);
    assert_string_equal(p.inv.options[0].text, name + 5);
    parsed_release(&p);
    (void)close(fd);
    (void)unlink(name);
}

static void every_command_is_found_by_its_name_and_bit(void **state)
{
    unsigned bits = 0;

    (void)state;
    for (size_t i = 0; command_table[i]; i++) {
        const struct command *c = command_table[i];

        assert_ptr_equal(command_by_name(c->name), c);
        assert_int_equal(bits & c->bit, 0);
        bits |= c->bit;
        assert_true(c->min_args <= c->max_args || c->max_args == 0);
    }
    assert_int_equal(bits, CMD_ALL);
    assert_null(command_by_name("Mirror"));
}

/* ---- the whole way, to the configuration ---- */

static bool prepare(struct parsed *p, const char *const *words)
{
    char *argv[WORDS_MAX + 2] = {(char *)(uintptr_t) "pg_mirror"};
    int argc = 1;

    *p = (struct parsed){0};
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    p->ok = invocation_prepare(&p->inv, argc, argv, &p->e);
    return p->ok;
}

static void mirror_with_dry_run_is_plan(void **state)
{
    struct parsed p;

    (void)state;
    assert_true(prepare(
        &p, (const char *const[]){"--source", "dbname=a", "--target", "host=b", "-n", NULL}));
    assert_string_equal(p.inv.command->name, "plan");
    assert_true(p.inv.config.dry_run);
    parsed_release(&p);
    (void)setenv("PG_MIRROR_DRY_RUN", "true", 1);
    assert_true(
        prepare(&p, (const char *const[]){"--source", "dbname=a", "--target", "host=b", NULL}));
    assert_string_equal(p.inv.command->name, "plan");
    parsed_release(&p);
    (void)unsetenv("PG_MIRROR_DRY_RUN");
}

static void a_wrong_value_is_a_usage_error_with_the_option_as_typed(void **state)
{
    struct parsed p;

    (void)state;
    assert_false(prepare(&p, (const char *const[]){"--source", "dbname=a", "--target", "host=b",
                                                   "-j", "many", NULL}));
    assert_int_equal(p.e.code, E_USAGE);
    assert_string_equal(
        p.e.text, "-j: expected an integer from 1 to 256, got the string \"many\" (default 4)");
    parsed_release(&p);
}

static void a_bare_call_has_no_command_and_no_configuration(void **state)
{
    struct parsed p;

    (void)state;
    assert_true(prepare(&p, (const char *const[]){NULL}));
    assert_null(p.inv.command);
    assert_null(p.inv.config.arena);
    parsed_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere_and_in_every_spelling),
        cmocka_unit_test(mistakes_are_one_line_and_the_help_to_read),
        cmocka_unit_test(a_file_that_exists_is_a_configuration_whatever_its_name),
        cmocka_unit_test(every_command_is_found_by_its_name_and_bit),
        cmocka_unit_test(mirror_with_dry_run_is_plan),
        cmocka_unit_test(a_wrong_value_is_a_usage_error_with_the_option_as_typed),
        cmocka_unit_test(a_bare_call_has_no_command_and_no_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
