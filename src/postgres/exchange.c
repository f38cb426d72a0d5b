/*
 * One attempt:
 *
 *     wait until the incoming database is empty    RENAME polls in steps of 100 ms, we in 5
 *     BEGIN
 *       both databases are what they were          or somebody else was at work: give up
 *       properties and comment of the incoming one
 *       comment of the outgoing one                it is a previous copy from COMMIT on
 *       end the sessions in both                   by a second session, again and again
 *       RENAME outgoing, RENAME incoming
 *     COMMIT
 *
 * RENAME takes an exclusive lock on the database before it counts the sessions in it. From then on
 * clients that connect wait for our COMMIT (and are then told that the name is gone, or find the
 * new database), so those inside have only to be ended once: the evictor does that while RENAME
 * waits. Without the evictor's session, with sessions we may not end, or on a lock timeout the
 * attempt fails and is repeated; the last ones with the door closed (ALLOW_CONNECTIONS false). As
 * that has to be committed to work, a comment says so, and the next run opens the door again
 * (shadow_clean) should we be killed meanwhile.
 *
 * When COMMIT's answer is lost, the name's owner is asked for in a new session, after the old
 * backend is gone: as long as it lives it may still commit.
 */
#include "exchange_priv.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "common/stop.h"
#include "postgres/sessions.h"

#define OBJECT_IN_USE "55006"

enum {
    PLAIN_ATTEMPTS = 5,
    CLOSED_ATTEMPTS = 2,
    BACKOFF_MS = 100,
    BACKOFF_MAX_MS = 1000,
    QUIET_MS = 3000, /* for the last sessions in the incoming database to leave */
    EVICT_MS = 300,  /* for the others to leave before RENAME; it goes on regardless */
    ASK_MS = 30000,  /* to find out what became of a COMMIT */
    ASK_PAUSE_MS = 250,
    NAME_TRIES = 999,
};

/* What stays the same over all attempts. */
struct state {
    struct pgconn *c;
    const struct exchange *x;
    struct arena *a;
    struct dbname previous;
    const char *own_comment; /* the outgoing database's */
    char *backend_start;     /* of c's backend: with its pid, its identity */
    bool closed;             /* the door is */
    bool committed;
};

/* ---- the name of the previous copy ---- */

static bool name_is_free(struct state *s, bool *ret, struct err *e)
{
    struct db_row row;
    bool found;

    if (!db_row_read(s->c, s->previous.text, s->a, &row, &found, e))
        return false;
    *ret = !found;
    return true;
}

/* Later than every other copy, so that "newest" is never a matter of seconds. */
static bool choose_time(struct state *s, time_t *ret, struct err *e)
{
    struct db_rows rows;

    *ret = (time_t)(io_wall_ms() / 1000);
    if (!db_rows_marked(s->c, s->x->database, MARKER_PREVIOUS, s->a, &rows, e))
        return false;
    if (rows.count > 0 && rows.items[0].marker.time >= *ret)
        *ret = rows.items[0].marker.time + 1;
    return true;
}

static bool choose_previous(struct state *s, time_t *ret_time, struct err *e)
{
    const struct exchange *x = s->x;
    bool is_free;

    if (!choose_time(s, ret_time, e) ||
        !dbname_expand(x->previous_name, x->database, *ret_time, &s->previous, e) ||
        !name_is_free(s, &is_free, e))
        return false;
    for (unsigned n = 2; !is_free; n++) {
        if (n > NAME_TRIES)
            return err_set(e, E_CREATE, "no name is free for the previous copy") ||
                   err_hint(e, "put {time} into target.previous_name");
        if (!dbname_expand_nth(x->previous_name, x->database, *ret_time, n, &s->previous, e) ||
            !name_is_free(s, &is_free, e))
            return false;
    }
    return true;
}

/* ---- the door ---- */

static bool comment_on(struct state *s, const char *name, const char *comment, struct err *e)
{
    return pgconn_execf(s->c, e, "COMMENT ON DATABASE %s IS %s", db_quoted(s->a, name),
                        db_literal(s->a, comment));
}

