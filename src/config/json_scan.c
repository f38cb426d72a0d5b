/*
 * Recursive descent over the bytes. Nothing is decoded here: cJSON does that afterwards, on text
 * that is known to be plain JSON. The first error ends the scan, since what follows a broken
 * structure can't be trusted.
 */
#include "json_scan_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "json_text_priv.h"

struct cursor {
    struct json_scan *s;
    struct arena *arena;
    size_t at;
    size_t cap;
    unsigned depth;
};

static bool fail(struct cursor *c, size_t at, const char *why)
{
    c->s->error = why;
    c->s->error_at = at;
    return false;
}

/* The byte at the cursor, '\0' at the end (a NUL byte in the text is an error anyway). */
static char peek(const struct cursor *c)
{
    return c->at < c->s->len ? c->s->text[c->at] : '\0';
}

static bool at_end(const struct cursor *c)
{
    return c->at >= c->s->len;
}

static void skip_space(struct cursor *c)
{
    while (!at_end(c) && strchr(" \t\r\n", c->s->text[c->at]) && c->s->text[c->at])
        c->at++;
}

static bool note_start(struct cursor *c)
{
    if (c->s->start_count >= JSON_VALUES_MAX)
        return fail(c, c->at, "too many values");
    c->s->starts = arena_grow(c->arena, c->s->starts, c->s->start_count, &c->cap, sizeof(size_t));
    c->s->starts[c->s->start_count++] = c->at;
    return true;
}

static bool hex4(const struct cursor *c, size_t at, unsigned *ret)
{
    unsigned v = 0;

    if (c->s->len - c->at < 6 || at + 4 > c->s->len)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        char ch = c->s->text[i];

        if (ch >= '0' && ch <= '9')
            v = v * 16 + (unsigned)(ch - '0');
        else if (ch >= 'a' && ch <= 'f')
            v = v * 16 + (unsigned)(ch - 'a') + 10;
        else if (ch >= 'A' && ch <= 'F')
            v = v * 16 + (unsigned)(ch - 'A') + 10;
        else
            return false;
    }
    *ret = v;
    return true;
}

/* At "\u": one escape, or two that make one character beyond U+FFFF. */
static bool scan_unicode_escape(struct cursor *c)
{
    unsigned v;
    unsigned low;

    if (!hex4(c, c->at + 2, &v))
        return fail(c, c->at, "\\u needs four hexadecimal digits");
    if (v == 0)
        return fail(c, c->at, "\\u0000 is not allowed");
    if (v >= 0xdc00 && v <= 0xdfff)
        return fail(c, c->at, "second half of a surrogate pair without the first");
    if (v >= 0xd800 && v <= 0xdbff) {
        if (c->s->len - c->at < 12 || c->s->text[c->at + 6] != '\\' ||
            c->s->text[c->at + 7] != 'u' || !hex4(c, c->at + 8, &low) || low < 0xdc00 ||
            low > 0xdfff)
            return fail(c, c->at, "first half of a surrogate pair without the second");
        c->at += 6;
    }
    c->at += 6;
    return true;
}

static bool scan_escape(struct cursor *c)
{
    char next = c->at + 1 < c->s->len ? c->s->text[c->at + 1] : '\0';

    if (next == 'u')
        return scan_unicode_escape(c);
    if (!next || !strchr("\"\\/bfnrt", next))
        return fail(c, c->at, "unknown escape sequence; a backslash itself is written \\\\");
    c->at += 2;
    return true;
}

/* At the opening quote; afterwards behind the closing one. */
static bool scan_string(struct cursor *c)
{
    size_t start = c->at++;

    while (!at_end(c)) {
        unsigned char ch = (unsigned char)c->s->text[c->at];

        if (ch == '"') {
            c->at++;
            return true;
        }
        if (ch < 0x20)
            return fail(c, c->at,
                        ch == '\n' ? "a string cannot go over the end of a line"
                                   : "control character in a string; write it as \\u00XX");
        if (ch == '\\') {
            if (!scan_escape(c))
                return false;
        } else {
            c->at++;
        }
    }
    return fail(c, start, "this string has no end");
}

