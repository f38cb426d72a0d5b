#include "conninfo_priv.h"

#include <libpq-fe.h>
#include <string.h>

#include "common/secret.h"

static const char **member(struct conninfo *c, const char *keyword)
{
    const struct {
        const char *keyword;
        const char **slot;
    } members[] = {
        {"host", &c->host},         {"hostaddr", &c->host},
        {"port", &c->port},         {"dbname", &c->database},
        {"user", &c->user},         {"service", &c->service},
        {"sslmode", &c->sslmode},   {"sslrootcert", &c->sslrootcert},
        {"sslcert", &c->sslcert},   {"sslkey", &c->sslkey},
        {"password", &c->password}, {"passfile", &c->passfile},
    };

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (strcmp(members[i].keyword, keyword) == 0)
            return members[i].slot;
    }
    return NULL;
}

/* libpq quotes parts of the text in its message: not to be shown when one could be a password. */
static bool may_hold_password(const char *text)
{
    return strchr(text, '@') || strstr(text, "pass") || strstr(text, "PASS");
}

static bool refuse(const char *text, char *message, struct buf *why)
{
    size_t n = message ? strcspn(message, "\n") : 0;

    if (n && !may_hold_password(text))
        buf_printf(why, "not a libpq URI or keyword string: %.*s", (int)n, message);
    else
        buf_addstr(why, "not a libpq URI or keyword string");
    PQfreemem(message);
    return false;
}

static void wipe_options(PQconninfoOption *options)
{
    for (PQconninfoOption *o = options; o && o->keyword; o++) {
        if (o->val)
            explicit_bzero(o->val, strlen(o->val));
    }
    PQconninfoFree(options);
}

bool conninfo_parse(const char *text, struct arena *a, struct conninfo *ret, struct buf *why)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &message);

    if (!options)
        return refuse(text, message, why);
    *ret = (struct conninfo){0};
    for (PQconninfoOption *o = options; o->keyword; o++) {
        const char **slot = member(ret, o->keyword);

        if (!o->val || !o->val[0])
            continue;
        if (slot && !*slot)
            *slot = arena_strdup(a, o->val);
        else
            ret->other = true;
    }
    if (ret->port && ret->port[strspn(ret->port, "0123456789")])
        ret->other = true;
    wipe_options(options);
    return true;
}

static bool is_secret(const PQconninfoOption *o)
{
    return o->val && strchr(o->dispchar, '*');
}

/* A value in single quotes, as a keyword string has it. */
static void add_quoted(struct buf *b, const char *value)
{
    buf_addch(b, '\'');
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            buf_addch(b, '\\');
        buf_addch(b, *value);
    }
    buf_addch(b, '\'');
}

static const char *rebuild(const PQconninfoOption *options, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (!o->val || !o->val[0])
            continue;
        buf_printf(&b, "%s%s=", b.len ? " " : "", o->keyword);
        if (is_secret(o))
            buf_addstr(&b, SECRET_MASK);
        else if (o->val[strcspn(o->val, " '\\\t\n")])
            add_quoted(&b, o->val);
        else
            buf_addstr(&b, o->val);
    }
    return arena_strdup(a, buf_str(&b));
}

const char *conninfo_masked(const char *text, struct arena *a)
{
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    const char *shown = text;

    if (!options)
        return SECRET_MASK;
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (is_secret(o))
            shown = NULL;
    }
    if (!shown)
        shown = rebuild(options, a);
    wipe_options(options);
    return shown;
}
