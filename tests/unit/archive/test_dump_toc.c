/* What is read from the header and the contents of a good dump. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump_read.h"

static void header_facts_are_read_in_every_version(void **state)
{
    (void)state;
    for (int minor = 12; minor <= 16; minor++) {
        struct made *m = dump_make((struct made_options){.minor = minor, .compression = 1});
        struct reading r;
        const struct dump_header *h = &r.toc.header;

        read_made(&r, m);
        assert_string_equal(r.e.text, "");
        assert_int_equal(h->minor, minor);
        assert_int_equal(h->compression, DUMP_GZIP);
        assert_int_equal(h->level, minor < 15 ? -1 : DUMP_LEVEL_UNKNOWN);
        assert_int_equal(h->created.tm_year, 126);
        assert_int_equal(h->created.tm_mon, 10);
        assert_int_equal(h->created.tm_mday, 20);
        assert_int_equal(h->created.tm_hour, 18);
        assert_int_equal(h->created.tm_min, 59);
        assert_int_equal(h->created.tm_sec, 1);
        assert_string_equal(h->dbname, "tiny");
        assert_string_equal(h->server_version, "15.20 (Debian 15.20-0+deb12u1)");
        assert_string_equal(h->dump_version, "17.12");
        reading_release(&r);
        free(m);
    }
}

static void entries_are_read_in_every_version(void **state)
{
    (void)state;
    for (int minor = 12; minor <= 16; minor++) {
        struct made *m = dump_make((struct made_options){.minor = minor, .offsets = 1});
        const struct dump_entry *t;
        struct reading r;

        read_made(&r, m);
        assert_true(r.ok);
        assert_int_equal(r.toc.entry_count, MADE_ENTRIES);
        assert_int_equal(r.toc.data_count, MADE_BLOCKS);
        assert_int_equal(r.toc.toc_at, m->count_at);
        assert_int_equal(r.toc.data_at, m->block[0]);
        t = dump_toc_find(&r.toc, ID_T);
        assert_non_null(t);
        assert_ptr_equal(t, &r.toc.entries[M_T]);
        assert_true(t->had_dumper);
        assert_int_equal(t->oid, 19900);
        assert_int_equal(t->tableoid, 0);
        assert_string_equal(t->tag, "t");
        assert_string_equal(t->desc, "TABLE DATA");
        assert_string_equal(t->namespace, "public");
        assert_null(t->tablespace);
        assert_string_equal(t->owner, "postgres");
        assert_string_equal(t->copy_stmt, "COPY public.t (a, b) FROM stdin;\n");
        assert_null(t->defn);
        assert_int_equal(t->section, DUMP_SECTION_DATA);
        assert_int_equal(t->dep_count, 2);
        assert_int_equal(t->deps[1], 219);
        assert_int_equal(t->offset_state, DUMP_OFFSET_SET);
        assert_int_equal(t->position, m->block[0]);
        assert_int_equal(t->toc_at, m->entry[M_T].start);
        assert_int_equal(t->defn_at, m->entry[M_T].defn);
        assert_int_equal(t->defn_size_bytes, 5);
        assert_string_equal(r.toc.entries[M_TABLE].defn,
                            "CREATE TABLE public.t (a integer, b text);\n");
        assert_string_equal(r.toc.entries[M_TABLE].tablespace, "");
        assert_int_equal(r.toc.entries[M_INDEX].offset_state, DUMP_OFFSET_NO_DATA);
        assert_int_equal(r.toc.entries[M_INDEX].data_no, DUMP_NO_DATA);
        assert_null(dump_toc_find(&r.toc, 4711));
        reading_release(&r);
        free(m);
    }
}

static void definitions_of_single_large_objects_are_not_kept(void **state)
{
    struct made *m = dump_make((struct made_options){.minor = 14});
    struct reading r;

    (void)state;
    read_made(&r, m);
    assert_true(r.ok);
    assert_string_equal(r.toc.entries[M_OBJECT].desc, "BLOB");
    assert_null(r.toc.entries[M_OBJECT].defn);
    assert_int_equal(r.toc.entries[M_OBJECT2].oid, UINT32_MAX);
    reading_release(&r);
    free(m);
}

static void definitions_are_kept_up_to_their_cap(void **state)
{
    static char text[DUMP_DEFN_MAX + 2];

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct made *m = dump_make((struct made_options){0});
        struct reading r;

        memset(text, 'x', sizeof text);
        text[DUMP_DEFN_MAX + more] = '\0';
        made_set_str(m, m->entry[M_INDEX].defn, text);
        read_made(&r, m);
        assert_true(r.ok);
        if (more) {
            assert_null(r.toc.entries[M_INDEX].defn);
        } else {
            assert_string_equal(r.toc.entries[M_INDEX].defn, text);
        }
        assert_int_equal(r.toc.entries[M_INDEX].defn_size_bytes, DUMP_DEFN_MAX + more + 5);
        reading_release(&r);
        free(m);
    }
}

static void strings_longer_than_the_buffer_are_read(void **state)
{
    static char text[200 * 1000];
    struct made *m = dump_make((struct made_options){0});
    struct reading r;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    made_set_str(m, m->entry[M_T].copy, text);
    read_made(&r, m);
    assert_true(r.ok);
    assert_string_equal(r.toc.entries[M_T].copy_stmt, text);
    reading_release(&r);
    free(m);
}

static void neighbours_share_equal_strings(void **state)
{
    struct made *m = dump_make((struct made_options){0});
    struct reading r;

    (void)state;
    read_made(&r, m);
    assert_ptr_equal(r.toc.entries[M_T].desc, r.toc.entries[M_U].desc);
    assert_ptr_equal(r.toc.entries[M_TABLE].namespace, r.toc.entries[M_T].namespace);
    reading_release(&r);
    free(m);
}

static void a_prefix_is_not_the_same_string(void **state)
{
    struct made *m = dump_make((struct made_options){0});
    struct reading r;

    (void)state;
    made_set_str(m, m->entry[M_TABLE].tag, "tt"); /* the next entry's tag is "t" */
    read_made(&r, m);
    assert_true(r.ok);
    assert_string_equal(r.toc.entries[M_TABLE].tag, "tt");
    assert_string_equal(r.toc.entries[M_T].tag, "t");
    reading_release(&r);
    free(m);
}

