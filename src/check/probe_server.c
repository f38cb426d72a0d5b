/* probe_server.c - what both servers are asked alike: encryption, version, room for sessions. */
#include <inttypes.h>
#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "check_priv.h"
#include "estimate_priv.h"

enum {
    CERTIFICATE_WARN_DAYS = 14,
    SOURCE_SESSIONS = 3,       /* the leader that holds the snapshot, pg_dump, one to look around */
    TARGET_EXTRA_SESSIONS = 3, /* beside the jobs: holder, shadow, one to look around */
    OLDEST_MAJOR = 12,
};

/* ---- encryption ---- */

static const char *ssl_mode(struct check *c, struct pgconn *conn)
{
    PQconninfoOption *all = PQconninfo(pgconn_raw(conn));
    const char *mode = "prefer";

    for (PQconninfoOption *o = all; o && o->keyword; o++)
        if (strcmp(o->keyword, "sslmode") == 0 && o->val)
            mode = arena_strdup(c->a, o->val);
    PQconninfoFree(all);
    return mode;
}

/* Days until the server's certificate ends; false if there is none to look at. */
static bool certificate_days(struct pgconn *conn, int *ret_days)
{
    SSL *ssl = PQsslStruct(pgconn_raw(conn), "OpenSSL");
    X509 *cert = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
    int days, seconds;
    bool ok = cert && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) == 1;

    X509_free(cert);
    if (ok)
        *ret_days = days;
    return ok;
}

static bool tls_probe(struct check *c, struct probe_result *r, struct pgconn *conn)
{
    const char *mode = ssl_mode(c, conn);
    const char *side = check_side_name(r->side);
    int days;

    check_threshold(c, r, "encrypted unless local, certificate good for %d days",
                    CERTIFICATE_WARN_DAYS);
    if (!pgconn_uses_tls(conn)) {
        check_ok(c, r, pgconn_is_local(conn) ? "no tls, local" : "no tls");
        if (pgconn_is_local(conn))
            return true;
        check_warn(c, r, "the session to %s is not encrypted", pgconn_where(conn));
        check_hint(c, r, "set \"sslmode\": \"verify-full\" in \"%s\"", side);
        return true;
    }
    check_ok(c, r, "tls %s", mode);
    if (certificate_days(conn, &days) && days < CERTIFICATE_WARN_DAYS) {
        check_warn(c, r, "the server's certificate ends in %d days", days);
        check_hint(c, r, "renew server.crt on %s, then: select pg_reload_conf()",
                   pgconn_where(conn));
    }
    return true;
}

bool probe_src_tls(struct check *c, struct probe_result *r, struct err *e)
{
    (void)e;
    return tls_probe(c, r, c->f->source);
}

bool probe_tgt_tls(struct check *c, struct probe_result *r, struct err *e)
{
    (void)e;
    return tls_probe(c, r, c->f->target);
}

/* ---- version ---- */

/* The day a major gets its last minor, as the PostgreSQL project announced it. */
static const struct {
    int major;
    int64_t end; /* seconds since 1970, UTC */
    const char *text;
} end_of_life[] = {
    {12, 1732147200, "2024-11-21"}, {13, 1762992000, "2025-11-13"}, {14, 1794441600, "2026-11-12"},
    {15, 1825891200, "2027-11-11"}, {16, 1857340800, "2028-11-09"}, {17, 1888790400, "2029-11-08"},
    {18, 1920844800, "2030-11-14"},
};

const char *version_end_of_life(int version, int64_t now)
{
    for (size_t i = 0; i < ARRAY_LEN(end_of_life); i++)
        if (end_of_life[i].major == version / 10000)
            return now >= end_of_life[i].end ? end_of_life[i].text : NULL;
    return version / 10000 < end_of_life[0].major ? "years ago" : NULL;
}

static void version_probe(struct check *c, struct probe_result *r, const struct check_server *s)
{
    const char *ended = version_end_of_life(s->version, (int64_t)time(NULL));

    check_ok(c, r, "%s", s->version_text);
    check_threshold(c, r, "%d or newer, still maintained", OLDEST_MAJOR);
    if (s->version / 10000 < OLDEST_MAJOR) {
        check_fail(c, r, "PostgreSQL %s is older than %d, which pg_mirror needs", s->version_text,
                   OLDEST_MAJOR);
        check_hint(c, r, "pg_upgrade --help");
    } else if (ended) {
        check_warn(c, r, "PostgreSQL %d gets no more fixes since %s", s->version / 10000, ended);
        check_hint(c, r, "plan an upgrade: https://www.postgresql.org/support/versioning/");
    }
}

bool probe_src_version(struct check *c, struct probe_result *r, struct err *e)
{
    (void)e;
    version_probe(c, r, &c->f->source_server);
    return true;
}