static void skip_digits(struct cursor *c)
{
    while (peek(c) >= '0' && peek(c) <= '9')
        c->at++;
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static bool number_is_finite(const struct cursor *c, size_t start)
{
    char *text = arena_strndup(c->arena, c->s->text + start, c->at - start);

    return isfinite(strtod(text, NULL));
}

static bool scan_number(struct cursor *c)
{
    size_t start = c->at;
    bool zero;

    c->at += peek(c) == '-';
    zero = peek(c) == '0';
    if (!is_digit(peek(c)))
        return fail(c, start, "a number needs a digit after '-'");
    c->at++;
    if (zero && is_digit(peek(c)))
        return fail(c, start, "a number cannot begin with 0");
    skip_digits(c);
    if (peek(c) == '.') {
        c->at++;
        if (!is_digit(peek(c)))
            return fail(c, start, "a number needs a digit after '.'");
        skip_digits(c);
    }
    if (peek(c) == 'e' || peek(c) == 'E') {
        c->at++;
        c->at += peek(c) == '+' || peek(c) == '-';
        if (!is_digit(peek(c)))
            return fail(c, start, "a number needs a digit in its exponent");
        skip_digits(c);
    }
    if (!number_is_finite(c, start))
        return fail(c, start, "this number is too large");
    return true;
}

static bool scan_word(struct cursor *c, const char *word)
{
    size_t n = strlen(word);

    if (c->s->len - c->at < n || memcmp(c->s->text + c->at, word, n) != 0)
        return fail(c, c->at, "expected a value; strings need double quotes");
    c->at += n;
    return true;
}

static bool scan_value(struct cursor *c);

static bool scan_member(struct cursor *c)
{
    skip_space(c);
    if (peek(c) != '"')
        return fail(c, c->at,
                    peek(c) == '}' ? "expected another key; there must be no comma before '}'"
                                   : "expected a key in double quotes");
    if (!note_start(c) || !scan_string(c))
        return false;
    skip_space(c);
    if (peek(c) != ':')
        return fail(c, c->at, "expected ':' after the key");
    c->at++;
    return scan_value(c);
}

static bool scan_item(struct cursor *c)
{
    skip_space(c);
    if (peek(c) == ']')
        return fail(c, c->at, "expected another value; there must be no comma before ']'");
    return scan_value(c);
}

/* At '{' or '['. */
static bool scan_container(struct cursor *c, char close, bool (*scan_one)(struct cursor *))
{
    size_t start = c->at++;

    if (++c->depth > JSON_DEPTH_MAX)
        return fail(c, start, "nested too deep");
    skip_space(c);
    if (peek(c) == close) {
        c->at++;
        c->depth--;
        return true;
    }
    for (;;) {
        if (!scan_one(c))
            return false;
        skip_space(c);
        if (peek(c) == close)
            break;
        if (at_end(c))
            return fail(c, start, close == '}' ? "this '{' has no '}'" : "this '[' has no ']'");
        if (peek(c) != ',')
            return fail(c, c->at, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
        c->at++;
    }
    c->at++;
    c->depth--;
    return true;
}

static bool scan_value(struct cursor *c)
{
    skip_space(c);
    if (at_end(c))
        return fail(c, c->at, "expected a value, found the end");
    if (!note_start(c))
        return false;
    switch (peek(c)) {
    case '{':
        return scan_container(c, '}', scan_member);
    case '[':
        return scan_container(c, ']', scan_item);
    case '"':
        return scan_string(c);
    case 't':
        return scan_word(c, "true");
    case 'f':
        return scan_word(c, "false");
    case 'n':
        return scan_word(c, "null");
    case '/':
        return fail(c, c->at, "JSON has no comments; use a \"$comment\" key");
    default:
        if (peek(c) == '-' || is_digit(peek(c)))
            return scan_number(c);
        return fail(c, c->at, "expected a value; strings need double quotes");
    }
}

bool json_scan(struct json_scan *s, struct arena *a, const char *text, size_t len)
{
    struct cursor c = {.s = s, .arena = a};
    size_t valid = str_utf8_valid_prefix(text, len);

    *s = (struct json_scan){.text = text, .len = len};
    if (len > JSON_TEXT_MAX)
        return fail(&c, 0, "the text is larger than 1 MiB");
    if (valid < len)
        return fail(&c, valid, "not valid UTF-8");
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        return fail(&c, 0, "the text begins with a byte order mark; save it without one");
    skip_space(&c);
    if (at_end(&c))
        return fail(&c, 0, "the text is empty");
    if (!scan_value(&c))
        return false;
    skip_space(&c);
    if (!at_end(&c))
        return fail(&c, c.at, "text after the end of the document");
    return true;
}
