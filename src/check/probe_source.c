/*
 * probe_source.c - may everything that is to be copied be read, and is it all of it?
 *
 * pg_dump locks every table it dumps, with data or without, which takes SELECT on it and USAGE on
 * its schema; sequences are read, large objects opened. One query asks each kind about everything.
 */
#include <inttypes.h>
#include <string.h>

#include "common/stop.h"
#include "lists_priv.h"
#include "server_priv.h"

// clang-format off
/* kind, name; NULL names are counted, not listed. $1: the selected tables. $2: filtered. */
static const char priv_sql[] =
    "SELECT 'table', pg_catalog.format('%I.%I', n.nspname, c.relname)"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = ANY ($1::pg_catalog.oid[])"
    " AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')"
    " UNION ALL SELECT DISTINCT 'schema', pg_catalog.quote_ident(n.nspname)"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = ANY ($1) AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    " UNION ALL SELECT 'sequence', pg_catalog.format('%I.%I', n.nspname, c.relname)"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'S' AND c.relpersistence <> 't'"
    " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " AND (NOT $2::pg_catalog.bool OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend d"
    "  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid"
    "  AND d.refclassid = d.classid AND d.deptype IN ('a', 'i') AND d.refobjid = ANY ($1)))"
    " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'"
    "  AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid)"
    " AND CASE WHEN c.relkind = 'S' /* else it is an error, whichever condition goes first */"
    "  THEN NOT pg_catalog.has_sequence_privilege(c.oid, 'SELECT') END";

static const char lo_sql[] =
    "SELECT count(*), count(*) FILTER (WHERE NOT (pg_catalog.pg_has_role(m.lomowner, 'USAGE')"
    " OR EXISTS (SELECT 1 FROM pg_catalog.aclexplode(m.lomacl) x"
    "  WHERE x.privilege_type = 'SELECT'"
    "  AND (x.grantee = 0 OR pg_catalog.pg_has_role(x.grantee, 'USAGE'))))),"
    " min(m.oid) FILTER (WHERE NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')),"
    " pg_catalog.current_setting('lo_compat_privileges')::pg_catalog.bool"
    " FROM pg_catalog.pg_largeobject_metadata m";
// clang-format on

struct denied {
    struct name_list tables, sequences, schemas;
    struct buf grants; /* GRANT commands for the first few */
};

static const char *on_source(struct check *c, const char *sql)
{
    return psql_command(c, &c->source, c->f->source_db.name, sql);
}

static void denied_fill(struct check *c, const PGresult *res, struct denied *d)
{
    for (int i = 0; i < PQntuples(res); i++) {
        const char *kind = PQgetvalue(res, i, 0), *name = PQgetvalue(res, i, 1);
        struct name_list *list = kind[0] == 't'   ? &d->tables
                                 : kind[1] == 'e' ? &d->sequences
                                                  : &d->schemas;

        name_list_add(list, name);
        if (list->count <= 3)
            buf_printf(&d->grants, "GRANT %s ON %s %s TO %s; ",
                       list == &d->schemas ? "USAGE" : "SELECT", kind, name,
                       sql_ident(c, c->f->source_server.user));
    }
}

static void denied_kind(struct check *c, struct buf *text, const char *what, struct name_list *l)
{
    if (l->count)
        buf_printf(text, "%s%zu %s%s (%s)", text->len ? ", " : "", l->count, what,
                   l->count == 1 ? "" : "s", name_list_text(c, l));
}

static void denied_tell(struct check *c, struct probe_result *r, struct denied *d)
{
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);
    const char *user = c->f->source_server.user;

    denied_kind(c, &text, "table", &d->tables);
    denied_kind(c, &text, "sequence", &d->sequences);
    denied_kind(c, &text, "schema", &d->schemas);
    if (!text.len)
        return;
    check_fail(c, r, "role '%s' may not read %s", user, buf_str(&text));
    if (c->f->source_server.version >= 140000)
        check_hint(
            c, r, "%s",
            on_source(c, arena_printf(c->a, "GRANT pg_read_all_data TO %s", sql_ident(c, user))));
    check_hint(c, r, "%s%s", c->f->source_server.version >= 140000 ? "or one by one: " : "",
               on_source(c, buf_str(&d->grants)));
}

