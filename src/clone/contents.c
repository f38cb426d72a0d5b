/*
 * The dump is read to its last byte before the target is touched. That proves that it is whole and
 * gives the rows of every table, which cost the source nothing.
 *
 * Names inside a dump are in the dump's encoding. What is reported and counted goes by the names
 * that the source's catalog gave for the same OIDs; a kept dump has them in its manifest.
 */
#include "clone_priv.h"

#include <string.h>

#include "common/log.h"
#include "common/num.h"
#include "entries_priv.h"

static void walk_tick(void *arg, uint64_t done, uint64_t size)
{
    struct clone_run *r = arg;

    (void)size;
    progress_done(r->progress, done);
}

static bool walk(struct clone_run *r, struct err *e)
{
    struct dump_walk_options o = {.progress = walk_tick, .progress_arg = r};
    struct dump_source src;

    if (!dump_source_fd(&src, r->spool.fd, e))
        return false;
    progress_phase(r->progress, "check", "B", src.size_bytes);
    return dump_toc_read(&r->toc, &src, r->arena, e) &&
           dump_walk(&r->walk, &src, &r->toc, &o, r->arena, e);
}

static const struct clone_table *table_by_oid(const struct clone_source *s, uint32_t oid)
{
    size_t lo = 0;
    size_t hi = s->table_count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (s->tables[mid].oid == oid)
            return &s->tables[mid];
        if (s->tables[mid].oid < oid)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* The i-th table of a kept dump, as its manifest has it. */
static bool name_from_manifest(const struct clone_run *r, size_t i, struct clone_table *ret,
                               struct err *e)
{
    const struct manifest *m = &r->bundle->manifest;

    if (i >= m->table_count || m->tables[i].rows != r->walk.tables[i].rows)
        return err_set(e, E_DATA, "the dump's tables are not those of its manifest");
    ret->schema = m->tables[i].schema;
    ret->name = m->tables[i].name;
    return true;
}

static bool name_from_source(const struct clone_run *r, size_t i, struct clone_table *ret,
                             struct err *e)
{
    const struct dump_table *t = &r->walk.tables[i];
    const struct clone_table *known = table_by_oid(&r->source, t->oid);

    if (!known)
        return err_set(e, E_DATA, "the dump holds table '%s.%s', which was not in the snapshot",
                       t->namespace ? t->namespace : "", t->tag);
    *ret = *known;
    return true;
}

/* "COPY schema.root (": the part of the statement that names the table. */
static size_t copy_target_length(const char *copy_stmt)
{
    bool quoted = false;
    size_t n = strlen("COPY ");

    for (; copy_stmt[n] && (quoted || copy_stmt[n] != ' '); n++)
        quoted ^= copy_stmt[n] == '"';
    return n;
}

static bool same_root(const struct dump_table *a, const struct dump_table *b)
{
    const char *sa = a->entry->copy_stmt;
    const char *sb = b->entry->copy_stmt;
    size_t n = copy_target_length(sa);

    return n == copy_target_length(sb) && strncmp(sa, sb, n) == 0;
}

/*
 * Rows that pg_dump sends through the partitioned root may end up in other partitions than they
 * came from (hashes of enum values differ between databases), so their counts hold in sum only.
 */
static void number_roots(struct clone_run *r)
{
    int roots = 0;

    for (size_t i = 0; i < r->table_count; i++) {
        if (!r->walk.tables[i].via_root || r->tables[i].root)
            continue;
        roots++;
        for (size_t j = i; j < r->table_count; j++) {
            if (r->walk.tables[j].via_root && same_root(&r->walk.tables[i], &r->walk.tables[j]))
                r->tables[j].root = roots;
        }
    }
}

static bool list_tables(struct clone_run *r, struct err *e)
{
    bool schema_only = r->cfg->section == SECTION_SCHEMA_ONLY;

    if (r->bundle && r->bundle->manifest.table_count != r->walk.table_count)
        return err_set(e, E_DATA, "the dump's tables are not those of its manifest");
    r->tables = arena_array(r->arena, r->walk.table_count + 1, sizeof *r->tables);
    for (size_t i = 0; i < r->walk.table_count; i++) {
        const struct dump_table *t = &r->walk.tables[i];
        struct clone_table *mine = &r->tables[r->table_count];

        if (!t->rows_known)
            return err_set(e, E_DATA, "the rows of table '%s' in the dump cannot be counted",
                           t->tag);
        if (!(r->bundle ? name_from_manifest : name_from_source)(r, i, mine, e))
            return false;
        if (schema_only)
            continue; /* a kept dump may hold rows; they are not restored */
        mine->rows = t->rows;
        mine->bytes = t->data_bytes;
        r->table_count++;
        report_table(r->report, mine->schema, mine->name, mine->rows, mine->bytes);
    }
    if (!schema_only)
        number_roots(r);
    return true;
}

/* Every table whose rows were to be dumped must be in the dump. */
static bool nothing_is_missing(const struct clone_run *r, struct err *e)
{
    size_t expected = r->source.table_count;

    if (r->bundle || r->cfg->section == SECTION_SCHEMA_ONLY || r->table_count == expected)
        return true;
    return err_set(e, E_DATA, "the dump holds rows of %zu tables, the snapshot has %zu",
                   r->table_count, expected);
}

bool contents_check(struct clone_run *r, struct err *e)
{
    AUTO_BUF struct buf left_out = BUF_INIT(BUF_TEXT_MAX);
    char rows[NUM_TEXT_MAX];

    if (!walk(r, e) || !list_tables(r, e) || !nothing_is_missing(r, e))
        return err_in(e, "check of the dump");
    if (r->walk.verdict == DUMP_TAIL_CUT)
        report_warn(r->report, "dump.tail", NULL,
                    "the dump's second table of contents is cut; its data is complete");
    log_info("dump is complete: %zu tables, %s rows, %zu large objects", r->table_count,
             num_format_count(rows, r->report->rows), r->walk.object_count);
    entries_left_out(&r->toc, r->cfg, &left_out);
    if (left_out.len)
        log_info("left out as configured: %s", buf_str(&left_out));
    return true;
}

/* A source that somebody emptied must not empty its copy. */
bool contents_refuse_shrunken(const struct clone_run *r, struct err *e)
{
    double old = (double)r->facts.rows_estimate;
    double share = r->cfg->max_shrink;

    if (share <= 0 || r->cfg->section != SECTION_ALL || (double)r->report->rows >= old * share)
        return true;
    err_set_(e, E_MISMATCH, "the copy has %.0f rows, the target about %.0f: less than its %g",
             (double)r->report->rows, old, share);
    return err_hint(e, "if that is right, lower verify.max_shrink for one run: "
                       "--set /verify/max_shrink=0");
}
