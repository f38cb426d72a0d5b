#include "postgres/runlock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/io.h"
#include "common/stop.h"
#include "postgres/conn.h"

enum { POLL_FIRST_MS = 50, POLL_MAX_MS = 1000 };

struct run_lock {
    struct pgconn *c;
};

int64_t run_lock_key(const char *database)
{
    const char *const text[] = {"pg_mirror:", database};
    uint64_t h = 0xcbf29ce484222325U;
    int64_t key;

    for (size_t i = 0; i < ARRAY_LEN(text); i++) {
        for (const char *s = text[i]; *s; s++)
            h = (h ^ (unsigned char)*s) * 0x100000001b3U;
    }
    memcpy(&key, &h, sizeof key);
    return key;
}

/* Holders of the key in any database but by this session; pg_locks has the key in two halves. */
bool run_lock_holder(struct pgconn *c, const char *database, char dst[RUN_LOCK_HOLDER_MAX],
                     struct err *e)
{
    static const char sql[] =
        "SELECT pg_catalog.format('pid %s (%s)', l.pid, pg_catalog.concat_ws(', ',"
        " nullif(a.application_name, ''), a.usename, pg_catalog.host(a.client_addr),"
        " 'since ' || pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC',"
        " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')))"
        " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
        " AND l.pid <> pg_catalog.pg_backend_pid()"
        " AND (l.classid::pg_catalog.int8 << 32) | l.objid::pg_catalog.int8 = $1::pg_catalog.int8"
        " LIMIT 1";
    AUTO_PGRESULT PGresult *r = NULL;
    char key[24];
    const char *param = key;

    (void)snprintf(key, sizeof key, "%" PRId64, run_lock_key(database));
    dst[0] = '\0';
    if (!pgconn_query(c, sql, 1, &param, &r, e))
        return false;
    if (PQntuples(r) > 0)
        (void)snprintf(dst, RUN_LOCK_HOLDER_MAX, "%s", PQgetvalue(r, 0, 0));
    return true;
}

/* Ours, and nobody has the same key by way of another maintenance database. */
static bool try_lock(struct pgconn *c, const char *database, bool *ret_got, char *holder,
                     struct err *e)
{
    AUTO_BUF struct buf got = BUF_INIT(64);
    char sql[96];

    (void)snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_try_advisory_lock(%" PRId64 ")",
                   run_lock_key(database));
    if (!pgconn_value(c, sql, 0, NULL, &got, e) || !run_lock_holder(c, database, holder, e))
        return false;
    *ret_got = strcmp(buf_str(&got), "t") == 0;
    if (!*ret_got || !*holder)
        return true;
    *ret_got = false;
    return pgconn_exec(c, "SELECT pg_catalog.pg_advisory_unlock_all()", e);
}

static bool busy(const struct pgconn *c, const char *database, const char *holder, struct err *e)
{
    (void)err_set(e, E_BUSY, "another run is working on the target '%s/%s'", pgconn_where(c),
                  database);
    if (*holder)
        (void)err_detail(e, "held by %s", holder);
    return err_hint(e, "wait for it with --lock-wait 10m");
}

static bool lock(struct pgconn *c, const char *database, uint64_t wait_ms, struct err *e)
{
    uint64_t started = io_now_ms();
    uint64_t pause = POLL_FIRST_MS;
    char holder[RUN_LOCK_HOLDER_MAX];
    bool got;

    for (;;) {
        if (!try_lock(c, database, &got, holder, e))
            return false;
        if (got)
            return true;
        if (io_now_ms() - started >= wait_ms)
            return busy(c, database, holder, e);
        if (!stop_sleep_ms(pause, e))
            return false;
        pause = pause * 2 > POLL_MAX_MS ? POLL_MAX_MS : pause * 2;
    }
}

bool run_lock_acquire(struct run_lock **ret, const struct endpoint *ep, const char *database,
                      uint64_t wait_ms, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;

    *ret = NULL;
    if (!pgconn_open_maintenance(&c, ep, false, e) || !lock(c, database, wait_ms, e))
        return false;
    *ret = mem_alloc(sizeof **ret);
    (*ret)->c = steal_ptr(&c);
    return true;
}

void run_lock_release(struct run_lock *l)
{
    if (!l)
        return;
    pgconn_close(l->c);
    free(l);
}

void run_lock_cleanup_(struct run_lock **l)
{
    run_lock_release(*l);
}

struct pgconn *run_lock_session(struct run_lock *l)
{
    return l->c;
}