static bool close_door(struct state *s, struct err *e)
{
    struct marker m = {.role = MARKER_CLOSED,
                       .run = s->x->run,
                       .of = s->x->database,
                       .name = s->x->database,
                       .time = (time_t)(io_wall_ms() / 1000),
                       .comment = s->own_comment};

    s->closed = true; /* from here on it has to be opened again, whatever the answer says */
    if (pgconn_execf(s->c, e,
                     "BEGIN; ALTER DATABASE %s ALLOW_CONNECTIONS false; COMMENT ON DATABASE %s IS "
                     "%s; COMMIT",
                     db_quoted(s->a, s->x->database), db_quoted(s->a, s->x->database),
                     db_literal(s->a, marker_format(&m, s->a))))
        return true;
    db_rollback(s->c);
    return err_in(e, "close database '%s' to new sessions", s->x->database);
}

bool swap_reopen(struct pgconn *c, const char *database, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct db_row row;
    bool found;

    if (!db_row_read(c, database, a, &row, &found, e))
        return false;
    if (!found || !row.marked || row.marker.role != MARKER_CLOSED)
        return true;
    if (pgconn_execf(c, e,
                     "BEGIN; ALTER DATABASE %s ALLOW_CONNECTIONS true; COMMENT ON DATABASE %s IS "
                     "%s; COMMIT",
                     db_quoted(a, database), db_quoted(a, database),
                     db_literal(a, row.marker.comment)))
        return true;
    db_rollback(c);
    return err_in(e, "reopen database '%s'", database);
}

/* In a session of its own: ours may be dead, or stopped. */
static void reopen_door(struct state *s, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    struct pgconn_options how = {.dbname = pgconn_database(s->c), .same_as = s->c, .cleanup = true};
    struct err why = {0};

    if (!s->closed || s->committed)
        return;
    if (pgconn_open(&c, s->x->target, &how, &why) && swap_reopen(c, s->x->database, &why))
        return;
    (void)err_detail(e, "'%s' is still closed to new sessions: %s", s->x->database, why.text);
    (void)err_hint(e, "ALTER DATABASE %s ALLOW_CONNECTIONS true", db_quoted(s->a, s->x->database));
}

/* ---- one attempt ---- */

static bool still_the_same(struct state *s, const char *name, unsigned oid, struct err *e)
{
    struct db_row row;
    bool found;

    if (!db_row_read(s->c, name, s->a, &row, &found, e))
        return false;
    if ((found ? row.oid : 0) == oid)
        return true;
    return err_set(e, E_SWAP, "database '%s' was %s by somebody else meanwhile", name,
                   !found     ? "removed"
                   : oid == 0 ? "created"
                              : "replaced");
}

static bool dress_incoming(struct state *s, struct err *e)
{
    const struct exchange *x = s->x;

    if (x->properties)
        return shadow_dress(s->c, x->incoming.name, x->properties, x->parts, x->report, e);
    return comment_on(s, x->incoming.name, x->comment, e);
}

/*
 * Give the others a moment; RENAME sees to those who come in meanwhile. But it would wait 5 s for
 * sessions that nobody ends, and everybody who connects with it: so then it is not tried.
 */
static bool evict(struct state *s, struct evictor *v, struct err *e)
{
    uint64_t end = io_now_ms() + EVICT_MS;
    struct session_count n = {0};

    if (!v) /* one round by ourselves: the view is read only once in a transaction */
        return (!s->x->outgoing.oid || sessions_terminate(s->c, s->x->outgoing.oid, &n, e)) &&
               sessions_terminate(s->c, s->x->incoming.oid, &n, e);
    for (n = evictor_left(v); n.all > 0 && io_now_ms() < end; n = evictor_left(v)) {
        if (!stop_sleep_ms(1, e))
            return false;
    }
    if (n.all == UINT_MAX || n.immune == 0)
        return true;
    (void)err_set(e, E_SWAP, "sessions are in the way that '%s' may not end", pgconn_user(s->c));
    memcpy(e->sqlstate, OBJECT_IN_USE, sizeof OBJECT_IN_USE);
    return false;
}

