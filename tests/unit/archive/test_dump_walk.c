/* What a walk over good data reports, and what it does on the way. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/stop.h"
#include "dump_read.h"

static void rows_and_objects_are_counted(void **state)
{
    (void)state;
    for (int compression = 0; compression <= 2; compression++) {
        struct made *m = dump_make((struct made_options){.compression = compression});
        const struct dump_table *t;
        struct reading r;

        read_made(&r, m);
        assert_string_equal(r.e.text, "");
        assert_int_equal(r.report.verdict, DUMP_COMPLETE);
        assert_false(r.report.has_tail);
        assert_false(r.report.order_differs);
        assert_int_equal(r.report.table_count, 2);
        t = &r.report.tables[0];
        assert_int_equal(t->dump_id, ID_T);
        assert_int_equal(t->oid, 19900);
        assert_string_equal(t->namespace, "public");
        assert_string_equal(t->tag, "t");
        assert_true(t->rows_known);
        assert_int_equal(t->rows, 2);
        assert_int_equal(t->data_bytes, sizeof T_ROWS COPY_END - 1);
        assert_int_equal(t->position, m->block[0]);
        assert_false(t->via_root);
        assert_ptr_equal(t->entry, &r.toc.entries[M_T]);
        t = &r.report.tables[1];
        assert_true(t->rows_known);
        assert_int_equal(t->rows, 0);
        assert_int_equal(t->data_bytes, 5);
        assert_int_equal(r.report.rows, 2);
        assert_int_equal(r.report.object_count, 2);
        assert_int_equal(r.report.objects[0], 24425);
        assert_int_equal(r.report.objects[1], UINT32_MAX);
        assert_int_equal(r.report.object_bytes, 2);
        assert_int_equal(r.report.data_bytes, sizeof T_ROWS COPY_END - 1 + 5 + 2);
        reading_release(&r);
        free(m);
    }
}

/* Texts of table t and its rows. */
static void rows_of_odd_text_are_counted(void **state)
{
    static const struct {
        const char *text;
        uint64_t rows;
    } cases[] = {
        {"\n\n\n", 3},         /* no columns, or only generated ones */
        {"\\\\.\n", 1},        /* the text \. */
        {"a\\nb\tc\\\\\n", 1}, /* a newline in a field */
        {"\\N\t\\N\n\n", 2},   {"x\n\\\\.\n\\\\.\\n\\n\\n\n", 3},
        {"\x95\x5c\n", 1}, /* SJIS: the second byte is a backslash */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct made *m = dump_make((struct made_options){.rows = cases[i].text});
        struct reading r;

        read_made(&r, m);
        assert_string_equal(r.e.text, "");
        assert_int_equal(r.report.tables[0].rows, cases[i].rows);
        reading_release(&r);
        free(m);
    }
}

static void rows_of_inserts_are_not_guessed(void **state)
{
    struct made *m = dump_make((struct made_options){
        .inserts = 1, .rows = "INSERT INTO public.t VALUES (1, 'a\nINSERT INTO b\n');\n"});
    struct reading r;

    (void)state;
    read_made(&r, m);
    assert_string_equal(r.e.text, "");
    assert_false(r.report.tables[0].rows_known);
    assert_int_equal(r.report.tables[0].rows, 0);
    assert_true(r.report.tables[1].rows_known);
    reading_release(&r);
    free(m);
}

static void another_order_of_blocks_is_noted(void **state)
{
    struct made *m = dump_make((struct made_options){0});
    unsigned char first[512];
    size_t n = m->block[1] - m->block[0];
    struct reading r;

    (void)state;
    memcpy(first, m->data + m->block[0], n);
    made_remove(m, m->block[0], n);
    made_insert(m, m->block[2] - n, first, n);
    read_made(&r, m);
    assert_true(r.ok);
    assert_true(r.report.order_differs);
    assert_string_equal(r.report.tables[0].tag, "t");
    assert_int_equal(r.report.tables[0].rows, 2);
    reading_release(&r);
    free(m);
}

