/* Questions about text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/str.h"

#define VALID(s) (str_utf8_valid_prefix((s), sizeof(s) - 1))

static void utf8_is_checked_as_the_standard_says(void **state)
{
    (void)state;
    assert_int_equal(VALID("plain"), 5);
    assert_int_equal(VALID("\xc3\xa4\xe8\x88\xb9\xf0\x9f\x9a\xa2"), 9);
    assert_int_equal(VALID("a\0b"), 3);
    assert_int_equal(VALID("\xf4\x8f\xbf\xbf"), 4);
    assert_int_equal(VALID("a\x80"), 1);            /* continuation alone */
    assert_int_equal(VALID("a\xc3"), 1);            /* cut */
    assert_int_equal(VALID("\xc0\xaf"), 0);         /* overlong */
    assert_int_equal(VALID("\xe0\x9f\xbf"), 0);     /* overlong */
    assert_int_equal(VALID("\xed\xa0\x80"), 0);     /* surrogate */
    assert_int_equal(VALID("\xf0\x8f\xbf\xbf"), 0); /* overlong */
    assert_int_equal(VALID("\xf4\x90\x80\x80"), 0); /* above U+10FFFF */
    assert_int_equal(VALID("\xf5\x80\x80\x80"), 0);
    assert_int_equal(VALID("\xff"), 0);
    assert_int_equal(VALID("ok\xf0\x9f\x9a"), 2);
    assert_int_equal(str_utf8_valid_prefix("", 0), 0);
}

static void distance_counts_single_edits(void **state)
{
    char longer[80];

    (void)state;
    assert_int_equal(str_edit_distance("", ""), 0);
    assert_int_equal(str_edit_distance("", "abc"), 3);
    assert_int_equal(str_edit_distance("abc", ""), 3);
    assert_int_equal(str_edit_distance("jobs", "job"), 1);
    assert_int_equal(str_edit_distance("hots", "host"), 1); /* neighbours swapped */
    assert_int_equal(str_edit_distance("databse", "database"), 1);
    assert_int_equal(str_edit_distance("kitten", "sitting"), 3);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(str_edit_distance(longer, longer), 0);
    assert_int_equal(str_edit_distance(longer, "x"), 64);
}

static void typos_are_near_or_a_prefix(void **state)
{
    (void)state;
    assert_true(str_is_likely_typo("paralel_jobs", "parallel_jobs"));
    assert_true(str_is_likely_typo("pass", "password"));
    assert_true(str_is_likely_typo("password_fil", "password"));
    assert_true(str_is_likely_typo("ur", "uri"));
    assert_false(str_is_likely_typo("ab", "uri"));
    assert_false(str_is_likely_typo("", "uri"));
    assert_false(str_is_likely_typo("database", "user"));
}

static void globs_match_the_whole(void **state)
{
    (void)state;
    assert_true(str_glob_match("prod*.db/*", "prod7.db/app"));
    assert_true(str_glob_match("*/billing", "a/b/billing"));
    assert_true(str_glob_match("*", ""));
    assert_true(str_glob_match("", ""));
    assert_true(str_glob_match("a?c", "abc"));
    assert_true(str_glob_match("*a*b*c", "xxaxxbxxaxxbxxc"));
    assert_true(str_glob_match("**", "x"));
    assert_false(str_glob_match("a?c", "ac"));
    assert_false(str_glob_match("prod", "prod1"));
    assert_false(str_glob_match("prod?", "prod"));
    assert_false(str_glob_match("*.db", "x.dbs"));
    assert_false(str_glob_match("[ab]", "a")); /* no sets */
    assert_true(str_glob_match("[ab]", "[ab]"));
}

static void equality_knows_null(void **state)
{
    (void)state;
    assert_true(str_eq(NULL, NULL));
    assert_true(str_eq("a", "a"));
    assert_false(str_eq("a", NULL));
    assert_false(str_eq(NULL, ""));
    assert_false(str_eq("a", "A"));
}

/* What a shell makes of the quoted word must be the word. */
static void a_shell_reads_quoted_words_back(void **state)
{
    static const char *const words[] = {
        "",          "plain-1.2/x", "with space", "it's", "'",    "$HOME `id` \\ \"q\"",
        "new\nline", "*?[x]",       "-n; rm",     "ä船",  "''''", "!x",
        "~root",     "a=b #c"};

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct buf command = BUF_INIT(1000);
        char got[200];
        FILE *f;
        size_t n;

        buf_addstr(&command, "printf %s ");
        str_shell_quote(&command, words[i]);
        f = popen(buf_str(&command), "r");
        assert_non_null(f);
        n = fread(got, 1, sizeof got - 1, f);
        got[n] = '\0';
        assert_int_equal(pclose(f), 0);
        assert_string_equal(got, words[i]);
        buf_release(&command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_checked_as_the_standard_says),
        cmocka_unit_test(distance_counts_single_edits),
        cmocka_unit_test(typos_are_near_or_a_prefix),
        cmocka_unit_test(globs_match_the_whole),
        cmocka_unit_test(equality_knows_null),
        cmocka_unit_test(a_shell_reads_quoted_words_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