/* pg_read_all_data does not reach large objects: each has its own privileges. */
static bool large_objects_probe(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    const char *sql;

    if (!c->cfg->large_objects || c->cfg->section == SECTION_SCHEMA_ONLY || lists_narrowed(c->cfg))
        return true;
    if (!pgconn_query(c->f->source, lo_sql, 0, NULL, &res, e))
        return false;
    c->f->copy.large_objects = (size_t)cell_u64(res, 0, 0);
    if (cell_i64(res, 0, 1) == 0 || cell_bool(res, 0, 3) || c->f->source_server.superuser)
        return true;
    check_fail(c, r, "role '%s' may not read %s of %s large objects", c->f->source_server.user,
               PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 0));
    sql = arena_printf(c->a,
                       "SELECT 'GRANT SELECT ON LARGE OBJECT ' || oid || ' TO %s' FROM "
                       "pg_largeobject_metadata \\gexec",
                       sql_ident(c, c->f->source_server.user));
    check_hint(c, r, "echo %s | psql -d %s", shell_word(c, sql),
               shell_word(c, c->f->source_db.name));
    return true;
}

bool probe_src_priv(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    struct denied d = {NAME_LIST_INIT, NAME_LIST_INIT, NAME_LIST_INIT, BUF_INIT(BUF_TEXT_MAX)};
    const struct source_lists *l;
    const char *params[2];

    if (!lists_catalog(c, &l, e))
        return false;
    params[0] = l->oids;
    params[1] = lists_filtered(c->cfg) ? "t" : "f";
    if (!pgconn_query(c->f->source, priv_sql, 2, params, &res, e))
        return false;
    denied_fill(c, res, &d);
    check_ok(c, r, "%zu of %zu tables readable", l->catalog.count - d.tables.count,
             l->catalog.count);
    denied_tell(c, r, &d);
    name_list_release(&d.tables);
    name_list_release(&d.sequences);
    name_list_release(&d.schemas);
    buf_release(&d.grants);
    return large_objects_probe(c, r, e);
}

/* ---- row-level security ---- */

/*
 * With row_security off pg_dump fails on a table whose policies apply to us. They don't apply to
 * its owner, unless forced, nor to who bypasses them.
 */
