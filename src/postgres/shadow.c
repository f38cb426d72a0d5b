/*
 * The life of a shadow, as pg_database shows it:
 *
 *     closed, limit BIRTH_LIMIT, no comment     between CREATE DATABASE and the next statement
 *     open, limit N, comment role "shadow"      being filled
 *     comment of its own                        swapped in (swap.c), or kept with --no-swap
 *
 * CREATE DATABASE cannot run in a transaction with COMMENT, hence the signature in between.
 * Nobody could ever connect to a database in that state, so dropping it cannot lose anything.
 */
#include "postgres/shadow.h"

#include <stdio.h>
#include <string.h>

#include "common/io.h"
#include "common/stop.h"
#include "exchange_priv.h"
#include "postgres/sessions.h"

enum {
    BIRTH_LIMIT = 20557, /* "PM" */
    CREATE_TRIES = 5,
    CREATE_PAUSE_MS = 300,
    LEAVE_MS = 5000,
    DROP_MS = 60000, /* DROP DATABASE makes a checkpoint and unlinks every file */
};

static bool is_newborn(const struct db_row *db)
{
    return !db->comment && !db->allow_connections && db->connection_limit == BIRTH_LIMIT;
}

/* ---- creating ---- */

static bool tablespace_exists(struct pgconn *c, const char *name, bool *ret, struct err *e)
{
    AUTO_PGRESULT PGresult *r = NULL;

    if (!pgconn_query(c, "SELECT 1 FROM pg_catalog.pg_tablespace WHERE spcname = $1", 1, &name, &r,
                      e))
        return false;
    *ret = PQntuples(r) > 0;
    return true;
}

static bool choose_tablespace(struct pgconn *c, const struct shadow_options *o,
                              struct report *report, const char **ret, struct err *e)
{
    bool there = true;

    *ret = o->tablespace;
    if (!o->tablespace)
        return true;
    if (!tablespace_exists(c, o->tablespace, &there, e))
        return false;
    if (there)
        return true;
    if (!o->tablespace_optional)
        return err_set(e, E_CREATE, "the target has no tablespace '%s'", o->tablespace) ||
               err_hint(e, "CREATE TABLESPACE there, or change target.tablespace");
    *ret = NULL;
    report_warn(report, "database.tablespace", NULL,
                "the target has no tablespace '%s': its default one is used", o->tablespace);
    return true;
}

static bool create_err(const struct pgconn *c, const struct shadow_options *o, struct err *e)
{
    if (strcmp(e->sqlstate, "42501") == 0) {
        (void)err_hint(e, "as a superuser on the target: ALTER ROLE \"%s\" CREATEDB",
                       pgconn_user(c));
    } else if (strcmp(e->sqlstate, "42P04") == 0) {
        (void)err_set(e, E_CREATE, "database '%s' exists and pg_mirror did not make it", o->name);
        return err_hint(e, "drop it, or choose another name with target.shadow_name");
    } else if (e->code == E_SERVER) {
        e->code = E_CREATE;
        if (strcmp(e->sqlstate, "42809") == 0 || strcmp(e->sqlstate, "22023") == 0)
            (void)err_hint(e, "install the locale on the target (locale-gen) and restart it, or "
                              "set target.locale");
    }
    return err_in(e, "create database '%s'", o->name);
}

/* Somebody may be in template0 for a moment: 55006. */
static bool create_database(struct pgconn *c, const struct shadow_options *o, const char *sql,
                            struct err *e)
{
    for (int i = 1;; i++) {
        if (pgconn_exec(c, sql, e))
            return true;
        if (strcmp(e->sqlstate, "55006") != 0 || i == CREATE_TRIES)
            return create_err(c, o, e);
        if (!stop_sleep_ms(CREATE_PAUSE_MS, e))
            return false;
    }
}

/* From newborn to open for us: in one message, so in one transaction. */
static bool name_and_open(struct pgconn *c, const struct shadow_options *o, struct arena *a,
                          struct err *e)
{
    struct marker m = {.role = MARKER_SHADOW,
                       .run = o->run,
                       .of = o->database,
                       .name = o->name,
                       .time = (time_t)(io_wall_ms() / 1000)};
    const char *name = db_quoted(a, o->name);

    if (!pgconn_execf(c, e,
                      "BEGIN; COMMENT ON DATABASE %s IS %s;"
                      " REVOKE CONNECT ON DATABASE %s FROM PUBLIC;"
                      " ALTER DATABASE %s WITH ALLOW_CONNECTIONS true CONNECTION LIMIT %d; COMMIT",
                      name, db_literal(a, marker_format(&m, a)), name, name, o->connection_limit)) {
        db_rollback(c);
        return err_in(e, "prepare database '%s'", o->name);
    }
    return true;
}

bool shadow_create(struct pgconn *c, const struct shadow_options *o, struct report *report,
                   struct shadow *ret, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct dbprops_create how = {.name = o->name,
                                 .encoding = o->encoding,
                                 .locale = o->locale,
                                 .connection_limit = BIRTH_LIMIT,
                                 .allow_connections = false,
                                 .server_version = pgconn_version(c)};
    struct db_row row;
    const char *sql;
    bool found;

    if (!choose_tablespace(c, o, report, &how.tablespace, e) ||
        !dbprops_create_sql(o->like, &how, a, &sql, e) || !create_database(c, o, sql, e) ||
        !name_and_open(c, o, a, e) || !db_row_read(c, o->name, a, &row, &found, e))
        return false;
    if (!found)
        return err_set(e, E_CREATE, "database '%s' vanished after it was created", o->name);
    (void)snprintf(ret->name, sizeof ret->name, "%s", o->name);
    ret->oid = row.oid;
    return true;
}

