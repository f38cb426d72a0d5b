#include "pattern_priv.h"

#include <string.h>

#include "common/buf.h"

enum { PARTS_MAX = 2, PATTERN_MAX = 16 * 1024 };

struct parser {
    const char *at;
    bool quoted;
    struct buf parts[PARTS_MAX];
    size_t count; /* of dots seen */
};

static struct buf *part(struct parser *p)
{
    return &p->parts[p->count < PARTS_MAX ? p->count : PARTS_MAX - 1];
}

/* A character outside quotes. Array brackets are taken for a type's name, as pg_dump does. */
static void step_bare(struct parser *p)
{
    char c = *p->at;

    if (c == '*')
        buf_addstr(part(p), ".*");
    else if (c == '?')
        buf_addch(part(p), '.');
    else if (c == '.')
        p->count++;
    else if (c == '$')
        buf_addstr(part(p), "\\$");
    else if (c == '[' && p->at[1] == ']')
        buf_addstr(part(p), "\\[");
    else if (c >= 'A' && c <= 'Z')
        buf_addch(part(p), (char)(c - 'A' + 'a'));
    else
        buf_addch(part(p), c);
}

static void step_quoted(struct parser *p)
{
    if (strchr("|*+?()[]{}.^$\\", *p->at))
        buf_addch(part(p), '\\');
    buf_addch(part(p), *p->at);
}

static void scan(struct parser *p, const char *text)
{
    for (p->at = text; *p->at; p->at++) {
        if (*p->at == '"' && p->quoted && p->at[1] == '"') {
            buf_addch(part(p), '"');
            p->at++;
        } else if (*p->at == '"') {
            p->quoted = !p->quoted;
        } else if (p->quoted) {
            step_quoted(p);
        } else {
            step_bare(p);
        }
    }
}

static bool refuse(const char *text, const char *why, struct err *e)
{
    return err_set(e, E_CONFIG, "pattern '%s' %s", text, why);
}

static bool check(const struct parser *p, const char *text, size_t parts, struct err *e)
{
    if (p->quoted)
        return refuse(text, "has a double quote that is not closed", e);
    if (p->count >= parts) {
        (void)refuse(text, "has too many dots", e);
        return err_hint(e, "put a name that has a dot in it between double quotes");
    }
    for (size_t i = 0; i <= p->count; i++) {
        if (p->parts[i].failed)
            return refuse(text, "is too long", e);
        if (!p->parts[i].len)
            return refuse(text, p->count ? "has an empty part" : "is empty", e);
    }
    return true;
}

static const char *anchored(const struct buf *b, struct arena *a)
{
    return arena_printf(a, "^(%s)$", buf_str(b));
}

bool pattern_parse_table(struct pattern *ret, const char *text, struct arena *a, struct err *e)
{
    struct parser p = {.parts = {BUF_INIT(PATTERN_MAX), BUF_INIT(PATTERN_MAX)}};
    bool ok;

    scan(&p, text);
    ok = check(&p, text, PARTS_MAX, e);
    if (ok) {
        ret->schema = p.count ? anchored(&p.parts[0], a) : NULL;
        ret->name = anchored(&p.parts[p.count], a);
    }
    buf_release(&p.parts[0]);
    buf_release(&p.parts[1]);
    return ok;
}

bool pattern_parse_schema(struct pattern *ret, const char *text, struct arena *a, struct err *e)
{
    struct parser p = {.parts = {BUF_INIT(PATTERN_MAX), BUF_INIT(PATTERN_MAX)}};
    bool ok;

    scan(&p, text);
    ok = check(&p, text, 1, e);
    if (ok)
        *ret = (struct pattern){.schema = anchored(&p.parts[0], a)};
    buf_release(&p.parts[0]);
    buf_release(&p.parts[1]);
    return ok;
}
