/* test_entries.c - what happens to each kind of entry, and which ones are missing afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clone/entries_priv.h"
#include "common/macros.h"

static const struct config nothing_extra = {.large_objects = true, .comments = true};
static const struct config everything = {.large_objects = true,
                                         .comments = true,
                                         .keep_owner = true,
                                         .keep_acl = true,
                                         .publications = true,
                                         .subscriptions = true};
static const struct config bare;

static const struct {
    const char *desc, *tag;
    enum entry_plan by_default, with_all, with_nothing;
} rows[] = {
    {"TABLE", "t", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_RESTORE},
    {"TABLE DATA", "t", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_RESTORE},
    {"EXTENSION", "citext", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_RESTORE},
    {"ENCODING", "ENCODING", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_RESTORE},
    /* the database itself is carried over by other means */
    {"DATABASE", "app", ENTRY_LEFT_OUT, ENTRY_LEFT_OUT, ENTRY_LEFT_OUT},
    {"DATABASE PROPERTIES", "app", ENTRY_LEFT_OUT, ENTRY_LEFT_OUT, ENTRY_LEFT_OUT},
    {"COMMENT", "DATABASE app", ENTRY_LEFT_OUT, ENTRY_LEFT_OUT, ENTRY_LEFT_OUT},
    {"ACL", "DATABASE app", ENTRY_LEFT_OUT, ENTRY_LEFT_OUT, ENTRY_LEFT_OUT},
    {"SECURITY LABEL", "DATABASE app", ENTRY_LEFT_OUT, ENTRY_LEFT_OUT, ENTRY_LEFT_OUT},
    /* privileges */
    {"ACL", "TABLE t", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"DEFAULT ACL", "DEFAULT PRIVILEGES FOR TABLES", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    /* comments: only the owner of an extension may write its */
    {"COMMENT", "TABLE t", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"COMMENT", "EXTENSION citext", ENTRY_BEST_EFFORT, ENTRY_BEST_EFFORT, ENTRY_LEFT_OUT},
    {"COMMENT", "TABLE \"EXTENSION x\"", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"SECURITY LABEL", "TABLE t", ENTRY_BEST_EFFORT, ENTRY_BEST_EFFORT, ENTRY_BEST_EFFORT},
    /* large objects, as every major writes them */
    {"BLOB", "4711", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"BLOBS", "BLOBS", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"BLOB METADATA", "4711", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"COMMENT", "LARGE OBJECT 4711", ENTRY_RESTORE, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"ACL", "LARGE OBJECT 4711", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    /* publications and subscriptions */
    {"PUBLICATION", "p", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"PUBLICATION TABLE", "p t", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"PUBLICATION TABLES IN SCHEMA", "p s", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"COMMENT", "PUBLICATION p", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"SUBSCRIPTION", "s", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"SUBSCRIPTION TABLE", "s t", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
    {"COMMENT", "SUBSCRIPTION s", ENTRY_LEFT_OUT, ENTRY_RESTORE, ENTRY_LEFT_OUT},
};

static void assert_plan(size_t i, const struct config *cfg, enum entry_plan wanted)
{
    struct dump_entry t = {.desc = rows[i].desc, .tag = rows[i].tag};

    if (entry_plan(&t, cfg) != wanted)
        fail_msg("%s %s: %d instead of %d", t.desc, t.tag, (int)entry_plan(&t, cfg), (int)wanted);
}

static void every_kind_is_restored_tried_or_left_out_as_configured(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_plan(i, &nothing_extra, rows[i].by_default);
        assert_plan(i, &everything, rows[i].with_all);
        assert_plan(i, &bare, rows[i].with_nothing);
    }
}

#define ENTRY(id, kind, schema, name, sect)                                                      \
    {                                                                                            \
        .dump_id = (id), .desc = (kind), .namespace = (schema), .tag = (name), .section = (sect) \
    }

static struct dump_entry some[] = {
    ENTRY(1, "DATABASE", NULL, "app", DUMP_SECTION_PRE_DATA),
    ENTRY(2, "TABLE", "s", "t", DUMP_SECTION_PRE_DATA),
    ENTRY(3, "VIEW", "s", "v", DUMP_SECTION_PRE_DATA),
    ENTRY(4, "TABLE DATA", "s", "t", DUMP_SECTION_DATA),
    ENTRY(5, "COMMENT", NULL, "EXTENSION citext", DUMP_SECTION_PRE_DATA),
    ENTRY(6, "INDEX", "s", "t_i", DUMP_SECTION_POST_DATA),
    ENTRY(7, "PUBLICATION", NULL, "p", DUMP_SECTION_POST_DATA),
    ENTRY(8, "ACL", "s", "TABLE t", DUMP_SECTION_NONE),
    ENTRY(9, "SCHEMA", NULL, "s", DUMP_SECTION_PRE_DATA),
};
static const struct dump_toc toc = {.entries = some, .entry_count = ARRAY_LEN(some)};

static void the_list_names_what_pg_restore_shall_restore(void **state)
{
    AUTO_BUF struct buf list = BUF_INIT(BUF_TEXT_MAX);

    (void)state;
    assert_true(entries_list(&toc, &nothing_extra, false, &list));
    assert_string_equal(buf_str(&list), "2;\n3;\n4;\n6;\n9;\n");
}

static void no_list_is_needed_when_only_the_database_stays_out(void **state)
{
    struct dump_toc whole = {.entries = some, .entry_count = 4};
    AUTO_BUF struct buf list = BUF_INIT(BUF_TEXT_MAX);

    (void)state;
    assert_false(entries_list(&whole, &nothing_extra, false, &list));
}

static void what_stays_out_is_counted_by_kind(void **state)
{
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);
    AUTO_BUF struct buf none = BUF_INIT(BUF_TEXT_MAX);

    (void)state;
    entries_left_out(&toc, &nothing_extra, &text);
    assert_string_equal(buf_str(&text), "1 PUBLICATION, 1 ACL");
    entries_left_out(&toc, &everything, &none);
    assert_string_equal(buf_str(&none), "");
}

