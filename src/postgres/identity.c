#include "postgres/identity.h"

#include <stdio.h>
#include <string.h>

#include "common/num.h"
#include "postgres/conn.h"

static bool read_system(struct pgconn *c, struct db_identity *ret, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(256);
    struct err why = {0};

    if (pgconn_value(c, "SELECT system_identifier FROM pg_catalog.pg_control_system()", 0, NULL, &b,
                     &why)) {
        (void)snprintf(ret->system, sizeof ret->system, "%s", buf_str(&b));
        return true;
    }
    if (strcmp(why.sqlstate, "42501") == 0)
        return true;
    *e = why;
    return false;
}

bool identity_read(struct pgconn *c, const char *database, struct db_identity *ret, struct err *e)
{
    static const char sql[] = "SELECT (SELECT oid FROM pg_catalog.pg_database WHERE datname = $1),"
                              " pg_catalog.pg_is_in_recovery(), pg_catalog.concat_ws(' ',"
                              " extract(epoch FROM pg_catalog.pg_postmaster_start_time()),"
                              " pg_catalog.current_setting('port'))";
    AUTO_PGRESULT PGresult *r = NULL;
    uint64_t oid = 0;

    *ret = (struct db_identity){0};
    if (!pgconn_query(c, sql, 1, &database, &r, e) || !read_system(c, ret, e))
        return err_in(e, "identify the server '%s'", pgconn_where(c));
    if (!PQgetisnull(r, 0, 0))
        (void)!num_parse_u64(PQgetvalue(r, 0, 0), 1, UINT32_MAX, &oid);
    ret->database_oid = (unsigned)oid;
    ret->in_recovery = PQgetvalue(r, 0, 1)[0] == 't';
    (void)snprintf(ret->started, sizeof ret->started, "%s", PQgetvalue(r, 0, 2));
    return true;
}

enum identity_match identity_compare(const struct db_identity *a, const struct db_identity *b)
{
    bool known = a->system[0] && b->system[0];
    bool same = known ? strcmp(a->system, b->system) == 0 : strcmp(a->started, b->started) == 0;

    if (!same)
        return known ? IDENTITY_OTHER_CLUSTER : IDENTITY_NOT_SURE;
    return a->database_oid != 0 && a->database_oid == b->database_oid ? IDENTITY_SAME_DATABASE
                                                                      : IDENTITY_SAME_CLUSTER;
}

bool identity_refuse_same(const struct db_identity *source, const struct db_identity *target,
                          const char *source_name, const char *target_name,
                          enum identity_match *ret_match, struct err *e)
{
    enum identity_match m = identity_compare(source, target);

    if (ret_match)
        *ret_match = m;
    if (m != IDENTITY_SAME_DATABASE)
        return true;
    (void)err_set(e, E_REFUSED, "source '%s' and target '%s' are the same database", source_name,
                  target_name);
    if (source->system[0] && target->system[0])
        (void)err_detail(
            e, "both have system identifier %s and database OID %u%s", source->system,
            source->database_oid,
            source->in_recovery != target->in_recovery ? "; one is a standby of the other" : "");
    else
        (void)err_detail(e, "both servers were started at the same microsecond on the same port");
    return err_hint(e, "name another server or another database as the target");
}
