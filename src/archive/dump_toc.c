/*
 * The table of contents: entries back to back, with neither checksum nor terminator.
 *
 * The entry count is only a promise. Entries are kept as they parse and the array grows behind
 * them, so a wild count costs nothing. Strings that hardly differ from one entry to the next (kind,
 * schema, owner) are shared with the previous entry, and the definitions of single large objects
 * are not kept: dumps of millions of them exist.
 */
#include "archive/dump_toc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump_priv.h"

enum {
    ENTRIES_MAX = 20 * 1000 * 1000,
    NAME_CAP = 64 * 1024,         /* the longest seen has 55 bytes */
    COPY_CAP = 1024 * 1024,       /* 1,600 columns with long names: 80 kB */
    SQL_CAP = 1024 * 1024 * 1024, /* nothing in PostgreSQL is longer */
    MINOR_TABLEAM = 14,
    MINOR_RELKIND = 16,
};

/* One pass over the contents. */
struct reader {
    struct dump_in in;
    struct arena *a;
    struct dump_toc *toc;
    struct dump_entry *entries; /* count used */
    size_t count;
    size_t cap;
    int32_t *deps; /* of one entry, heap */
    size_t deps_cap;
};

/* Of an entry whose fields are all empty strings. */
static uint64_t entry_size_min(const struct dump_header *h)
{
    uint64_t n = 3 * 5 + 11 * 5 + 5 + 1 + (uint64_t)h->offset_size;

    return n + (h->minor >= MINOR_TABLEAM ? 5 : 0) + (h->minor >= MINOR_RELKIND ? 5 : 0);
}

static void deps_read(struct reader *r, struct dump_entry *t)
{
    struct dump_in *in = &r->in;
    size_t n = 0;

    for (;;) {
        int64_t id = dump_in_number(in, INT32_MAX);

        if (id < 0 || in->fault != DUMP_OK)
            break;
        if (n == r->deps_cap) {
            r->deps_cap = n ? n * 2 : 64;
            r->deps = mem_realloc(r->deps, r->deps_cap * sizeof *r->deps);
        }
        r->deps[n++] = (int32_t)id;
    }
    if (n == 0 || in->fault != DUMP_OK)
        return;
    t->deps = memcpy(arena_array(r->a, n, sizeof *r->deps), r->deps, n * sizeof *r->deps);
    t->dep_count = n;
}

/* An OID written as text. */
static uint32_t oid_read(struct dump_in *in)
{
    int64_t v = dump_in_number(in, UINT32_MAX);

    if (v < 0)
        dump_in_bad(in, "an object without an OID");
    return (uint32_t)v;
}

static void defn_read(struct reader *r, struct dump_entry *t)
{
    struct dump_in *in = &r->in;
    int64_t n;

    t->defn_at = dump_in_at(in);
    n = dump_in_strlen(in, SQL_CAP);
    if (n > DUMP_DEFN_MAX || strcmp(t->desc, "BLOB") == 0)
        dump_in_skip_body(in, n);
    else
        t->defn = dump_in_body(in, r->a, n, NULL);
    t->defn_size_bytes = (uint32_t)(dump_in_at(in) - t->defn_at);
}

static void section_read(struct dump_in *in, struct dump_entry *t)
{
    int32_t v = dump_in_int(in);

    if (v < DUMP_SECTION_NONE || v > DUMP_SECTION_POST_DATA)
        dump_in_bad(in, "an unknown section");
    t->section = (uint8_t)v;
}

static const char *name_read(struct reader *r, const char *like)
{
    return dump_in_string(&r->in, r->a, NAME_CAP, like);
}

static bool flag_read(struct dump_in *in)
{
    int32_t v = dump_in_int(in);

    if (v != 0 && v != 1)
        dump_in_bad(in, "a flag that is neither 0 nor 1");
    return v == 1;
}

/* "true" or "false", never NULL. */
static void with_oids_skip(struct dump_in *in)
{
    int64_t n = dump_in_strlen(in, NAME_CAP);

    if (n < 0)
        dump_in_bad(in, "an object without its OIDs flag");
    dump_in_skip_body(in, n);
}

/* `prev` is the entry before this one, for strings to share. */
static void entry_read(struct reader *r, struct dump_entry *t, const struct dump_entry *prev)
{
    const struct dump_header *h = &r->toc->header;
    struct dump_in *in = &r->in;

    t->toc_at = dump_in_at(in);
    t->dump_id = dump_in_int(in);
    t->had_dumper = flag_read(in);
    t->tableoid = oid_read(in);
    t->oid = oid_read(in);
    t->tag = name_read(r, prev->tag);
    t->desc = name_read(r, prev->desc);
    if (!t->tag || !t->desc) {
        dump_in_bad(in, "an object without a name or kind");
        return;
    }
    section_read(in, t);
    defn_read(r, t);
    dump_in_skip_body(in, dump_in_strlen(in, SQL_CAP)); /* the DROP statement */
    t->copy_stmt = dump_in_string(in, r->a, COPY_CAP, NULL);
    t->namespace = name_read(r, prev->namespace);
    t->tablespace = name_read(r, prev->tablespace);
    if (h->minor >= MINOR_TABLEAM)
        dump_in_skip_body(in, dump_in_strlen(in, NAME_CAP)); /* access method */
    if (h->minor >= MINOR_RELKIND)
        (void)dump_in_int(in); /* kind of relation */
    t->owner = name_read(r, prev->owner);
    with_oids_skip(in);
    deps_read(r, t);
    t->offset_state = dump_in_offset(in, h->offset_size, &t->position);
}

