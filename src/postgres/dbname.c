#include "postgres/dbname.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/io.h"

enum {
    HASH_CHARS = 9, /* "_" and 8 hex digits */
    EXPANDED_MAX = 64 * 1024,
};

/* FNV-1a, folded: names are not chosen by an adversary, they only have to stay apart. */
static uint32_t hash_name(const char *s)
{
    uint64_t h = 0xcbf29ce484222325U;

    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3U;
    return (uint32_t)(h ^ h >> 32);
}

/* At most max bytes of s, not ending within a UTF-8 sequence. */
static size_t whole_characters(const char *s, size_t max)
{
    size_t n = strlen(s);

    if (n <= max)
        return n;
    n = max;
    while (n > 0 && ((unsigned char)s[n] & 0xc0U) == 0x80)
        n--;
    return n;
}

struct parts {
    const char *database;
    const char *time;
};

static bool expand_placeholder(struct buf *b, const char *pattern, const char **at,
                               const struct parts *p, struct err *e)
{
    const char *name = *at + 1;
    const char *end = strchr(name, '}');
    size_t len = end ? (size_t)(end - name) : 0;

    if (len == strlen("database") && memcmp(name, "database", len) == 0)
        buf_addstr(b, p->database);
    else if (len == strlen("time") && memcmp(name, "time", len) == 0)
        buf_addstr(b, p->time);
    else
        return err_set(e, E_CONFIG, "unknown placeholder in the name pattern '%s'", pattern) ||
               err_hint(e, "{database} and {time} are known");
    *at = end;
    return true;
}

static bool expand(struct buf *b, const char *pattern, const struct parts *p, struct err *e)
{
    for (const char *s = pattern; *s; s++) {
        if (*s == '{') {
            if (!expand_placeholder(b, pattern, &s, p, e))
                return false;
        } else {
            buf_addch(b, *s);
        }
    }
    return true;
}

/* Shorten the database's part until the whole fits; the hash is of the whole database name. */
static bool expand_short(struct buf *b, const char *pattern, const struct parts *p, size_t max,
                         struct err *e)
{
    char cut[DBNAME_MAX + 1];

    for (size_t keep = max; keep > 0; keep--) {
        size_t n = whole_characters(p->database, keep - 1);

        if (n + HASH_CHARS > DBNAME_MAX)
            continue;
        (void)snprintf(cut, sizeof cut, "%.*s_%08" PRIx32, (int)n, p->database,
                       hash_name(p->database));
        buf_clear(b);
        if (!expand(b, pattern, &(struct parts){cut, p->time}, e))
            return false;
        if (b->len <= max)
            return true;
    }
    return err_set(e, E_CONFIG, "the name pattern '%s' is too long", pattern) ||
           err_detail(e, "a database name has at most %d bytes", DBNAME_MAX);
}

static bool expand_with_suffix(const char *pattern, const struct parts *p, const char *suffix,
                               struct dbname *ret, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(EXPANDED_MAX);
    size_t max = DBNAME_MAX - strlen(suffix);

    if (!expand(&b, pattern, p, e))
        return false;
    if (b.failed || b.len > max) {
        if (!expand_short(&b, pattern, p, max, e))
            return false;
    }
    if (b.len == 0)
        return err_set(e, E_CONFIG, "the name pattern '%s' gives an empty name", pattern);
    (void)snprintf(ret->text, sizeof ret->text, "%s%s", buf_str(&b), suffix);
    if (strcmp(ret->text, p->database) == 0)
        return err_set(e, E_CONFIG, "the name pattern '%s' gives the database's own name",
                       pattern) ||
               err_hint(e, "use a pattern such as {database}__new or {database}__prev_{time}");
    return true;
}

bool dbname_expand(const char *pattern, const char *database, time_t time, struct dbname *ret,
                   struct err *e)
{
    char at[IO_TIME_MAX];
    struct parts p = {database, io_format_utc_compact(at, time)};

    return expand_with_suffix(pattern, &p, "", ret, e);
}

bool dbname_expand_nth(const char *pattern, const char *database, time_t time, unsigned n,
                       struct dbname *ret, struct err *e)
{
    char at[IO_TIME_MAX];
    char suffix[8];
    struct parts p = {database, io_format_utc_compact(at, time)};

    (void)snprintf(suffix, sizeof suffix, "_%u", n % 1000);
    return expand_with_suffix(pattern, &p, suffix, ret, e);
}
