#include <inttypes.h>
#include <string.h>

#include "archive/manifest.h"

#include "common/banned.h"

static const char *schema_of(const struct dump_table *t)
{
    return t->namespace ? t->namespace : "";
}

/* A dump has names in its own encoding, the manifest as UTF-8: only plain ASCII can be compared. */
static bool names_differ(const char *a, const char *b)
{
    for (const char *p = a; *p; p++) {
        if ((unsigned char)*p > 127)
            return false;
    }
    for (const char *p = b; *p; p++) {
        if ((unsigned char)*p > 127)
            return false;
    }
    return strcmp(a, b) != 0;
}

/* Both lists stand in the order of the dump's contents. */
bool manifest_check_counts(const struct manifest *m, const struct dump_report *r, struct err *e)
{
    if (m->table_count != r->table_count)
        return err_set(e, E_DATA, "the dump has %zu tables with data, its manifest says %zu",
                       r->table_count, m->table_count);
    for (size_t i = 0; i < m->table_count; i++) {
        const struct manifest_table *want = &m->tables[i];
        const struct dump_table *got = &r->tables[i];

        if (names_differ(want->schema, schema_of(got)) || names_differ(want->name, got->tag))
            return err_set(e, E_DATA, "the dump has table '%s.%s' where its manifest has '%s.%s'",
                           schema_of(got), got->tag, want->schema, want->name);
        if (want->rows != got->rows)
            return err_set(e, E_DATA,
                           "table '%s.%s' has %" PRIu64 " rows in the dump, its manifest says "
                           "%" PRIu64,
                           want->schema, want->name, got->rows, want->rows);
    }
    if (m->large_objects != r->object_count)
        return err_set(e, E_DATA, "the dump has %zu large objects, its manifest says %" PRIu64,
                       r->object_count, m->large_objects);
    return true;
}

uint64_t manifest_rows(const struct manifest *m)
{
    uint64_t rows = 0;

    for (size_t i = 0; i < m->table_count; i++)
        rows += m->tables[i].rows;
    return rows;
}
