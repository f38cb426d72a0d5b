/*
 * conn.c - opening sessions, and what there is to know about one.
 *
 * Settings travel in two parts. Those that ALTER DATABASE or ALTER ROLE ... SET could turn against
 * us before our first statement (search_path, read-only, timeouts) are in the startup packet; the
 * rest, those that only some versions know, and the user's own follow in one statement. A pooler
 * that refuses `options` (08P01) gets everything in that statement.
 *
 * Why a login failed is read from its SQLSTATE, which libpq gives for a failed connection only
 * inside a PQERRORS_VERBOSE message. Without one no server spoke: the host is unreachable, or
 * libpq knows that a password is missing.
 */
#include "conn_priv.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/arena.h"
#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "common/stop.h"
#include "common/str.h"
#include "conninfo_priv.h"

enum { CONNECT_DEFAULT_MS = 10000, USER_TIMEOUT_MS = 60000 };

/* Settings of the startup packet; search_path is the first, for default_search_path. */
static const struct setting startup_settings[] = {
    {"search_path", ""},
    {"default_transaction_read_only", "off"},
    {"statement_timeout", "0"},
    {"idle_in_transaction_session_timeout", "0"},
};

/* Settings of the first statement, by the server version that knows them. */
static const struct {
    int since;
    const char *name;
    const char *value;
} first_settings[] = {
    {0, "row_security", "off"},
    {0, "DateStyle", "ISO, YMD"},
    {0, "IntervalStyle", "postgres"},
    {0, "extra_float_digits", "3"},
    {0, "bytea_output", "hex"},
    {0, "standard_conforming_strings", "on"},
    {0, "synchronous_commit", "on"},
    {0, "client_min_messages", "warning"},
    {0, "default_transaction_isolation", "read committed"},
    {0, "default_transaction_deferrable", "off"},
    {0, "default_tablespace", ""},
    {110000, "jit", "off"},
    {140000, "idle_session_timeout", "0"},
    {170000, "transaction_timeout", "0"},
};

/* What one attempt to open needs. */
struct opening {
    struct conninfo keys;
    struct conninfo resolved;
    struct buf options;
    struct err *e;
};

void pgconn_close(struct pgconn *c)
{
    if (!c)
        return;
    PQfinish(c->pg);
    secret_release(&c->password);
    free(c->where);
    free(c->user_options);
    free(c);
}

void pgconn_cleanup_(struct pgconn **c)
{
    pgconn_close(*c);
}

static char *where_text(const PGconn *pg)
{
    AUTO_BUF struct buf b = BUF_INIT(4096);
    const char *host = PQhost(pg);
    const char *port = PQport(pg);
    bool v6 = host && host[0] != '/' && strchr(host, ':');

    if (!host || !*host)
        host = "local socket";
    if (!port || !*port)
        port = "5432";
    buf_printf(&b, v6 ? "[%s]:%s" : "%s:%s", host, port);
    return mem_strdup(buf_str(&b));
}

/* libpq's message as one line, without what VERBOSE adds. */
static void explain(struct err *e, const char *message)
{
    AUTO_BUF struct buf b = BUF_INIT(sizeof e->detail);

    while (*message) {
        size_t n = strcspn(message, "\n");
        size_t blank = strspn(message, "\t ");

        if (n > blank && b.len + n + 2 < sizeof e->detail) {
            if (b.len)
                buf_addstr(&b, "; ");
            buf_add(&b, message + blank, n - blank);
        }
        message += n + (message[n] == '\n');
    }
    (void)err_detail(e, "%s", buf_str(&b));
}

static bool password_missing(struct pgconn *c, struct err *e)
{
    (void)err_set(e, E_AUTH, "the %s server '%s' asks for the password of '%s' and none is given",
                  c->ep->side, c->where, PQuser(c->pg));
    return err_hint(e,
                    "set %s.password, password_file or password_command, or add a line to "
                    "~/.pgpass",
                    c->ep->side);
}

