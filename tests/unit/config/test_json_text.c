/* test_json_text.c - strict JSON: what is refused, in which words, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/json_text_priv.h"

static struct json *read_text(struct arena *a, const char *text, size_t len, struct problems *p)
{
    *p = (struct problems){.arena = a};
    return json_read(a, "f", 0, text, len, p);
}

/* The only problem, as "line:column pointer: message". */
static void assert_refused(const char *text, size_t len, const char *expected)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct problems p;
    char shown[512];

    assert_null(read_text(a, text, len, &p));
    assert_int_equal(p.count, 1);
    assert_int_equal(p.items[0].public.code, E_CONFIG);
    (void)snprintf(shown, sizeof shown, "%u:%u %s%s%s", p.items[0].at.line, p.items[0].at.column,
                   p.items[0].public.pointer ? p.items[0].public.pointer : "",
                   p.items[0].public.pointer ? ": " : "", p.items[0].public.message);
    assert_string_equal(shown, expected);
}

static const struct {
    const char *text;
    const char *expected;
} bad_texts[] = {
    {"", "1:1 the text is empty"},
    {" \n ", "1:1 the text is empty"},
    {"\xef\xbb\xbf{}", "1:1 the text begins with a byte order mark; save it without one"},
    {"{\"a\": \"\xff\"}", "1:8 not valid UTF-8"},
    {"\xc3\xa9\xed\xa0\x80", "1:2 not valid UTF-8"},
    {"{\"a\": 010}", "1:7 a number cannot begin with 0"},
    {"{\"a\": -}", "1:7 a number needs a digit after '-'"},
    {"{\"a\": 1.}", "1:7 a number needs a digit after '.'"},
    {"{\"a\": 1e}", "1:7 a number needs a digit in its exponent"},
    {"{\"a\": 1e400}", "1:7 this number is too large"},
    {"{\"a\": -1e400}", "1:7 this number is too large"},
    {"{\"a\": .5}", "1:7 expected a value; strings need double quotes"},
    {"{\"a\": +5}", "1:7 expected a value; strings need double quotes"},
    {"{\"a\": NaN}", "1:7 expected a value; strings need double quotes"},
    {"{\"a\": tru}", "1:7 expected a value; strings need double quotes"},
    {"{\"a\": 'x'}", "1:7 expected a value; strings need double quotes"},
    {"{\"a\": \"x\\u0000y\"}", "1:9 \\u0000 is not allowed"},
    {"{\"a\": \"\\u12g4\"}", "1:8 \\u needs four hexadecimal digits"},
    {"{\"a\": \"\\u12", "1:8 \\u needs four hexadecimal digits"},
    {"{\"a\": \"\\ud83d\"}", "1:8 first half of a surrogate pair without the second"},
    {"{\"a\": \"\\ud83d\\u0041\"}", "1:8 first half of a surrogate pair without the second"},
    {"{\"a\": \"\\ude00\"}", "1:8 second half of a surrogate pair without the first"},
    {"{\"a\": \"\\x\"}", "1:8 unknown escape sequence; a backslash itself is written \\\\"},
    {"{\"a\": \"x\ty\"}", "1:9 control character in a string; write it as \\u00XX"},
    {"{\"a\": \"x\n\"}", "1:9 a string cannot go over the end of a line"},
    {"{\"a\": \"x", "1:7 this string has no end"},
    {"{\"a\": 1,}", "1:9 expected another key; there must be no comma before '}'"},
    {"{\"a\": [1,]}", "1:10 expected another value; there must be no comma before ']'"},
    {"{a: 1}", "1:2 expected a key in double quotes"},
    {"{\"a\" 1}", "1:6 expected ':' after the key"},
    {"{\"a\": 1 \"b\": 2}", "1:9 expected ',' or '}'"},
    {"[1 2]", "1:4 expected ',' or ']'"},
    {"{\"a\": 1", "1:1 this '{' has no '}'"},
    {"[1", "1:1 this '[' has no ']'"},
    {"{\"a\":", "1:6 expected a value, found the end"},
    {"{} {}", "1:4 text after the end of the document"},
    {"{\n  // no\n}", "2:3 expected a key in double quotes"},
    {"{\"a\": /* */ 1}", "1:7 JSON has no comments; use a \"$comment\" key"},
    {"{\"a\": 1, \"a\": 2}", "1:10 /a: duplicate key, already at line 1 column 2"},
    {"{\"b\": {\"a/x\": 1,\n\"a\\/x\": 2}}",
     "2:1 /b/a~1x: duplicate key, already at line 1 column 8"},
};

static void text_that_is_not_strict_json_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_texts); i++)
        assert_refused(bad_texts[i].text, strlen(bad_texts[i].text), bad_texts[i].expected);
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"a\": 1}\0", 9, "1:9 text after the end of the document");
    assert_refused("{\"a\": \"x\0y\"}", 12,
                   "1:9 control character in a string; write it as \\u00XX");
}

