/* conn_info.c - what there is to know about an open session, and what a client program is told. */
#include "conn_priv.h"

#include <string.h>

#include "conninfo_priv.h"

int pgconn_version(const struct pgconn *c)
{
    return PQserverVersion(c->pg);
}

const char *pgconn_version_text(const struct pgconn *c)
{
    const char *s = PQparameterStatus(c->pg, "server_version");

    return s ? s : "";
}

const char *pgconn_user(const struct pgconn *c)
{
    return PQuser(c->pg);
}

const char *pgconn_database(const struct pgconn *c)
{
    return PQdb(c->pg);
}

const char *pgconn_where(const struct pgconn *c)
{
    return c->where;
}

bool pgconn_is_local(const struct pgconn *c)
{
    const char *host = PQhost(c->pg);
    const char *addr = PQhostaddr(c->pg);

    if (host && (host[0] == '/' || host[0] == '@'))
        return true;
    return addr && (strncmp(addr, "127.", 4) == 0 || strcmp(addr, "::1") == 0);
}

bool pgconn_uses_tls(const struct pgconn *c)
{
    return PQsslInUse(c->pg) != 0;
}

int pgconn_backend_pid(const struct pgconn *c)
{
    return PQbackendPID(c->pg);
}

PGconn *pgconn_raw(struct pgconn *c)
{
    return c->pg;
}

bool pgconn_lost_options(const struct pgconn *c)
{
    return c->pooled;
}

bool pgconn_child_conninfo(const struct pgconn *c, const char *dbname, struct buf *ret,
                           struct err *e)
{
    PQconninfoOption *options = PQconninfo(c->pg);
    const char *addr = PQhostaddr(c->pg);

    if (!options)
        return err_set(e, E_SYSTEM, "out of memory for a connection string");
    conninfo_add_pair(ret, "dbname", dbname);
    conninfo_add_pair(ret, "host", PQhost(c->pg));
    if (addr && *addr && PQhost(c->pg)[0] != '/')
        conninfo_add_pair(ret, "hostaddr", addr);
    conninfo_add_pair(ret, "port", PQport(c->pg));
    conninfo_add_inherited(ret, options);
    PQconninfoFree(options);
    return true;
}

void pgconn_child_options(const struct pgconn *c, struct buf *ret)
{
    buf_addstr(ret, c->user_options);
    for (size_t i = 0; i < c->ep->setting_count; i++)
        conninfo_add_option(ret, c->ep->settings[i].name, c->ep->settings[i].value);
}

const char *pgconn_password(const struct pgconn *c)
{
    return secret_get(&c->password);
}