/* ---- dropping ---- */

static bool is_of_run(const struct db_row *db, const char *database, const char *run)
{
    if (is_newborn(db))
        return true;
    return db->marked && db->marker.role == MARKER_SHADOW && strcmp(db->marker.of, database) == 0 &&
           strcmp(db->marker.run, run) == 0;
}

bool shadow_drop(const struct endpoint *ep, const struct pgconn *same_as, const char *name,
                 const char *database, const char *run, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    AUTO_PGCONN struct pgconn *c = NULL;
    struct pgconn_options how = {.same_as = same_as, .cleanup = true, .cleanup_ms = DROP_MS};
    struct db_row row;
    bool found;

    how.dbname = same_as ? pgconn_database(same_as) : NULL;
    if (!(same_as ? pgconn_open(&c, ep, &how, e) : pgconn_open_maintenance(&c, ep, true, e)))
        return err_in(e, "drop database '%s'", name);
    if (!db_row_read(c, name, a, &row, &found, e))
        return false;
    if (!found)
        return true;
    if (!is_of_run(&row, database, run))
        return err_set(e, E_REFUSED, "database '%s' is not dropped: this run did not make it",
                       name);
    return db_drop(c, &row, e);
}

bool shadow_terminate_sessions(struct pgconn *c, const struct shadow *s, struct err *e)
{
    struct session_count n;
    unsigned left;

    return sessions_terminate(c, s->oid, &n, e) &&
           (n.all == 0 || sessions_wait(c, s->oid, LEAVE_MS, &left, e));
}

bool shadow_dress(struct pgconn *c, const char *name, const struct database_properties *p,
                  unsigned parts, struct report *report, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct database_properties none = *p;

    none.comment = NULL;
    if (!(parts & DBPROPS_COMMENT))
        p = &none;
    if (!dbprops_apply(c, p, name, parts | DBPROPS_COMMENT | DBPROPS_LIMITS, report, e))
        return false;
    return (parts & DBPROPS_ACL) ||
           pgconn_execf(c, e, "GRANT CONNECT ON DATABASE %s TO PUBLIC", db_quoted(a, name));
}

bool shadow_keep(struct pgconn *c, const struct shadow *s, const struct database_properties *p,
                 unsigned parts, struct report *report, struct err *e)
{
    if (!pgconn_exec(c, "BEGIN", e))
        return false;
    if (shadow_dress(c, s->name, p, parts, report, e) && pgconn_exec(c, "COMMIT", e))
        return true;
    db_rollback(c);
    return false;
}

/* ---- leftovers ---- */

/* Rows to act on: marked shadows, a closed target, a newborn under the shadow's name. */
static bool find_leftovers(struct pgconn *c, const char *database, const char *shadow_name,
                           struct arena *a, struct db_rows *ret, struct err *e)
{
    struct db_rows marked;
    struct db_rows closed;
    struct db_row newborn;
    bool found;

    if (!db_rows_marked(c, database, MARKER_SHADOW, a, &marked, e) ||
        !db_rows_marked(c, database, MARKER_CLOSED, a, &closed, e) ||
        !db_row_read(c, shadow_name, a, &newborn, &found, e))
        return false;
    ret->items = arena_array(a, marked.count + closed.count + 1, sizeof *ret->items);
    ret->count = 0;
    for (size_t i = 0; i < marked.count; i++)
        ret->items[ret->count++] = marked.items[i];
    for (size_t i = 0; i < closed.count; i++)
        ret->items[ret->count++] = closed.items[i];
    if (found && is_newborn(&newborn))
        ret->items[ret->count++] = newborn;
    return true;
}

static bool is_closed_target(const struct db_row *db)
{
    return db->marked && db->marker.role == MARKER_CLOSED;
}

bool shadow_leftovers(struct pgconn *c, const char *database, const char *shadow_name,
                      struct arena *a, struct leftovers *ret, struct err *e)
{
    struct db_rows rows;

    if (!find_leftovers(c, database, shadow_name, a, &rows, e))
        return false;
    *ret = (struct leftovers){arena_array(a, rows.count, sizeof *ret->items), rows.count};
    for (size_t i = 0; i < rows.count; i++) {
        const struct db_row *row = &rows.items[i];

        ret->items[i] = (struct leftover){.name = row->name,
                                          .run = row->marked ? row->marker.run : "",
                                          .time = row->marked ? row->marker.time : 0,
                                          .closed_target = is_closed_target(row)};
    }
    return true;
}

bool shadow_clean(struct pgconn *c, const char *database, const char *shadow_name,
                  size_t *ret_count, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct db_rows rows;

    if (!find_leftovers(c, database, shadow_name, a, &rows, e))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const struct db_row *row = &rows.items[i];

        if (!(is_closed_target(row) ? swap_reopen(c, row->name, e) : db_drop(c, row, e)))
            return err_in(e, "clean up after an earlier run");
    }
    *ret_count = rows.count;
    return true;
}
