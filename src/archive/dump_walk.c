/*
 * The walk over the data area.
 *
 *   data area = { block } , until each entry with data had one; then the end or a second contents
 *   block     = 01 int(dump id) stream  |  03 int(dump id) { int(oid) stream } int(0)
 *   stream    = { int(length) bytes } int(0)
 *
 * There is no length of a block or stream anywhere, so the walk goes from chunk to chunk. Blocks
 * need not stand in the order of the contents; each entry with data gets exactly one.
 *
 * Everything the walk does with decoded bytes, counting included, hangs on walk_data().
 */
#include "archive/dump_walk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump_priv.h"

enum {
    BLOCK_DATA = 1,
    BLOCK_OBJECTS = 3,
    SHORT_CHUNK = 256,
    GATHER_BYTES = 16 * 1024,
};

struct walk {
    struct dump_in in;
    const struct dump_toc *toc;
    const struct dump_walk_options *o;
    const struct dump_sink *sink; /* never NULL */
    struct dump_decoder *decoder; /* NULL: without decoding */
    struct dump_counter counter;
    const struct dump_entry *entry; /* of the block being read */
    uint64_t *block_at;             /* by data_no; 0: not seen yet */
    struct dump_table *tables;      /* by data_no */
    uint32_t *objects;              /* found so far, heap */
    size_t object_count;
    size_t object_cap;
    uint32_t object; /* the one being read, 0 in a table */
    uint64_t object_bytes;
    struct dump_report *report;
    unsigned char gathered[GATHER_BYTES];
};

/* What is being read, for messages. */
static const char *subject(const struct walk *w, char dst[DUMP_SUBJECT_MAX])
{
    if (!w->object)
        return dump_entry_subject(dst, w->entry);
    (void)snprintf(dst, DUMP_SUBJECT_MAX, "large object %" PRIu32, w->object);
    return dst;
}

static bool walk_fault(const struct walk *w, struct err *e)
{
    char who[DUMP_SUBJECT_MAX];

    if (w->in.fault == DUMP_CUT)
        return err_set(e, E_DATA,
                       "dump is truncated: %s ends inside its data (block at byte %" PRIu64
                       ", end of the file at byte %" PRIu64 ")",
                       subject(w, who), w->block_at[w->entry->data_no], w->in.src->size_bytes);
    return dump_in_report(&w->in, subject(w, who), e);
}

static bool walk_data(void *arg, const unsigned char *data, size_t len, struct err *e)
{
    struct walk *w = arg;

    if (w->object)
        w->object_bytes += len;
    else
        dump_counter_add(&w->counter, data, len);
    return !w->sink->data || w->sink->data(w->sink->arg, data, len, e);
}

static bool decoder_fault(const struct walk *w, struct err *e)
{
    const char *why = dump_decoder_why(w->decoder);
    char who[DUMP_SUBJECT_MAX];

    if (!why)
        return false; /* the sink's own error */
    return err_set(e, E_DATA,
                   "dump is damaged: %s has bad compressed data (%s) before byte %" PRIu64
                   " of %" PRIu64,
                   subject(w, who), why, dump_in_at(&w->in), w->in.src->size_bytes);
}

static bool chunk_walk(struct walk *w, uint64_t left, struct err *e)
{
    if (!w->decoder) {
        dump_in_skip(&w->in, left);
        left = 0;
    }
    while (left > 0) {
        size_t n;
        const unsigned char *p = dump_in_take(&w->in, left, &n);

        if (!p)
            return walk_fault(w, e);
        if (!dump_decoder_feed(w->decoder, p, n, e))
            return decoder_fault(w, e);
        left -= n;
    }
    return w->in.fault == DUMP_OK ? true : walk_fault(w, e);
}

/*
 * An uncompressed dump has one chunk per row, so short chunks are put together: one call then
 * serves hundreds of rows. Whatever is not a short chunk that lies whole in the buffer stays there.
 */
static bool short_chunks_walk(struct walk *w, struct err *e)
{
    struct dump_in *in = &w->in;
    size_t n = 0;

    while (in->end - in->next >= 5 + SHORT_CHUNK && n <= GATHER_BYTES - SHORT_CHUNK) {
        const unsigned char *p = in->data + in->next;
        size_t len = (size_t)p[1] | (size_t)p[2] << 8;

        if (p[0] != 0 || p[3] != 0 || p[4] != 0 || len == 0 || len > SHORT_CHUNK)
            break;
        memcpy(w->gathered + n, p + 5, len);
        in->next += 5 + len;
        n += len;
    }
    if (n > 0 && !dump_decoder_feed(w->decoder, w->gathered, n, e))
        return decoder_fault(w, e);
    return true;
}

