/*
 * catalog.c - one query for all tables.
 *
 * Which tables a dump holds follows pg_dump: with table patterns those that match, otherwise those
 * in the schemas asked for (system schemas only by name) less the excluded ones. A member of an
 * extension is left to CREATE EXTENSION, except that rows of its configuration tables are dumped
 * when everything is, or when the table or its schema is asked for.
 *
 * Sizes of indexes are always estimates: asking an index file waits for a REINDEX under way, and
 * a lock on the table does not help against that.
 */
#include "postgres/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/num.h"
#include "postgres/conn.h"
#include "selection_priv.h"

static const char *const size_columns[] = {
    [CATALOG_SIZES_NONE] = "0, 0, 0",
    [CATALOG_SIZES_ESTIMATED] =
        "c.relpages::pg_catalog.int8 * b.size, coalesce(t.relpages, 0)::pg_catalog.int8 * b.size,"
        " coalesce(i.pages, 0) * b.size",
    [CATALOG_SIZES_EXACT] =
        "coalesce(pg_catalog.pg_relation_size(c.oid), 0),"
        " coalesce(pg_catalog.pg_relation_size(t.oid), 0), coalesce(i.pages, 0) * b.size",
};

/* Columns of the query, in order. */
enum {
    COL_OID,
    COL_SCHEMA,
    COL_NAME,
    COL_OWNER,
    COL_EXTENSION,
    COL_CONDITION,
    COL_KIND,
    COL_PARTITION,
    COL_PERSISTENCE,
    COL_RLS,
    COL_FORCE_RLS,
    COL_EXCLUDED,
    COL_ROWS,
    COL_HEAP,
    COL_TOAST,
    COL_INDEX,
};

/* Is the table in the dump? */
static void add_selected(struct buf *sql, const struct selection *s)
{
    bool by_table = s->params[SEL_TABLES_IN - 1] != NULL;

    if (by_table) {
        selection_add_table_match(sql, SEL_TABLES_IN);
    } else if (s->params[SEL_SCHEMAS_IN - 1]) {
        selection_add_schema_match(sql, SEL_SCHEMAS_IN);
    } else {
        buf_addstr(sql, "(e.oid IS NOT NULL OR n.nspname !~ '^pg_'"
                        " AND n.nspname <> 'information_schema')");
    }
    if (s->params[SEL_SCHEMAS_OUT - 1]) {
        buf_addstr(sql, by_table ? " AND NOT (e.oid IS NOT NULL AND " : " AND NOT (");
        selection_add_schema_match(sql, SEL_SCHEMAS_OUT);
        buf_addch(sql, ')');
    }
    if (s->params[SEL_TABLES_OUT - 1]) {
        buf_addstr(sql, " AND NOT ");
        selection_add_table_match(sql, SEL_TABLES_OUT);
    }
}

/* All parameters are named, so that each has a type however little of the filter is used. */
static void add_types(struct buf *sql)
{
    buf_addstr(sql, "WITH types AS (SELECT ");
    for (int i = 1; i <= SELECTION_PARAMS; i++)
        buf_printf(sql, "%s$%d::pg_catalog.text[]", i > 1 ? ", " : "", i);
    buf_addstr(sql, ") ");
}

static void tables_sql(struct buf *sql, const struct selection *s, enum catalog_sizes sizes)
{
    add_types(sql);
    buf_addstr(sql, "SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner),"
                    " e.extname, e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)],"
                    " c.relkind, c.relispartition, c.relpersistence, c.relrowsecurity,"
                    " c.relforcerowsecurity, ");
    if (s->params[SEL_DATA_OUT - 1])
        selection_add_table_match(sql, SEL_DATA_OUT);
    else
        buf_addstr(sql, "false");
    buf_printf(sql, ", c.reltuples, %s", size_columns[sizes]);
    buf_addstr(sql, " FROM pg_catalog.pg_class c"
                    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                    " CROSS JOIN (SELECT pg_catalog.current_setting('block_size')::pg_catalog.int8"
                    " AS size) b"
                    " LEFT JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.objsubid = 0"
                    " AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
                    " AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
                    " AND d.deptype = 'e'"
                    " LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid");
    if (sizes != CATALOG_SIZES_NONE)
        buf_addstr(sql, " LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid"
                        " LEFT JOIN (SELECT x.indrelid, pg_catalog.sum(ic.relpages)"
                        "::pg_catalog.int8 AS pages FROM pg_catalog.pg_index x"
                        " JOIN pg_catalog.pg_class ic ON ic.oid = x.indexrelid"
                        " GROUP BY x.indrelid) i ON i.indrelid = c.oid");
    buf_addstr(sql, " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'"
                    " AND (e.oid IS NULL OR c.oid = ANY (e.extconfig)) AND ");
    add_selected(sql, s);
    buf_addstr(sql, " ORDER BY c.oid");
}

static const char *text_at(const PGresult *r, int row, int col, struct arena *a)
{
    return PQgetisnull(r, row, col) ? NULL : arena_strdup(a, PQgetvalue(r, row, col));
}

static bool true_at(const PGresult *r, int row, int col)
{
    return PQgetvalue(r, row, col)[0] == 't';
}

static uint64_t number_at(const PGresult *r, int row, int col)
{
    uint64_t n = 0;

    (void)!num_parse_u64(PQgetvalue(r, row, col), 0, UINT64_MAX, &n);
    return n;
}

