/* probe_target_needs.c - what the source uses and the target must have: extensions, roles, space
 * names. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "array_priv.h"
#include "lists_priv.h"
#include "packages_priv.h"

/* ---- extensions ---- */

static void extension_missing(struct check *c, struct probe_result *r, const char *name,
                              struct name_list *missing)
{
    char package[PACKAGE_MAX], command[PACKAGE_MAX];
    enum os_family family = os_family();
    const char *line;

    name_list_add(missing, name);
    extension_package(package, name, c->f->target_server.version / 10000, family);
    line = arena_strdup(c->a, package_install(command, package, family));
    if (!strstr(r->hint, line)) /* several extensions of one package */
        check_hint(c, r, "%s", line);
}

/* Leading number of a version: 3 of "3.4.2". */
static long version_major(const char *version)
{
    return strtol(version, NULL, 10);
}

// clang-format off
static const char extensions_sql[] =
    "SELECT n.name, a.default_version, COALESCE(v.superuser, false),"
    " COALESCE((pg_catalog.to_jsonb(v)->>'trusted')::pg_catalog.bool, false)"
    " FROM pg_catalog.unnest($1::pg_catalog.text[]) AS n(name)"
    " LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = n.name"
    " LEFT JOIN pg_catalog.pg_available_extension_versions v"
    "  ON v.name = a.name AND v.version = a.default_version";
// clang-format on

struct extension_state {
    struct name_list missing, superuser, other;
};

static const struct needed_extension *extension_find(const struct source_lists *l, const char *name)
{
    for (size_t i = 0; i < l->extension_count; i++)
        if (strcmp(l->extensions[i].name, name) == 0)
            return &l->extensions[i];
    return NULL;
}

static void extension_row(struct check *c, struct probe_result *r, const struct source_lists *l,
                          const PGresult *res, int i, struct extension_state *st)
{
    const char *name = PQgetvalue(res, i, 0), *have = PQgetvalue(res, i, 1);
    const struct needed_extension *want = extension_find(l, name);

    if (PQgetisnull(res, i, 1)) {
        extension_missing(c, r, name, &st->missing);
        return;
    }
    if (cell_bool(res, i, 2) && !c->f->target_server.superuser &&
        !(cell_bool(res, i, 3) && c->f->target_server.createdb))
        name_list_add(&st->superuser, name);
    if (want && version_major(want->version) > version_major(have))
        name_list_add(&st->other,
                      arena_printf(c->a, "%s %s (source: %s)", name, have, want->version));
}

static void extensions_tell(struct check *c, struct probe_result *r, struct extension_state *st)
{
    if (st->other.count) {
        check_warn(c, r, "older on the target: %s", name_list_text(c, &st->other));
        check_hint(c, r, "update the extension's package on the target");
    }
    if (st->superuser.count) {
        check_fail(c, r, "only a superuser can create: %s", name_list_text(c, &st->superuser));
        check_hint(c, r, "%s",
                   psql_command(c, &c->target, "postgres",
                                arena_printf(c->a, "ALTER ROLE %s SUPERUSER",
                                             sql_ident(c, c->f->target_server.user))));
    }
    if (st->missing.count)
        check_fail(c, r, "not available on the target: %s", name_list_text(c, &st->missing));
}

bool probe_tgt_extensions(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);
    struct extension_state st = {NAME_LIST_INIT, NAME_LIST_INIT, NAME_LIST_INIT};
    const struct source_lists *l;
    const char *param;

    if (!lists_extensions(c, &l, e))
        return false;
    check_ok(c, r, "%zu needed", l->extension_count);
    if (l->extension_count == 0)
        return true;
    array_begin(&names);
    for (size_t i = 0; i < l->extension_count; i++)
        array_add(&names, l->extensions[i].name);
    array_end(&names);
    param = buf_str(&names);
    if (!pgconn_query(c->f->target, extensions_sql, 1, &param, &res, e))
        return false;
    for (int i = 0; i < PQntuples(res); i++)
        extension_row(c, r, l, res, i, &st);
    extensions_tell(c, r, &st);
    name_list_release(&st.missing);
    name_list_release(&st.superuser);
    name_list_release(&st.other);
    return true;
}

/* ---- roles ---- */

/* Which uses of a role end up in the target? */
static unsigned uses_that_matter(const struct check *c)
{
    return ROLE_POLICY | (c->cfg->keep_owner ? ROLE_OWNS : 0u) |
           (c->cfg->keep_acl ? ROLE_GRANTED | ROLE_DEFAULT : 0u);
}

static const struct needed_role *role_find(const struct source_lists *l, const char *name)
{
    for (size_t i = 0; i < l->role_count; i++)
        if (strcmp(l->roles[i].name, name) == 0)
            return &l->roles[i];
    return NULL;
}

struct role_state {
    struct name_list missing; /* and needed */
    struct name_list unused;  /* missing, but nothing of theirs is restored */
    struct name_list foreign; /* owners that we cannot give things to */
    struct buf create;
};

static void role_row(struct check *c, const struct source_lists *l, const PGresult *res, int i,
                     struct role_state *st)
{
    const char *name = PQgetvalue(res, i, 0);
    const struct needed_role *role = role_find(l, name);
    unsigned uses = role ? role->uses & uses_that_matter(c) : 0;

    if (!cell_bool(res, i, 1)) {
        name_list_add(uses ? &st->missing : &st->unused, name);
        if (uses)
            buf_printf(&st->create, "CREATE ROLE %s; ", sql_ident(c, name));
    } else if ((uses & ROLE_OWNS) && !cell_bool(res, i, 2)) {
        name_list_add(&st->foreign, name);
    }
}

