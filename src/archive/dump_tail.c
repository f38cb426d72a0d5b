/*
 * What follows the last block.
 *
 * pg_dump rewrites its contents at the end, now with the positions of the blocks. Where standard
 * output was opened for appending (by pg_dump itself from 16 on), the new contents land behind the
 * data instead. They equal the first ones byte for byte, but for state and position of each entry
 * with data; and pg_dump 18 loses the definition of STATISTICS DATA entries there, so that the copy
 * cannot even be parsed. It is compared, not read: once as it should be, once with those
 * definitions left out. If the first contents have positions they were rewritten in place, and
 * nothing may follow.
 */
#include <inttypes.h>
#include <string.h>

#include "dump_priv.h"

enum likeness { SAME, CUT_OFF, DIFFERENT, BROKEN };

struct compare {
    struct dump_in first; /* the contents */
    struct dump_in tail;
    const struct dump_toc *toc;
    const uint64_t *block_at;
    bool without_statistics;
};

/* The next n bytes of the contents against the tail's. */
static enum likeness compare_bytes(struct compare *c, uint64_t n)
{
    while (n > 0) {
        size_t got_a;
        size_t got_b;
        const unsigned char *a = dump_in_take(&c->first, n, &got_a);
        const unsigned char *b;

        if (!a)
            return BROKEN;
        for (size_t done = 0; done < got_a; done += got_b) {
            if (dump_in_left(&c->tail) == 0)
                return CUT_OFF;
            b = dump_in_take(&c->tail, got_a - done, &got_b);
            if (!b)
                return BROKEN;
            if (memcmp(a + done, b, got_b) != 0)
                return DIFFERENT;
        }
        n -= got_a;
    }
    return SAME;
}

/* State and position: where the block stands now. */
static enum likeness compare_offset(struct compare *c, const struct dump_entry *t)
{
    unsigned char want[1 + 8] = {DUMP_OFFSET_SET};
    size_t size = 1 + (size_t)c->toc->header.offset_size;

    if (!t->had_dumper)
        return compare_bytes(c, size);
    dump_in_skip(&c->first, size);
    for (size_t i = 1; i < size; i++)
        want[i] = (unsigned char)(c->block_at[t->data_no] >> (i - 1) * 8);
    for (size_t done = 0, got; done < size; done += got) {
        const unsigned char *p;

        if (dump_in_left(&c->tail) == 0)
            return CUT_OFF;
        p = dump_in_take(&c->tail, size - done, &got);
        if (!p)
            return BROKEN;
        if (memcmp(want + done, p, got) != 0)
            return DIFFERENT;
    }
    return SAME;
}

static enum likeness compare_entry(struct compare *c, const struct dump_entry *t, uint64_t end)
{
    uint64_t offset_at = end - 1 - (uint64_t)c->toc->header.offset_size;
    enum likeness like;

    if (c->without_statistics && strcmp(t->desc, "STATISTICS DATA") == 0) {
        like = compare_bytes(c, t->defn_at - t->toc_at);
        dump_in_skip(&c->first, t->defn_size_bytes);
    } else {
        like = compare_bytes(c, t->defn_at + t->defn_size_bytes - t->toc_at);
    }
    if (like == SAME)
        like = compare_bytes(c, offset_at - t->defn_at - t->defn_size_bytes);
    return like == SAME ? compare_offset(c, t) : like;
}

static enum likeness compare_all(struct compare *c)
{
    const struct dump_toc *toc = c->toc;
    enum likeness like = compare_bytes(c, 5); /* the number of entries */

    for (size_t i = 0; i < toc->entry_count && like == SAME; i++) {
        bool last = i + 1 == toc->entry_count;

        like = compare_entry(c, &toc->entries[i], last ? toc->data_at : toc->entries[i + 1].toc_at);
    }
    return like == SAME && dump_in_left(&c->tail) > 0 ? DIFFERENT : like;
}

static bool broken(const struct compare *c, struct err *e)
{
    return dump_in_report(c->first.fault != DUMP_OK ? &c->first : &c->tail,
                          "the second table of contents", e);
}

/* One comparison under one of the two rules. */
static bool compare_run(struct compare *c, const struct dump_source *src, uint64_t at,
                        enum likeness *ret, struct err *e)
{
    dump_in_init(&c->first, src, c->toc->toc_at, 0);
    dump_in_init(&c->tail, src, at, 0);
    *ret = compare_all(c);
    if (*ret == BROKEN)
        (void)broken(c, e);
    dump_in_release(&c->first);
    dump_in_release(&c->tail);
    return *ret != BROKEN;
}

static bool may_have_tail(const struct dump_toc *toc)
{
    for (size_t i = 0; i < toc->entry_count; i++) {
        if (toc->entries[i].offset_state == DUMP_OFFSET_SET)
            return false;
    }
    return true;
}

bool dump_tail_check(struct dump_report *r, const struct dump_source *src,
                     const struct dump_toc *toc, const uint64_t *block_at, uint64_t at,
                     struct err *e)
{
    struct compare c = {.toc = toc, .block_at = block_at};
    enum likeness like = DIFFERENT;
    enum likeness other = DIFFERENT;

    if (at == src->size_bytes)
        return true;
    if (may_have_tail(toc)) {
        if (!compare_run(&c, src, at, &like, e))
            return false;
        c.without_statistics = true;
        if (like != SAME && !compare_run(&c, src, at, &other, e))
            return false;
    }
    if (like == DIFFERENT && other == DIFFERENT)
        return err_set(e, E_DATA,
                       "dump is damaged: trailing data after its end at byte %" PRIu64
                       " of %" PRIu64,
                       at, src->size_bytes);
    r->has_tail = true;
    r->verdict = like == SAME || other == SAME ? DUMP_COMPLETE : DUMP_TAIL_CUT;
    return true;
}
