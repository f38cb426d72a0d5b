/*
 * What pg_restore says is a hint; what is in the target counts. Every entry of the dump must be
 * there as an object, every table must hold as many rows as the dump has for it. Statistics are
 * collected in the same pass, while the pages are warm.
 */
#include "clone_priv.h"

#include <string.h>

#include "common/log.h"
#include "entries_priv.h"
#include "postgres/count.h"

/* CREATE EXTENSION may have put rows of its own into an extension's configuration tables. */
static bool read_extension_tables(struct pgconn *c, struct clone_run *r, struct err *e)
{
    static const char sql[] =
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_depend d"
        " JOIN pg_catalog.pg_class c ON c.oid = d.objid"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e'"
        " AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
        " AND c.relkind IN ('r', 'p')";
    AUTO_PGRESULT PGresult *res = NULL;

    if (!pgconn_query(c, sql, 0, NULL, &res, e))
        return false;
    for (int i = 0; i < PQntuples(res); i++) {
        for (size_t t = 0; t < r->table_count; t++) {
            if (strcmp(r->tables[t].schema, PQgetvalue(res, i, 0)) == 0 &&
                strcmp(r->tables[t].name, PQgetvalue(res, i, 1)) == 0)
                r->tables[t].of_extension = true;
        }
    }
    return true;
}

static bool check_objects(struct clone_run *r, const char *database, size_t *ret_missing,
                          struct buf *names, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    struct pgconn_options o = {
        .dbname = database, .same_as = r->target, .client_encoding = r->encoding};
    struct inventory inv;

    if (!pgconn_open(&c, &r->cfg->target, &o, e) || !inventory_read(c, r->arena, &inv, e) ||
        !read_extension_tables(c, r, e))
        return false;
    *ret_missing = entries_missing(&r->toc, r->cfg, &inv, names);
    return true;
}

/* Is the target's disk full? Asked by writing a megabyte, not by reading what pg_restore said. */
static bool target_is_full(struct clone_run *r, struct err *e)
{
    static const char sql[] =
        "CREATE TEMPORARY TABLE pg_mirror_probe AS SELECT"
        " pg_catalog.repeat('x', 1000) FROM pg_catalog.generate_series(1, 1000)";

    return !pgconn_exec(r->target, sql, e)
               ? e->code == E_IO
               : !pgconn_exec(r->target, "DROP TABLE pg_mirror_probe", e);
}

/* pg_restore ended badly: say what it cost, in the terms of the target. */
static bool explain_restore_failure(struct clone_run *r, const struct err *restore_error,
                                    size_t missing, const struct buf *names, struct err *e)
{
    struct err gone = {0};

    *e = *restore_error;
    if (!pgconn_ping(r->target, &gone)) {
        err_detail_(&gone, "%s", e->detail);
        *e = gone;
        return err_in(e, "the target went away while it was restored");
    }
    if (target_is_full(r, &gone) && gone.code == E_IO) {
        e->code = E_IO;
        err_hint_(e, "free space on the target's server: old and new copy need room side by side");
    }
    if (missing)
        err_in_(e, "%zu objects are missing (%s)", missing, buf_str(names));
    return err_in(e, "the new copy is not complete");
}

static struct count_item count_item(const struct clone_run *r, const struct clone_table *t)
{
    return (struct count_item){
        .schema = t->schema,
        .name = t->name,
        .count = true,
        .analyze = r->cfg->analyze,
        .group = t->root,
        .at_least = t->of_extension,
        .expected = t->rows,
    };
}

static bool check_rows(struct clone_run *r, const char *database, struct err *e)
{
    size_t n = r->table_count + r->source.root_count;
    struct count_item *items = arena_array(r->arena, n + 1, sizeof *items);
    struct count_options o = {
        .target = &r->cfg->target,
        .dbname = database,
        .same_as = r->target,
        .jobs = r->cfg->jobs,
        .progress = r->progress,
    };

    for (size_t i = 0; i < r->table_count; i++)
        items[i] = count_item(r, &r->tables[i]);
    for (size_t i = 0; i < r->source.root_count; i++) {
        items[r->table_count + i] = count_item(r, &r->source.roots[i]);
        items[r->table_count + i].count = false;
    }
    progress_phase(r->progress, "verify", "tables", n);
    return count_tables(&o, items, n, e) && count_check(items, r->table_count, e);
}

bool verify_target(struct clone_run *r, const char *database, bool restored_clean,
                   const struct err *restore_error, struct err *e)
{
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);
    size_t missing = 0;

    if (!check_objects(r, database, &missing, &names, restored_clean ? e : NULL) && restored_clean)
        return err_in(e, "target");
    if (!restored_clean)
        return explain_restore_failure(r, restore_error, missing, &names, e);
    if (missing)
        return err_set(e, E_MISMATCH, "target: %zu objects of the dump are missing: %s", missing,
                       buf_str(&names));
    if (!check_rows(r, database, e))
        return err_in(e, "target");
    log_info("verified: %zu objects, %zu tables", r->toc.entry_count, r->table_count);
    return true;
}
