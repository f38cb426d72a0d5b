/* The primitives of the format, byte by byte and across the edges of the buffer; decoders;
 * counting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive/dump_priv.h"
#include "common/buf.h"
#include "dump_build.h"

static void ints_are_read_and_oddities_refused(void **state)
{
    static const struct {
        const char *bytes;
        int32_t value;
        const char *why;
    } cases[] = {
        {"\0\0\0\0\0", 0, NULL},
        {"\0\1\0\0\0", 1, NULL},
        {"\1\1\0\0\0", -1, NULL},
        {"\0\xff\xff\xff\x7f", INT32_MAX, NULL},
        {"\1\0\0\0\x80", INT32_MIN, NULL},
        {"\0\0\0\0\x80", 0, "a number out of range"},
        {"\1\1\0\0\x80", 0, "a number out of range"},
        {"\1\0\0\0\0", 0, "a number that is minus zero"},
        {"\2\1\0\0\0", 0, "a number with a wrong sign byte"},
        {"\xff\1\0\0\0", 0, "a number with a wrong sign byte"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases) * 2; i++) {
        struct dump_source src;
        struct dump_in in;

        dump_source_memory(&src, cases[i / 2].bytes, 5);
        dump_in_init(&in, &src, 0, 0);
        if (i % 2) /* the fast way: the bytes are buffered already */
            assert_true(dump_in_need(&in, 5));
        assert_int_equal(dump_in_int(&in), cases[i / 2].value);
        if (cases[i / 2].why) {
            assert_int_equal(in.fault, DUMP_BAD);
            assert_string_equal(in.why, cases[i / 2].why);
            assert_int_equal(dump_in_at(&in), 0);
        } else {
            assert_int_equal(in.fault, DUMP_OK);
            assert_int_equal(dump_in_left(&in), 0);
        }
        dump_in_release(&in);
    }
}

static void nothing_moves_after_a_fault(void **state)
{
    static const char bytes[] = "\2\1\0\0\0\0\1\0\0\0";
    struct dump_source src;
    struct dump_in in;
    uint64_t position;
    size_t got;

    (void)state;
    dump_source_memory(&src, bytes, 10);
    dump_in_init(&in, &src, 0, 0);
    (void)dump_in_int(&in);
    assert_int_equal(in.fault, DUMP_BAD);
    assert_int_equal(dump_in_int(&in), 0);
    assert_int_equal(dump_in_byte(&in), 0);
    assert_int_equal(dump_in_strlen(&in, 10), -1);
    assert_int_equal(dump_in_offset(&in, 8, &position), 0);
    assert_null(dump_in_take(&in, 3, &got));
    dump_in_skip(&in, 2);
    dump_in_bad(&in, "another reason");
    assert_string_equal(in.why, "a number with a wrong sign byte");
    assert_int_equal(dump_in_at(&in), 0);
    dump_in_release(&in);
}

static void skipping_past_the_end_is_a_cut(void **state)
{
    struct dump_source src;
    struct dump_in in;

    (void)state;
    dump_source_memory(&src, "0123456789", 10);
    dump_in_init(&in, &src, 0, 0);
    dump_in_skip(&in, 9);
    assert_int_equal(dump_in_byte(&in), '9');
    dump_in_skip(&in, 0);
    assert_int_equal(in.fault, DUMP_OK);
    dump_in_skip(&in, 1);
    assert_int_equal(in.fault, DUMP_CUT);
    dump_in_release(&in);
}

static void newlines_are_counted_at_any_length_and_place(void **state)
{
    static unsigned char text[20000];
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        text[i] = seed >> 60 < 5 ? '\n' : (unsigned char)(seed >> 40);
    }
    for (size_t from = 0; from < 40; from++) {
        for (size_t n = 0; n < 5000; n = n < 70 ? n + 1 : n + 397) {
            uint64_t want = 0;

            for (size_t i = 0; i < n; i++)
                want += text[from + i] == '\n';
            assert_int_equal(dump_count_newlines(text + from, n), want);
        }
    }
    memset(text, '\n', sizeof text); /* no counter of a byte may run over */
    assert_int_equal(dump_count_newlines(text, sizeof text), sizeof text);
}

