#include "postgres/target.h"

#include <string.h>

#include "common/num.h"
#include "postgres/conn.h"

/*
 * Objects of users have OIDs from 16384 on (FirstNormalObjectId); what initdb made has smaller
 * ones. plpgsql and the schema public may have been dropped and created again, so they and what
 * belongs to plpgsql don't count; nor do the schemas of temporary tables.
 */
static const char empty_sql[] =
    "WITH plpgsql AS (SELECT d.classid, d.objid FROM pg_catalog.pg_depend d"
    "  JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid AND x.extname = 'plpgsql'"
    "  WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'),"
    " ns AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(temp|toast)')"
    " SELECT NOT (EXISTS (SELECT FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace"
    "   WHERE c.oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE oid >= 16384 AND nspname <> 'public'"
    "   AND nspname !~ '^pg_(temp|toast_temp)_')"
    " OR EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.oid >= 16384 AND NOT EXISTS"
    "   (SELECT FROM plpgsql e WHERE e.objid = p.oid"
    "    AND e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass))"
    " OR EXISTS (SELECT FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace"
    "   WHERE t.oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_extension WHERE oid >= 16384 AND extname <> 'plpgsql')"
    " OR EXISTS (SELECT FROM pg_catalog.pg_language WHERE oid >= 16384 AND lanname <> 'plpgsql')"
    " OR EXISTS (SELECT FROM pg_catalog.pg_operator WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_cast WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_collation WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_conversion WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_opfamily WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_am WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_ts_config WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_ts_dict WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_ts_parser WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_ts_template WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_foreign_data_wrapper WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_foreign_server)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_event_trigger)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_publication)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_transform WHERE oid >= 16384)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_default_acl)"
    " OR EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata))";

bool target_is_empty(struct pgconn *c, bool *ret, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(64);

    if (!pgconn_value(c, empty_sql, 0, NULL, &b, e))
        return err_in(e, "look into database '%s'", pgconn_database(c));
    *ret = strcmp(buf_str(&b), "t") == 0;
    return true;
}

static bool look_from_outside(struct pgconn *c, const char *database, struct arena *a,
                              struct target_facts *s, struct err *e)
{
    static const char sql[] =
        "SELECT d.oid, d.datistemplate, d.datallowconn,"
        " CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT')"
        "  OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"
        "  THEN pg_catalog.pg_database_size(d.oid) END, pg_catalog.pg_get_userbyid(d.datdba),"
        " pg_catalog.shobj_description(d.oid, 'pg_database'), (SELECT count(*) FROM"
        "  pg_catalog.pg_stat_activity s WHERE s.datid = d.oid), (SELECT"
        "  pg_catalog.string_agg(x.app || ' ' || x.n, ', ' ORDER BY x.n DESC, x.app) FROM"
        "  (SELECT coalesce(nullif(s.application_name, ''), s.backend_type, 'unknown') AS app,"
        "   count(*) AS n FROM pg_catalog.pg_stat_activity s WHERE s.datid = d.oid GROUP BY 1) x)"
        " FROM pg_catalog.pg_database d WHERE d.datname = $1";
    AUTO_PGRESULT PGresult *r = NULL;
    uint64_t n = 0;

    if (!pgconn_query(c, sql, 1, &database, &r, e))
        return err_in(e, "look for database '%s'", database);
    s->exists = PQntuples(r) == 1;
    if (!s->exists)
        return true;
    (void)!num_parse_u64(PQgetvalue(r, 0, 0), 1, UINT32_MAX, &n);
    s->oid = (unsigned)n;
    s->is_template = PQgetvalue(r, 0, 1)[0] == 't';
    s->connectable = PQgetvalue(r, 0, 2)[0] == 't';
    (void)!num_parse_u64(PQgetvalue(r, 0, 3), 0, UINT64_MAX, &s->bytes);
    s->owner = arena_strdup(a, PQgetvalue(r, 0, 4));
    s->comment = PQgetisnull(r, 0, 5) ? NULL : arena_strdup(a, PQgetvalue(r, 0, 5));
    n = 0;
    (void)!num_parse_u64(PQgetvalue(r, 0, 6), 0, UINT32_MAX, &n);
    s->sessions = (unsigned)n;
    s->sessions_by = arena_strdup(a, PQgetvalue(r, 0, 7));
    return true;
}

static bool look_inside(struct pgconn *c, struct target_facts *s, struct err *e)
{
    AUTO_BUF struct buf rows = BUF_INIT(64);

    if (!target_is_empty(c, &s->empty, e) ||
        !pgconn_value(c,
                      "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::pg_catalog.int8"
                      " FROM pg_catalog.pg_class WHERE relkind IN ('r', 'm') AND oid >= 16384"
                      " AND relpersistence <> 't'",
                      0, NULL, &rows, e))
        return false;
    (void)!num_parse_u64(buf_str(&rows), 0, UINT64_MAX, &s->rows_estimate);
    return true;
}

bool target_probe(struct pgconn *c, const struct endpoint *ep, const char *database,
                  struct arena *a, struct target_facts *ret, struct err *e)
{
    AUTO_PGCONN struct pgconn *inside = NULL;
    struct pgconn_options how = {.dbname = database, .same_as = c};

    *ret = (struct target_facts){.sessions_by = "", .owner = ""};
    if (!look_from_outside(c, database, a, ret, e))
        return false;
    if (!ret->exists || !ret->connectable)
        return true;
    if (!pgconn_open(&inside, ep, &how, e))
        return err_in(e, "look into database '%s'", database);
    return look_inside(inside, ret, e);
}

bool target_decide(const struct target_facts *s, enum target_policy policy, const char *where,
                   const char *database, enum target_action *ret, struct err *e)
{
    char size[NUM_TEXT_MAX];

    if (!s->exists) {
        *ret = TARGET_ACTION_CREATE;
        return true;
    }
    if (policy == POLICY_IN_PLACE) {
        *ret = s->empty ? TARGET_ACTION_USE_EMPTY : TARGET_ACTION_IN_PLACE;
        return true;
    }
    if (s->empty || policy == POLICY_REPLACE) {
        *ret = s->empty ? TARGET_ACTION_USE_EMPTY : TARGET_ACTION_REPLACE;
        return true;
    }
    (void)err_set(e, E_REFUSED, "the target database '%s/%s' exists and is not empty", where,
                  database);
    if (s->bytes)
        (void)err_detail(e, "it has %s, and %u session%s", num_format_bytes(size, s->bytes),
                         s->sessions, s->sessions == 1 ? "" : "s");
    return err_hint(e, "to replace it by the clone: --if-exists replace --yes");
}
