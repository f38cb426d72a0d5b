/*
 * Large objects: their data stands in one block or several, and entries without data name them:
 * one BLOB entry each up to archive version 1.15, groups called BLOB METADATA from 1.16 on. The
 * order differs between the two, so they are compared as sets. With --section or --data-only the
 * entries may be missing altogether; then there is nothing to compare.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "dump_priv.h"

struct oids {
    uint32_t *v; /* heap */
    size_t count;
    size_t cap;
    bool unknown; /* a definition could not be read: no statement is possible */
};

static int ascending(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;

    return (*x > *y) - (*x < *y);
}

static void oids_add(struct oids *o, uint32_t oid)
{
    if (o->count == o->cap) {
        o->cap = o->cap ? o->cap * 2 : 256;
        o->v = mem_realloc(o->v, o->cap * sizeof *o->v);
    }
    o->v[o->count++] = oid;
}

/* The definition of a BLOB METADATA entry: decimal OIDs, one a line. */
static void oids_add_lines(struct oids *o, const char *defn)
{
    while (*defn) {
        size_t n = strcspn(defn, "\n");
        char line[16];
        uint64_t oid;

        (void)snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1),
                       defn);
        if (n > 0 && num_parse_u64(line, 1, UINT32_MAX, &oid))
            oids_add(o, (uint32_t)oid);
        else if (n > 0)
            o->unknown = true;
        defn += n + (defn[n] == '\n');
    }
}

static void oids_declared(struct oids *o, const struct dump_toc *toc)
{
    for (size_t i = 0; i < toc->entry_count; i++) {
        const struct dump_entry *t = &toc->entries[i];

        if (strcmp(t->desc, "BLOB") == 0)
            oids_add(o, t->oid);
        else if (strcmp(t->desc, "BLOB METADATA") != 0)
            continue;
        else if (t->defn)
            oids_add_lines(o, t->defn);
        else
            o->unknown = true;
    }
    if (o->count > 1)
        qsort(o->v, o->count, sizeof *o->v, ascending);
}

/* Both are sorted: name the first one that only one side has. */
static bool compare(const struct oids *declared, const uint32_t *found, size_t count, struct err *e)
{
    size_t i = 0;

    while (i < declared->count && i < count && declared->v[i] == found[i])
        i++;
    if (i == declared->count && i == count)
        return true;
    if (i == count || (i < declared->count && declared->v[i] < found[i]))
        return err_set(e, E_DATA, "dump is damaged: large object %" PRIu32 " has no data",
                       declared->v[i]);
    return err_set(e, E_DATA,
                   "dump is damaged: large object %" PRIu32 " is not in its table of contents",
                   found[i]);
}

bool dump_objects_check(const struct dump_toc *toc, uint32_t *found, size_t count, struct err *e)
{
    struct oids declared = {0};
    bool ok = true;

    if (count > 1)
        qsort(found, count, sizeof *found, ascending);
    for (size_t i = 1; i < count; i++) {
        if (found[i] == found[i - 1])
            return err_set(e, E_DATA, "dump is damaged: large object %" PRIu32 " is in it twice",
                           found[i]);
    }
    oids_declared(&declared, toc);
    if (declared.count > 0 && !declared.unknown)
        ok = compare(&declared, found, count, e);
    free(declared.v);
    return ok;
}