static const char rls_sql[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND (c.relforcerowsecurity OR NOT "
    "pg_catalog.pg_has_role(c.relowner, 'USAGE')) ORDER BY 1";

/* Those whose rows are dumped; "{}" if there is none. */
static const char *rls_tables(struct check *c, const struct catalog *cat)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    buf_addch(&b, '{');
    for (size_t i = 0; i < cat->count; i++)
        if (cat->tables[i].has_rls && cat->tables[i].has_data)
            buf_printf(&b, "%s%" PRIu32, b.len > 1 ? "," : "", cat->tables[i].oid);
    buf_addch(&b, '}');
    return arena_strdup(c->a, buf_str(&b));
}

bool probe_src_rls(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    AUTO_NAMES struct name_list names = NAME_LIST_INIT;
    const struct source_lists *l;
    const char *param;

    if (!lists_catalog(c, &l, e))
        return false;
    check_ok(c, r, "none that hides rows from us");
    param = rls_tables(c, &l->catalog);
    if (c->f->source_server.bypass_rls || c->cfg->section == SECTION_SCHEMA_ONLY ||
        strcmp(param, "{}") == 0)
        return true;
    if (!pgconn_query(c->f->source, rls_sql, 1, &param, &res, e))
        return false;
    for (int i = 0; i < PQntuples(res); i++)
        name_list_add(&names, PQgetvalue(res, i, 0));
    if (!names.count)
        return true;
    check_fail(c, r, "row-level security hides rows from role '%s' in: %s",
               c->f->source_server.user, name_list_text(c, &names));
    check_hint(c, r, "%s",
               on_source(c, arena_printf(c->a, "ALTER ROLE %s BYPASSRLS",
                                         sql_ident(c, c->f->source_server.user))));
    return true;
}

/* ---- filters ---- */

bool probe_src_filters(struct check *c, struct probe_result *r, struct err *e)
{
    const struct config *cfg = c->cfg;
    size_t patterns = cfg->include_schemas.count + cfg->exclude_schemas.count +
                      cfg->include_tables.count + cfg->exclude_tables.count +
                      cfg->exclude_table_data.count;
    const struct source_lists *l;
    struct err why = {0};

    if (!lists_catalog(c, &l, &why)) {
        if (stop_requested())
            return stop_err(e);
        check_fail_err(c, r, &why);
        if (!why.hint[0])
            check_hint(c, r, "%s", on_source(c, "\\dt *.*"));
        if (why.code == E_CONFIG)
            check_hint(c, r, "or set \"filters\": {\"strict\": false}");
        return true;
    }
    if (patterns == 0)
        check_ok(c, r, "none: all %zu tables", l->catalog.count);
    else
        check_ok(c, r, "%zu pattern%s select %zu tables, %zu with data", patterns,
                 patterns == 1 ? "" : "s", l->catalog.count, l->catalog.data_count);
    if (patterns && l->catalog.count == 0) {
        check_warn(c, r, "the filters select no table at all");
        check_hint(c, r, "pg_mirror plan shows what they select");
    }
    return true;
}

/* ---- kinds of objects ---- */

// clang-format off
static const char objects_sql[] =
    "WITH r AS (SELECT c.oid, c.relkind, c.relpersistence, c.relispartition, c.relnamespace,"
    "  c.relname FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relpersistence <> 't'"
    "  AND c.relnamespace <> 'pg_toast'::pg_catalog.regnamespace)"
    " SELECT pg_catalog.concat_ws(', ',"
    " (SELECT NULLIF(count(*), 0) || ' partitioned' FROM r WHERE relkind = 'p'),"
    " (SELECT NULLIF(count(*), 0) || ' unlogged' FROM r WHERE relpersistence = 'u'),"
    " (SELECT NULLIF(count(*), 0) || ' foreign' FROM r WHERE relkind = 'f'),"
    " (SELECT NULLIF(count(*), 0) || ' views' FROM r WHERE relkind = 'v'),"
    " (SELECT NULLIF(count(*), 0) || ' materialized views' FROM r WHERE relkind = 'm'),"
    " (SELECT NULLIF(count(*), 0) || ' without primary key' FROM r WHERE relkind = 'r'"
    "  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = r.oid"
    "   AND i.indisprimary)),"
    " (SELECT NULLIF(count(DISTINCT attrelid), 0) || ' with generated columns'"
    "  FROM pg_catalog.pg_attribute WHERE attgenerated <> '' AND attrelid >= 16384),"
    " (SELECT NULLIF(count(DISTINCT attrelid), 0) || ' with identity columns'"
    "  FROM pg_catalog.pg_attribute WHERE attidentity <> '' AND attrelid >= 16384),"
    " (SELECT NULLIF(count(*), 0) || ' event triggers' FROM pg_catalog.pg_event_trigger),"
    " (SELECT NULLIF(count(*), 0) || ' extensions with tables of their own'"
    "  FROM pg_catalog.pg_extension WHERE extconfig IS NOT NULL)),"
    " (SELECT count(*) FROM r WHERE relkind = 'S'), (SELECT count(*) FROM r WHERE relkind = 'v'),"
    " (SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, r.relname), ', ')"
    "  FROM r JOIN pg_catalog.pg_index i ON i.indexrelid = r.oid"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
    "  WHERE NOT i.indisvalid AND r.relkind = 'i')";
// clang-format on

bool probe_src_objects(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    const char *invalid;

    if (!copy_read(c, e) || !pgconn_query(c->f->source, objects_sql, 0, NULL, &res, e))
        return false;
    c->f->copy.sequences = (size_t)cell_u64(res, 0, 1);
    c->f->copy.views = (size_t)cell_u64(res, 0, 2);
    check_ok(c, r, "%zu tables%s%s", c->f->copy.tables, PQgetvalue(res, 0, 0)[0] ? ", " : "",
             PQgetvalue(res, 0, 0));
    invalid = PQgetvalue(res, 0, 3);
    if (invalid[0]) {
        check_warn(c, r, "invalid indexes are not copied: %s", invalid);
        check_hint(c, r, "%s",
                   on_source(c, arena_printf(c->a, "REINDEX INDEX CONCURRENTLY %.*s",
                                             (int)strcspn(invalid, ","), invalid)));
    }
    return true;
}