/* What pg_dump's entries always fulfil; after a fault nothing here matters any more. */
static void entry_check(struct reader *r, struct dump_entry *t)
{
    struct dump_in *in = &r->in;

    if (t->dump_id <= 0)
        dump_in_bad(in, "a dump id that is not positive");
    if (t->had_dumper != (t->offset_state != DUMP_OFFSET_NO_DATA))
        dump_in_bad(in, "an object whose data is both promised and denied");
    if (r->toc->data_count == DUMP_NO_DATA)
        dump_in_bad(in, "too many objects with data");
    t->data_no = t->had_dumper ? (uint32_t)r->toc->data_count++ : DUMP_NO_DATA;
}

static bool entries_fault(const struct reader *r, int32_t promised, struct err *e)
{
    char subject[80];

    (void)snprintf(subject, sizeof subject, "entry %zu of %" PRId32 " of the contents",
                   r->count + 1, promised);
    return dump_in_report(&r->in, subject, e);
}

static bool count_read(struct reader *r, int32_t *ret_count, struct err *e)
{
    struct dump_in *in = &r->in;
    uint64_t room;

    r->toc->toc_at = dump_in_at(in);
    *ret_count = dump_in_int(in);
    if (in->fault != DUMP_OK)
        return dump_in_report(in, "the table of contents", e);
    if (*ret_count < 0 || *ret_count > ENTRIES_MAX)
        return err_set(e, E_DATA, "dump is damaged: its contents promise %" PRId32 " entries",
                       *ret_count);
    room = dump_in_left(in) / entry_size_min(&r->toc->header);
    if ((uint64_t)*ret_count > room)
        return err_set(e, E_DATA,
                       "dump is truncated: its contents promise %" PRId32
                       " entries, but the file ends at byte %" PRIu64,
                       *ret_count, in->src->size_bytes);
    return true;
}

static bool entries_read(struct reader *r, struct err *e)
{
    static const struct dump_entry none;
    int32_t promised;

    if (!count_read(r, &promised, e))
        return false;
    while (r->count < (size_t)promised) {
        struct dump_entry t = {0};

        entry_read(r, &t, r->count ? &r->entries[r->count - 1] : &none);
        entry_check(r, &t);
        if (r->in.fault != DUMP_OK)
            return entries_fault(r, promised, e);
        r->entries = arena_grow(r->a, r->entries, r->count, &r->cap, sizeof t);
        r->entries[r->count++] = t;
    }
    r->toc->entries = r->entries;
    r->toc->entry_count = r->count;
    r->toc->data_at = dump_in_at(&r->in);
    return true;
}

static bool position_check(const struct dump_toc *toc, const struct dump_entry *t, uint64_t size,
                           struct err *e)
{
    char subject[DUMP_SUBJECT_MAX];

    (void)dump_entry_subject(subject, t);
    if (t->position < toc->data_at || t->position > INT64_MAX)
        return err_set(e, E_DATA,
                       "dump is damaged: %s is said to be at byte %" PRIu64
                       ", but data starts at byte %" PRIu64,
                       subject, t->position, toc->data_at);
    if (t->position >= size)
        return err_set(e, E_DATA,
                       "dump is truncated: %s is at byte %" PRIu64
                       ", but the file ends at byte %" PRIu64,
                       subject, t->position, size);
    return true;
}

static bool positions_check(const struct dump_toc *toc, uint64_t size, struct err *e)
{
    for (size_t i = 0; i < toc->entry_count; i++) {
        const struct dump_entry *t = &toc->entries[i];

        if (t->offset_state == DUMP_OFFSET_SET && !position_check(toc, t, size, e))
            return false;
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct dump_id_slot *x = a;
    const struct dump_id_slot *y = b;

    return (x->dump_id > y->dump_id) - (x->dump_id < y->dump_id);
}

static bool ids_index(struct dump_toc *toc, struct arena *a, struct err *e)
{
    struct dump_id_slot *slots = arena_array(a, toc->entry_count, sizeof *slots);

    for (size_t i = 0; i < toc->entry_count; i++)
        slots[i] = (struct dump_id_slot){toc->entries[i].dump_id, (uint32_t)i};
    if (toc->entry_count > 1)
        qsort(slots, toc->entry_count, sizeof *slots, by_id);
    toc->by_id = slots;
    for (size_t i = 1; i < toc->entry_count; i++) {
        if (slots[i].dump_id == slots[i - 1].dump_id)
            return err_set(e, E_DATA, "dump is damaged: two entries have the dump id %" PRId32,
                           slots[i].dump_id);
    }
    return true;
}

const struct dump_entry *dump_toc_find(const struct dump_toc *toc, int32_t dump_id)
{
    struct dump_id_slot key = {.dump_id = dump_id};
    const struct dump_id_slot *slot = NULL;

    if (toc->entry_count)
        slot = bsearch(&key, toc->by_id, toc->entry_count, sizeof key, by_id);
    return slot ? &toc->entries[slot->index] : NULL;
}

bool dump_toc_read(struct dump_toc *ret, const struct dump_source *src, struct arena *a,
                   struct err *e)
{
    struct reader r = {.a = a, .toc = ret};
    bool ok;

    *ret = (struct dump_toc){0};
    dump_in_init(&r.in, src, 0, 0);
    ok = dump_header_read(&r.in, &ret->header, a, e) && entries_read(&r, e) &&
         positions_check(ret, src->size_bytes, e) && ids_index(ret, a, e);
    dump_in_release(&r.in);
    free(r.deps);
    return ok;
}