static bool stream_walk(struct walk *w, struct err *e)
{
    if (w->decoder)
        dump_decoder_begin(w->decoder);
    for (;;) {
        int32_t len;

        if (w->decoder && !short_chunks_walk(w, e))
            return false;
        len = dump_in_int(&w->in);
        if (len < 0)
            dump_in_bad(&w->in, "a chunk with a negative length");
        if (w->in.fault != DUMP_OK)
            return walk_fault(w, e);
        if (len == 0)
            break;
        if (!chunk_walk(w, (uint64_t)len, e))
            return false;
    }
    if (w->decoder && !dump_decoder_end(w->decoder))
        return decoder_fault(w, e);
    return true;
}

static bool table_walk(struct walk *w, struct err *e)
{
    const struct dump_entry *t = w->entry;
    const struct dump_sink *sink = w->sink;
    struct dump_table *table = &w->tables[t->data_no];

    dump_counter_begin(&w->counter, t);
    if (sink->table_begin && !sink->table_begin(sink->arg, t, e))
        return false;
    if (!stream_walk(w, e))
        return false;
    if (!w->decoder)
        return true;
    if (!dump_counter_end(&w->counter, table, e))
        return false;
    w->report->rows += table->rows;
    w->report->data_bytes += table->data_bytes;
    return !sink->table_end || sink->table_end(sink->arg, table, e);
}

static bool object_walk(struct walk *w, struct err *e)
{
    const struct dump_sink *sink = w->sink;

    if (w->object_count == w->object_cap) {
        w->object_cap = w->object_cap ? w->object_cap * 2 : 256;
        w->objects = mem_realloc(w->objects, w->object_cap * sizeof *w->objects);
    }
    w->objects[w->object_count++] = w->object;
    w->object_bytes = 0;
    if (sink->object_begin && !sink->object_begin(sink->arg, w->object, e))
        return false;
    if (!stream_walk(w, e))
        return false;
    w->report->object_bytes += w->object_bytes;
    w->report->data_bytes += w->object_bytes;
    return !w->decoder || !sink->object_end ||
           sink->object_end(sink->arg, w->object, w->object_bytes, e);
}

static bool objects_walk(struct walk *w, struct err *e)
{
    for (;;) {
        w->object = (uint32_t)dump_in_int(&w->in); /* above 2^31 it was written as negative */
        if (w->in.fault != DUMP_OK)
            return walk_fault(w, e);
        if (w->object == 0)
            return true;
        if (!object_walk(w, e))
            return false;
    }
}

/* Why the block at `at` cannot be there, or NULL. Sets w->entry if it is known. */
static const char *block_refusal(struct walk *w, unsigned type, int32_t id, uint64_t at)
{
    const struct dump_entry *t = dump_toc_find(w->toc, id);

    if (!t)
        return "has an unknown dump id";
    if (!t->had_dumper)
        return "belongs to an entry without data";
    if (w->block_at[t->data_no])
        return "is the second one of its entry";
    if ((type == BLOCK_DATA) != dump_entry_is_table_data(t))
        return "has the wrong type";
    if (t->offset_state == DUMP_OFFSET_SET && t->position != at)
        return "is not where the contents say";
    w->entry = t;
    return NULL;
}

static bool block_missing(const struct walk *w, size_t done, struct err *e)
{
    char who[DUMP_SUBJECT_MAX];
    size_t i = 0;

    while (!w->toc->entries[i].had_dumper || w->block_at[w->toc->entries[i].data_no])
        i++;
    return err_set(e, E_DATA,
                   "dump is incomplete: %zu of %zu data blocks are missing, the first is of %s "
                   "(end of the file at byte %" PRIu64 ")",
                   w->toc->data_count - done, w->toc->data_count,
                   dump_entry_subject(who, &w->toc->entries[i]), w->in.src->size_bytes);
}