static bool rename_both(struct state *s, time_t when, struct err *e)
{
    const struct exchange *x = s->x;
    const char *database = db_quoted(s->a, x->database);
    const char *previous = db_quoted(s->a, s->previous.text);
    struct marker m = {.role = MARKER_PREVIOUS,
                       .run = x->run,
                       .of = x->database,
                       .name = s->previous.text,
                       .time = when,
                       .comment = s->own_comment};

    if (x->outgoing.oid) {
        if (!pgconn_execf(s->c, e, "ALTER DATABASE %s RENAME TO %s", database, previous) ||
            !comment_on(s, s->previous.text, marker_format(&m, s->a), e))
            return false;
        if (s->closed &&
            !pgconn_execf(s->c, e, "ALTER DATABASE %s ALLOW_CONNECTIONS true", previous))
            return false;
    }
    return pgconn_execf(s->c, e, "ALTER DATABASE %s RENAME TO %s",
                        db_quoted(s->a, x->incoming.name), database);
}

/* A prepared transaction is no session: RENAME would wait 5 s for it, and for nothing. */
static bool refuse_prepared(struct state *s, struct err *e)
{
    struct blocker *list = NULL;
    size_t n = 0;

    if (!swap_blockers(s->c, s->x->database, s->a, &list, &n, e))
        return false;
    if (n == 0 || list[0].kind != BLOCKER_PREPARED)
        return true;
    (void)err_set(e, E_SWAP, "the database has a prepared transaction '%s'", list[0].name);
    return err_hint(e, "%s", list[0].hint);
}

/* Everything between BEGIN and COMMIT. */
static bool exchange_body(struct state *s, struct evictor **v, struct err *e)
{
    const struct exchange *x = s->x;
    time_t when = 0;

    if (!pgconn_exec(
            s->c, "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = 3000", e) ||
        !still_the_same(s, x->incoming.name, x->incoming.oid, e) ||
        !still_the_same(s, x->database, x->outgoing.oid, e) || !refuse_prepared(s, e) ||
        (x->outgoing.oid && !choose_previous(s, &when, e)) || !dress_incoming(s, e))
        return false;
    *v = evictor_start(x->target, s->c, (unsigned[2]){x->incoming.oid, x->outgoing.oid});
    return evict(s, *v, e) && rename_both(s, when, e);
}

/* ---- what became of a COMMIT ---- */

enum outcome { OUTCOME_UNKNOWN, OUTCOME_COMMITTED, OUTCOME_ROLLED_BACK };

/* Asks once: is the backend that had the transaction gone, and whose is the name? */
static enum outcome ask(struct state *s, struct pgconn *c, const char *pid, struct err *e)
{
    static const char gone[] =
        "SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity"
        " WHERE pid = $1::pg_catalog.int4 AND backend_start::pg_catalog.text = $2";
    const char *const who[] = {pid, s->backend_start};
    AUTO_BUF struct buf alive = BUF_INIT(64);
    struct db_row row;
    bool found;

    if (!pgconn_value(c, gone, 2, who, &alive, e) || strcmp(buf_str(&alive), "0") != 0 ||
        !db_row_read(c, s->x->database, s->a, &row, &found, e))
        return OUTCOME_UNKNOWN;
    return found && row.oid == s->x->incoming.oid ? OUTCOME_COMMITTED : OUTCOME_ROLLED_BACK;
}

static enum outcome find_out(struct state *s)
{
    uint64_t end = io_now_ms() + ASK_MS;
    char pid[16];
    struct err e = {0};

    (void)snprintf(pid, sizeof pid, "%d", pgconn_backend_pid(s->c));
    for (;;) {
        AUTO_PGCONN struct pgconn *c = NULL;
        enum outcome o = OUTCOME_UNKNOWN;

        if (pgconn_open_maintenance(&c, s->x->target, true, &e))
            o = ask(s, c, pid, &e);
        if (o != OUTCOME_UNKNOWN || io_now_ms() >= end)
            return o;
        log_debug("the swap's outcome is not known yet: %s", e.text);
        (void)poll(NULL, 0, ASK_PAUSE_MS);
    }
}

static bool commit(struct state *s, struct err *e)
{
    PGTransactionStatusType t;
    enum outcome o;

    if (pgconn_exec(s->c, "COMMIT", e)) {
        s->committed = true;
        return true;
    }
    t = PQtransactionStatus(pgconn_raw(s->c));
    if (t != PQTRANS_UNKNOWN && t != PQTRANS_ACTIVE)
        return false; /* never sent, or refused by a server that still talks to us */
    o = find_out(s);
    s->committed = o == OUTCOME_COMMITTED;
    if (o == OUTCOME_UNKNOWN) {
        struct err why = *e;

        (void)err_set(e, E_UNKNOWN, "it is not known whether the swap took place: %s", why.text);
        return err_hint(e, "ask when the server is back: pg_mirror status --live");
    }
    return s->committed;
}