static void login_hint(struct pgconn *c, const char *state, struct err *e)
{
    if (strcmp(state, "28P01") == 0)
        (void)err_hint(e, "check %s.user and %s.password", c->ep->side, c->ep->side);
    else if (strncmp(state, "28", 2) == 0)
        (void)err_hint(e, "check %s.user, and the lines of pg_hba.conf on that server",
                       c->ep->side);
    else if (strcmp(state, "42501") == 0)
        (void)err_hint(e, "GRANT CONNECT ON DATABASE ... TO %s", PQuser(c->pg));
    else if (strcmp(state, "53300") == 0)
        (void)err_hint(e, "wait, or raise max_connections or the role's CONNECTION LIMIT there");
}

/* Why the attempt failed; at_once: before anything was waited for. */
static bool connect_err(struct pgconn *c, const struct conninfo *keys, bool at_once, struct err *e)
{
    const char *message = PQerrorMessage(c->pg);
    char text[400];
    char state[6];

    if (*conninfo_verbose_state(message, state, text, sizeof text)) {
        (void)err_set(e, E_SERVER, "the %s server '%s' refused the session: %s", c->ep->side,
                      c->where, text);
        session_classify(e, state);
        login_hint(c, state, e);
        return false;
    }
    if (PQconnectionNeedsPassword(c->pg))
        return password_missing(c, e);
    if (at_once && PQpingParams((const char *const *)keys->keys, (const char *const *)keys->values,
                                0) == PQPING_NO_ATTEMPT) {
        (void)err_set(e, E_CONFIG, "the %s connection cannot be made as configured", c->ep->side);
    } else {
        (void)err_set(e, E_CONNECT, "cannot connect to the %s server '%s'", c->ep->side, c->where);
        (void)err_hint(e,
                       "check %s.host and %s.port, that the server runs and that no firewall is "
                       "in between",
                       c->ep->side, c->ep->side);
    }
    if (e)
        explain(e, message);
    return false;
}

static size_t host_count(const struct conninfo *resolved)
{
    const char *list = conninfo_get(resolved, "host");
    size_t n = 1;

    if (!list)
        list = conninfo_get(resolved, "hostaddr");
    for (; list && *list; list++)
        n += *list == ',';
    return n;
}

static uint64_t connect_timeout(const struct pgconn *c)
{
    return c->ep->connect_timeout_ms ? c->ep->connect_timeout_ms : CONNECT_DEFAULT_MS;
}

static bool connect_timed_out(struct pgconn *c, struct err *e)
{
    char time[NUM_TEXT_MAX];

    (void)err_set(e, E_CONNECT, "no answer from the %s server '%s' within %s", c->ep->side,
                  c->where, num_format_duration(time, connect_timeout(c)));
    return err_hint(e,
                    "check %s.host and %s.port and the firewalls in between, or raise "
                    "%s.connect_timeout",
                    c->ep->side, c->ep->side, c->ep->side);
}

static void ignore_notice(void *arg, const PGresult *r)
{
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    (void)arg;
    if (text)
        log_debug("server: %s", text);
}

/* Name the place in messages after the host libpq is busy with. */
static void where_update(struct pgconn *c)
{
    free(c->where);
    c->where = where_text(c->pg);
}

static bool connect_wait(struct pgconn *c, const struct opening *o)
{
    PostgresPollingStatusType poll_for = PGRES_POLLING_WRITING;
    uint64_t deadline = io_now_ms() + connect_timeout(c) * host_count(&o->resolved);
    bool at_once = true;

    if (PQstatus(c->pg) == CONNECTION_BAD)
        poll_for = PGRES_POLLING_FAILED;
    while (poll_for != PGRES_POLLING_OK) {
        short events = poll_for == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        enum session_wait w;

        where_update(c);
        if (poll_for == PGRES_POLLING_FAILED)
            return connect_err(c, &o->keys, at_once, o->e);
        w = session_poll(PQsocket(c->pg), events, c->cleanup, deadline);
        if (w == WAIT_STOPPED)
            return stop_err(o->e);
        if (w == WAIT_TIMEOUT)
            return connect_timed_out(c, o->e);
        at_once = false;
        poll_for = PQconnectPoll(c->pg);
    }
    where_update(c);
    return true;
}

static bool connect_once(struct pgconn *c, const struct opening *o)
{
    PQfinish(c->pg);
    c->pg = PQconnectStartParams((const char *const *)o->keys.keys,
                                 (const char *const *)o->keys.values, 0);
    if (!c->pg)
        return err_set(o->e, E_SYSTEM, "out of memory for a session");
    (void)PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE);
    (void)PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
    if (!connect_wait(c, o))
        return false;
    (void)PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
    return true;
}

