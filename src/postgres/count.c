/*
 * count.c - a frozen list of units, an atomic cursor, one session a worker.
 *
 * A unit is one large table or up to UNIT_TABLES small ones, which share a statement: 500 small
 * tables must not cost 500 round trips. Large ones come first, so that the last worker isn't left
 * with a long one. The session that looked the tables up becomes the first worker's, and a small
 * database needs no other.
 */
#include "postgres/count.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/num.h"
#include "common/progress.h"
#include "postgres/conn.h"
#include "selection_priv.h"

enum { UNIT_TABLES = 100, WORKERS_MAX = 64, NAMED_MAX = 5 };

#define UNIT_BYTES   ((uint64_t)8 * 1024 * 1024)  /* small tables of one unit, together */
#define WORKER_BYTES ((uint64_t)16 * 1024 * 1024) /* another session pays from here on */

/* A table that exists, by its place in the caller's array. */
struct member {
    size_t item;
    uint64_t bytes;
};

struct unit {
    size_t first; /* of the members */
    size_t count;
};

/* What the workers share; frozen but for the atomics and each item's results. */
struct count_run {
    const struct count_options *o;
    struct count_item *items;
    struct member *members;
    struct unit *units;
    size_t unit_count;
    uint64_t bytes;
    _Atomic size_t next;
    _Atomic size_t done;
    _Atomic bool failed;
};

struct worker {
    struct count_run *run;
    struct pgconn *conn;
    struct err err;
    pthread_t thread;
    bool started;
};

static bool session_open(struct pgconn **ret, const struct count_options *o, struct err *e)
{
    struct pgconn_options how = {.dbname = o->dbname, .same_as = o->same_as};

    return pgconn_open(ret, o->target, &how, e) &&
           pgconn_exec(*ret,
                       "SET statement_timeout = 0; SET lock_timeout = 0;"
                       " SET synchronous_commit = off",
                       e);
}

/* Which tables are there, and how large? */
static bool query_tables(struct pgconn *c, const struct count_item *items, size_t n, PGresult **ret,
                         struct err *e)
{
    static const char sql[] =
        "SELECT p.i, coalesce(pg_catalog.pg_relation_size(c.oid), 0)"
        " FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]),"
        " pg_catalog.unnest($2::pg_catalog.text[])) WITH ORDINALITY p(s, t, i)"
        " JOIN pg_catalog.pg_namespace n ON n.nspname = p.s"
        " JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.t"
        " WHERE c.relkind IN ('r', 'p') ORDER BY 2 DESC, 1";
    AUTO_BUF struct buf schemas = BUF_INIT(BUF_TEXT_MAX);
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);
    const char *params[2];

    for (size_t i = 0; i < n; i++) {
        selection_add_element(&schemas, items[i].schema);
        selection_add_element(&names, items[i].name);
    }
    buf_addch(&schemas, '}');
    buf_addch(&names, '}');
    params[0] = buf_str(&schemas);
    params[1] = buf_str(&names);
    if (!pgconn_query(c, sql, 2, params, ret, e))
        return err_in(e, "look the tables up");
    return true;
}

/* The next unit of a list sorted by size: one large table, or small ones up to the limits. */
static size_t unit_end(const struct member *m, size_t first, size_t n)
{
    uint64_t bytes = m[first].bytes;
    size_t i = first + 1;

    while (i < n && i - first < UNIT_TABLES && bytes + m[i].bytes <= UNIT_BYTES)
        bytes += m[i++].bytes;
    return i;
}

static void plan(struct count_run *run, const PGresult *r, size_t n, struct arena *a)
{
    size_t found = 0;

    run->members = arena_array(a, (size_t)PQntuples(r) + 1, sizeof *run->members);
    run->units = arena_array(a, (size_t)PQntuples(r) + 1, sizeof *run->units);
    for (size_t i = 0; i < n; i++) {
        run->items[i].actual = 0;
        run->items[i].missing = true;
    }
    for (int i = 0; i < PQntuples(r); i++) {
        struct member *m = &run->members[found];
        uint64_t place;

        if (!num_parse_u64(PQgetvalue(r, i, 0), 1, n, &place) ||
            !num_parse_u64(PQgetvalue(r, i, 1), 0, UINT64_MAX, &m->bytes))
            continue;
        m->item = place - 1;
        run->items[m->item].missing = false;
        run->bytes += m->bytes;
        found++;
    }
    for (size_t i = 0; i < found;) {
        size_t end = unit_end(run->members, i, found);

        run->units[run->unit_count++] = (struct unit){.first = i, .count = end - i};
        i = end;
    }
}

static bool analyze_unit(struct worker *w, const struct unit *u)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);

    for (size_t i = 0; i < u->count; i++) {
        const struct count_item *item = &w->run->items[w->run->members[u->first + i].item];

        if (!item->analyze)
            continue;
        buf_addstr(&sql, sql.len ? ", " : "ANALYZE ");
        ident_quote_qualified(&sql, item->schema, item->name);
    }
    return !sql.len || pgconn_exec(w->conn, buf_str(&sql), &w->err) ||
           err_in(&w->err, "analyze the copied tables");
}

static bool take_counts(struct worker *w, const struct unit *u, const PGresult *r)
{
    for (int i = 0; i < PQntuples(r); i++) {
        uint64_t at;
        uint64_t rows;

        if (!num_parse_u64(PQgetvalue(r, i, 0), u->first, u->first + u->count - 1, &at) ||
            !num_parse_u64(PQgetvalue(r, i, 1), 0, UINT64_MAX, &rows))
            return err_set(&w->err, E_SERVER, "count(*) gave what is no count");
        w->run->items[w->run->members[at].item].actual = rows;
    }
    return true;
}