static void a_tail_is_told_apart_from_a_cut_one(void **state)
{
    (void)state;
    for (int statistics = 0; statistics < 2; statistics++) {
        struct made *m = dump_make((struct made_options){.tail = 1, .statistics = statistics});
        size_t whole = m->len;

        for (m->len = m->block[3]; m->len <= whole; m->len++) {
            struct reading r;

            read_made(&r, m);
            assert_string_equal(r.e.text, "");
            assert_int_equal(r.report.has_tail, m->len > m->block[3]);
            assert_int_equal(r.report.verdict, m->len == m->block[3] || m->len == whole
                                                   ? DUMP_COMPLETE
                                                   : DUMP_TAIL_CUT);
            assert_int_equal(r.report.rows, 2);
            reading_release(&r);
        }
        free(m);
    }
}

static void every_changed_byte_of_a_tail_is_found(void **state)
{
    struct made *m = dump_make((struct made_options){.tail = 1});

    (void)state;
    for (size_t i = m->block[3]; i < m->len; i++) {
        struct reading r;

        m->data[i] ^= 0x21;
        read_made(&r, m);
        assert_false(r.ok);
        assert_non_null(strstr(r.e.text, "dump is damaged: trailing data after its end"));
        m->data[i] ^= 0x21;
        reading_release(&r);
    }
    free(m);
}

static void every_shorter_prefix_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct made *m = dump_make((struct made_options){
            .minor = 12 + i % 5, .compression = i % 3, .offsets = i % 2, .chunk = 9});
        size_t whole = m->len;

        for (m->len = 0; m->len < whole; m->len++) {
            struct reading r;

            read_made(&r, m);
            assert_false(r.ok);
            assert_int_equal(r.e.code, E_DATA);
            assert_non_null(strstr(r.e.text, "dump is "));
            reading_release(&r);
        }
        free(m);
    }
}

/* Compressed content is proven by its checksum, whichever bit is wrong. */
static void every_flipped_bit_of_a_gzip_stream_is_refused(void **state)
{
    struct made *m = dump_make(
        (struct made_options){.compression = 1, .rows = "4be1c7\taf09\n93d2\t58e6\nb7a\t\\N\n"});

    (void)state;
    for (size_t i = m->stream[0] + 5; i < m->last_stream_end; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct reading r;

            m->data[i] ^= (unsigned char)(1 << bit);
            read_made(&r, m);
            if (r.ok) /* padding in front of the checksum carries nothing */
                assert_true(i == m->last_stream_end - 5);
            else
                assert_int_equal(r.e.code, E_DATA);
            m->data[i] ^= (unsigned char)(1 << bit);
            reading_release(&r);
        }
    }
    free(m);
}

static void a_walk_does_not_depend_on_buffer_or_chunks(void **state)
{
    (void)state;
    for (int compression = 0; compression <= 2; compression++) {
        for (int chunk = 1; chunk < 40; chunk += 3) {
            struct made *m = dump_make(
                (struct made_options){.compression = compression, .chunk = chunk, .tail = 1});

            for (size_t buffer = 16; buffer < 80; buffer += 7) {
                const struct dump_walk_options o = {.buffer_bytes = buffer};
                struct reading r;

                read_with(&r, m->data, m->len, &o);
                assert_string_equal(r.e.text, "");
                assert_int_equal(r.report.rows, 2);
                assert_int_equal(r.report.object_bytes, 2);
                reading_release(&r);
            }
            free(m);
        }
    }
}