/* Keys that say how to keep a session, unless the user's URI, service or environment does. */
static void set_defaults(struct pgconn *c, struct opening *o)
{
    static const struct setting defaults[] = {
        {"keepalives", "1"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"fallback_application_name", "pg_mirror"},
    };
    char ms[NUM_TEXT_MAX];

    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        if (!conninfo_get(&o->resolved, defaults[i].name))
            conninfo_set(&o->keys, defaults[i].name, defaults[i].value);
    }
    /* Bounds each connect(2), so that the next of several hosts is tried; raised afterwards. */
    (void)snprintf(ms, sizeof ms, "%llu", (unsigned long long)connect_timeout(c));
    if (!conninfo_get(&o->resolved, "tcp_user_timeout"))
        conninfo_set(&o->keys, "tcp_user_timeout", ms);
}

static void raise_user_timeout(const struct pgconn *c, const struct opening *o)
{
    int ms = USER_TIMEOUT_MS;

    if (!conninfo_get(&o->resolved, "tcp_user_timeout") && !pgconn_is_local(c))
        (void)setsockopt(PQsocket(c->pg), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

static void pin(struct conninfo *keys, const struct pgconn *to)
{
    const char *addr = PQhostaddr(to->pg);

    conninfo_unset(keys, "hostaddr");
    conninfo_set(keys, "host", PQhost(to->pg));
    if (addr && *addr)
        conninfo_set(keys, "hostaddr", addr);
    conninfo_set(keys, "port", PQport(to->pg));
}

static bool opening_prepare(struct pgconn *c, struct opening *o, const struct pgconn_options *how)
{
    const char *options;
    const char *password;

    if (!conninfo_from_endpoint(&o->keys, c->ep, how->dbname, o->e))
        return false;
    if (how->same_as)
        pin(&o->keys, how->same_as);
    if (!conninfo_resolve(&o->keys, &o->resolved, o->e))
        return err_in(o->e, "%s", c->ep->side);
    password = conninfo_get(&o->resolved, "password");
    if (password)
        secret_set(&c->password, password, strlen(password));
    options = conninfo_get(&o->resolved, "options");
    c->user_options = mem_strdup(options ? options : "");
    buf_addstr(&o->options, c->user_options);
    for (size_t i = how->default_search_path; i < ARRAY_LEN(startup_settings); i++)
        conninfo_add_option(&o->options, startup_settings[i].name, startup_settings[i].value);
    conninfo_set(&o->keys, "options", buf_str(&o->options));
    conninfo_set(&o->keys, "client_encoding", how->client_encoding ? how->client_encoding : "UTF8");
    set_defaults(c, o);
    return true;
}

static bool connect_any(struct pgconn *c, struct opening *o)
{
    struct err why = {0};
    struct err *e = o->e;

    o->e = &why;
    if (connect_once(c, o))
        return true;
    if (strcmp(why.sqlstate, "08P01") == 0) { /* a pooler that takes no options */
        c->pooled = true;
        conninfo_unset(&o->keys, "options");
        conninfo_set(&o->keys, "options", *c->user_options ? c->user_options : NULL);
        if (connect_once(c, o))
            return true;
    }
    if (e)
        *e = why;
    return false;
}

static void add_setting(struct buf *sql, const char *name, const char *value)
{
    buf_addstr(sql, sql->len ? ", pg_catalog.set_config(" : "SELECT pg_catalog.set_config(");
    literal_quote(sql, name);
    buf_addch(sql, ',');
    literal_quote(sql, value);
    buf_addstr(sql, ",false)");
}

static void add_timeout(struct buf *sql, const char *name, uint64_t ms)
{
    char text[NUM_TEXT_MAX];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)(ms > INT32_MAX ? 0 : ms));
    add_setting(sql, name, text);
}

