/*
 * In place there is no shadow: one transaction drops and restores, so that a failure leaves the
 * database as it was; it cannot run in parallel.
 *
 * The transaction is pg_restore's. When that ends badly, is stopped or killed, its COMMIT may be on
 * the way to the server or there already, and a server that got it may carry it out. So what became
 * of it is not guessed: once pg_restore's session is gone, the database is compared with what it
 * was before. --clean gives every object a new OID; --data-only fills tables that were empty.
 */
#include "clone_priv.h"

#include <string.h>

#include "common/io.h"
#include "common/log.h"
#include "load_priv.h"

#include <poll.h>

enum { GONE_MS = 10000, GONE_PAUSE_MS = 50 };

static const char objects_sql[] =
    "SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(oid::pg_catalog.text, ',' ORDER BY oid),"
    " '')) FROM pg_catalog.pg_class WHERE oid >= 16384";

/* One line that differs once the transaction has been committed. */
static bool fingerprint(struct clone_run *r, struct pgconn *c, struct buf *ret, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);

    if (r->cfg->section != SECTION_DATA_ONLY)
        return pgconn_value(c, objects_sql, 0, NULL, ret, e);
    for (size_t i = 0; i < r->table_count; i++) {
        if (r->tables[i].rows == 0)
            continue;
        buf_addstr(&sql, "SELECT EXISTS (SELECT FROM ONLY ");
        ident_quote_qualified(&sql, r->tables[i].schema, r->tables[i].name);
        buf_addstr(&sql, ")");
        return pgconn_value(c, buf_str(&sql), 0, NULL, ret, e);
    }
    return true; /* without rows there is nothing to commit */
}

static bool fingerprint_now(struct clone_run *r, struct buf *ret, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    struct pgconn_options o = {.dbname = r->database, .same_as = r->target};

    return pgconn_open(&c, &r->cfg->target, &o, e) && fingerprint(r, c, ret, e);
}

/* As long as pg_restore's backend lives it may still commit. load_run() gave it this name. */
static bool restorer_is_gone(struct clone_run *r, struct pgconn *c, bool *ret, struct err *e)
{
    static const char sql[] =
        "SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity"
        " WHERE application_name = $1";
    AUTO_BUF struct buf n = BUF_INIT(64);
    const char *name = load_session_name(r);

    if (!pgconn_value(c, sql, 1, &name, &n, e))
        return false;
    *ret = strcmp(buf_str(&n), "0") == 0;
    return true;
}

static enum target_state find_out(struct clone_run *r, const struct buf *before)
{
    AUTO_BUF struct buf after = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGCONN struct pgconn *c = NULL;
    struct pgconn_options o = {.dbname = r->database, .same_as = r->target, .cleanup = true};
    uint64_t end = io_now_ms() + GONE_MS;
    bool gone = false;
    struct err e = {0};

    if (!pgconn_open(&c, &r->cfg->target, &o, &e)) {
        log_debug("what became of '%s' is not known: %s", r->database, e.text);
        return TARGET_UNKNOWN;
    }
    while (restorer_is_gone(r, c, &gone, &e) && !gone && io_now_ms() < end)
        (void)poll(NULL, 0, GONE_PAUSE_MS);
    if (!gone || !fingerprint(r, c, &after, &e))
        return TARGET_UNKNOWN;
    return strcmp(buf_str(before), buf_str(&after)) == 0 ? TARGET_UNCHANGED : TARGET_REPLACED;
}

/* e says why; add what that means for the database. */
static bool explain(struct clone_run *r, const struct buf *before, struct err *e)
{
    enum target_state s = find_out(r, before);

    r->report->target_state = s;
    if (s == TARGET_UNCHANGED)
        return err_in(e, "target: nothing was changed in '%s'", r->database);
    if (s == TARGET_REPLACED)
        return err_in(e, "target: '%s' holds the new data, not verified", r->database);
    if (e->code != E_CANCELLED && e->code != E_DEADLINE)
        e->code = E_UNKNOWN;
    e->retryable = false;
    err_in_(e, "target: it is not known whether '%s' holds the old data or the new", r->database);
    return err_hint(e, "look into it when the server is back: it is one or the other");
}

static bool verify(struct clone_run *r, struct err *e)
{
    struct err none = {0};

    report_phase(r->report, "verify");
    if (verify_target(r, r->database, true, &none, e))
        return true;
    if (e->code == E_MISMATCH)
        e->code = E_SERVER; /* E_MISMATCH says that the target is untouched */
    return err_in(e, "restored in place");
}

static bool load(struct clone_run *r, const struct buf *before, struct err *e)
{
    struct restore_run_options o = load_options(r);
    struct err why = {0};
    bool clean = false;

    o.jobs = 1;
    o.single_transaction = true;
    o.clean = r->cfg->section != SECTION_DATA_ONLY;
    o.tuning.async_commit = false;
    if (!load_run(r, r->database, &o, &clean, &why, e))
        return explain(r, before, e);
    if (clean)
        return true;
    *e = why;
    return explain(r, before, e);
}

bool load_in_place(struct clone_run *r, struct err *e)
{
    AUTO_BUF struct buf before = BUF_INIT(BUF_TEXT_MAX);

    progress_phase(r->progress, "restore", "B", r->source.bytes);
    if (!data_only_refuse(r, r->tables, r->table_count, e))
        return false;
    if (!fingerprint_now(r, &before, e))
        return err_in(e, "target");
    if (!load(r, &before, e))
        return false;
    r->report->target_state = TARGET_REPLACED;
    if (!load_best_effort(r, r->database, e))
        return err_in(e, "target");
    return verify(r, e);
}
