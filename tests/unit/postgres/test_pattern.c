#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/str.h"
#include "postgres/pattern_priv.h"

static void tables_become_anchored_expressions(void **state)
{
    static const struct {
        const char *text;
        const char *schema;
        const char *name;
    } cases[] = {
        {"orders", NULL, "^(orders)$"},
        {"Orders", NULL, "^(orders)$"},
        {"\"Orders\"", NULL, "^(Orders)$"},
        {"ord*", NULL, "^(ord.*)$"},
        {"ord?rs", NULL, "^(ord.rs)$"},
        {"\"ord*\"", NULL, "^(ord\\*)$"},
        {"\"a?b\"", NULL, "^(a\\?b)$"},
        {"shop.orders", "^(shop)$", "^(orders)$"},
        {"*.orders", "^(.*)$", "^(orders)$"},
        {"Shop.\"Orders\"", "^(shop)$", "^(Orders)$"},
        {"\"a.b\".\"c.d\"", "^(a\\.b)$", "^(c\\.d)$"},
        {"a|b", NULL, "^(a|b)$"},
        {"\"a|b\"", NULL, "^(a\\|b)$"},
        {"t[0-9]+", NULL, "^(t[0-9]+)$"},
        {"t(a|b)", NULL, "^(t(a|b))$"},
        {"int[]", NULL, "^(int\\[])$"},
        {"a$b", NULL, "^(a\\$b)$"},
        {"\"a$b\"", NULL, "^(a\\$b)$"},
        {"\"say \"\"hi\"\"\"", NULL, "^(say \"hi\")$"},
        {"FOO\"BAR\"baz", NULL, "^(fooBARbaz)$"},
        {"\"back\\slash\"", NULL, "^(back\\\\slash)$"},
        {"\\w", NULL, "^(\\w)$"},
        {"\xc3\x84rger", NULL, "^(\xc3\x84rger)$"},
        {"two words", NULL, "^(two words)$"},
        {"*", NULL, "^(.*)$"},
    };
    AUTO_ARENA struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pattern p = {0};
        struct err e = {0};

        assert_true(pattern_parse_table(&p, cases[i].text, a, &e));
        assert_string_equal(p.name, cases[i].name);
        assert_true(str_eq(p.schema, cases[i].schema));
    }
}

static void a_schema_pattern_has_only_a_schema(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct pattern p = {0};
    struct err e = {0};

    (void)state;
    assert_true(pattern_parse_schema(&p, "App_*", a, &e));
    assert_string_equal(p.schema, "^(app_.*)$");
    assert_null(p.name);
}

static void bad_patterns_are_refused_by_name(void **state)
{
    static const struct {
        bool schema;
        const char *text;
        const char *message;
    } cases[] = {
        {false, "a.b.c", "pattern 'a.b.c' has too many dots"},
        {false, "a.b.c.d", "pattern 'a.b.c.d' has too many dots"},
        {true, "a.b", "pattern 'a.b' has too many dots"},
        {false, "\"abc", "pattern '\"abc' has a double quote that is not closed"},
        {false, "a.\"b", "pattern 'a.\"b' has a double quote that is not closed"},
        {true, "\"", "pattern '\"' has a double quote that is not closed"},
        {false, "", "pattern '' is empty"},
        {true, "", "pattern '' is empty"},
        {false, "a.", "pattern 'a.' has an empty part"},
        {false, ".a", "pattern '.a' has an empty part"},
        {false, "\"\"", "pattern '\"\"' is empty"},
    };
    AUTO_ARENA struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pattern p = {0};
        struct err e = {0};

        if (cases[i].schema)
            assert_false(pattern_parse_schema(&p, cases[i].text, a, &e));
        else
            assert_false(pattern_parse_table(&p, cases[i].text, a, &e));
        assert_int_equal(e.code, E_CONFIG);
        assert_string_equal(e.text, cases[i].message);
    }
}

static void a_pattern_of_unreasonable_length_is_refused(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();
    char *text = arena_alloc(a, 40001);
    struct pattern p = {0};
    struct err e = {0};

    (void)state;
    memset(text, 'a', 40000);
    assert_false(pattern_parse_table(&p, text, a, &e));
    assert_int_equal(e.code, E_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_become_anchored_expressions),
        cmocka_unit_test(a_schema_pattern_has_only_a_schema),
        cmocka_unit_test(bad_patterns_are_refused_by_name),
        cmocka_unit_test(a_pattern_of_unreasonable_length_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
