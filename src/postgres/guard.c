/*
 * What is never touched, whatever the command line says. A host is matched by every name we have
 * for it: as configured, as libpq reached it, by address, and as localhost for a local socket; a
 * protected name must not become unprotected by an alias.
 */
#include "postgres/target.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/str.h"
#include "postgres/conn.h"
#include "postgres/marker.h"

enum { HOST_MAX = 1024 };

static void lower(char *dst, size_t cap, const char *s)
{
    size_t i = 0;

    for (; s[i] && i + 1 < cap; i++)
        dst[i] = (char)tolower((unsigned char)s[i]);
    dst[i] = '\0';
}

/* '*' matches slashes as well, so that hosts may be directories and names may have slashes. */
bool target_glob_matches(const char *glob, const char *host, const char *database)
{
    AUTO_BUF struct buf whole = BUF_INIT(BUF_TEXT_MAX);
    const char *slash = strrchr(glob, '/');
    char host_glob[HOST_MAX];
    char host_lower[HOST_MAX];

    lower(host_lower, sizeof host_lower, host);
    buf_printf(&whole, "%s/%s", host_lower, database);
    if (str_glob_match(glob, buf_str(&whole)))
        return true;
    if (!slash)
        return str_glob_match(glob, database) || str_glob_match(glob, host);
    lower(host_glob, sizeof host_glob, glob);
    if ((size_t)(slash - glob) < sizeof host_glob)
        host_glob[slash - glob] = '\0';
    return str_glob_match(slash + 1, database) && str_glob_match(host_glob, host_lower);
}

struct host_names {
    const char *names[8];
    size_t count;
};

static void add_name(struct host_names *h, const char *name)
{
    if (name && *name && h->count < ARRAY_LEN(h->names))
        h->names[h->count++] = name;
}

static bool refuse_protected(struct pgconn *c, const struct target_guard *g, struct err *e)
{
    PGconn *pg = pgconn_raw(c);
    struct host_names h = {.count = 0};

    add_name(&h, g->ep->host);
    add_name(&h, PQhost(pg));
    add_name(&h, PQhostaddr(pg));
    add_name(&h, pgconn_where(c));
    if (pgconn_is_local(c))
        add_name(&h, "localhost");
    for (size_t i = 0; i < g->protected_count; i++) {
        for (size_t k = 0; k < h.count; k++) {
            if (target_glob_matches(g->protected_globs[i], h.names[k], g->database))
                return err_set(e, E_REFUSED, "the target '%s/%s' is protected", h.names[k],
                               g->database) ||
                       err_detail(e, "safety.protected has '%s'", g->protected_globs[i]) ||
                       err_hint(e, "there is no override; choose another target");
        }
    }
    if (!marker_is_protected(g->facts->comment))
        return true;
    (void)err_set(e, E_REFUSED, "the target database '%s' is protected by its comment",
                  g->database);
    return err_hint(e, "there is no override; its owner may remove '%s' from the comment",
                    MARKER_PROTECTED);
}

static bool refuse_kind(struct pgconn *c, const struct target_guard *g, struct err *e)
{
    static const char *const builtin[] = {"postgres", "template0", "template1"};
    bool is_builtin = g->facts->is_template;

    for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
        is_builtin |= strcmp(builtin[i], g->database) == 0;
    if (is_builtin)
        return err_set(e, E_REFUSED, "the target '%s' is a template or maintenance database",
                       g->database) ||
               err_hint(e, "name another one in target.database");
    if (strcmp(pgconn_database(c), g->database) == 0)
        return err_set(e, E_REFUSED, "the target '%s' is the maintenance database", g->database) ||
               err_hint(e, "name another one in target.maintenance_database");
    return true;
}

/*
 * Our sessions switch default_transaction_read_only off, so what the server or the role has is
 * looked up. The database's own setting is one of its properties (a clone of a read-only database
 * has it) and does not count. The server's configuration may be hidden from us: then it does not
 * speak.
 */
static bool refuse_read_only(struct pgconn *c, struct err *e)
{
    static const char role_sql[] =
        "SELECT count(*) FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) x"
        " WHERE s.setdatabase = 0 AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles"
        "  WHERE rolname = SESSION_USER)) AND x ~* "
        "'^default_transaction_read_only=(on|true|yes|1)'";
    static const char file_sql[] =
        "SELECT count(*) FROM pg_catalog.pg_file_settings WHERE applied"
        " AND name = 'default_transaction_read_only' AND setting ~* '^(on|true|yes|1)'";
    AUTO_BUF struct buf role = BUF_INIT(64);
    AUTO_BUF struct buf file = BUF_INIT(64);
    struct err why = {0};

    if (!pgconn_value(c, role_sql, 0, NULL, &role, e))
        return false;
    if (!pgconn_value(c, file_sql, 0, NULL, &file, &why)) {
        if (strcmp(why.sqlstate, "42501") != 0) {
            *e = why;
            return false;
        }
        buf_addstr(&file, "0");
    }
    if (strcmp(buf_str(&role), "0") == 0 && strcmp(buf_str(&file), "0") == 0)
        return true;
    (void)err_set(e, E_REFUSED, "the target server '%s' is set read-only", pgconn_where(c));
    (void)err_detail(e, "default_transaction_read_only is on for the %s",
                     strcmp(buf_str(&role), "0") != 0 ? "role" : "whole server");
    return err_hint(e, "ALTER %s RESET default_transaction_read_only",
                    strcmp(buf_str(&role), "0") != 0 ? "ROLE ..." : "SYSTEM");
}

static bool refuse_standby(struct pgconn *c, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(64);

    if (!pgconn_value(c, "SELECT pg_catalog.pg_is_in_recovery()", 0, NULL, &b, e))
        return false;
    if (strcmp(buf_str(&b), "f") == 0)
        return true;
    (void)err_set(e, E_REFUSED, "the target server '%s' is a standby", pgconn_where(c));
    return err_hint(e, "name its primary as the target");
}

bool target_refuse_protected(struct pgconn *c, const struct target_guard *g, struct err *e)
{
    return refuse_kind(c, g, e) && refuse_protected(c, g, e);
}

bool target_refuse_unwritable(struct pgconn *c, struct err *e)
{
    return refuse_standby(c, e) && refuse_read_only(c, e);
}

bool target_refuse(struct pgconn *c, const struct target_guard *g, struct err *e)
{
    return target_refuse_unwritable(c, e) && target_refuse_protected(c, g, e);
}
