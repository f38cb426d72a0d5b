/* Bytes that grow up to a cap, and memory that dies together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/rd.h"
#include "common/secret.h"

static void a_buffer_is_always_a_string(void **state)
{
    struct buf b = BUF_INIT(100);

    (void)state;
    assert_string_equal(buf_str(&b), "");
    buf_add(&b, NULL, 0);
    assert_string_equal(buf_str(&b), "");
    buf_addstr(&b, "ab");
    buf_addch(&b, 'c');
    buf_printf(&b, "%d-%s", 7, "x");
    assert_string_equal(buf_str(&b), "abc7-x");
    assert_int_equal(b.len, 6);
    buf_clear(&b);
    assert_string_equal(buf_str(&b), "");
    buf_release(&b);
    assert_string_equal(buf_str(&b), "");
}

static void a_buffer_grows_to_its_cap_and_not_beyond(void **state)
{
    struct buf b = BUF_INIT(1000);

    (void)state;
    for (int i = 0; i < 1000; i++)
        buf_addch(&b, 'x');
    assert_false(b.failed);
    assert_int_equal(b.len, 1000);
    assert_int_equal(strlen(buf_str(&b)), 1000);
    buf_addch(&b, 'y');
    assert_true(b.failed);
    assert_int_equal(b.len, 1000);
    buf_clear(&b);
    assert_false(b.failed);
    buf_release(&b);
}

static void failure_sticks_until_cleared(void **state)
{
    struct buf b = BUF_INIT(10);

    (void)state;
    buf_addstr(&b, "12345678901");
    assert_true(b.failed);
    buf_addstr(&b, "1");
    buf_printf(&b, "%d", 1);
    assert_int_equal(b.len, 0);
    assert_true(b.failed);
    buf_clear(&b);
    buf_printf(&b, "%s", "1234567890");
    assert_false(b.failed);
    assert_string_equal(buf_str(&b), "1234567890");
    buf_release(&b);
}

static void consume_drops_from_the_front(void **state)
{
    struct buf b = BUF_INIT(100);

    (void)state;
    buf_consume(&b, 0); /* nothing of nothing */
    buf_addstr(&b, "abcdef");
    buf_consume(&b, 2);
    assert_string_equal(buf_str(&b), "cdef");
    buf_consume(&b, 4);
    assert_string_equal(buf_str(&b), "");
    buf_wipe(&b);
}

static void an_arena_gives_zeroed_separate_memory(void **state)
{
    struct arena *a = arena_new();
    char *first = arena_alloc(a, 1);
    size_t sizes[] = {0, 1, 7, 8, 100, 5000, 70000, 1 << 20};

    (void)state;
    *first = 'f';
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *p = arena_alloc(a, sizes[i]);

        assert_int_equal((uintptr_t)p % 8, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xee, sizes[i]);
    }
    assert_int_equal(*first, 'f');
    arena_clear(a);
    first = arena_alloc(a, 64);
    for (size_t k = 0; k < 64; k++)
        assert_int_equal(first[k], 0); /* also when a block is used again */
    arena_free(a);
    arena_free(NULL);
}

static void an_arena_copies_text(void **state)
{
    struct arena *a = arena_new();
    char longer[5000];

    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_null(arena_strdup(a, NULL));
    assert_string_equal(arena_strdup(a, ""), "");
    assert_string_equal(arena_strdup(a, longer), longer);
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(a, "%s-%d", longer, 1) + sizeof longer - 1, "-1");
    arena_wipe(a);
}

static void an_array_grows_and_keeps_its_elements(void **state)
{
    struct arena *a = arena_new();
    int *v = NULL;
    size_t cap = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        v = arena_grow(a, v, (size_t)i, &cap, sizeof *v);
        v[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(v[i], i);
    arena_free(a);
}

static void a_cursor_stops_at_the_end(void **state)
{
    static const unsigned char bytes[] = {1, 0x78, 0x56, 0x34, 0x92, 9};
    struct rd r = rd_init(bytes, sizeof bytes);

    (void)state;
    assert_int_equal(rd_u8(&r), 1);
    assert_int_equal(rd_u32_le(&r), 0x92345678);
    assert_false(rd_end(&r));
    assert_int_equal(rd_u8(&r), 9);
    assert_true(rd_end(&r));
    assert_int_equal(rd_u8(&r), 0);
    assert_true(r.bad);
    assert_false(rd_end(&r));
    r = rd_init(bytes, 3);
    assert_int_equal(rd_u32_le(&r), 0);
    assert_true(r.bad);
    assert_int_equal(rd_u8(&r), 0); /* stays bad though bytes are left */
}

static void a_secret_is_set_and_forgotten(void **state)
{
    struct secret s = {0};

    (void)state;
    assert_false(secret_is_set(&s));
    assert_null(secret_get(&s));
    secret_set(&s, "", 0);
    assert_true(secret_is_set(&s)); /* an empty password is one */
    assert_string_equal(secret_get(&s), "");
    secret_set(&s, "password", 4);
    assert_string_equal(secret_get(&s), "pass");
    secret_release(&s);
    assert_false(secret_is_set(&s));
    secret_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_is_always_a_string),
        cmocka_unit_test(a_buffer_grows_to_its_cap_and_not_beyond),
        cmocka_unit_test(failure_sticks_until_cleared),
        cmocka_unit_test(consume_drops_from_the_front),
        cmocka_unit_test(an_arena_gives_zeroed_separate_memory),
        cmocka_unit_test(an_arena_copies_text),
        cmocka_unit_test(an_array_grows_and_keeps_its_elements),
        cmocka_unit_test(a_cursor_stops_at_the_end),
        cmocka_unit_test(a_secret_is_set_and_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
