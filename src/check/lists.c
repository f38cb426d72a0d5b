/*
 * lists.c - what the source holds and what it needs around it, in four queries at most.
 *
 * Who owns, was granted or is named in a policy is not collected from every catalog: pg_shdepend
 * has all of it in one place. It knows nothing about the bootstrap superuser (OID 10, pinned),
 * whose objects are looked for in the three catalogs where they matter.
 */
#include "lists_priv.h"

#include <inttypes.h>
#include <string.h>

// clang-format off
static const char roles_sql[] =
    "SELECT pg_catalog.pg_get_userbyid(s.refobjid),"
    " bool_or(s.deptype = 'o' AND s.classid <> 'pg_catalog.pg_default_acl'::pg_catalog.regclass),"
    " bool_or(s.deptype = 'a' AND s.classid <> 'pg_catalog.pg_default_acl'::pg_catalog.regclass),"
    " bool_or(s.deptype = 'r'),"
    " bool_or(s.classid = 'pg_catalog.pg_default_acl'::pg_catalog.regclass)"
    " FROM pg_catalog.pg_shdepend s"
    " WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass"
    " AND s.deptype IN ('o', 'a', 'r')"
    " AND s.dbid = (SELECT oid FROM pg_catalog.pg_database"
    "  WHERE datname = pg_catalog.current_database())"
    " AND ($1::pg_catalog.oid[] IS NULL"
    "  OR s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objid = ANY ($1)"
    "  OR s.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND EXISTS (SELECT 1"
    "   FROM pg_catalog.pg_policy p WHERE p.oid = s.objid AND p.polrelid = ANY ($1)))"
    " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend x WHERE x.classid = s.classid"
    "  AND x.objid = s.objid AND x.deptype = 'e')"
    " GROUP BY s.refobjid"
    " UNION ALL SELECT pg_catalog.pg_get_userbyid(10), true, false, false, false"
    " WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relowner = 10 AND oid >= 16384"
    "   AND relnamespace <> 'pg_toast'::pg_catalog.regnamespace"
    "   AND ($1 IS NULL OR oid = ANY ($1)))"
    "  OR $1 IS NULL AND EXISTS (SELECT 1 FROM pg_catalog.pg_proc WHERE proowner = 10"
    "   AND oid >= 16384)"
    "  OR $1 IS NULL AND EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspowner = 10"
    "   AND oid >= 16384)";

/* A dump narrowed down to schemas or tables leaves extensions out. */
static const char extensions_sql[] =
    "SELECT e.extname, e.extversion, n.nspname FROM pg_catalog.pg_extension e"
    " JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace"
    " WHERE e.extname <> 'plpgsql' ORDER BY 1";

static const char tablespaces_sql[] =
    "SELECT DISTINCT t.spcname FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace"
    " WHERE c.oid >= 16384 AND t.spcname <> 'pg_global'"
    " AND ($1::pg_catalog.oid[] IS NULL OR c.oid = ANY ($1) OR EXISTS (SELECT 1"
    "  FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid AND i.indrelid = ANY ($1)))"
    " ORDER BY 1";
// clang-format on

bool lists_filtered(const struct config *cfg)
{
    return cfg->include_schemas.count || cfg->exclude_schemas.count || cfg->include_tables.count ||
           cfg->exclude_tables.count;
}

bool lists_narrowed(const struct config *cfg)
{
    return cfg->include_schemas.count || cfg->include_tables.count;
}

static struct filter_list filter_list_of(const struct string_list *l)
{
    return (struct filter_list){.items = (const char *const *)l->items, .count = l->count};
}

static void filter_of_config(struct filter *f, const struct config *cfg)
{
    *f = (struct filter){.strict = cfg->filters_strict};
    f->lists[FILTER_INCLUDE_SCHEMAS] = filter_list_of(&cfg->include_schemas);
    f->lists[FILTER_EXCLUDE_SCHEMAS] = filter_list_of(&cfg->exclude_schemas);
    f->lists[FILTER_INCLUDE_TABLES] = filter_list_of(&cfg->include_tables);
    f->lists[FILTER_EXCLUDE_TABLES] = filter_list_of(&cfg->exclude_tables);
    f->lists[FILTER_EXCLUDE_TABLE_DATA] = filter_list_of(&cfg->exclude_table_data);
}

static const char *oid_array(struct check *c, const struct catalog *cat)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    buf_addch(&b, '{');
    for (size_t i = 0; i < cat->count; i++)
        buf_printf(&b, "%s%" PRIu32, i ? "," : "", cat->tables[i].oid);
    buf_addch(&b, '}');
    return arena_strdup(c->a, buf_str(&b));
}