static void table_fill(struct catalog_table *t, const PGresult *r, int row, struct arena *a)
{
    t->oid = (uint32_t)number_at(r, row, COL_OID);
    t->schema = text_at(r, row, COL_SCHEMA, a);
    t->name = text_at(r, row, COL_NAME, a);
    t->owner = text_at(r, row, COL_OWNER, a);
    t->extension = text_at(r, row, COL_EXTENSION, a);
    t->condition = text_at(r, row, COL_CONDITION, a);
    t->is_partitioned = PQgetvalue(r, row, COL_KIND)[0] == 'p';
    t->is_partition = true_at(r, row, COL_PARTITION);
    t->is_unlogged = PQgetvalue(r, row, COL_PERSISTENCE)[0] == 'u';
    t->has_rls = true_at(r, row, COL_RLS);
    t->force_rls = true_at(r, row, COL_FORCE_RLS);
    t->has_data = !t->is_partitioned && !true_at(r, row, COL_EXCLUDED);
    t->rows = strtod(PQgetvalue(r, row, COL_ROWS), NULL);
    t->heap_bytes = number_at(r, row, COL_HEAP);
    t->toast_bytes = number_at(r, row, COL_TOAST);
    t->index_bytes = number_at(r, row, COL_INDEX);
}

static void totals_add(struct catalog *cat, const struct catalog_table *t)
{
    if (!t->has_data)
        return;
    cat->data_count++;
    cat->heap_bytes += t->heap_bytes;
    cat->toast_bytes += t->toast_bytes;
    cat->index_bytes += t->index_bytes;
    if (t->rows > 0)
        cat->rows += t->rows;
}

bool catalog_read(struct pgconn *c, const struct selection *s, enum catalog_sizes sizes,
                  struct arena *a, struct catalog *ret, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGRESULT PGresult *r = NULL;
    int rows;

    tables_sql(&sql, s, sizes);
    if (!pgconn_query(c, buf_str(&sql), SELECTION_PARAMS, s->params, &r, e))
        return err_in(e, "list the tables");
    rows = PQntuples(r);
    *ret = (struct catalog){.count = (size_t)rows};
    ret->tables = arena_array(a, ret->count, sizeof *ret->tables);
    for (int i = 0; i < rows; i++) {
        table_fill(&ret->tables[i], r, i, a);
        totals_add(ret, &ret->tables[i]);
    }
    return true;
}

/*
 * The function that knows the identifier may be closed to this role; the server checks that for a
 * function in the text of a query even where it wouldn't be called, so it is asked first.
 */
static bool may_identify(struct pgconn *c, bool *ret, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(16);

    if (!pgconn_value(c,
                      "SELECT pg_catalog.has_function_privilege("
                      "'pg_catalog.pg_control_system()', 'EXECUTE')",
                      0, NULL, &b, e))
        return false;
    *ret = buf_str(&b)[0] == 't';
    return true;
}

static void facts_sql(struct buf *sql, int version, bool identify)
{
    const char *provider = version >= 150000 ? "d.datlocprovider" : "'c'::\"char\"";
    const char *locale = version >= 170000   ? "d.datlocale"
                         : version >= 150000 ? "d.daticulocale"
                                             : "NULL::pg_catalog.text";
    const char *rules = version >= 160000 ? "d.daticurules" : "NULL::pg_catalog.text";
    const char *collation = version >= 150000 ? "d.datcollversion" : "NULL::pg_catalog.text";

    buf_printf(sql,
               "SELECT d.datname, d.oid, %s,"
               " pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time())"
               "::pg_catalog.text,"
               " pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,"
               " CASE %s WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, %s, %s, %s,"
               " pg_catalog.pg_is_in_recovery(), pg_catalog.pg_database_size(d.oid)"
               " FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()",
               identify ? "(SELECT system_identifier FROM pg_catalog.pg_control_system())" : "NULL",
               provider, locale, rules, collation);
}

bool catalog_facts(struct pgconn *c, struct arena *a, struct database_facts *ret, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGRESULT PGresult *r = NULL;
    bool identify;
    int col = 0;

    if (!may_identify(c, &identify, e))
        return false;
    facts_sql(&sql, pgconn_version(c), identify);
    if (!pgconn_query(c, buf_str(&sql), 0, NULL, &r, e))
        return err_in(e, "read the database's properties");
    if (PQntuples(r) != 1)
        return err_set(e, E_SERVER, "database '%s' was renamed or dropped", pgconn_database(c));
    ret->name = text_at(r, 0, col++, a);
    ret->oid = (uint32_t)number_at(r, 0, col++);
    ret->system_identifier = text_at(r, 0, col++, a);
    ret->start_time = text_at(r, 0, col++, a);
    ret->encoding = text_at(r, 0, col++, a);
    ret->collate = text_at(r, 0, col++, a);
    ret->ctype = text_at(r, 0, col++, a);
    ret->provider = text_at(r, 0, col++, a);
    ret->locale = text_at(r, 0, col++, a);
    ret->icu_rules = text_at(r, 0, col++, a);
    ret->collation_version = text_at(r, 0, col++, a);
    ret->in_recovery = true_at(r, 0, col++);
    ret->size_bytes = number_at(r, 0, col);
    return true;
}