static void roles_tell(struct check *c, struct probe_result *r, struct role_state *st)
{
    if (st->unused.count && !c->o->preflight) { /* a run was told to leave them out */
        check_warn(c, r,
                   "not on the target, their objects and grants are restored without them: %s",
                   name_list_text(c, &st->unused));
        check_hint(c, r, "fine unless you set \"owner\" or \"acl\" in \"options\"");
    }
    if (st->foreign.count) {
        check_fail(c, r, "role '%s' cannot make these the owner of anything: %s",
                   c->f->target_server.user, name_list_text(c, &st->foreign));
        check_hint(c, r, "GRANT the role TO %s, or set \"options\": {\"owner\": false}",
                   sql_ident(c, c->f->target_server.user));
    }
    if (st->missing.count) {
        check_fail(c, r, "not on the target: %s", name_list_text(c, &st->missing));
        check_hint(c, r, "%s", psql_command(c, &c->target, "postgres", buf_str(&st->create)));
        if (c->cfg->keep_owner || c->cfg->keep_acl)
            check_hint(c, r, "or set \"options\": {\"owner\": false, \"acl\": false}");
    }
}

/* From 16 on membership alone does not let one SET ROLE. */
static const char *roles_sql(const struct check *c)
{
    return c->f->target_server.version >= 160000
               ? "SELECT n.name, r.oid IS NOT NULL, pg_catalog.pg_has_role(r.oid, 'SET')"
                 " FROM pg_catalog.unnest($1::pg_catalog.text[]) AS n(name)"
                 " LEFT JOIN pg_catalog.pg_roles r ON r.rolname = n.name ORDER BY 1"
               : "SELECT n.name, r.oid IS NOT NULL, pg_catalog.pg_has_role(r.oid, 'MEMBER')"
                 " FROM pg_catalog.unnest($1::pg_catalog.text[]) AS n(name)"
                 " LEFT JOIN pg_catalog.pg_roles r ON r.rolname = n.name ORDER BY 1";
}

bool probe_tgt_roles(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);
    struct role_state st = {NAME_LIST_INIT, NAME_LIST_INIT, NAME_LIST_INIT, BUF_INIT(BUF_TEXT_MAX)};
    const struct source_lists *l;
    const char *param;

    if (!lists_roles(c, &l, e))
        return false;
    array_begin(&names);
    for (size_t i = 0; i < l->role_count; i++)
        array_add(&names, l->roles[i].name);
    array_end(&names);
    param = buf_str(&names);
    check_ok(c, r, "%zu used by the source", l->role_count);
    if (l->role_count == 0)
        return true;
    if (!pgconn_query(c->f->target, roles_sql(c), 1, &param, &res, e))
        return false;
    for (int i = 0; i < PQntuples(res); i++)
        role_row(c, l, res, i, &st);
    roles_tell(c, r, &st);
    name_list_release(&st.missing);
    name_list_release(&st.unused);
    name_list_release(&st.foreign);
    buf_release(&st.create);
    return true;
}

/* ---- tablespaces ---- */

static bool tablespace_usable(struct check *c, const char *name, bool *ret_exists, bool *ret_usable,
                              struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;

    if (!pgconn_query(c->f->target,
                      "SELECT pg_catalog.has_tablespace_privilege(oid, 'CREATE')"
                      " FROM pg_catalog.pg_tablespace WHERE spcname = $1",
                      1, &name, &res, e))
        return false;
    *ret_exists = PQntuples(res) == 1;
    *ret_usable = *ret_exists && cell_bool(res, 0, 0);
    return true;
}

static bool configured_tablespace(struct check *c, struct probe_result *r, struct err *e)
{
    const char *name = c->cfg->target_tablespace;
    const char *sql;
    bool exists, usable;

    if (!name)
        return true;
    if (!tablespace_usable(c, name, &exists, &usable, e))
        return false;
    if (usable)
        return true;
    check_fail(c, r,
               exists ? "the tablespace '%s' on the target is not open to us"
                      : "there is no tablespace '%s' on the target",
               name);
    sql = exists ? arena_printf(c->a, "GRANT CREATE ON TABLESPACE %s TO %s", sql_ident(c, name),
                                sql_ident(c, c->f->target_server.user))
                 : arena_printf(c->a, "CREATE TABLESPACE %s LOCATION '/path/to/%s'",
                                sql_ident(c, name), name);
    check_hint(c, r, "%s", psql_command(c, &c->target, "postgres", sql));
    return true;
}

bool probe_tgt_tablespaces(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_NAMES struct name_list missing = NAME_LIST_INIT;
    const struct source_lists *l;
    bool exists, usable;

    if (!lists_tablespaces(c, &l, e))
        return false;
    check_ok(c, r, "%zu used by the source", l->tablespace_count);
    for (size_t i = 0; i < l->tablespace_count; i++) {
        if (!tablespace_usable(c, l->tablespaces[i], &exists, &usable, e))
            return false;
        if (!exists)
            name_list_add(&missing, l->tablespaces[i]);
    }
    if (missing.count) {
        check_warn(c, r, "not on the target, the default one is used instead: %s",
                   name_list_text(c, &missing));
        check_hint(c, r, "fine unless placement matters; else CREATE TABLESPACE there");
    }
    return configured_tablespace(c, r, e);
}
