/* Errors as values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"

static void set_fills_code_and_text_and_forgets_the_rest(void **state)
{
    struct err e = {.code = E_AUTH, .sys = 3, .detail = "old", .hint = "old", .sqlstate = "28P01"};

    (void)state;
    assert_false(err_set(&e, E_CONNECT, "cannot reach '%s'", "db1"));
    assert_int_equal(e.code, E_CONNECT);
    assert_string_equal(e.text, "cannot reach 'db1'");
    assert_string_equal(e.detail, "");
    assert_string_equal(e.hint, "");
    assert_string_equal(e.sqlstate, "");
    assert_int_equal(e.sys, 0);
    assert_true(e.retryable);
    assert_false(err_set(&e, E_CONFIG, "bad"));
    assert_false(e.retryable);
}

static void set_may_quote_the_error_it_replaces(void **state)
{
    struct err e = {0};

    (void)state;
    (void)err_set(&e, E_IO, "inner");
    (void)err_set(&e, E_DATA, "outer after '%s'", e.text);
    assert_string_equal(e.text, "outer after 'inner'");
}

static void sys_adds_the_reason(void **state)
{
    struct err e = {0};

    (void)state;
    errno = ENOENT;
    assert_false(err_sys(&e, E_NOINPUT, "cannot open '%s'", "x"));
    assert_int_equal(e.code, E_NOINPUT);
    assert_int_equal(e.sys, ENOENT);
    assert_string_equal(e.text, "cannot open 'x': No such file or directory");
}

static void a_full_disk_is_an_io_error_whatever_was_tried(void **state)
{
    static const int full[] = {ENOSPC, EDQUOT, EFBIG, EIO};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct err e = {0};

        errno = full[i];
        (void)err_sys(&e, E_CREATE, "cannot write '%s'", "dump");
        assert_int_equal(e.code, E_IO);
        assert_int_equal(err_exit_status(&e), 74);
    }
}

static void in_prefixes_the_place(void **state)
{
    struct err e = {0};

    (void)state;
    (void)err_set(&e, E_DATA, "row 7");
    assert_false(err_in(&e, "table '%s'", "t"));
    assert_false(err_in(&e, "dump"));
    assert_string_equal(e.text, "dump: table 't': row 7");
    assert_int_equal(e.code, E_DATA);
}

static void long_texts_are_cut_visibly(void **state)
{
    char longer[2000];
    struct err e = {0};

    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)err_set(&e, E_DATA, "%s", longer);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_string_equal(e.text + sizeof e.text - 4, "...");
    (void)err_in(&e, "%s", longer);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_string_equal(e.text + sizeof e.text - 4, "...");
    (void)err_detail(&e, "%s", longer);
    assert_string_equal(e.detail + sizeof e.detail - 4, "...");
    (void)err_hint(&e, "%s", longer);
    assert_string_equal(e.hint + sizeof e.hint - 4, "...");
    errno = ENOENT;
    (void)err_sys(&e, E_DATA, "%s", longer);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void nobody_has_to_listen(void **state)
{
    struct err *none = NULL;

    (void)state;
    assert_false(err_set(none, E_IO, "x"));
    assert_false(err_sys(none, E_IO, "x"));
    assert_false(err_in(none, "x"));
    assert_false(err_detail(none, "x"));
    assert_false(err_hint(none, "x"));
}

static void every_code_has_status_class_and_text(void **state)
{
    (void)state;
    for (int c = 0; c < ERR_CODE_COUNT; c++) {
        assert_true(err_code_class((enum err_code)c)[0]);
        assert_true(err_code_text((enum err_code)c)[0]);
        for (int d = 0; d < c; d++) {
            assert_int_not_equal(err_code_status((enum err_code)c),
                                 err_code_status((enum err_code)d));
            assert_string_not_equal(err_code_class((enum err_code)c),
                                    err_code_class((enum err_code)d));
        }
    }
}

static void a_signal_is_its_own_status(void **state)
{
    struct err e = {.code = E_CANCELLED, .sys = 15};

    (void)state;
    assert_int_equal(err_exit_status(&e), 143);
}

static void the_worst_of_several_jobs_wins(void **state)
{
    static const enum err_code rising[] = {E_NONE,  E_BUSY,    E_NO,       E_SECONDARY, E_DEADLINE,
                                           E_USAGE, E_DATA,    E_CONFIG,   E_REFUSED,   E_MISMATCH,
                                           E_SWAP,  E_UNKNOWN, E_CANCELLED};

    (void)state;
    for (size_t i = 1; i < sizeof rising / sizeof *rising; i++) {
        assert_true(err_code_is_worse(rising[i], rising[i - 1]));
        assert_false(err_code_is_worse(rising[i - 1], rising[i]));
        assert_false(err_code_is_worse(rising[i], rising[i]));
    }
}

static void clear_is_no_error(void **state)
{
    struct err e = {0};

    (void)state;
    (void)err_set(&e, E_IO, "x");
    err_clear(&e);
    assert_int_equal(e.code, E_NONE);
    assert_int_equal(err_exit_status(&e), 0);
    assert_string_equal(e.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_code_and_text_and_forgets_the_rest),
        cmocka_unit_test(set_may_quote_the_error_it_replaces),
        cmocka_unit_test(sys_adds_the_reason),
        cmocka_unit_test(a_full_disk_is_an_io_error_whatever_was_tried),
        cmocka_unit_test(in_prefixes_the_place),
        cmocka_unit_test(long_texts_are_cut_visibly),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(every_code_has_status_class_and_text),
        cmocka_unit_test(a_signal_is_its_own_status),
        cmocka_unit_test(the_worst_of_several_jobs_wins),
        cmocka_unit_test(clear_is_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