static void hopping_finds_structure_but_counts_nothing(void **state)
{
    const struct dump_walk_options hop = {.without_decoding = true};

    (void)state;
    for (int compression = 0; compression <= 3; compression++) {
        struct made *m = dump_make((struct made_options){.compression = compression});
        struct reading r;

        read_with(&r, m->data, m->len, &hop);
        assert_string_equal(r.e.text, "");
        assert_int_equal(r.report.verdict, DUMP_COMPLETE);
        assert_false(r.report.tables[0].rows_known);
        assert_int_equal(r.report.object_count, 2);
        reading_release(&r);
        read_with(&r, m->data, m->len - 3, &hop);
        assert_false(r.ok);
        assert_non_null(strstr(r.e.text, "dump is truncated: "));
        reading_release(&r);
        free(m);
    }
}

/* Three chunks of 2 GiB less a byte as holes of a sparse file, at 5 GiB in it. */
static void dumps_beyond_4_gib_are_walked(void **state)
{
    const struct dump_walk_options hop = {.without_decoding = true};
    const int64_t base = INT64_C(5) << 30;
    const int64_t chunk = INT32_MAX;
    struct made *m = dump_make((struct made_options){0});
    struct made *head = dump_make((struct made_options){0});
    struct reading r = {.a = arena_new()};
    char path[] = "/tmp/pgm_dump.XXXXXX";
    int fd = mkstemp(path);
    int64_t at = base + (int64_t)m->stream[2];
    size_t rest = m->len - m->stream[2];

    (void)state;
    head->len = 0;
    made_int(head, chunk);
    assert_int_equal(pwrite(fd, m->data, m->stream[2], base), (ssize_t)m->stream[2]);
    for (int i = 0; i < 3; i++, at += 5 + chunk)
        assert_int_equal(pwrite(fd, head->data, 5, at), 5);
    assert_int_equal(pwrite(fd, m->data + m->stream[2], rest, at), (ssize_t)rest);
    dump_source_part(&r.src, fd, (uint64_t)base, (uint64_t)(at - base) + rest);
    assert_true(dump_toc_read(&r.toc, &r.src, r.a, &r.e));
    assert_true(dump_walk(&r.report, &r.src, &r.toc, &hop, r.a, &r.e));
    assert_int_equal(r.report.object_count, 2);
    assert_true(r.report.verdict == DUMP_COMPLETE);
    r.src.size_bytes--;
    assert_false(dump_walk(&r.report, &r.src, &r.toc, &hop, r.a, &r.e));
    assert_non_null(strstr(r.e.text, "dump is truncated: large objects"));
    (void)close(fd);
    (void)unlink(path);
    reading_release(&r);
    free(head);
    free(m);
}

static void zstd_is_refused_with_a_way_out(void **state)
{
    struct made *m = dump_make((struct made_options){.compression = 3});
    struct reading r;

    (void)state;
    read_made(&r, m);
    assert_false(r.ok);
    assert_int_equal(r.e.code, E_DATA);
    assert_string_equal(r.e.text, "the dump is compressed with zstd, which cannot be read here");
    assert_string_equal(r.e.hint,
                        "make the dump with 'pg_dump -Fc --compress=gzip' (or lz4, or none)");
    assert_int_equal(r.toc.entry_count, MADE_ENTRIES); /* the contents were readable */
    reading_release(&r);
    free(m);
}

/* ---- sinks ---- */

struct seen {
    struct buf text;
    const char *fail_at; /* the callback that fails */
};

static bool said(struct seen *s, const char *what, struct err *e)
{
    if (s->fail_at && strcmp(s->fail_at, what) == 0)
        return err_set(e, E_SERVER, "the sink failed at %s", what);
    return true;
}

static bool see_table_begin(void *arg, const struct dump_entry *t, struct err *e)
{
    struct seen *s = arg;

    buf_printf(&s->text, "<%d>", (int)t->dump_id);
    return said(s, "table_begin", e);
}

static bool see_table_end(void *arg, const struct dump_table *t, struct err *e)
{
    struct seen *s = arg;

    buf_printf(&s->text, "</%d %d>", (int)t->dump_id, (int)t->rows);
    return said(s, "table_end", e);
}

