/* The copies that swaps left behind: list them, drop the oldest, put one back. */
#include "postgres/swap.h"

#include <stdio.h>
#include <string.h>

#include "common/num.h"
#include "exchange_priv.h"

/* Size of a database; 0 where CONNECT and pg_read_all_stats are both missing. */
static bool size_of(struct pgconn *c, unsigned oid, uint64_t *ret, struct err *e)
{
    static const char sql[] =
        "SELECT CASE WHEN pg_catalog.has_database_privilege($1::pg_catalog.oid, 'CONNECT')"
        " OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"
        " THEN pg_catalog.pg_database_size($1::pg_catalog.oid) END";
    AUTO_BUF struct buf b = BUF_INIT(64);
    char text[16];
    const char *param = text;

    *ret = 0;
    (void)snprintf(text, sizeof text, "%u", oid);
    if (!pgconn_value(c, sql, 1, &param, &b, e))
        return false;
    (void)!num_parse_u64(buf_str(&b), 0, UINT64_MAX, ret);
    return true;
}

bool previous_list(struct pgconn *c, const char *database, struct arena *a,
                   struct previous_copy **ret, size_t *ret_count, struct err *e)
{
    struct db_rows rows;

    if (!db_rows_marked(c, database, MARKER_PREVIOUS, a, &rows, e))
        return false;
    *ret_count = rows.count;
    *ret = arena_array(a, *ret_count, sizeof **ret);
    for (size_t i = 0; i < *ret_count; i++) {
        const struct db_row *row = &rows.items[i];
        struct previous_copy *p = &(*ret)[i];

        *p = (struct previous_copy){.name = row->name,
                                    .oid = row->oid,
                                    .time = row->marker.time,
                                    .run = row->marker.run,
                                    .comment = row->marker.comment};
        if (!size_of(c, p->oid, &p->bytes, e))
            return false;
    }
    return true;
}

/* ---- prune ---- */

/* The target is there, and not half removed (which leaves a connection limit of -2). */
static bool target_is_good(struct pgconn *c, const char *database, struct arena *a, bool *ret,
                           struct err *e)
{
    struct db_row row;
    bool found;

    if (!db_row_read(c, database, a, &row, &found, e))
        return false;
    *ret = found && row.connection_limit != -2;
    return true;
}

static void judge(const struct prune_options *o, size_t i, bool target_good, struct arena *a,
                  struct prune_item *item)
{
    item->action = PRUNE_KEEP;
    if (i < o->keep)
        item->reason = o->keep == 1 ? "the newest copy"
                                    : arena_printf(a, "one of the newest %u copies", o->keep);
    else if (i == 0 && !target_good)
        item->reason = arena_printf(a, "the only good one: '%s' itself is missing", o->database);
    else if (o->spare && strcmp(o->spare, item->copy.name) == 0)
        item->reason = "in use as the source";
    else {
        item->action = PRUNE_DROP;
        item->reason =
            o->keep == 0 ? "no copies are kept" : arena_printf(a, "beyond the newest %u", o->keep);
    }
}

static bool drop_copy(struct pgconn *c, const char *database, struct arena *a,
                      struct prune_item *item, struct err *e)
{
    struct err why = {0};
    struct db_row row;
    bool found;

    if (!db_row_read(c, item->copy.name, a, &row, &found, e))
        return false;
    if (!found)
        return true;
    if (row.oid != item->copy.oid || !row.marked || row.marker.role != MARKER_PREVIOUS ||
        strcmp(row.marker.of, database) != 0) {
        item->action = PRUNE_FAILED;
        item->reason = "changed by somebody else meanwhile";
        return true;
    }
    if (db_drop(c, &row, &why))
        return true;
    if (why.code == E_CANCELLED || why.code == E_DEADLINE || why.code == E_CONNECT) {
        *e = why;
        return false;
    }
    item->action = PRUNE_FAILED;
    item->reason = arena_strdup(a, why.text);
    return true;
}

bool previous_prune(struct pgconn *c, const struct prune_options *o, struct arena *a,
                    struct prune_item **ret, size_t *ret_count, struct err *e)
{
    struct previous_copy *copies;
    bool good;

    if (!previous_list(c, o->database, a, &copies, ret_count, e) ||
        !target_is_good(c, o->database, a, &good, e))
        return false;
    *ret = arena_array(a, *ret_count, sizeof **ret);
    for (size_t i = 0; i < *ret_count; i++) {
        (*ret)[i].copy = copies[i];
        judge(o, i, good, a, &(*ret)[i]);
    }
    for (size_t i = *ret_count; i-- > 0 && !o->dry_run;) {
        if ((*ret)[i].action == PRUNE_DROP && !drop_copy(c, o->database, a, &(*ret)[i], e))
            return err_in(e, "prune the copies of '%s'", o->database);
    }
    return true;
}

/* ---- rollback ---- */

static bool choose_copy(struct pgconn *c, const struct rollback_options *o, struct arena *a,
                        struct db_row *ret, struct err *e)
{
    struct db_rows rows;

    if (!db_rows_marked(c, o->database, MARKER_PREVIOUS, a, &rows, e))
        return false;
    if (rows.count == 0)
        return err_set(e, E_NO, "there is no previous copy of database '%s'", o->database) ||
               err_hint(e, "copies are kept when retention.keep_previous is at least 1");
    *ret = rows.items[0];
    for (size_t i = 0; o->to && strcmp(ret->name, o->to) != 0; i++) {
        if (i == rows.count)
            return err_set(e, E_USAGE, "'%s' is not a previous copy of database '%s'", o->to,
                           o->database) ||
                   err_hint(e, "the newest is '%s'", rows.items[0].name);
        *ret = rows.items[i];
    }
    return true;
}

bool previous_rollback(struct pgconn *c, const struct rollback_options *o,
                       struct rollback_result *ret, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct exchange x = {.target = o->target,
                         .database = o->database,
                         .previous_name = o->previous_name,
                         .run = o->run};
    struct swap_result swapped = {0};
    bool found;

    *ret = (struct rollback_result){0};
    if (!choose_copy(c, o, a, &x.incoming, e) ||
        !db_row_read(c, o->database, a, &x.outgoing, &found, e))
        return false;
    if (!found)
        x.outgoing = (struct db_row){.name = o->database};
    x.comment = x.incoming.marker.comment;
    (void)snprintf(ret->restored, sizeof ret->restored, "%s", x.incoming.name);
    ret->restored_time = x.incoming.marker.time;
    if (o->dry_run)
        return true;
    if (!exchange_run(c, &x, &swapped, e))
        return false;
    (void)snprintf(ret->previous, sizeof ret->previous, "%s", swapped.previous);
    return true;
}