static size_t missing_of(const struct config *cfg, const char **keys, size_t count,
                         struct buf *names)
{
    struct inventory inv = {.keys = keys, .count = count};

    return entries_missing(&toc, cfg, &inv, names);
}

static void nothing_is_missing_when_every_object_is_there(void **state)
{
    const char *keys[] = {"INDEX\ns\nt_i", "SCHEMA\n\ns", "TABLE\ns\nt", "VIEW\ns\nv"};
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);

    (void)state;
    assert_int_equal(missing_of(&nothing_extra, keys, ARRAY_LEN(keys), &names), 0);
    assert_string_equal(buf_str(&names), "");
}

static void what_is_not_there_is_named_with_its_schema(void **state)
{
    const char *keys[] = {"SCHEMA\n\ns", "TABLE\nother\nt", "VIEW\ns\nv"};
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);

    (void)state;
    assert_int_equal(missing_of(&nothing_extra, keys, ARRAY_LEN(keys), &names), 2);
    assert_string_equal(buf_str(&names), "TABLE s.t, INDEX s.t_i");
}

static void a_publication_is_missing_only_where_it_was_asked_for(void **state)
{
    const char *keys[] = {"INDEX\ns\nt_i", "SCHEMA\n\ns", "TABLE\ns\nt", "VIEW\ns\nv"};
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);

    (void)state;
    assert_int_equal(missing_of(&everything, keys, ARRAY_LEN(keys), &names), 1);
    assert_string_equal(buf_str(&names), "PUBLICATION p");
}

static void of_rows_alone_no_definition_can_be_missing(void **state)
{
    struct config data_only = nothing_extra;
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);

    (void)state;
    data_only.section = SECTION_DATA_ONLY;
    assert_int_equal(missing_of(&data_only, NULL, 0, &names), 0);
}

static void of_many_the_first_five_are_named(void **state)
{
    struct dump_entry many[8];
    struct dump_toc all = {.entries = many, .entry_count = ARRAY_LEN(many)};
    struct inventory none = {0};
    char names[ARRAY_LEN(many)][8];
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        (void)snprintf(names[i], sizeof names[i], "t%zu", i);
        many[i] = (struct dump_entry)ENTRY(1, "TABLE", "s", names[i], DUMP_SECTION_PRE_DATA);
    }
    assert_int_equal(entries_missing(&all, &nothing_extra, &none, &text), 8);
    assert_string_equal(buf_str(&text),
                        "TABLE s.t0, TABLE s.t1, TABLE s.t2, TABLE s.t3, TABLE s.t4 and 3 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_restored_tried_or_left_out_as_configured),
        cmocka_unit_test(the_list_names_what_pg_restore_shall_restore),
        cmocka_unit_test(no_list_is_needed_when_only_the_database_stays_out),
        cmocka_unit_test(what_stays_out_is_counted_by_kind),
        cmocka_unit_test(nothing_is_missing_when_every_object_is_there),
        cmocka_unit_test(what_is_not_there_is_named_with_its_schema),
        cmocka_unit_test(a_publication_is_missing_only_where_it_was_asked_for),
        cmocka_unit_test(of_rows_alone_no_definition_can_be_missing),
        cmocka_unit_test(of_many_the_first_five_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