static bool see_object_begin(void *arg, uint32_t oid, struct err *e)
{
    struct seen *s = arg;

    buf_printf(&s->text, "<%u>", oid);
    return said(s, "object_begin", e);
}

static bool see_object_end(void *arg, uint32_t oid, uint64_t size_bytes, struct err *e)
{
    struct seen *s = arg;

    buf_printf(&s->text, "</%u %d>", oid, (int)size_bytes);
    return said(s, "object_end", e);
}

static bool see_data(void *arg, const unsigned char *data, size_t len, struct err *e)
{
    struct seen *s = arg;

    buf_add(&s->text, data, len);
    return said(s, "data", e);
}

static struct dump_sink sink_of(struct seen *s)
{
    return (struct dump_sink){.table_begin = see_table_begin,
                              .table_end = see_table_end,
                              .object_begin = see_object_begin,
                              .object_end = see_object_end,
                              .data = see_data,
                              .arg = s};
}

static void a_sink_sees_everything_in_order(void **state)
{
    (void)state;
    for (int compression = 0; compression <= 2; compression++) {
        struct made *m = dump_make((struct made_options){.compression = compression, .chunk = 3});
        struct seen seen = {.text = BUF_INIT(4096)};
        const struct dump_sink sink = sink_of(&seen);
        const struct dump_walk_options o = {.sink = &sink};
        struct reading r;

        read_with(&r, m->data, m->len, &o);
        assert_true(r.ok);
        assert_string_equal(buf_str(&seen.text),
                            "<3470>1\tx\n2\t\\N\n\\.\n\n\n</3470 2><3471>\\.\n\n\n</3471 0>"
                            "<24425>z\n</24425 2><4294967295></4294967295 0>");
        buf_release(&seen.text);
        reading_release(&r);
        free(m);
    }
}

/* Short chunks are put together on the way; long ones and those at the edge of the buffer are not.
 */
static void content_does_not_depend_on_the_length_of_chunks(void **state)
{
    static const int chunks[] = {1, 2, 13, 255, 256, 257, 258, 512, 5000};
    static char rows[30000];
    size_t n = 0;

    (void)state;
    for (int i = 0; n < sizeof rows - 100; i++)
        n += (size_t)snprintf(rows + n, 100, "%d\t%.*s\n", i, i % 60,
                              "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh");
    for (size_t i = 0; i < ARRAY_LEN(chunks) * 3; i++) {
        struct made *m = dump_make((struct made_options){.chunk = chunks[i / 3], .rows = rows});
        struct seen seen = {.text = BUF_INIT(100000)};
        const struct dump_sink sink = {.data = see_data, .arg = &seen};
        const struct dump_walk_options o = {.sink = &sink,
                                            .buffer_bytes = i % 3 ? 300 * (i % 3) : 0};
        struct reading r;

        read_with(&r, m->data, m->len, &o);
        assert_string_equal(r.e.text, "");
        assert_memory_equal(buf_str(&seen.text), rows, n);
        assert_string_equal(buf_str(&seen.text) + n, COPY_END COPY_END "z\n");
        buf_release(&seen.text);
        reading_release(&r);
        free(m);
    }
}

static void a_failing_sink_ends_the_walk_with_its_own_error(void **state)
{
    static const char *const points[] = {"table_begin", "table_end", "object_begin", "object_end",
                                         "data"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(points) * 3; i++) {
        struct made *m = dump_make((struct made_options){.compression = (int)i % 3});
        struct seen seen = {.text = BUF_INIT(4096), .fail_at = points[i / 3]};
        const struct dump_sink sink = sink_of(&seen);
        const struct dump_walk_options o = {.sink = &sink};
        char want[64];
        struct reading r;

        read_with(&r, m->data, m->len, &o);
        assert_false(r.ok);
        assert_int_equal(r.e.code, E_SERVER);
        (void)snprintf(want, sizeof want, "the sink failed at %s", points[i / 3]);
        assert_string_equal(r.e.text, want);
        buf_release(&seen.text);
        reading_release(&r);
        free(m);
    }
}