static const char *listed(const struct dump_entry *t)
{
    static char text[400];
    struct buf b = BUF_INIT(4096);

    dump_entry_list(&b, t);
    (void)snprintf(text, sizeof text, "%s", buf_str(&b));
    buf_release(&b);
    return text;
}

static void entries_are_listed_as_pg_restore_does(void **state)
{
    struct made *m = dump_make((struct made_options){.minor = 14});
    struct reading r;

    (void)state;
    read_made(&r, m);
    assert_string_equal(listed(&r.toc.entries[M_T]), "3470; 0 19900 TABLE DATA public t postgres");
    assert_string_equal(listed(&r.toc.entries[M_U]), "3471; 0 19901 TABLE DATA public u v ");
    assert_string_equal(listed(&r.toc.entries[M_OBJECT2]),
                        "302; 0 4294967295 BLOB - 4294967295 postgres");
    assert_string_equal(listed(&r.toc.entries[M_BLOBS]), "3480; 0 0 BLOBS - BLOBS ");
    reading_release(&r);
    free(m);
}

static void entries_of_the_database_itself_are_not_listed(void **state)
{
    static const struct {
        const char *desc;
        const char *tag;
        bool listed;
    } cases[] = {
        {"ENCODING", "ENCODING", false},       {"STDSTRINGS", "STDSTRINGS", false},
        {"SEARCHPATH", "SEARCHPATH", false},   {"DATABASE", "app", false},
        {"DATABASE PROPERTIES", "app", false}, {"COMMENT", "DATABASE app", false},
        {"ACL", "DATABASE app", false},        {"SECURITY LABEL", "DATABASE app", false},
        {"COMMENT", "DATABASES", true},        {"TABLE", "DATABASE app", true},
        {"COMMENT", "TABLE t", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dump_entry t = {.desc = cases[i].desc, .tag = cases[i].tag};

        assert_int_equal(dump_entry_is_listed(&t), cases[i].listed);
    }
}

static void loading_through_the_root_is_recognised(void **state)
{
    static const struct {
        const char *namespace, *tag, *copy, *defn;
        bool via_root;
    } cases[] = {
        {"public", "t", "COPY public.t (a) FROM stdin;\n", NULL, false},
        {"public", "t", "COPY public.t  FROM stdin;\n", NULL, false},
        {"public", "t1", "COPY public.t (a) FROM stdin;\n", NULL, true},
        {"public", "t", "COPY public.t1 (a) FROM stdin;\n", NULL, true},
        {"other", "t", "COPY public.t (a) FROM stdin;\n", NULL, true},
        {"public", "a\"b.c d", "COPY public.\"a\"\"b.c d\" (a) FROM stdin;\n", NULL, false},
        {"a.b", "t", "COPY \"a.b\".t (a) FROM stdin;\n", NULL, false},
        {"public", "t", "COPY t (a) FROM stdin;\n", NULL, false}, /* 1.12 */
        {"public", "t", "COPY root (a) FROM stdin;\n", NULL, true},
        {"public", "t", NULL, "-- load via partition root public.root", true},
        {"public", "t", NULL, NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dump_entry t = {.had_dumper = true,
                               .desc = "TABLE DATA",
                               .namespace = cases[i].namespace,
                               .tag = cases[i].tag,
                               .copy_stmt = cases[i].copy,
                               .defn = cases[i].defn};

        if (dump_entry_is_via_root(&t) != cases[i].via_root)
            fail_msg("case %zu: %s", i, cases[i].copy ? cases[i].copy : "(none)");
    }
}

static void subjects_are_one_short_line(void **state)
{
    char dst[DUMP_SUBJECT_MAX];
    char longest[500];
    struct dump_entry t = {.desc = "TABLE DATA", .had_dumper = true, .tag = "a\nb"};

    (void)state;
    assert_string_equal(dump_entry_subject(dst, &t), "table 'a?b'");
    t.namespace = "s";
    assert_string_equal(dump_entry_subject(dst, &t), "table 's.a?b'");
    t = (struct dump_entry){.desc = "INDEX", .tag = "i", .namespace = "s"};
    assert_string_equal(dump_entry_subject(dst, &t), "entry 's.i' (INDEX)");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    t = (struct dump_entry){.desc = longest, .tag = longest, .namespace = longest};
    assert_true(strlen(dump_entry_subject(dst, &t)) < DUMP_SUBJECT_MAX);
}

static void a_dump_may_be_part_of_a_file(void **state)
{
    struct made *m = dump_make((struct made_options){.offsets = 1, .compression = 1});
    static const struct dump_walk_options decode;
    char path[] = "/tmp/pgm_dump.XXXXXX";
    int fd = mkstemp(path);
    struct reading r = {.a = arena_new()};

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    assert_int_equal(write(fd, m->data, m->len), (int)m->len);
    assert_int_equal(write(fd, "behind", 6), 6);
    dump_source_part(&r.src, fd, 10, m->len);
    assert_true(dump_toc_read(&r.toc, &r.src, r.a, &r.e));
    assert_true(dump_walk(&r.report, &r.src, &r.toc, &decode, r.a, &r.e));
    assert_int_equal(r.report.rows, 2);
    assert_true(dump_source_fd(&r.src, fd, &r.e));
    assert_int_equal(r.src.size_bytes, m->len + 16);
    assert_false(dump_toc_read(&r.toc, &r.src, r.a, &r.e));
    assert_string_equal(r.e.text, "not a dump of pg_dump: it does not start with 'PGDMP'");
    (void)close(fd);
    (void)unlink(path);
    reading_release(&r);
    free(m);
}

static void a_file_that_got_shorter_is_truncated(void **state)
{
    struct made *m = dump_make((struct made_options){0});
    static const struct dump_walk_options decode;
    char path[] = "/tmp/pgm_dump.XXXXXX";
    int fd = mkstemp(path);
    struct reading r = {.a = arena_new()};

    (void)state;
    assert_int_equal(write(fd, m->data, m->len), (int)m->len);
    assert_true(dump_source_fd(&r.src, fd, &r.e));
    assert_true(dump_toc_read(&r.toc, &r.src, r.a, &r.e));
    assert_int_equal(ftruncate(fd, (off_t)m->len - 30), 0);
    assert_false(dump_walk(&r.report, &r.src, &r.toc, &decode, r.a, &r.e));
    assert_int_equal(r.e.code, E_DATA);
    assert_non_null(strstr(r.e.text, "dump is truncated: large object"));
    (void)close(fd);
    (void)unlink(path);
    reading_release(&r);
    free(m);
}

static void a_pipe_is_no_source(void **state)
{
    struct dump_source src;
    struct err e = {0};
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_false(dump_source_fd(&src, fds[0], &e));
    assert_int_equal(e.code, E_NOINPUT);
    assert_string_equal(e.text, "the dump is not a regular file");
    (void)close(fds[0]);
    (void)close(fds[1]);
    assert_false(dump_source_fd(&src, -1, &e));
    assert_int_equal(e.code, E_IO);
}

static ssize_t broken_disk(const struct dump_source *s, void *dst, size_t len, uint64_t offset)
{
    (void)s;
    (void)dst;
    (void)len;
    (void)offset;
    errno = EIO;
    return -1;
}

static void a_read_error_is_an_io_error(void **state)
{
    struct arena *a = arena_new();
    struct dump_source src = {.read_at = broken_disk, .size_bytes = 5000};
    struct dump_toc toc;
    struct err e = {0};

    (void)state;
    assert_false(dump_toc_read(&toc, &src, a, &e));
    assert_int_equal(e.code, E_IO);
    assert_string_equal(e.text, "cannot read the dump: Input/output error");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_facts_are_read_in_every_version),
        cmocka_unit_test(entries_are_read_in_every_version),
        cmocka_unit_test(definitions_of_single_large_objects_are_not_kept),
        cmocka_unit_test(definitions_are_kept_up_to_their_cap),
        cmocka_unit_test(strings_longer_than_the_buffer_are_read),
        cmocka_unit_test(neighbours_share_equal_strings),
        cmocka_unit_test(a_prefix_is_not_the_same_string),
        cmocka_unit_test(entries_are_listed_as_pg_restore_does),
        cmocka_unit_test(entries_of_the_database_itself_are_not_listed),
        cmocka_unit_test(loading_through_the_root_is_recognised),
        cmocka_unit_test(subjects_are_one_short_line),
        cmocka_unit_test(a_dump_may_be_part_of_a_file),
        cmocka_unit_test(a_file_that_got_shorter_is_truncated),
        cmocka_unit_test(a_pipe_is_no_source),
        cmocka_unit_test(a_read_error_is_an_io_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