static void columns_count_characters_not_bytes(void **state)
{
    (void)state;
    assert_refused("{\"\xc3\xa9\xe2\x82\xac\": 01}", 12, "1:8 a number cannot begin with 0");
}

static void every_duplicate_is_told(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();
    const char *text = "{\"a\":1,\"b\":{\"c\":1,\"c\":2},\"a\":3,\"a\":4}";
    struct problems p;

    (void)state;
    assert_null(read_text(a, text, strlen(text), &p));
    assert_int_equal(p.count, 3);
}

static void nesting_has_a_limit(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 8];
    AUTO_ARENA struct arena *a = arena_new();
    struct problems p;

    (void)state;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_non_null(read_text(a, text, 2 * JSON_DEPTH_MAX, &p));
    memset(text, '[', JSON_DEPTH_MAX + 1);
    assert_refused(text, JSON_DEPTH_MAX + 1, "1:33 nested too deep");
}

static void the_number_of_values_has_a_limit(void **state)
{
    AUTO_BUF struct buf b = BUF_INIT(JSON_TEXT_MAX);

    (void)state;
    buf_addstr(&b, "[0");
    for (int i = 0; i < JSON_VALUES_MAX; i++)
        buf_addstr(&b, ",0");
    buf_addch(&b, ']');
    assert_refused(buf_str(&b), b.len, "1:100000 too many values");
}

static void a_text_that_is_too_long_is_refused(void **state)
{
    AUTO_BUF struct buf b = BUF_INIT(2 * JSON_TEXT_MAX);

    (void)state;
    while (b.len <= JSON_TEXT_MAX)
        buf_addstr(&b, "          ");
    assert_refused(buf_str(&b), b.len, "1:1 the text is larger than 1 MiB");
}

static void values_and_keys_know_their_places(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();
    const char *text = "{\n  \"a\": [true, null],\n  \"b\": {\"c\": -1.5e2}\n}";
    struct problems p;
    const struct json *root = read_text(a, text, strlen(text), &p);
    const struct json *list = json_member(root, "a");
    const struct json *c = json_member(json_member(root, "b"), "c");

    (void)state;
    assert_int_equal(list->type, JSON_ARRAY);
    assert_int_equal(list->key_at.line, 2);
    assert_int_equal(list->key_at.column, 3);
    assert_int_equal(list->at.column, 8);
    assert_int_equal(list->child->next->type, JSON_NULL);
    assert_int_equal(list->child->next->at.column, 15);
    assert_true(c->number == -150.0);
    assert_string_equal(c->text, "-1.5e2");
    assert_int_equal(c->at.line, 3);
    assert_int_equal(c->at.column, 14);
}

static void lookups_mind_case(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct problems p;
    const struct json *root = read_text(a, "{\"Host\": 1, \"host\": 2}", 22, &p);

    (void)state;
    assert_true(json_member(root, "host")->number == 2.0);
    assert_null(json_member(root, "HOST"));
}

static void escapes_are_decoded(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();
    const char *text = "[\"\\u00e9\\n\\ud83d\\ude00\\/\"]";
    struct problems p;
    const struct json *root = read_text(a, text, strlen(text), &p);

    (void)state;
    assert_string_equal(root->child->text, "\xc3\xa9\n\xf0\x9f\x98\x80/");
}

static void every_prefix_of_a_good_text_is_refused_or_read(void **state)
{
    static const char text[] =
        "{\"a\": [1, -2.5e-3, \"x\\u00e9\\\"\"], \"b\": {\"c\": null}, \"d\": false}";

    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        AUTO_ARENA struct arena *a = arena_new();
        struct problems p;

        assert_null(read_text(a, text, n, &p));
        assert_int_equal(p.count, 1);
    }
}

static void merging_replaces_all_but_objects(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct problems p;
    const char *base = "{\"a\": {\"x\": 1, \"y\": [1, 2]}, \"b\": 1}";
    const char *over = "{\"a\": {\"y\": [3], \"z\": 4}, \"b\": {\"c\": 5}}";
    struct json *one = read_text(a, base, strlen(base), &p);
    struct json *two = json_read(a, "g", 1, over, strlen(over), &p);
    const struct json *root = json_merge(one, two);
    const struct json *y = json_member(json_member(root, "a"), "y");

    (void)state;
    assert_true(json_member(json_member(root, "a"), "x")->number == 1.0);
    assert_true(y->child->number == 3.0);
    assert_null(y->child->next);
    assert_string_equal(y->at.file, "g");
    assert_true(json_member(json_member(root, "a"), "z")->number == 4.0);
    assert_true(json_member(json_member(root, "b"), "c")->number == 5.0);
    assert_null(json_member(root, "b")->next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_not_strict_json_is_refused_with_its_place),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(every_duplicate_is_told),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(the_number_of_values_has_a_limit),
        cmocka_unit_test(a_text_that_is_too_long_is_refused),
        cmocka_unit_test(values_and_keys_know_their_places),
        cmocka_unit_test(lookups_mind_case),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(every_prefix_of_a_good_text_is_refused_or_read),
        cmocka_unit_test(merging_replaces_all_but_objects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