static void a_damaged_table_is_never_ended(void **state)
{
    struct made *m = dump_make((struct made_options){0});
    struct seen seen = {.text = BUF_INIT(4096)};
    const struct dump_sink sink = sink_of(&seen);
    const struct dump_walk_options o = {.sink = &sink};
    struct reading r;

    (void)state;
    m->data[m->last_stream_end - 4] = 'x'; /* in the end marker */
    read_with(&r, m->data, m->len, &o);
    assert_false(r.ok);
    assert_null(strstr(buf_str(&seen.text), "</3470"));
    buf_release(&seen.text);
    reading_release(&r);
    free(m);
}

/* ---- stop and progress ---- */

struct watch {
    uint64_t done;
    uint64_t size;
    int calls;
    bool stop;
};

static void watch_progress(void *arg, uint64_t done, uint64_t size)
{
    struct watch *w = arg;

    assert_true(done >= w->done && done <= size);
    w->done = done;
    w->size = size;
    if (++w->calls == 3 && w->stop)
        stop_request(STOP_SIGNAL, SIGTERM);
}

static void progress_grows_to_the_size_of_the_dump(void **state)
{
    struct made *m = dump_make((struct made_options){0});
    struct watch w = {0};
    const struct dump_walk_options o = {
        .progress = watch_progress, .progress_arg = &w, .buffer_bytes = 16};
    struct reading r;

    (void)state;
    read_with(&r, m->data, m->len, &o);
    assert_true(r.ok);
    assert_true(w.calls > 5);
    assert_int_equal(w.done, m->len);
    assert_int_equal(w.size, m->len);
    reading_release(&r);
    free(m);
}

static void a_stopped_run_leaves_within_a_buffer(void **state)
{
    struct made *m = dump_make((struct made_options){0});
    struct watch w = {.stop = true};
    const struct dump_walk_options o = {
        .progress = watch_progress, .progress_arg = &w, .buffer_bytes = 16};
    struct reading r;

    (void)state;
    read_with(&r, m->data, m->len, &o);
    stop_reset();
    assert_false(r.ok);
    assert_int_equal(r.e.code, E_CANCELLED);
    assert_int_equal(r.e.sys, SIGTERM);
    assert_string_equal(r.e.text, "interrupted by SIGTERM");
    assert_int_equal(w.calls, 3);
    reading_release(&r);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_objects_are_counted),
        cmocka_unit_test(rows_of_odd_text_are_counted),
        cmocka_unit_test(rows_of_inserts_are_not_guessed),
        cmocka_unit_test(another_order_of_blocks_is_noted),
        cmocka_unit_test(a_tail_is_told_apart_from_a_cut_one),
        cmocka_unit_test(every_changed_byte_of_a_tail_is_found),
        cmocka_unit_test(every_shorter_prefix_is_refused),
        cmocka_unit_test(every_flipped_bit_of_a_gzip_stream_is_refused),
        cmocka_unit_test(a_walk_does_not_depend_on_buffer_or_chunks),
        cmocka_unit_test(hopping_finds_structure_but_counts_nothing),
        cmocka_unit_test(dumps_beyond_4_gib_are_walked),
        cmocka_unit_test(zstd_is_refused_with_a_way_out),
        cmocka_unit_test(a_sink_sees_everything_in_order),
        cmocka_unit_test(content_does_not_depend_on_the_length_of_chunks),
        cmocka_unit_test(a_failing_sink_ends_the_walk_with_its_own_error),
        cmocka_unit_test(a_damaged_table_is_never_ended),
        cmocka_unit_test(progress_grows_to_the_size_of_the_dump),
        cmocka_unit_test(a_stopped_run_leaves_within_a_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