/* Type and id of the next block; `done` blocks were read. */
static bool block_open(struct walk *w, size_t done, unsigned *ret_type, struct err *e)
{
    uint64_t at = dump_in_at(&w->in);
    const char *refusal;
    unsigned type;
    int32_t id;

    if (dump_in_left(&w->in) == 0)
        return block_missing(w, done, e);
    type = dump_in_byte(&w->in);
    if (w->in.fault == DUMP_OK && type != BLOCK_DATA && type != BLOCK_OBJECTS)
        return err_set(e, E_DATA,
                       "dump is damaged: no data block starts at byte %" PRIu64 " of %" PRIu64, at,
                       w->in.src->size_bytes);
    id = dump_in_int(&w->in);
    if (w->in.fault != DUMP_OK)
        return dump_in_report(&w->in, "a data block", e);
    refusal = block_refusal(w, type, id, at);
    if (refusal)
        return err_set(e, E_DATA,
                       "dump is damaged: the data block at byte %" PRIu64 " (dump id %" PRId32
                       ") %s",
                       at, id, refusal);
    w->block_at[w->entry->data_no] = at;
    w->tables[w->entry->data_no].position = at;
    w->report->order_differs |= w->entry->data_no != done;
    *ret_type = type;
    return true;
}

static bool blocks_walk(struct walk *w, struct err *e)
{
    for (size_t done = 0; done < w->toc->data_count; done++) {
        unsigned type = 0;

        w->object = 0;
        if (!block_open(w, done, &type, e))
            return false;
        if (type == BLOCK_DATA ? !table_walk(w, e) : !objects_walk(w, e))
            return false;
    }
    return true;
}

static void tables_init(struct walk *w)
{
    for (size_t i = 0; i < w->toc->entry_count; i++) {
        const struct dump_entry *t = &w->toc->entries[i];

        if (t->had_dumper)
            w->tables[t->data_no] = (struct dump_table){.dump_id = t->dump_id,
                                                        .oid = t->oid,
                                                        .namespace = t->namespace,
                                                        .tag = t->tag,
                                                        .via_root = dump_entry_is_via_root(t),
                                                        .entry = t};
    }
}

/* Leave the tables only, in the order of the contents. */
static void tables_report(struct walk *w, struct arena *a)
{
    struct dump_report *r = w->report;

    for (size_t i = 0; i < w->toc->data_count; i++) {
        if (dump_entry_is_table_data(w->tables[i].entry))
            w->tables[r->table_count++] = w->tables[i];
    }
    r->tables = w->tables;
    r->object_count = w->object_count;
    if (w->object_count)
        r->objects = memcpy(arena_array(a, w->object_count, sizeof *w->objects), w->objects,
                            w->object_count * sizeof *w->objects);
}

static bool walk_run(struct walk *w, struct arena *a, struct err *e)
{
    bool objects = false;

    if (!blocks_walk(w, e))
        return false;
    for (size_t i = 0; i < w->toc->data_count; i++)
        objects |= !dump_entry_is_table_data(w->tables[i].entry);
    if (objects && !dump_objects_check(w->toc, w->objects, w->object_count, e))
        return false;
    tables_report(w, a);
    return dump_tail_check(w->report, w->in.src, w->toc, w->block_at, dump_in_at(&w->in), e);
}

static bool refuse_zstd(struct err *e)
{
    (void)err_set(e, E_DATA, "the dump is compressed with zstd, which cannot be read here");
    return err_hint(e, "make the dump with 'pg_dump -Fc --compress=gzip' (or lz4, or none)");
}

bool dump_walk(struct dump_report *ret, const struct dump_source *src, const struct dump_toc *toc,
               const struct dump_walk_options *o, struct arena *a, struct err *e)
{
    static const struct dump_sink no_sink;
    enum dump_compression c = toc->header.compression;
    struct walk w = {.toc = toc, .o = o, .sink = o->sink ? o->sink : &no_sink, .report = ret};
    bool ok;

    assert(!(o->sink && o->without_decoding));
    *ret = (struct dump_report){0};
    if (c == DUMP_ZSTD && toc->data_count > 0 && !o->without_decoding)
        return refuse_zstd(e);
    w.block_at = arena_array(a, toc->data_count, sizeof *w.block_at);
    w.tables = arena_array(a, toc->data_count, sizeof *w.tables);
    tables_init(&w);
    if (!o->without_decoding && toc->data_count > 0)
        w.decoder = dump_decoder_new(c, walk_data, &w);
    dump_in_init(&w.in, src, toc->data_at, o->buffer_bytes);
    w.in.walk = o;
    ok = walk_run(&w, a, e);
    if (ok && o->progress)
        o->progress(o->progress_arg, src->size_bytes, src->size_bytes);
    dump_in_release(&w.in);
    dump_decoder_free(w.decoder);
    free(w.objects);
    return ok;
}
