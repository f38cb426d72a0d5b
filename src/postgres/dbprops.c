/* Reading a database's properties from the catalogs of PostgreSQL 12 to 18. */
#include "postgres/dbprops.h"

#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "postgres/conn.h"
#include "postgres/marker.h"

/* 15 brought ICU databases, 16 their rules, 17 renamed the column for the builtin provider. */
static const char *locale_columns(int version)
{
    if (version >= 170000)
        return "d.datlocprovider, d.datlocale, d.daticurules, d.datcollversion";
    if (version >= 160000)
        return "d.datlocprovider, d.daticulocale, d.daticurules, d.datcollversion";
    if (version >= 150000)
        return "d.datlocprovider, d.daticulocale, NULL, d.datcollversion";
    return "'c', NULL, NULL, NULL";
}

enum column {
    COL_OID,
    COL_NAME,
    COL_OWNER,
    COL_ENCODING,
    COL_COLLATE,
    COL_CTYPE,
    COL_TABLESPACE,
    COL_COMMENT,
    COL_LIMIT,
    COL_ALLOW,
    COL_TEMPLATE,
    COL_ACL_DEFAULT,
    COL_PROVIDER,
    COL_LOCALE,
    COL_RULES,
    COL_COLLVERSION,
};

static const char *text(const PGresult *r, int row, int column, struct arena *a)
{
    return PQgetisnull(r, row, column) ? NULL : arena_strdup(a, PQgetvalue(r, row, column));
}

static bool truth(const PGresult *r, int row, int column)
{
    return PQgetvalue(r, row, column)[0] == 't';
}

static void fill(const PGresult *r, struct arena *a, struct database_properties *p)
{
    uint64_t oid = 0;
    int64_t limit = -1;

    (void)!num_parse_u64(PQgetvalue(r, 0, COL_OID), 1, UINT32_MAX, &oid);
    (void)!num_parse_i64(PQgetvalue(r, 0, COL_LIMIT), INT32_MIN, INT32_MAX, &limit);
    p->oid = (unsigned)oid;
    p->name = text(r, 0, COL_NAME, a);
    p->owner = text(r, 0, COL_OWNER, a);
    p->encoding = text(r, 0, COL_ENCODING, a);
    p->collate = text(r, 0, COL_COLLATE, a);
    p->ctype = text(r, 0, COL_CTYPE, a);
    p->tablespace = text(r, 0, COL_TABLESPACE, a);
    p->comment = marker_own_comment(text(r, 0, COL_COMMENT, a), a);
    p->connection_limit = (int)limit;
    p->allow_connections = truth(r, 0, COL_ALLOW);
    p->is_template = truth(r, 0, COL_TEMPLATE);
    p->acl_is_default = truth(r, 0, COL_ACL_DEFAULT);
    p->provider = PQgetvalue(r, 0, COL_PROVIDER)[0];
    p->locale = text(r, 0, COL_LOCALE, a);
    p->icu_rules = text(r, 0, COL_RULES, a);
    p->collversion = text(r, 0, COL_COLLVERSION, a);
}

static bool read_row(struct pgconn *c, const char *database, struct arena *a,
                     struct database_properties *p, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;
    const char *sql =
        arena_printf(a,
                     "SELECT d.oid, d.datname, pg_catalog.pg_get_userbyid(d.datdba),"
                     " pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,"
                     " t.spcname, pg_catalog.shobj_description(d.oid, 'pg_database'),"
                     " d.datconnlimit, d.datallowconn, d.datistemplate, d.datacl IS NULL, %s"
                     " FROM pg_catalog.pg_database d"
                     " JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace"
                     " WHERE d.datname = $1",
                     locale_columns(pgconn_version(c)));

    if (!pgconn_query(c, sql, 1, &database, &r, e))
        return false;
    if (PQntuples(r) != 1)
        return err_set(e, E_NO, "database '%s' does not exist", database);
    fill(r, a, p);
    return true;
}

static bool read_grants(struct pgconn *c, struct arena *a, struct database_properties *p,
                        struct err *e)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_get_userbyid(x.grantor),"
        " CASE WHEN x.grantee <> 0 THEN pg_catalog.pg_get_userbyid(x.grantee) END,"
        " x.privilege_type, x.is_grantable FROM pg_catalog.pg_database d,"
        " pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba)))"
        " WITH ORDINALITY AS x(grantor, grantee, privilege_type, is_grantable, n)"
        " WHERE d.datname = $1 ORDER BY x.n";
    AUTO_PGRESULT PGresult *r = NULL;

    if (!pgconn_query(c, sql, 1, &p->name, &r, e))
        return false;
    p->grant_count = (size_t)PQntuples(r);
    p->grants = arena_array(a, p->grant_count, sizeof *p->grants);
    for (int i = 0; i < PQntuples(r); i++)
        p->grants[i] = (struct dbprops_grant){.grantor = text(r, i, 0, a),
                                              .grantee = text(r, i, 1, a),
                                              .privilege = text(r, i, 2, a),
                                              .grantable = truth(r, i, 3)};
    return true;
}

static bool read_settings(struct pgconn *c, struct arena *a, struct database_properties *p,
                          struct err *e)
{
    static const char sql[] =
        "SELECT CASE WHEN s.setrole <> 0 THEN pg_catalog.pg_get_userbyid(s.setrole) END, x.item"
        " FROM pg_catalog.pg_db_role_setting s"
        " JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,"
        " pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS x(item, n)"
        " WHERE d.datname = $1 ORDER BY s.setrole <> 0, 1, x.n";
    AUTO_PGRESULT PGresult *r = NULL;

    if (!pgconn_query(c, sql, 1, &p->name, &r, e))
        return false;
    p->settings = arena_array(a, (size_t)PQntuples(r), sizeof *p->settings);
    for (int i = 0; i < PQntuples(r); i++) {
        const char *item = PQgetvalue(r, i, 1);
        const char *equals = strchr(item, '=');

        if (!equals)
            continue;
        p->settings[p->setting_count++] =
            (struct dbprops_setting){.role = text(r, i, 0, a),
                                     .name = arena_strndup(a, item, (size_t)(equals - item)),
                                     .value = arena_strdup(a, equals + 1)};
    }
    return true;
}

static bool read_labels(struct pgconn *c, struct arena *a, struct database_properties *p,
                        struct err *e)
{
    static const char sql[] =
        "SELECT l.provider, l.label FROM pg_catalog.pg_shseclabel l"
        " JOIN pg_catalog.pg_database d ON d.oid = l.objoid"
        " WHERE l.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass AND d.datname = $1"
        " ORDER BY 1";
    AUTO_PGRESULT PGresult *r = NULL;

    if (!pgconn_query(c, sql, 1, &p->name, &r, e))
        return false;
    p->label_count = (size_t)PQntuples(r);
    p->labels = arena_array(a, p->label_count, sizeof *p->labels);
    for (int i = 0; i < PQntuples(r); i++)
        p->labels[i] =
            (struct dbprops_label){.provider = text(r, i, 0, a), .label = text(r, i, 1, a)};
    return true;
}

bool dbprops_read(struct pgconn *c, const char *database, struct arena *a,
                  struct database_properties *ret, struct err *e)
{
    struct database_properties p = {0};

    if (!read_row(c, database, a, &p, e) || !read_grants(c, a, &p, e) ||
        !read_settings(c, a, &p, e) || !read_labels(c, a, &p, e))
        return err_in(e, "read the properties of database '%s'", database);
    *ret = p;
    return true;
}