static bool settings_send(struct pgconn *c, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGRESULT PGresult *r = NULL;

    for (size_t i = c->default_search_path; c->pooled && i < ARRAY_LEN(startup_settings); i++)
        add_setting(&sql, startup_settings[i].name, startup_settings[i].value);
    for (size_t i = 0; i < ARRAY_LEN(first_settings); i++) {
        if (PQserverVersion(c->pg) >= first_settings[i].since)
            add_setting(&sql, first_settings[i].name, first_settings[i].value);
    }
    add_timeout(&sql, "lock_timeout", c->ep->lock_timeout_ms);
    add_timeout(&sql, "statement_timeout",
                c->cleanup ? c->cleanup_ms : c->ep->statement_timeout_ms);
    return pgconn_query(c, buf_str(&sql), 0, NULL, &r, e);
}

/* The user's own settings, after ours. An unknown name or a bad value is the configuration's. */
static bool user_settings_send(struct pgconn *c, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGRESULT PGresult *r = NULL;
    struct err why = {0};

    for (size_t i = 0; i < c->ep->setting_count; i++)
        add_setting(&sql, c->ep->settings[i].name, c->ep->settings[i].value);
    if (!sql.len || pgconn_query(c, buf_str(&sql), 0, NULL, &r, &why))
        return true;
    if (strcmp(why.sqlstate, "42704") == 0 || strcmp(why.sqlstate, "22023") == 0)
        why.code = E_CONFIG;
    (void)err_in(&why, "%s.settings", c->ep->side);
    if (e)
        *e = why;
    return false;
}

bool pgconn_open(struct pgconn **ret, const struct endpoint *ep, const struct pgconn_options *o,
                 struct err *e)
{
    static const struct pgconn_options none;
    struct pgconn *c = mem_alloc(sizeof *c);
    struct opening opening = {.options = BUF_INIT(BUF_TEXT_MAX), .e = e};
    bool ok;

    if (!o)
        o = &none;
    *ret = NULL;
    c->ep = ep;
    c->cleanup = o->cleanup;
    c->cleanup_ms = o->cleanup_ms ? o->cleanup_ms : CLEANUP_STATEMENT_MS;
    c->default_search_path = o->default_search_path;
    if (!c->cleanup && stop_requested())
        ok = stop_err(e);
    else
        ok = opening_prepare(c, &opening, o) && connect_any(c, &opening);
    if (ok) {
        raise_user_timeout(c, &opening);
        ok = settings_send(c, e) && user_settings_send(c, e);
    }
    conninfo_release(&opening.keys);
    conninfo_release(&opening.resolved);
    buf_release(&opening.options);
    if (ok)
        *ret = c;
    else
        pgconn_close(c);
    return ok;
}

/* This database is not for us, but another one may be: missing, not connectable, no CONNECT. */
static bool is_about_database(const struct err *e)
{
    return str_eq(e->sqlstate, "3D000") || str_eq(e->sqlstate, "55000") ||
           str_eq(e->sqlstate, "42501");
}

bool pgconn_open_maintenance(struct pgconn **ret, const struct endpoint *ep, bool cleanup,
                             struct err *e)
{
    struct pgconn_options o = {.dbname = ep->maintenance_database, .cleanup = cleanup};
    struct err why = {0};

    if (o.dbname)
        return pgconn_open(ret, ep, &o, e);
    o.dbname = "postgres";
    if (pgconn_open(ret, ep, &o, &why))
        return true;
    if (!is_about_database(&why)) {
        if (e)
            *e = why;
        return false;
    }
    o.dbname = "template1";
    if (pgconn_open(ret, ep, &o, e))
        return true;
    if (e && is_about_database(e))
        (void)err_hint(e, "name a database to connect to in %s.maintenance_database", ep->side);
    return false;
}

bool pgconn_configured_database(const struct endpoint *ep, struct buf *ret, struct err *e)
{
    AUTO_CONNINFO struct conninfo keys = {0};
    AUTO_CONNINFO struct conninfo resolved = {0};
    static const char nobody[] =
        "\001"; /* libpq's default is the user's name: told apart by this */
    const char *name;

    if (!conninfo_from_endpoint(&keys, ep, NULL, e))
        return false;
    conninfo_set(&keys, "user", nobody);
    if (!conninfo_resolve(&keys, &resolved, e))
        return err_in(e, "%s", ep->side);
    name = conninfo_get(&resolved, "dbname");
    if (!name || strcmp(name, nobody) == 0) {
        (void)err_set(e, E_CONFIG, "%s: no database is named", ep->side);
        return err_hint(e, "set %s.database", ep->side);
    }
    buf_addstr(ret, name);
    return true;
}