static bool count_unit(struct worker *w, const struct unit *u)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGRESULT PGresult *r = NULL;

    for (size_t i = u->first; i < u->first + u->count; i++) {
        const struct count_item *item = &w->run->items[w->run->members[i].item];

        if (!item->count)
            continue;
        buf_printf(&sql, "%sSELECT %zu, pg_catalog.count(*) FROM ONLY ",
                   sql.len ? " UNION ALL " : "", i);
        ident_quote_qualified(&sql, item->schema, item->name);
    }
    if (!sql.len)
        return true;
    if (!pgconn_query(w->conn, buf_str(&sql), 0, NULL, &r, &w->err))
        return err_in(&w->err, "count the rows of the copy");
    return take_counts(w, u, r);
}

static void unit_done(struct count_run *run, const struct unit *u)
{
    size_t done = atomic_fetch_add(&run->done, u->count) + u->count;

    if (run->o->progress)
        progress_done(run->o->progress, done);
}

static bool work(struct worker *w)
{
    struct count_run *run = w->run;

    if (!w->conn && !session_open(&w->conn, run->o, &w->err))
        return false;
    while (!atomic_load(&run->failed)) {
        size_t i = atomic_fetch_add(&run->next, 1);

        if (i >= run->unit_count)
            break;
        if (!analyze_unit(w, &run->units[i]) || !count_unit(w, &run->units[i]))
            return false;
        unit_done(run, &run->units[i]);
    }
    return true;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;

    if (!work(w))
        atomic_store(&w->run->failed, true);
    return NULL;
}

static size_t worker_count(const struct count_run *run)
{
    uint64_t n = 1 + run->bytes / WORKER_BYTES;

    if (n > run->o->jobs)
        n = run->o->jobs;
    if (n > run->unit_count)
        n = run->unit_count;
    return n > WORKERS_MAX ? WORKERS_MAX : n ? (size_t)n : 1;
}

/* Run them all, the first here; the worst failure goes to e. */
static bool run_workers(struct count_run *run, struct pgconn *first, struct arena *a, struct err *e)
{
    size_t n = worker_count(run);
    struct worker *workers = arena_array(a, n, sizeof *workers);
    const struct err *worst = NULL;

    for (size_t i = 0; i < n; i++) {
        workers[i].run = run;
        if (i > 0) /* one that cannot start leaves its share to the others */
            workers[i].started =
                pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) == 0;
    }
    workers[0].conn = first;
    (void)worker_main(&workers[0]);
    for (size_t i = 0; i < n; i++) {
        struct worker *w = &workers[i];

        if (w->started)
            (void)pthread_join(w->thread, NULL);
        pgconn_close(w->conn);
        if (w->err.code && (!worst || err_code_is_worse(w->err.code, worst->code)))
            worst = &w->err;
    }
    if (worst && e)
        *e = *worst;
    return !worst;
}

bool count_tables(const struct count_options *o, struct count_item *items, size_t n, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    AUTO_PGCONN struct pgconn *c = NULL;
    AUTO_PGRESULT PGresult *r = NULL;
    struct count_run run = {.o = o, .items = items};

    if (!n)
        return true;
    if (!session_open(&c, o, e) || !query_tables(c, items, n, &r, e))
        return false;
    plan(&run, r, n, a);
    return run_workers(&run, steal_ptr(&c), a, e);
}

bool count_differs(const struct count_item *item)
{
    if (!item->count)
        return false;
    if (item->missing)
        return true;
    if (item->group > 0)
        return false;
    return item->at_least ? item->actual < item->expected : item->actual != item->expected;
}

static void add_difference(struct buf *b, const struct count_item *item)
{
    buf_printf(b, "%s%s.%s ", b->len ? ", " : "", item->schema, item->name);
    if (item->missing)
        buf_addstr(b, "is missing");
    else
        buf_printf(b, "has %llu rows instead of %llu", (unsigned long long)item->actual,
                   (unsigned long long)item->expected);
}

/* The rows of one group, added up; the name is that of its first item. */
static struct count_item group_sum(const struct count_item *items, size_t n, int group)
{
    struct count_item sum = {0};

    for (size_t i = 0; i < n; i++) {
        if (items[i].group != group || !items[i].count)
            continue;
        if (!sum.count)
            sum = (struct count_item){
                .schema = items[i].schema, .name = items[i].name, .count = true};
        sum.expected += items[i].expected;
        sum.actual += items[i].actual;
    }
    return sum;
}

struct differences {
    struct buf named;
    size_t wrong;
};

static void note_difference(struct differences *d, const struct count_item *item)
{
    if (count_differs(item) && ++d->wrong <= NAMED_MAX)
        add_difference(&d->named, item);
}

bool count_check(const struct count_item *items, size_t n, struct err *e)
{
    struct differences d = {.named = BUF_INIT(BUF_TEXT_MAX)};
    size_t counted = 0;
    int groups = 0;

    for (size_t i = 0; i < n; i++) {
        counted += items[i].count;
        note_difference(&d, &items[i]);
        groups = items[i].group > groups ? items[i].group : groups;
    }
    for (int g = 1; g <= groups; g++) {
        struct count_item sum = group_sum(items, n, g);

        note_difference(&d, &sum);
    }
    if (d.wrong) {
        (void)err_set(e, E_MISMATCH, "%zu of %zu tables of the copy differ from the dump", d.wrong,
                      counted);
        (void)err_detail(e, "%s%s", buf_str(&d.named), d.wrong > NAMED_MAX ? ", ..." : "");
    }
    buf_release(&d.named);
    return d.wrong == 0;
}
