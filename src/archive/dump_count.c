/*
 * Counting rows: in COPY text a newline ends a row and never stands inside one, so rows are
 * newlines, less the three of the end marker. Rows of pg_dump's uncompressed dumps come one chunk
 * each, so the counting of a hundred bytes must be cheap, not only that of megabytes.
 */
#include <inttypes.h>
#include <string.h>

#include "dump_priv.h"

typedef uint8_t lanes __attribute__((vector_size(16)));

enum { LANES = sizeof(lanes), MARKER_NEWLINES = 3 };

/* Sixteen counters of one byte each: at most 255 steps before they must be added up. */
static uint64_t count_lanes(const unsigned char *p, size_t steps)
{
    const lanes newline = {'\n', '\n', '\n', '\n', '\n', '\n', '\n', '\n',
                           '\n', '\n', '\n', '\n', '\n', '\n', '\n', '\n'};
    lanes sums = {0};
    uint64_t total = 0;

    for (size_t i = 0; i < steps; i++) {
        lanes v;

        memcpy(&v, p + i * LANES, LANES);
        sums -= (lanes)(v == newline); /* equal is -1 */
    }
    for (size_t i = 0; i < LANES; i++)
        total += sums[i];
    return total;
}

uint64_t dump_count_newlines(const unsigned char *p, size_t n)
{
    uint64_t total = 0;

    while (n >= LANES) {
        size_t steps = n / LANES < UINT8_MAX ? n / LANES : UINT8_MAX;

        total += count_lanes(p, steps);
        p += steps * LANES;
        n -= steps * LANES;
    }
    while (n-- > 0)
        total += *p++ == '\n';
    return total;
}

void dump_counter_begin(struct dump_counter *c, const struct dump_entry *t)
{
    *c = (struct dump_counter){.entry = t};
}

void dump_counter_add(struct dump_counter *c, const unsigned char *data, size_t len)
{
    const size_t room = sizeof c->last;

    c->newlines += dump_count_newlines(data, len);
    c->size_bytes += len;
    if (len >= room) {
        memcpy(c->last, data + len - room, room);
    } else {
        memmove(c->last, c->last + len, room - len);
        memcpy(c->last + room - len, data, len);
    }
}

static bool ends_with(const struct dump_counter *c, const char *marker, size_t len)
{
    return c->size_bytes >= len && memcmp(c->last + sizeof c->last - len, marker, len) == 0;
}

bool dump_counter_end(const struct dump_counter *c, struct dump_table *t, struct err *e)
{
    static const char copy_end[] = "\\.\n\n\n";
    static const char insert_end[] = "\n\n";
    const size_t len = sizeof copy_end - 1;
    char subject[DUMP_SUBJECT_MAX];

    t->data_bytes = c->size_bytes;
    if (!c->entry->copy_stmt) { /* INSERT statements: their literals hold newlines */
        if (ends_with(c, insert_end, sizeof insert_end - 1))
            return true;
    } else if (ends_with(c, copy_end, len) && (c->size_bytes == len || c->last[0] == '\n')) {
        t->rows = c->newlines - MARKER_NEWLINES;
        t->rows_known = true;
        return true;
    }
    return err_set(e, E_DATA,
                   "dump is damaged: %s lacks the end marker of its data, after %" PRIu64 " bytes",
                   dump_entry_subject(subject, c->entry), c->size_bytes);
}