/* A failure is kept: each probe that needs the list tells it, none asks again. */
static struct source_lists *lists_get(struct check *c)
{
    struct source_lists *l = c->lists;
    struct filter filter;

    if (l)
        return l;
    l = c->lists = arena_alloc(c->a, sizeof *l);
    filter_of_config(&filter, c->cfg);
    if (filter_resolve(c->f->source, &filter, c->a, &l->selection, &l->err) &&
        catalog_read(c->f->source, &l->selection, CATALOG_SIZES_ESTIMATED, c->a, &l->catalog,
                     &l->err))
        l->oids = oid_array(c, &l->catalog);
    return l;
}

static bool kept_error(const struct err *kept, struct err *e)
{
    if (kept->code == E_NONE)
        return true;
    if (e)
        *e = *kept;
    return false;
}

bool lists_catalog(struct check *c, const struct source_lists **ret, struct err *e)
{
    struct source_lists *l = lists_get(c);

    *ret = l;
    return kept_error(&l->err, e);
}

/* NULL: every object counts, not only what hangs on the selected tables. */
static const char *oid_param(struct check *c)
{
    return lists_filtered(c->cfg) ? c->lists->oids : NULL;
}

const char *lists_oid_param(struct check *c)
{
    return oid_param(c);
}

static bool roles_read(struct check *c, struct source_lists *l, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;
    const char *oids = oid_param(c);

    if (!pgconn_query(c->f->source, roles_sql, 1, &oids, &r, e))
        return err_in(e, "list the roles");
    l->role_count = (size_t)PQntuples(r);
    l->roles = arena_array(c->a, l->role_count, sizeof *l->roles);
    for (int i = 0; i < PQntuples(r); i++) {
        l->roles[i].name = cell_text(c, r, i, 0);
        l->roles[i].uses =
            (cell_bool(r, i, 1) ? ROLE_OWNS : 0u) | (cell_bool(r, i, 2) ? ROLE_GRANTED : 0u) |
            (cell_bool(r, i, 3) ? ROLE_POLICY : 0u) | (cell_bool(r, i, 4) ? ROLE_DEFAULT : 0u);
    }
    return true;
}

static bool extensions_read(struct check *c, struct source_lists *l, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;

    if (lists_narrowed(c->cfg))
        return true;
    if (!pgconn_query(c->f->source, extensions_sql, 0, NULL, &r, e))
        return err_in(e, "list the extensions");
    l->extension_count = (size_t)PQntuples(r);
    l->extensions = arena_array(c->a, l->extension_count, sizeof *l->extensions);
    for (int i = 0; i < PQntuples(r); i++) {
        l->extensions[i].name = cell_text(c, r, i, 0);
        l->extensions[i].version = cell_text(c, r, i, 1);
        l->extensions[i].schema = cell_text(c, r, i, 2);
    }
    return true;
}

static bool tablespaces_read(struct check *c, struct source_lists *l, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;
    const char *oids = oid_param(c);

    if (!pgconn_query(c->f->source, tablespaces_sql, 1, &oids, &r, e))
        return err_in(e, "list the tablespaces");
    l->tablespace_count = (size_t)PQntuples(r);
    l->tablespaces = arena_array(c->a, l->tablespace_count, sizeof *l->tablespaces);
    for (int i = 0; i < PQntuples(r); i++)
        l->tablespaces[i] = cell_text(c, r, i, 0);
    return true;
}

/* What each probe of the target needs is read when it is asked, and only once. */
static bool list_once(struct check *c, struct list_state *s,
                      bool (*read)(struct check *, struct source_lists *, struct err *),
                      const struct source_lists **ret, struct err *e)
{
    if (!lists_catalog(c, ret, e))
        return false;
    if (!s->read) {
        s->read = true;
        (void)!read(c, c->lists, &s->err);
    }
    return kept_error(&s->err, e);
}

bool lists_roles(struct check *c, const struct source_lists **ret, struct err *e)
{
    return list_once(c, &lists_get(c)->roles_state, roles_read, ret, e);
}

bool lists_extensions(struct check *c, const struct source_lists **ret, struct err *e)
{
    return list_once(c, &lists_get(c)->extensions_state, extensions_read, ret, e);
}

bool lists_tablespaces(struct check *c, const struct source_lists **ret, struct err *e)
{
    return list_once(c, &lists_get(c)->tablespaces_state, tablespaces_read, ret, e);
}