static void the_end_marker_is_found_in_pieces(void **state)
{
    static const char text[] = "1\tx\n2\t\\N\n\\.\n\n\n";
    const struct dump_entry entry = {
        .desc = "TABLE DATA", .tag = "t", .had_dumper = true, .copy_stmt = "COPY t"};

    (void)state;
    for (size_t step = 1; step < sizeof text; step++) {
        struct dump_counter c;
        struct dump_table t = {0};
        struct err e = {0};

        dump_counter_begin(&c, &entry);
        for (size_t i = 0; i < sizeof text - 1; i += step) {
            size_t left = sizeof text - 1 - i;

            dump_counter_add(&c, (const unsigned char *)text + i, left < step ? left : step);
        }
        assert_true(dump_counter_end(&c, &t, &e));
        assert_int_equal(t.rows, 2);
        assert_int_equal(t.data_bytes, sizeof text - 1);
    }
}

static bool collect(void *arg, const unsigned char *data, size_t len, struct err *e)
{
    (void)e;
    buf_add(arg, data, len);
    return true;
}

/* 900 kB that compress badly in places and very well in others. */
static size_t make_text(char *text, size_t cap)
{
    size_t n = 0;

    for (unsigned i = 0; n + 100 < cap; i++)
        n += (size_t)snprintf(text + n, 100, "%u\t%08x%08x\t%s\n", i, i * 2654435761u,
                              i * 40503u + 77, i % 7 ? "the same text again" : "\\N");
    memset(text + cap / 2, 'z', cap / 4);
    return n;
}

static size_t pack(int compression, unsigned char *packed, size_t cap, const char *text, size_t n)
{
    LZ4F_preferences_t linked = {0};
    uLongf zlen = cap;

    if (compression == DUMP_LZ4)
        return LZ4F_compressFrame(packed, cap, text, n, &linked);
    assert_int_equal(compress2(packed, &zlen, (const Bytef *)text, n, 1), Z_OK);
    return zlen;
}

static void decoders_do_not_depend_on_the_cuts(void **state)
{
    enum { TEXT = 900 * 1000 };
    char *text = malloc(TEXT);
    unsigned char *packed = malloc(2 * TEXT);
    size_t n = make_text(text, TEXT);

    (void)state;
    for (int compression = DUMP_GZIP; compression <= DUMP_LZ4; compression++) {
        size_t len = pack(compression, packed, 2 * TEXT, text, n);
        struct buf out = BUF_INIT(2 * TEXT);
        struct dump_decoder *d =
            dump_decoder_new((enum dump_compression)compression, collect, &out);

        for (unsigned round = 0; round < 12; round++) {
            uint64_t seed = round + 1;
            size_t most = round < 4 ? 20000 : (size_t)1 << (round + 8);
            struct err e = {0};

            buf_clear(&out);
            dump_decoder_begin(d);
            for (size_t at = 0, step; at < len; at += step) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                step = 1 + (seed >> 33) % most;
                step = step < len - at ? step : len - at;
                assert_true(dump_decoder_feed(d, packed + at, step, &e));
            }
            assert_true(dump_decoder_end(d));
            assert_int_equal(out.len, n);
            assert_memory_equal(out.data, text, n);
        }
        dump_decoder_free(d);
        buf_release(&out);
    }
    free(packed);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ints_are_read_and_oddities_refused),
        cmocka_unit_test(nothing_moves_after_a_fault),
        cmocka_unit_test(skipping_past_the_end_is_a_cut),
        cmocka_unit_test(newlines_are_counted_at_any_length_and_place),
        cmocka_unit_test(the_end_marker_is_found_in_pieces),
        cmocka_unit_test(decoders_do_not_depend_on_the_cuts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
