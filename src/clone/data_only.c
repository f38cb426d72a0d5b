/*
 * Rows must never double: --data-only loads into tables that are there and empty, or not at all.
 * That is asked before the source is read and again before anything is loaded.
 */
#include <stdlib.h>
#include <string.h>

#include "clone_priv.h"

/* How many tables a message names. */
enum { NAMED_MAX = 5 };

struct named {
    struct buf *text;
    size_t count;
};

static void name_one(struct named *n, const struct clone_table *t)
{
    if (n->count++ < NAMED_MAX)
        buf_printf(n->text, "%s%s.%s", n->count > 1 ? ", " : "", t->schema, t->name);
    else if (n->count == NAMED_MAX + 1)
        buf_addstr(n->text, ", ...");
}

/* The target's tables, sorted. An extension's own may have rows that CREATE EXTENSION made. */
static bool read_tables(struct pgconn *c, PGresult **ret, struct err *e)
{
    static const char sql[] =
        "SELECT n.nspname, c.relname, EXISTS (SELECT FROM pg_catalog.pg_depend d"
        "  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid"
        "  AND d.deptype = 'e') FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
        " ORDER BY n.nspname::pg_catalog.text COLLATE pg_catalog.\"C\","
        " c.relname::pg_catalog.text COLLATE pg_catalog.\"C\"";

    return pgconn_query(c, sql, 0, NULL, ret, e);
}

static int compare(const PGresult *res, int row, const struct clone_table *t)
{
    int by_schema = strcmp(PQgetvalue(res, row, 0), t->schema);

    return by_schema ? by_schema : strcmp(PQgetvalue(res, row, 1), t->name);
}

static int find_table(const PGresult *res, const struct clone_table *t)
{
    int lo = 0;
    int hi = PQntuples(res);

    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        int order = compare(res, mid, t);

        if (order == 0)
            return mid;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

static bool has_rows(struct pgconn *c, const struct clone_table *t, bool *ret, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    AUTO_BUF struct buf value = BUF_INIT(64);

    buf_addstr(&sql, "SELECT EXISTS (SELECT FROM ONLY ");
    ident_quote_qualified(&sql, t->schema, t->name);
    buf_addstr(&sql, ")");
    if (!pgconn_value(c, buf_str(&sql), 0, NULL, &value, e))
        return false;
    *ret = strcmp(buf_str(&value), "t") == 0;
    return true;
}

/* Sort the tables into those that are not there and those that hold rows. */
static bool look(struct clone_run *r, const struct clone_table *tables, size_t count,
                 struct named *absent, struct named *filled, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    AUTO_PGRESULT PGresult *res = NULL;
    struct pgconn_options o = {.dbname = r->database, .same_as = r->target};

    if (!pgconn_open(&c, &r->cfg->target, &o, e) || !read_tables(c, &res, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        int row = find_table(res, &tables[i]);
        bool rows = false;

        if (row < 0) {
            name_one(absent, &tables[i]);
            continue;
        }
        if (PQgetvalue(res, row, 2)[0] == 't')
            continue;
        if (!has_rows(c, &tables[i], &rows, e))
            return false;
        if (rows)
            name_one(filled, &tables[i]);
    }
    return true;
}

static bool is_data_only(const struct clone_run *r)
{
    return r->cfg->section == SECTION_DATA_ONLY ||
           (r->bundle && strcmp(r->bundle->manifest.section, "data_only") == 0);
}

bool data_only_refuse(struct clone_run *r, const struct clone_table *tables, size_t count,
                      struct err *e)
{
    AUTO_BUF struct buf absent_text = BUF_INIT(BUF_TEXT_MAX);
    AUTO_BUF struct buf filled_text = BUF_INIT(BUF_TEXT_MAX);
    struct named absent = {.text = &absent_text};
    struct named filled = {.text = &filled_text};

    if (!is_data_only(r))
        return true;
    if (!look(r, tables, count, &absent, &filled, e))
        return err_in(e, "target");
    if (absent.count) {
        err_set_(e, E_REFUSED, "--data-only fills tables that exist, and %zu are missing in '%s'",
                 absent.count, r->database);
        err_detail_(e, "missing: %s", buf_str(&absent_text));
        return err_hint(e, "clone the schema first: --schema-only");
    }
    if (filled.count) {
        err_set_(e, E_REFUSED, "--data-only fills empty tables, and %zu in '%s' hold rows",
                 filled.count, r->database);
        err_detail_(e, "with rows: %s", buf_str(&filled_text));
        return err_hint(e, "TRUNCATE them, or replace the whole database: --if-exists replace");
    }
    return true;
}
