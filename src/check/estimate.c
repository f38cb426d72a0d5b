/*
 * estimate.c - how large and how long, from the catalog's page counts.
 *
 * Page counts are those of the last VACUUM or ANALYZE: asking the files would wait for whoever
 * locks a table. A table that was never looked at has none, so whatever pg_database_size() knows
 * beyond the sum is added as table data; too much is better than too little here.
 *
 * Rows as text are about as large as the heap that holds them: no tuple headers, but longer
 * numbers. What compression leaves of them depends on the data; the shares below are on the
 * careful side of what the benchmarks gave.
 */
#include "estimate_priv.h"

#include <stdlib.h>
#include <string.h>

#include "lists_priv.h"

enum { EMPTY_DATABASE = 8 * 1024 * 1024 };

/* Bytes per second of one run with `jobs`, in the worse and in the better case. */
static const double dump_low = 40e6, dump_high = 110e6;
static const double index_low = 25e6, index_high = 60e6; /* a job */
static const double load_low = 25e6, load_high = 60e6;   /* a job */

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

double estimate_ratio(const char *compression)
{
    if (!compression || strcmp(compression, "auto") == 0)
        return 0.35;
    if (strcmp(compression, "none") == 0 || strcmp(compression, "0") == 0)
        return 1.0;
    if (starts(compression, "lz4"))
        return 0.5;
    if (strcmp(compression, "1") == 0 || strcmp(compression, "gzip:1") == 0)
        return 0.4;
    return 0.35;
}

static double job_count(unsigned jobs)
{
    return jobs < 1 ? 1 : jobs > 4 ? 4 : jobs; /* beyond that the disk decides */
}

void estimate_time(struct copy_facts *f)
{
    double heap = (double)f->heap_bytes, index = (double)f->index_bytes, jobs = job_count(f->jobs);

    f->seconds_low =
        (uint64_t)(heap / dump_high + heap / (load_high * jobs) + index / (index_high * jobs)) + 1;
    f->seconds_high =
        (uint64_t)(heap / dump_low + heap / (load_low * jobs) + index / (index_low * jobs)) + 2;
}

/* Selected tables with data, some of which nobody has ever counted? */
static bool has_uncounted(const struct catalog *cat)
{
    for (size_t i = 0; i < cat->count; i++)
        if (cat->tables[i].has_data && (cat->tables[i].rows < 0 || cat->tables[i].heap_bytes == 0))
            return true;
    return false;
}

static uint64_t uncounted_bytes(const struct check *c, const struct catalog *cat)
{
    uint64_t known = cat->heap_bytes + cat->toast_bytes + cat->index_bytes + EMPTY_DATABASE;

    if ((lists_filtered(c->cfg) || c->cfg->exclude_table_data.count) && !has_uncounted(cat))
        return 0;
    return c->f->source_db.bytes > known ? c->f->source_db.bytes - known : 0;
}

bool copy_read(struct check *c, struct err *e)
{
    struct copy_facts *f = &c->f->copy;
    const struct source_lists *l;

    if (f->known)
        return true;
    if (!lists_catalog(c, &l, e))
        return false;
    f->tables = l->catalog.count;
    f->jobs = c->cfg->jobs;
    f->temp_dir = c->cfg->temp_dir;
    if (c->cfg->section != SECTION_SCHEMA_ONLY) {
        f->heap_bytes =
            l->catalog.heap_bytes + l->catalog.toast_bytes + uncounted_bytes(c, &l->catalog);
        f->index_bytes = l->catalog.index_bytes;
    }
    f->dump_bytes = (uint64_t)((double)f->heap_bytes * estimate_ratio(c->cfg->compression));
    f->target_bytes = f->heap_bytes + f->index_bytes + c->f->target_db.bytes;
    estimate_time(f);
    f->known = true;
    return true;
}