/* pg_restore of this major and later sets a parameter that older servers refuse. */
enum { TRANSACTION_TIMEOUT_MAJOR = 17 };

/* Going down a major is best effort: what only the newer one knows cannot be restored. */
bool probe_tgt_version(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_server *s = &c->f->source_server, *t = &c->f->target_server;
    int source = s->version / 10000, target = t->version / 10000;

    (void)e;
    version_probe(c, r, t);
    if (r->level == CHECK_FAIL || !s->known || target >= source)
        return true;
    check_threshold(c, r, "the source's %d or newer", source);
    if (source >= TRANSACTION_TIMEOUT_MAJOR && target < TRANSACTION_TIMEOUT_MAJOR) {
        check_fail(c, r,
                   "the target is PostgreSQL %d, which refuses what pg_restore %d sets "
                   "(transaction_timeout)",
                   target, source);
        check_hint(c, r, "upgrade the target to PostgreSQL %d", source);
        return true;
    }
    check_warn(c, r,
               "the target is PostgreSQL %d, older than the source's %d: what only %d knows "
               "cannot be restored",
               target, source, source);
    check_hint(c, r,
               "upgrade the target to PostgreSQL %d, or try: pg_mirror mirror --schema-only "
               "--no-swap",
               source);
    return true;
}

/* ---- room for sessions ---- */

struct room {
    const struct endpoint *ep;
    const struct check_server *s;
    const struct check_database *d; /* whose limit counts; NULL: none does */
    int64_t need;
};

static bool room_fits(int64_t limit, int64_t used, int64_t need)
{
    return limit < 0 || limit - used >= need;
}

static void room_alter(struct check *c, struct probe_result *r, const struct room *room,
                       const char *what, const char *name, int64_t limit)
{
    const char *sql = arena_printf(c->a, "ALTER %s %s CONNECTION LIMIT %" PRId64, what,
                                   sql_ident(c, name), limit);

    check_hint(c, r, "%s", psql_command(c, room->ep, "postgres", sql));
}

static void room_probe(struct check *c, struct probe_result *r, const struct room *room)
{
    const struct check_server *s = room->s;
    const struct check_database *d = room->d;

    check_ok(c, r, "%" PRId64 " of %" PRId64 " in use, %" PRId64 " needed", s->connections,
             s->max_connections, room->need);
    check_threshold(c, r, "%" PRId64 " free", room->need);
    if (!room_fits(s->max_connections, s->connections, room->need)) {
        check_fail(c, r,
                   "%" PRId64 " sessions are needed, but %" PRId64 " of the server's %" PRId64
                   " are in use",
                   room->need, s->connections, s->max_connections);
        check_hint(c, r, "%s",
                   psql_command(c, room->ep, "postgres",
                                arena_printf(c->a, "ALTER SYSTEM SET max_connections = %" PRId64,
                                             s->max_connections + room->need + 10)));
        check_hint(c, r, "or run with fewer jobs: pg_mirror -j 1");
    }
    if (!room_fits(s->role_limit, s->role_connections, room->need)) {
        check_fail(c, r,
                   "role '%s' may have %" PRId64 " sessions and has %" PRId64 ", but %" PRId64
                   " more are needed",
                   s->user, s->role_limit, s->role_connections, room->need);
        room_alter(c, r, room, "ROLE", s->user, s->role_connections + room->need);
    }
    if (d && d->exists && !s->superuser &&
        !room_fits(d->connection_limit, d->connections, room->need)) {
        check_fail(c, r,
                   "database '%s' allows %" PRId64 " sessions and has %" PRId64 ", but %" PRId64
                   " more are needed",
                   d->name, d->connection_limit, d->connections, room->need);
        room_alter(c, r, room, "DATABASE", d->name, d->connections + room->need);
    }
}

static bool same_cluster(const struct check_facts *f)
{
    return f->source_server.known && f->target_server.known &&
           strcmp(f->source_server.started, f->target_server.started) == 0;
}

bool probe_src_conn(struct check *c, struct probe_result *r, struct err *e)
{
    struct room room = {&c->source, &c->f->source_server, &c->f->source_db, SOURCE_SESSIONS};

    (void)e;
    room_probe(c, r, &room);
    return true;
}

/* Our own two sessions on one cluster are counted once as "others": harmless. */
bool probe_tgt_conn(struct check *c, struct probe_result *r, struct err *e)
{
    struct room room = {&c->target, &c->f->target_server, NULL,
                        (int64_t)c->cfg->jobs + TARGET_EXTRA_SESSIONS};

    (void)e;
    if (same_cluster(c->f))
        room.need += SOURCE_SESSIONS;
    room_probe(c, r, &room);
    return true;
}
