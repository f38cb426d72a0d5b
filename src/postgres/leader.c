/*
 * leader.c - list, lock, export, list again.
 *
 *     list the tables                 own transaction, READ COMMITTED
 *     BEGIN REPEATABLE READ READ ONLY   takes no snapshot
 *     LOCK TABLE ONLY a, b, ...         neither does this, so waiting for DDL under way is harmless
 *     pg_export_snapshot()              the first snapshot: everything committed so far is in it
 *     list again under the snapshot     the same tables? done. Otherwise ROLLBACK and once more.
 *
 * The second list is what makes the first one right: a table created, renamed, dropped or moved
 * meanwhile changes it. Names that vanish while we lock (42P01, 3F000, 42809) and deadlocks with
 * DDL that locks in another order (40P01) count as a changed set, too.
 */
#include "postgres/leader.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/log.h"
#include "common/num.h"
#include "common/stop.h"
#include "common/str.h"
#include "lockinfo_priv.h"
#include "postgres/conn.h"

enum { ROUNDS_MAX = 10, LOCK_BATCH = 400 };

struct leader {
    struct pgconn *conn;
    const struct endpoint *ep;
    struct arena *arena; /* lives as long as the leader */
    struct selection selection;
    struct catalog catalog;
    const char *snapshot;
    const char *lsn;
    uint64_t snapshot_ms;
};

void leader_close(struct leader *l)
{
    if (!l)
        return;
    pgconn_close(l->conn);
    arena_free(l->arena);
    free(l);
}

void leader_cleanup_(struct leader **l)
{
    leader_close(*l);
}

/* The set the tables were locked as: who they are and what they are called. */
static bool same_tables(const struct catalog *a, const struct catalog *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->tables[i].oid != b->tables[i].oid ||
            !str_eq(a->tables[i].schema, b->tables[i].schema) ||
            !str_eq(a->tables[i].name, b->tables[i].name))
            return false;
    }
    return true;
}

/* One batch; *ret_first is where the next one starts. */
static bool lock_batch(struct leader *l, const struct catalog *tables, size_t *ret_first,
                       struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    size_t i = *ret_first;
    size_t end = tables->count - i > LOCK_BATCH ? i + LOCK_BATCH : tables->count;

    buf_addstr(&sql, "LOCK TABLE ");
    for (; i < end; i++) {
        buf_addstr(&sql, i > *ret_first ? ", ONLY " : "ONLY ");
        ident_quote_qualified(&sql, tables->tables[i].schema, tables->tables[i].name);
    }
    buf_addstr(&sql, " IN ACCESS SHARE MODE");
    *ret_first = end;
    return pgconn_exec(l->conn, buf_str(&sql), e);
}

/* A failed lock as the user should see it. The transaction has been rolled back. */
static bool lock_err(struct leader *l, const struct catalog *tables, struct err *e)
{
    if (str_eq(e->sqlstate, "55P03"))
        return lockinfo_timeout(l->conn, tables, l->ep->lock_timeout_ms, e);
    if (str_eq(e->sqlstate, "42501"))
        return lockinfo_privileges(l->conn, tables, e);
    if (str_eq(e->sqlstate, "53200")) {
        (void)err_in(e, "lock %zu tables", tables->count);
        return err_hint(e, "raise max_locks_per_transaction on the source server and restart it, "
                           "or clone fewer tables at once with filters");
    }
    return err_in(e, "lock the tables");
}

static bool is_changed_set(const struct err *e)
{
    static const char *const states[] = {"42P01", "3F000", "42809", "40P01"};

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (str_eq(e->sqlstate, states[i]))
            return true;
    }
    return false;
}

enum locked { LOCKED, LOCKED_ANEW, LOCKED_NOT };

/* Lock everything listed. LOCKED_ANEW: the list was out of date. */
static enum locked lock_all(struct leader *l, const struct catalog *tables, struct err *e)
{
    struct err why = {0};
    size_t next = 0;

    while (next < tables->count) {
        if (lock_batch(l, tables, &next, &why))
            continue;
        if (!stop_requested() && pgconn_exec(l->conn, "ROLLBACK", NULL)) {
            if (is_changed_set(&why))
                return LOCKED_ANEW;
            (void)lock_err(l, tables, &why);
        }
        *e = why;
        return LOCKED_NOT;
    }
    return LOCKED;
}

