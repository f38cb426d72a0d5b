#include "common/str.h"

#include <string.h>

/* Length of the sequence that starts at p, 0 if there is no valid one within left bytes. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    size_t n;
    unsigned lo = 0x80;
    unsigned hi = 0xbf;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] == 0xe0)
        lo = 0xa0; /* overlong */
    else if (p[0] == 0xed)
        hi = 0x9f; /* surrogates */
    else if (p[0] == 0xf0)
        lo = 0x90; /* overlong */
    else if (p[0] == 0xf4)
        hi = 0x8f; /* above U+10FFFF */
    if (left < n || p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < n; i++) {
        if ((p[i] & 0xc0U) != 0x80)
            return 0;
    }
    return n;
}

size_t str_utf8_valid_prefix(const char *s, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t n = utf8_sequence((const unsigned char *)s + at, len - at);

        if (n == 0)
            break;
        at += n;
    }
    return at;
}

enum { EDIT_MAX = 64 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Optimal string alignment over three rows; names longer than EDIT_MAX count as unlike. */
size_t str_edit_distance(const char *a, const char *b)
{
    size_t rows[3][EDIT_MAX + 1];
    size_t la = strlen(a);
    size_t lb = strlen(b);

    if (la > EDIT_MAX || lb > EDIT_MAX)
        return strcmp(a, b) == 0 ? 0 : EDIT_MAX;
    for (size_t j = 0; j <= lb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t cost = a[i - 1] != b[j - 1];

            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
    }
    return rows[la % 3][lb];
}

bool str_is_likely_typo(const char *typed, const char *name)
{
    size_t lt = strlen(typed);
    size_t ln = strlen(name);

    if (lt == 0 || ln == 0)
        return false;
    if (lt >= 3 && ln >= 3 && strncmp(typed, name, lt < ln ? lt : ln) == 0)
        return true;
    return str_edit_distance(typed, name) <= (ln <= 3 ? 1U : 2U);
}

bool str_glob_match(const char *glob, const char *s)
{
    const char *star = NULL;
    const char *resume = NULL;

    while (*s) {
        if (*glob == '*') {
            star = glob++;
            resume = s;
        } else if (*glob == '?' || *glob == *s) {
            glob++;
            s++;
        } else if (star) {
            glob = star + 1;
            s = ++resume;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

bool str_eq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

void str_shell_quote(struct buf *b, const char *s)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-./:=@%+,";

    if (*s && s[strspn(s, safe)] == '\0') {
        buf_addstr(b, s);
        return;
    }
    buf_addch(b, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            buf_addstr(b, "'\\''");
        else
            buf_addch(b, *s);
    }
    buf_addch(b, '\'');
}
