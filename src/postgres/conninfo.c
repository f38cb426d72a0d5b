/*
 * conninfo.c - what is said to libpq to reach an endpoint, and to a client program to follow.
 *
 * Three layers, the later winning: the endpoint's URI or keyword string (parsed by libpq), the
 * explicit keys, the database name. Service files and PG* variables are libpq's business at
 * connect time; where we must know what they say (the `options` to which ours are appended), the
 * list is given to libpq together with an impossible sslmode: it fills in everything and then
 * fails before it opens a socket.
 */
#include "conninfo_priv.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/str.h"

static const char poison[] = "none of the sslmodes";

static void wipe_free(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

void conninfo_release(struct conninfo *ci)
{
    for (size_t i = 0; i < ci->count; i++) {
        free(ci->keys[i]);
        wipe_free(ci->values[i]);
    }
    *ci = (struct conninfo){0};
}

/* Index of key, or count. */
static size_t find(const struct conninfo *ci, const char *key)
{
    size_t i = 0;

    while (i < ci->count && strcmp(ci->keys[i], key) != 0)
        i++;
    return i;
}

void conninfo_set(struct conninfo *ci, const char *key, const char *value)
{
    size_t i = find(ci, key);

    if (!value || i == CONNINFO_MAX)
        return;
    if (i == ci->count) {
        ci->keys[i] = mem_strdup(key);
        ci->count++;
    } else {
        wipe_free(ci->values[i]);
    }
    ci->values[i] = mem_strdup(value);
}

void conninfo_unset(struct conninfo *ci, const char *key)
{
    size_t i = find(ci, key);

    if (i == ci->count)
        return;
    free(ci->keys[i]);
    wipe_free(ci->values[i]);
    ci->count--;
    ci->keys[i] = ci->keys[ci->count];
    ci->values[i] = ci->values[ci->count];
    ci->keys[ci->count] = NULL;
    ci->values[ci->count] = NULL;
}

const char *conninfo_get(const struct conninfo *ci, const char *key)
{
    return ci->values[find(ci, key)];
}

static void set_all(struct conninfo *ci, const PQconninfoOption *options)
{
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        conninfo_set(ci, o->keyword, o->val);
}

/* libpq's own explanation may quote a piece of the password, so it is not passed on. */
static bool add_string(struct conninfo *ci, const struct endpoint *ep, struct err *e)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(ep->uri, &why);

    PQfreemem(why);
    if (!options) {
        (void)err_set(e, E_CONFIG, "%s: the connection string is malformed", ep->side);
        return err_hint(e, "write postgresql://user@host:port/database, with %%XX for special "
                           "characters, and keep the password in \"password\"");
    }
    set_all(ci, options);
    PQconninfoFree(options);
    conninfo_unset(ci, "replication");
    return true;
}

bool conninfo_from_endpoint(struct conninfo *ci, const struct endpoint *ep, const char *dbname,
                            struct err *e)
{
    const struct {
        const char *key;
        const char *value;
    } explicit_keys[] = {
        {"service", ep->service},
        {"host", ep->host},
        {"port", ep->port},
        {"user", ep->user},
        {"dbname", dbname ? dbname : ep->database},
        {"passfile", ep->passfile},
        {"sslmode", ep->sslmode},
        {"sslrootcert", ep->sslrootcert},
        {"sslcert", ep->sslcert},
        {"sslkey", ep->sslkey},
        {"application_name", ep->application_name},
        {"password", secret_get(&ep->password)},
    };

    if (ep->uri && !add_string(ci, ep, e))
        return false;
    if (ep->host)
        conninfo_unset(ci, "hostaddr"); /* it would win over the host asked for */
    for (size_t i = 0; i < ARRAY_LEN(explicit_keys); i++)
        conninfo_set(ci, explicit_keys[i].key, explicit_keys[i].value);
    return true;
}