static bool export_snapshot(struct leader *l, struct err *e)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_export_snapshot(), CASE WHEN pg_catalog.pg_is_in_recovery()"
        " THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END,"
        " pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000)"
        "::pg_catalog.int8";
    AUTO_PGRESULT PGresult *r = NULL;

    if (!pgconn_query(l->conn, sql, 0, NULL, &r, e))
        return err_in(e, "export a snapshot");
    l->snapshot = arena_strdup(l->arena, PQgetvalue(r, 0, 0));
    l->lsn = arena_strdup(l->arena, PQgetvalue(r, 0, 1));
    return num_parse_u64(PQgetvalue(r, 0, 2), 0, UINT64_MAX, &l->snapshot_ms) ||
           err_set(e, E_SERVER, "the server's clock is before 1970");
}

/* Round by round; a round's list lives in its own arena, the last one in the leader's. */
static enum locked lock_round(struct leader *l, struct err *e)
{
    static const char begin[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    AUTO_ARENA struct arena *a = arena_new();
    struct catalog tables;
    enum locked got;

    if (!catalog_read(l->conn, &l->selection, CATALOG_SIZES_NONE, a, &tables, e) ||
        !pgconn_execf(l->conn, e, "SET lock_timeout = %llu",
                      (unsigned long long)l->ep->lock_timeout_ms) ||
        !pgconn_exec(l->conn, begin, e))
        return LOCKED_NOT;
    got = lock_all(l, &tables, e);
    if (got != LOCKED)
        return got;
    if (!pgconn_exec(l->conn, "SET lock_timeout = 0", e) || !export_snapshot(l, e) ||
        !catalog_read(l->conn, &l->selection, CATALOG_SIZES_EXACT, l->arena, &l->catalog, e))
        return LOCKED_NOT;
    if (same_tables(&tables, &l->catalog))
        return LOCKED;
    return pgconn_exec(l->conn, "ROLLBACK", e) ? LOCKED_ANEW : LOCKED_NOT;
}

static bool lock_and_export(struct leader *l, struct err *e)
{
    for (int round = 1; round <= ROUNDS_MAX; round++) {
        enum locked got = lock_round(l, e);

        if (got != LOCKED_ANEW)
            return got == LOCKED;
        log_debug("the tables changed while they were locked, round %d", round);
    }
    (void)err_set(e, E_SERVER, "the tables of '%s' changed during %d attempts to lock them",
                  pgconn_database(l->conn), ROUNDS_MAX);
    if (e)
        e->retryable = true;
    return err_hint(e, "run when no migration or partition maintenance is under way");
}

bool leader_open(struct leader **ret, const struct endpoint *source, const struct leader_options *o,
                 struct err *e)
{
    static const struct filter everything;
    AUTO_LEADER struct leader *l = mem_alloc(sizeof *l);
    struct pgconn_options how = {.dbname = o->dbname, .same_as = o->same_as};
    struct err ignored;

    if (!e)
        e = &ignored;
    *ret = NULL;
    l->ep = source;
    l->arena = arena_new();
    if (!pgconn_open(&l->conn, source, &how, e) ||
        !pgconn_exec(l->conn, "SET statement_timeout = 0", e) ||
        !filter_resolve(l->conn, o->filter ? o->filter : &everything, l->arena, &l->selection, e) ||
        !lock_and_export(l, e))
        return false;
    *ret = steal_ptr(&l);
    return true;
}

const char *leader_snapshot(const struct leader *l)
{
    return l->snapshot;
}

uint64_t leader_snapshot_ms(const struct leader *l)
{
    return l->snapshot_ms;
}

const char *leader_lsn(const struct leader *l)
{
    return l->lsn;
}

const struct catalog *leader_catalog(const struct leader *l)
{
    return &l->catalog;
}

const struct selection *leader_selection(const struct leader *l)
{
    return &l->selection;
}

struct pgconn *leader_conn(struct leader *l)
{
    return l->conn;
}

bool leader_check_alive(struct leader *l, struct err *e)
{
    if (pgconn_ping(l->conn, e))
        return true;
    return err_in(e, "the session that holds locks and snapshot ended");
}

bool leader_describe_blockers(struct leader *l, struct err *ret)
{
    struct err found = {0};

    if (!lockinfo_blockers(l->conn, &l->catalog, l->ep->lock_timeout_ms, &found))
        return false;
    *ret = found;
    return true;
}

bool leader_find_waiter(struct leader *l, const char *application_name, int *ret_pid,
                        struct err *ret)
{
    struct err found = {0};

    if (!lockinfo_waiter(l->conn, application_name, l->ep->lock_timeout_ms, ret_pid, &found))
        return false;
    *ret = found;
    return true;
}

bool leader_end_session(struct leader *l, int pid, struct err *e)
{
    return pgconn_execf(l->conn, e, "SELECT pg_catalog.pg_terminate_backend(%d)", pid);
}
