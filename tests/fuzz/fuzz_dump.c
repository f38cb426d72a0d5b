/*
 * fuzz_dump.c - the whole dump reader, three times over the same bytes.
 *
 * A walk through a large buffer, one through a tiny buffer (so that everything is cut everywhere)
 * and one without decoding must agree; a difference is a bug and aborts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "archive/dump_toc.h"
#include "archive/dump_walk.h"
#include "common/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    bool ok;
    enum err_code code;
    struct dump_report r;
    uLong sum; /* of all that was decoded */
};

static bool sum_data(void *arg, const unsigned char *data, size_t len, struct err *e)
{
    struct outcome *o = arg;

    (void)e;
    o->sum = crc32_z(o->sum, data, len);
    return true;
}

static bool sum_object(void *arg, uint32_t oid, struct err *e)
{
    return sum_data(arg, (const unsigned char *)&oid, sizeof oid, e);
}

static struct outcome walk(const struct dump_source *src, const struct dump_toc *toc,
                           struct dump_walk_options o, struct arena *a)
{
    struct outcome out = {0};
    const struct dump_sink sink = {.data = sum_data, .object_begin = sum_object, .arg = &out};
    struct err e = {0};

    if (!o.without_decoding)
        o.sink = &sink;
    out.ok = dump_walk(&out.r, src, toc, &o, a, &e);
    out.code = e.code;
    if (out.ok != (e.code == E_NONE))
        abort();
    return out;
}

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void look_at_entries(const struct dump_toc *toc)
{
    char subject[DUMP_SUBJECT_MAX];

    for (size_t i = 0; i < toc->entry_count; i++) {
        const struct dump_entry *t = &toc->entries[i];
        AUTO_BUF struct buf line = BUF_INIT(BUF_TEXT_MAX);

        must(dump_toc_find(toc, t->dump_id) == t);
        (void)dump_entry_subject(subject, t);
        (void)dump_entry_is_via_root(t);
        if (dump_entry_is_listed(t))
            dump_entry_list(&line, t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct dump_source src;
    struct dump_toc toc;
    struct outcome full;
    struct outcome tiny;
    struct outcome hop;
    struct err e = {0};

    dump_source_memory(&src, data, size);
    if (!dump_toc_read(&toc, &src, a, &e)) {
        must(e.code == E_DATA);
        return 0;
    }
    look_at_entries(&toc);
    full = walk(&src, &toc, (struct dump_walk_options){0}, a);
    tiny = walk(&src, &toc, (struct dump_walk_options){.buffer_bytes = 16}, a);
    hop = walk(&src, &toc, (struct dump_walk_options){.without_decoding = true}, a);
    must(full.ok == tiny.ok && full.code == tiny.code);
    must(full.ok || full.code == E_DATA);
    if (!full.ok)
        return 0;
    must(full.sum == tiny.sum && full.r.rows == tiny.r.rows &&
         full.r.data_bytes == tiny.r.data_bytes && full.r.verdict == tiny.r.verdict);
    must(hop.ok && hop.r.verdict == full.r.verdict && hop.r.object_count == full.r.object_count &&
         hop.r.table_count == full.r.table_count);
    return 0;
}