/* The part of a libpq message up to its first line break, in dst. */
static const char *first_line(const char *s, char *dst, size_t cap)
{
    size_t n = strcspn(s, "\n");

    if (n >= cap)
        n = cap - 1;
    memcpy(dst, s, n);
    dst[n] = '\0';
    return dst;
}

bool conninfo_resolve(const struct conninfo *ci, struct conninfo *ret, struct err *e)
{
    AUTO_CONNINFO struct conninfo asked = {0};
    PQconninfoOption *options;
    PGconn *pg;
    bool parsed;
    char why[256];

    for (size_t i = 0; i < ci->count; i++)
        conninfo_set(&asked, ci->keys[i], ci->values[i]);
    conninfo_set(&asked, "sslmode", poison);
    pg =
        PQconnectStartParams((const char *const *)asked.keys, (const char *const *)asked.values, 0);
    if (!pg)
        return err_set(e, E_SYSTEM, "out of memory for a session");
    options = PQconninfo(pg);
    set_all(ret, options);
    PQconninfoFree(options);
    parsed = str_eq(conninfo_get(ret, "sslmode"), poison);
    if (!parsed)
        (void)err_set(e, E_CONFIG, "%s", first_line(PQerrorMessage(pg), why, sizeof why));
    PQfinish(pg);
    conninfo_unset(ret, "sslmode");
    return parsed;
}

/* The server splits at blanks; a backslash keeps the next byte. */
void conninfo_add_option(struct buf *b, const char *name, const char *value)
{
    if (b->len)
        buf_addch(b, ' ');
    buf_printf(b, "-c %s=", name);
    for (; *value; value++) {
        if (*value == '\\' || strchr(" \t\n\r\f\v", *value))
            buf_addch(b, '\\');
        buf_addch(b, *value);
    }
}

void conninfo_add_pair(struct buf *b, const char *key, const char *value)
{
    if (b->len)
        buf_addch(b, ' ');
    buf_printf(b, "%s='", key);
    for (; *value; value++) {
        if (*value == '\\' || *value == '\'')
            buf_addch(b, '\\');
        buf_addch(b, *value);
    }
    buf_addch(b, '\'');
}

/* Keys that are pinned, replaced or none of a client program's business. */
static bool is_inherited(const PQconninfoOption *o)
{
    static const char *const left_out[] = {
        "dbname",
        "host",
        "hostaddr",
        "port",
        "service",
        "servicefile",
        "options",
        "client_encoding",
        "replication",
        "fallback_application_name",
        "requiressl",
        "target_session_attrs",
        "load_balance_hosts",
        "tcp_user_timeout",
    };

    if (!o->val || !*o->val || strchr(o->dispchar, '*'))
        return false; /* '*': passwords */
    for (size_t i = 0; i < ARRAY_LEN(left_out); i++) {
        if (strcmp(o->keyword, left_out[i]) == 0)
            return false;
    }
    /* A default is left out: an older client program's libpq may not know the keyword. */
    return !str_eq(o->val, o->compiled) || (o->envvar && getenv(o->envvar)) ||
           getenv("PGSERVICE") != NULL;
}

void conninfo_add_inherited(struct buf *b, const PQconninfoOption *options)
{
    for (const PQconninfoOption *o = options; o && o->keyword; o++) {
        if (is_inherited(o))
            conninfo_add_pair(b, o->keyword, o->val);
    }
}

static bool is_state(const char *s)
{
    for (size_t i = 0; i < 5; i++) {
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'A' && s[i] <= 'Z')))
            return false;
    }
    return s[5] == ':' && s[6] == ' ';
}

const char *conninfo_verbose_state(const char *message, char state[6], char *dst, size_t cap)
{
    const char *at = message;

    state[0] = '\0';
    (void)first_line(message, dst, cap);
    while ((at = strstr(at, ":  ")) != NULL) { /* "SEVERITY:  28P01: text" */
        at += 3;
        if (is_state(at)) {
            memcpy(state, at, 5);
            state[5] = '\0';
            (void)first_line(at + 7, dst, cap);
        }
    }
    return state;
}
