/* result.c - how a probe says what it found, and what all findings come to. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check_priv.h"
#include "common/num.h"
#include "common/str.h"

enum { NAMES_SHOWN = 5, TEXT_MAX = 64 * 1024 };

static const char *text_of(struct check *c, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

static const char *text_of(struct check *c, const char *fmt, va_list ap)
{
    AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);

    buf_vprintf(&b, fmt, ap);
    return arena_strdup(c->a, buf_str(&b));
}

void check_ok(struct check *c, struct probe_result *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    r->level = CHECK_OK;
    r->value = text_of(c, fmt, ap);
    va_end(ap);
}

/* The worst finding is told; several of one level follow one another. */
static void raise_level(struct check *c, struct probe_result *r, enum check_level level,
                        const char *text)
{
    if (level < r->level)
        return;
    if (level == r->level && r->message[0])
        r->message = arena_printf(c->a, "%s; %s", r->message, text);
    else
        r->message = text;
    r->level = level;
}

void check_warn(struct check *c, struct probe_result *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    raise_level(c, r, CHECK_WARN, text_of(c, fmt, ap));
    va_end(ap);
}

void check_fail(struct check *c, struct probe_result *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    raise_level(c, r, CHECK_FAIL, text_of(c, fmt, ap));
    va_end(ap);
}

void check_skip(struct check *c, struct probe_result *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    raise_level(c, r, CHECK_SKIP, text_of(c, fmt, ap));
    va_end(ap);
}

void check_value(struct check *c, struct probe_result *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    r->value = text_of(c, fmt, ap);
    va_end(ap);
}

void check_threshold(struct check *c, struct probe_result *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    r->threshold = text_of(c, fmt, ap);
    va_end(ap);
}

void check_hint(struct check *c, struct probe_result *r, const char *fmt, ...)
{
    va_list ap;
    const char *line;

    va_start(ap, fmt);
    line = text_of(c, fmt, ap);
    va_end(ap);
    r->hint = r->hint[0] ? arena_printf(c->a, "%s\n%s", r->hint, line) : line;
}

void check_fail_err(struct check *c, struct probe_result *r, const struct err *e)
{
    if (e->detail[0])
        check_fail(c, r, "%s (%s)", e->text, e->detail);
    else
        check_fail(c, r, "%s", e->text);
    if (e->hint[0])
        check_hint(c, r, "%s", e->hint);
    if (e->code != E_NONE)
        r->code = e->code;
}

struct check_summary check_summarize(const struct check_report *r)
{
    struct check_summary s = {0};

    for (size_t i = 0; i < r->count; i++) {
        size_t *const of_level[] = {&s.ok, &s.warn, &s.fail, &s.skip};

        ++*of_level[r->results[i].level];
    }
    return s;
}

const struct probe_result *check_first_failure(const struct check_report *r)
{
    const struct probe_result *worst = NULL;

    for (size_t i = 0; i < r->count; i++) {
        const struct probe_result *p = &r->results[i];

        if (p->level == CHECK_FAIL && (!worst || err_code_is_worse(p->code, worst->code)))
            worst = p;
    }
    return worst;
}

bool check_report_err(const struct check_report *r, struct err *e)
{
    const struct probe_result *worst = check_first_failure(r);
    AUTO_BUF struct buf others = BUF_INIT(TEXT_MAX);

    if (!worst)
        return err_set(e, E_INTERNAL, "no check failed");
    (void)err_set(e, worst->code, "%s (check %s)", worst->message, worst->id);
    for (size_t i = 0; i < r->count; i++) {
        const struct probe_result *p = &r->results[i];

        if (p->level == CHECK_FAIL && p != worst)
            buf_printf(&others, "%s%s: %s", others.len ? "; " : "", p->id, p->message);
    }
    if (others.len)
        (void)err_detail(e, "%s", buf_str(&others));
    if (worst->hint[0])
        (void)err_hint(e, "%s", worst->hint);
    return false;
}

const char *check_level_name(enum check_level level)
{
    static const char *const names[] = {"ok", "warn", "fail", "skip"};

    return names[level];
}

const char *check_side_name(enum check_side side)
{
    static const char *const names[] = {"config", "env", "source", "target"};

    return names[side];
}

const char *cell_text(struct check *c, const PGresult *r, int row, int col)
{
    return PQgetisnull(r, row, col) ? "" : arena_strdup(c->a, PQgetvalue(r, row, col));
}

bool cell_bool(const PGresult *r, int row, int col)
{
    return PQgetvalue(r, row, col)[0] == 't';
}

int64_t cell_i64(const PGresult *r, int row, int col)
{
    int64_t v;

    return num_parse_i64(PQgetvalue(r, row, col), INT64_MIN, INT64_MAX, &v) ? v : 0;
}

uint64_t cell_u64(const PGresult *r, int row, int col)
{
    int64_t v = cell_i64(r, row, col);

    return v < 0 ? 0 : (uint64_t)v;
}

double cell_double(const PGresult *r, int row, int col)
{
    return strtod(PQgetvalue(r, row, col), NULL);
}

void name_list_add(struct name_list *l, const char *name)
{
    if (l->count < NAMES_SHOWN)
        buf_printf(&l->text, "%s%s", l->count ? ", " : "", name);
    l->count++;
}

const char *name_list_text(struct check *c, const struct name_list *l)
{
    if (l->count <= NAMES_SHOWN)
        return arena_strdup(c->a, buf_str(&l->text));
    return arena_printf(c->a, "%s and %zu more", buf_str(&l->text), l->count - NAMES_SHOWN);
}

void name_list_release(struct name_list *l)
{
    buf_release(&l->text);
}

/* Reserved words, which are no names without quotes. Sorted. */
static const char *const reserved[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "none",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "public",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
};

static int compare_word(const void *word, const void *entry)
{
    return strcmp(word, *(const char *const *)entry);
}

/* Lower-case names of letters, digits and underscore that are no reserved words. */
static bool plain_ident(const char *s)
{
    if (!((*s >= 'a' && *s <= 'z') || *s == '_') ||
        s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
        return false;
    return !bsearch(s, reserved, ARRAY_LEN(reserved), sizeof reserved[0], compare_word);
}

const char *sql_ident(struct check *c, const char *name)
{
    AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);

    if (plain_ident(name))
        return arena_strdup(c->a, name);
    ident_quote(&b, name);
    return arena_strdup(c->a, buf_str(&b));
}

const char *sql_literal(struct check *c, const char *value)
{
    AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);

    literal_quote(&b, value);
    return arena_strdup(c->a, buf_str(&b));
}

const char *shell_word(struct check *c, const char *word)
{
    AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);

    str_shell_quote(&b, word);
    return arena_strdup(c->a, buf_str(&b));
}

static void add_option(struct buf *b, const char *option, const char *value)
{
    if (!value)
        return;
    buf_printf(b, " %s ", option);
    str_shell_quote(b, value);
}

/* Run by an administrator of that server, so without our own user name. */
const char *psql_command(struct check *c, const struct endpoint *ep, const char *database,
                         const char *sql)
{
    AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);

    buf_addstr(&b, "psql");
    if (!ep->uri && !ep->service) {
        add_option(&b, "-h", ep->host);
        add_option(&b, "-p", ep->port);
    }
    add_option(&b, "-d", database);
    add_option(&b, "-c", sql);
    return arena_strdup(c->a, buf_str(&b));
}
