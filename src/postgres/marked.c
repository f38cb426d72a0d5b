#include "marked_priv.h"

#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "postgres/sessions.h"

#define ROW_SQL                                                                 \
    "SELECT d.oid, d.datname, d.datconnlimit, d.datallowconn, d.datistemplate," \
    " pg_catalog.shobj_description(d.oid, 'pg_database') FROM pg_catalog.pg_database d "

static void fill(const PGresult *r, int i, struct arena *a, struct db_row *row)
{
    uint64_t oid = 0;
    int64_t limit = -1;

    (void)!num_parse_u64(PQgetvalue(r, i, 0), 1, UINT32_MAX, &oid);
    (void)!num_parse_i64(PQgetvalue(r, i, 2), INT32_MIN, INT32_MAX, &limit);
    *row = (struct db_row){
        .oid = (unsigned)oid,
        .name = arena_strdup(a, PQgetvalue(r, i, 1)),
        .comment = PQgetisnull(r, i, 5) ? NULL : arena_strdup(a, PQgetvalue(r, i, 5)),
        .connection_limit = (int)limit,
        .allow_connections = PQgetvalue(r, i, 3)[0] == 't',
        .is_template = PQgetvalue(r, i, 4)[0] == 't',
    };
    row->marked =
        marker_parse(row->comment, a, &row->marker) && strcmp(row->marker.name, row->name) == 0;
}

bool db_row_read(struct pgconn *c, const char *name, struct arena *a, struct db_row *ret,
                 bool *ret_found, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;

    if (!pgconn_query(c, ROW_SQL "WHERE d.datname = $1", 1, &name, &r, e))
        return err_in(e, "look for database '%s'", name);
    *ret_found = PQntuples(r) == 1;
    if (*ret_found)
        fill(r, 0, a, ret);
    return true;
}

static int newest_first(const void *pa, const void *pb)
{
    const struct db_row *a = pa;
    const struct db_row *b = pb;

    if (a->marker.time != b->marker.time)
        return a->marker.time > b->marker.time ? -1 : 1;
    return a->oid > b->oid ? -1 : a->oid < b->oid;
}

bool db_rows_marked(struct pgconn *c, const char *of, enum marker_role role, struct arena *a,
                    struct db_rows *ret, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;
    struct db_row *rows;
    size_t n = 0;

    if (!pgconn_query(c,
                      ROW_SQL "WHERE pg_catalog.starts_with("
                              "pg_catalog.shobj_description(d.oid, 'pg_database'), 'pg_mirror:{')",
                      0, NULL, &r, e))
        return err_in(e, "list the databases of pg_mirror");
    rows = arena_array(a, (size_t)PQntuples(r), sizeof *rows);
    for (int i = 0; i < PQntuples(r); i++) {
        fill(r, i, a, &rows[n]);
        if (rows[n].marked && rows[n].marker.role == role && strcmp(rows[n].marker.of, of) == 0)
            n++;
    }
    if (n > 1)
        qsort(rows, n, sizeof *rows, newest_first);
    *ret = (struct db_rows){rows, n};
    return true;
}

static bool drop_old(struct pgconn *c, const struct db_row *db, const char *name, struct err *e)
{
    struct session_count n;
    unsigned left;

    return sessions_terminate(c, db->oid, &n, e) && sessions_wait(c, db->oid, 2000, &left, e) &&
           pgconn_execf(c, e, "DROP DATABASE IF EXISTS %s", name);
}

bool db_drop(struct pgconn *c, const struct db_row *db, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    const char *name = db_quoted(a, db->name);

    if (db->is_template && !pgconn_execf(c, e, "ALTER DATABASE %s IS_TEMPLATE false", name))
        return err_in(e, "drop database '%s'", db->name);
    if (pgconn_version(c) < 130000) {
        if (!drop_old(c, db, name, e))
            return err_in(e, "drop database '%s'", db->name);
        return true;
    }
    if (!pgconn_execf(c, e, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
        return err_in(e, "drop database '%s'", db->name);
    return true;
}

/* pgconn refuses statements once the run is stopped; open, this would keep its locks. */
void db_rollback(struct pgconn *c)
{
    PGconn *pg = pgconn_raw(c);

    if (PQtransactionStatus(pg) == PQTRANS_INTRANS || PQtransactionStatus(pg) == PQTRANS_INERROR)
        PQclear(PQexec(pg, "ROLLBACK"));
}

const char *db_quoted(struct arena *a, const char *name)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    ident_quote(&b, name);
    return arena_strdup(a, buf_str(&b));
}

const char *db_literal(struct arena *a, const char *value)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    if (!value)
        return "NULL";
    literal_quote(&b, value);
    return arena_strdup(a, buf_str(&b));
}
