#include "postgres/swap.h"

#include <string.h>

#include "exchange_priv.h"

bool swap_in(struct pgconn *c, const struct shadow *shadow, const struct swap_options *o,
             struct report *report, struct swap_result *ret, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct exchange x = {.target = o->target,
                         .database = o->database,
                         .previous_name = o->previous_name,
                         .run = o->run,
                         .properties = o->properties,
                         .parts = o->parts,
                         .report = report};
    bool found;

    if (!db_row_read(c, o->database, a, &x.outgoing, &found, e))
        return false;
    if (!found)
        x.outgoing = (struct db_row){.name = o->database};
    if (x.outgoing.oid != o->old_oid)
        return err_set(e, E_SWAP, "database '%s' was %s by somebody else meanwhile", o->database,
                       !found            ? "removed"
                       : o->old_oid == 0 ? "created"
                                         : "replaced") ||
               err_hint(e, "run again to replace what is there now");
    if (!db_row_read(c, shadow->name, a, &x.incoming, &found, e))
        return false;
    if (!found || x.incoming.oid != shadow->oid)
        return err_set(e, E_SWAP, "the new database '%s' was removed by somebody else",
                       shadow->name);
    return exchange_run(c, &x, ret, e);
}

/* ---- blockers ---- */

static const char *const kind_names[] = {
    [BLOCKER_PREPARED] = "prepared transaction",
    [BLOCKER_SLOT] = "logical replication slot",
    [BLOCKER_SUBSCRIPTION] = "subscription",
};

const char *blocker_kind_name(enum blocker_kind k)
{
    return kind_names[k];
}

static const char *hint_of(struct arena *a, enum blocker_kind kind, const char *name,
                           const char *database)
{
    const char *literal = db_literal(a, name);

    switch (kind) {
    case BLOCKER_PREPARED:
        return arena_printf(a, "in database '%s': COMMIT PREPARED %s, or ROLLBACK PREPARED %s",
                            database, literal, literal);
    case BLOCKER_SLOT:
        return arena_printf(a, "SELECT pg_drop_replication_slot(%s)", literal);
    case BLOCKER_SUBSCRIPTION:
    default:
        return arena_printf(a, "in database '%s': DROP SUBSCRIPTION %s", database,
                            db_quoted(a, name));
    }
}

bool swap_blockers(struct pgconn *c, const char *database, struct arena *a, struct blocker **ret,
                   size_t *ret_count, struct err *e)
{
    static const char sql[] =
        "SELECT 0, gid FROM pg_catalog.pg_prepared_xacts WHERE database = $1"
        " UNION ALL SELECT 1, slot_name::pg_catalog.text FROM pg_catalog.pg_replication_slots"
        "  WHERE database = $1"
        " UNION ALL SELECT 2, s.subname::pg_catalog.text FROM pg_catalog.pg_subscription s"
        "  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1"
        " ORDER BY 1, 2";
    AUTO_PGRESULT PGresult *r = NULL;

    if (!pgconn_query(c, sql, 1, &database, &r, e))
        return err_in(e, "look for what blocks a swap");
    *ret_count = (size_t)PQntuples(r);
    *ret = arena_array(a, *ret_count, sizeof **ret);
    for (int i = 0; i < PQntuples(r); i++) {
        enum blocker_kind kind = (enum blocker_kind)(PQgetvalue(r, i, 0)[0] - '0');
        const char *name = arena_strdup(a, PQgetvalue(r, i, 1));

        (*ret)[i] = (struct blocker){kind, name, hint_of(a, kind, name, database)};
    }
    return true;
}

bool swap_refuse_blockers(struct pgconn *c, const char *database, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct blocker *list;
    size_t n;

    if (!swap_blockers(c, database, a, &list, &n, e))
        return false;
    if (n == 0)
        return true;
    (void)err_set(e, E_REFUSED, "database '%s' has a %s '%s', which would stay with the old copy",
                  database, kind_names[list[0].kind], list[0].name);
    if (n > 1)
        (void)err_detail(e, "and %zu more of the kind", n - 1);
    return err_hint(e, "%s", list[0].hint);
}