static bool attempt(struct state *s, struct err *e)
{
    struct evictor *v = NULL;
    unsigned left;
    bool ok;

    if (!sessions_wait(s->c, s->x->incoming.oid, QUIET_MS, &left, e))
        return false;
    ok = exchange_body(s, &v, e) && commit(s, e);
    if (!ok && e->code != E_UNKNOWN)
        db_rollback(s->c);
    evictor_stop(v);
    return ok;
}

/* ---- all attempts ---- */

/* Sessions in the way, a lock that was not got, or two changes of one row of pg_database. */
static bool worth_repeating(const struct err *e)
{
    static const char *const states[] = {OBJECT_IN_USE, "55P03", "40P01", "40001", "XX000"};

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (strcmp(e->sqlstate, states[i]) == 0)
            return true;
    }
    return false;
}

static bool attempts(struct state *s, struct swap_result *ret, struct err *e)
{
    size_t warnings = s->x->report ? s->x->report->warning_count : 0;
    uint64_t pause = BACKOFF_MS;

    for (;;) {
        if (s->x->report)
            s->x->report->warning_count = warnings; /* the last attempt's count */
        ret->attempts++;
        if (attempt(s, e))
            return true;
        if (!worth_repeating(e) || ret->attempts == PLAIN_ATTEMPTS + CLOSED_ATTEMPTS)
            return false;
        log_debug("swap attempt %u: %s", ret->attempts, e->text);
        if (ret->attempts == PLAIN_ATTEMPTS) {
            if (s->x->outgoing.oid && s->x->outgoing.allow_connections && !close_door(s, e))
                return false;
            ret->door_closed = s->closed;
        }
        if (!stop_sleep_ms(pause, e))
            return false;
        pause = pause * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : pause * 2;
    }
}

static void name_those_in_the_way(struct state *s, struct err *e)
{
    AUTO_BUF struct buf who = BUF_INIT(BUF_TEXT_MAX);
    unsigned oids[] = {s->x->outgoing.oid, s->x->incoming.oid};

    for (size_t i = 0; i < ARRAY_LEN(oids) && who.len == 0; i++) {
        if (oids[i] && !sessions_describe(s->c, oids[i], &who, NULL))
            return;
    }
    if (who.len == 0) /* gone by now */
        return;
    (void)err_detail(e, "%s", buf_str(&who));
    (void)err_hint(e, "only a superuser, or a member of pg_signal_backend for others than "
                      "superusers, may end them");
}

static bool explain(struct state *s, struct err *e)
{
    enum err_code code = e->code;

    if (code == E_UNKNOWN || code == E_CANCELLED || code == E_DEADLINE)
        return err_in(e, "swap database '%s'", s->x->database);
    e->code = E_SWAP;
    if (strcmp(e->sqlstate, OBJECT_IN_USE) == 0)
        name_those_in_the_way(s, e);
    else if (strcmp(e->sqlstate, "42501") == 0)
        (void)err_hint(e, "renaming takes CREATEDB and ownership of both databases");
    return err_in(e, "swap database '%s'", s->x->database);
}

bool exchange_run(struct pgconn *c, const struct exchange *x, struct swap_result *ret,
                  struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    AUTO_BUF struct buf start = BUF_INIT(256);
    struct state s = {.c = c, .x = x, .a = a};

    *ret = (struct swap_result){0};
    s.own_comment = marker_own_comment(x->outgoing.comment, a);
    if (!pgconn_value(c,
                      "SELECT backend_start FROM pg_catalog.pg_stat_activity"
                      " WHERE pid = pg_catalog.pg_backend_pid()",
                      0, NULL, &start, e))
        return explain(&s, e);
    s.backend_start = arena_strdup(a, buf_str(&start));
    if (!attempts(&s, ret, e)) {
        reopen_door(&s, e);
        return explain(&s, e);
    }
    if (x->outgoing.oid)
        (void)snprintf(ret->previous, sizeof ret->previous, "%s", s.previous.text);
    return true;
}
