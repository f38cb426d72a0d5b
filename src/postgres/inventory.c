/*
 * The tags follow pg_dump: things that hang on a table are "table name", functions carry the types
 * of their input arguments, everything else is its bare name. Operators, casts and the like, whose
 * tags are not unique, are listed by what pg_dump prints too, so a missing one is only noticed when
 * no other has its tag: the exit status of pg_restore covers the rest.
 */
#include "postgres/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "postgres/conn.h"

static const char inventory_sql[] =
    "WITH ns AS (SELECT oid, nspname FROM pg_catalog.pg_namespace"
    "  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),"
    " rel AS (SELECT c.oid, c.relname, c.relkind, n.nspname FROM pg_catalog.pg_class c"
    "  JOIN ns n ON n.oid = c.relnamespace)"
    " SELECT 'SCHEMA', '', nspname FROM ns"
    " UNION ALL SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'"
    "  WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'i' THEN 'INDEX'"
    "  WHEN 'I' THEN 'INDEX' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, nspname, relname FROM rel"
    " UNION ALL SELECT CASE co.contype WHEN 'f' THEN 'FK CONSTRAINT' WHEN 'c' THEN"
    "  'CHECK CONSTRAINT' ELSE 'CONSTRAINT' END, r.nspname, r.relname || ' ' || co.conname"
    "  FROM pg_catalog.pg_constraint co JOIN rel r ON r.oid = co.conrelid"
    " UNION ALL SELECT 'CHECK CONSTRAINT', n.nspname, t.typname || ' ' || co.conname"
    "  FROM pg_catalog.pg_constraint co JOIN pg_catalog.pg_type t ON t.oid = co.contypid"
    "  JOIN ns n ON n.oid = t.typnamespace"
    " UNION ALL SELECT 'TRIGGER', r.nspname, r.relname || ' ' || t.tgname"
    "  FROM pg_catalog.pg_trigger t JOIN rel r ON r.oid = t.tgrelid"
    " UNION ALL SELECT 'RULE', r.nspname, r.relname || ' ' || w.rulename"
    "  FROM pg_catalog.pg_rewrite w JOIN rel r ON r.oid = w.ev_class"
    " UNION ALL SELECT 'POLICY', r.nspname, r.relname || ' ' || p.polname"
    "  FROM pg_catalog.pg_policy p JOIN rel r ON r.oid = p.polrelid"
    " UNION ALL SELECT 'DEFAULT', r.nspname, r.relname || ' ' || a.attname"
    "  FROM pg_catalog.pg_attrdef d JOIN rel r ON r.oid = d.adrelid"
    "  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
    " UNION ALL SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE'"
    "  ELSE 'FUNCTION' END, n.nspname, p.proname || '(' || CASE WHEN p.prokind = 'a'"
    "  AND p.pronargs = 0 THEN '*' ELSE pg_catalog.array_to_string(ARRAY(SELECT"
    "  pg_catalog.format_type(u.t, NULL) FROM pg_catalog.unnest(p.proargtypes::oid[])"
    "  WITH ORDINALITY u(t, i) ORDER BY u.i), ', ') END || ')'"
    "  FROM pg_catalog.pg_proc p JOIN ns n ON n.oid = p.pronamespace"
    " UNION ALL SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname, t.typname"
    "  FROM pg_catalog.pg_type t JOIN ns n ON n.oid = t.typnamespace"
    " UNION ALL SELECT 'OPERATOR', n.nspname, o.oprname"
    "  FROM pg_catalog.pg_operator o JOIN ns n ON n.oid = o.oprnamespace"
    " UNION ALL SELECT 'COLLATION', n.nspname, l.collname"
    "  FROM pg_catalog.pg_collation l JOIN ns n ON n.oid = l.collnamespace"
    " UNION ALL SELECT 'STATISTICS', n.nspname, s.stxname"
    "  FROM pg_catalog.pg_statistic_ext s JOIN ns n ON n.oid = s.stxnamespace"
    " UNION ALL SELECT 'TEXT SEARCH CONFIGURATION', n.nspname, f.cfgname"
    "  FROM pg_catalog.pg_ts_config f JOIN ns n ON n.oid = f.cfgnamespace"
    " UNION ALL SELECT 'TEXT SEARCH DICTIONARY', n.nspname, d.dictname"
    "  FROM pg_catalog.pg_ts_dict d JOIN ns n ON n.oid = d.dictnamespace"
    " UNION ALL SELECT 'EXTENSION', '', extname FROM pg_catalog.pg_extension"
    " UNION ALL SELECT 'EVENT TRIGGER', '', evtname FROM pg_catalog.pg_event_trigger"
    " UNION ALL SELECT 'PUBLICATION', '', pubname FROM pg_catalog.pg_publication"
    " UNION ALL SELECT 'FOREIGN DATA WRAPPER', '', fdwname"
    "  FROM pg_catalog.pg_foreign_data_wrapper"
    " UNION ALL SELECT 'SERVER', '', srvname FROM pg_catalog.pg_foreign_server";

static const char *const kinds[] = {
    "SCHEMA",
    "TABLE",
    "VIEW",
    "MATERIALIZED VIEW",
    "SEQUENCE",
    "INDEX",
    "TYPE",
    "FOREIGN TABLE",
    "CONSTRAINT",
    "FK CONSTRAINT",
    "CHECK CONSTRAINT",
    "TRIGGER",
    "RULE",
    "POLICY",
    "DEFAULT",
    "FUNCTION",
    "PROCEDURE",
    "AGGREGATE",
    "DOMAIN",
    "OPERATOR",
    "COLLATION",
    "STATISTICS",
    "EXTENSION",
    "EVENT TRIGGER",
    "PUBLICATION",
    "SERVER",
    "FOREIGN DATA WRAPPER",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
};

bool inventory_knows_kind(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i], kind) == 0)
            return true;
    }
    return false;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool inventory_read(struct pgconn *c, struct arena *a, struct inventory *ret, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;

    *ret = (struct inventory){0};
    if (!pgconn_query(c, inventory_sql, 0, NULL, &res, e))
        return err_in(e, "list the objects of '%s'", pgconn_database(c));
    ret->count = (size_t)PQntuples(res);
    ret->keys = arena_array(a, ret->count ? ret->count : 1, sizeof *ret->keys);
    for (int i = 0; i < PQntuples(res); i++)
        ret->keys[i] = arena_printf(a, "%s\n%s\n%s", PQgetvalue(res, i, 0), PQgetvalue(res, i, 1),
                                    PQgetvalue(res, i, 2));
    qsort(ret->keys, ret->count, sizeof *ret->keys, compare_keys);
    return true;
}

bool inventory_has(const struct inventory *inv, const char *kind, const char *schema,
                   const char *tag)
{
    AUTO_BUF struct buf key = BUF_INIT(BUF_TEXT_MAX);
    const char *text;

    buf_printf(&key, "%s\n%s\n%s", kind, schema ? schema : "", tag);
    text = buf_str(&key);
    return inv->count > 0 &&
           bsearch(&text, inv->keys, inv->count, sizeof *inv->keys, compare_keys) != NULL;
}
