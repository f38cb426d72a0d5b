/*
 * dump_priv.h - what the files of the dump reader share: the input cursor, decoders, the counter.
 */
#ifndef PGM_ARCHIVE_DUMP_PRIV_H
#define PGM_ARCHIVE_DUMP_PRIV_H

#include "archive/dump_source.h"
#include "archive/dump_toc.h"
#include "archive/dump_walk.h"

enum {
    DUMP_BUFFER = 256 * 1024,
    DUMP_BUFFER_MIN = 16,
};

enum dump_fault {
    DUMP_OK,
    DUMP_CUT, /* the bytes ended too early */
    DUMP_BAD, /* bytes that pg_dump never writes: see why */
    DUMP_ERR, /* reading failed or the run was stopped: see err */
};

/*
 *            data                           cap
 *    offset -> |  read  | unread  |          |
 *                     next       end
 *
 * A cursor over a source. Like struct rd its fault is sticky: after one, everything reads as 0 and
 * nothing moves, so a structure is read straight through and checked once.
 */
struct dump_in {
    const struct dump_source *src;
    unsigned char *data;
    size_t cap;
    size_t next;
    size_t end;
    uint64_t offset; /* in the source, of data[0] */
    enum dump_fault fault;
    const char *why;
    uint64_t fault_at;
    struct err err;
    const struct dump_walk_options *walk; /* for progress; may be NULL */
};

void dump_in_init(struct dump_in *in, const struct dump_source *src, uint64_t at, size_t cap);
void dump_in_release(struct dump_in *in);

static inline uint64_t dump_in_at(const struct dump_in *in)
{
    return in->offset + in->next;
}

static inline uint64_t dump_in_left(const struct dump_in *in)
{
    return in->src->size_bytes - dump_in_at(in);
}

/* Have n bytes (<= DUMP_BUFFER_MIN, or cap) unread in the buffer; a fault if there are fewer. */
bool dump_in_need(struct dump_in *in, size_t n);
/* Some of the next want (> 0) bytes, taken; NULL at a fault. */
const unsigned char *dump_in_take(struct dump_in *in, uint64_t want, size_t *ret_len);
void dump_in_copy(struct dump_in *in, void *dst, size_t n);
void dump_in_skip(struct dump_in *in, uint64_t n); /* without reading what is not buffered */
void dump_in_bad(struct dump_in *in, const char *why);

unsigned dump_in_byte(struct dump_in *in);
int32_t dump_in_int_slow(struct dump_in *in);
int32_t dump_in_int_bad(struct dump_in *in, unsigned sign, uint32_t magnitude);

/* One sign byte and a magnitude. */
static inline int32_t dump_in_int(struct dump_in *in)
{
    const unsigned char *p = in->data + in->next;
    uint32_t v;

    if (in->fault != DUMP_OK || in->end - in->next < 5)
        return dump_in_int_slow(in);
    v = (uint32_t)p[1] | (uint32_t)p[2] << 8 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 24;
    if (p[0] != 0 || v > INT32_MAX)
        return dump_in_int_bad(in, p[0], v);
    in->next += 5;
    return (int32_t)v;
}

/* Length of the string that follows, at most cap; -1 is a NULL string. */
int64_t dump_in_strlen(struct dump_in *in, uint32_t cap);
/* Its bytes, kept in the arena (the same as `like`, if that is equal) or read over. */
const char *dump_in_body(struct dump_in *in, struct arena *a, int64_t n, const char *like);
void dump_in_skip_body(struct dump_in *in, int64_t n);
/* Both at once. */
const char *dump_in_string(struct dump_in *in, struct arena *a, uint32_t cap, const char *like);
/* A decimal number as a string; -1 if the string is NULL. */
int64_t dump_in_number(struct dump_in *in, uint32_t max);
/* State byte and position. */
uint8_t dump_in_offset(struct dump_in *in, int size, uint64_t *ret_position);

/* The fault as an error: "dump is truncated: <subject> ends ...". */
bool dump_in_report(const struct dump_in *in, const char *subject, struct err *e);

bool dump_header_read(struct dump_in *in, struct dump_header *h, struct arena *a,
                      struct err *e) MUST_USE;

/*
 * One decoder serves all streams of a walk, one after the other. Each call returns false with
 * either `why` set (the stream is damaged) or, with why NULL, the error of out() in e.
 */
struct dump_decoder;
typedef bool dump_out_fn(void *arg, const unsigned char *data, size_t len, struct err *e);

struct dump_decoder *dump_decoder_new(enum dump_compression c, dump_out_fn *out, void *arg);
void dump_decoder_free(struct dump_decoder *d);
void dump_decoder_begin(struct dump_decoder *d);
bool dump_decoder_feed(struct dump_decoder *d, const unsigned char *p, size_t n,
                       struct err *e) MUST_USE;
/* No more input: the stream must have ended with its last byte. */
bool dump_decoder_end(struct dump_decoder *d) MUST_USE;
const char *dump_decoder_why(const struct dump_decoder *d);

/* Counts the rows of one table after the other and checks how its data ends. */
struct dump_counter {
    const struct dump_entry *entry;
    uint64_t newlines;
    uint64_t size_bytes;
    unsigned char last[6]; /* the newest bytes, right-aligned */
};

void dump_counter_begin(struct dump_counter *c, const struct dump_entry *t);
void dump_counter_add(struct dump_counter *c, const unsigned char *data, size_t len);
/* Fills rows, rows_known and data_bytes of t. */
bool dump_counter_end(const struct dump_counter *c, struct dump_table *t, struct err *e) MUST_USE;
uint64_t dump_count_newlines(const unsigned char *p, size_t n);

/* Sorts the OIDs found, refuses doubles, compares them with those the contents declare. */
bool dump_objects_check(const struct dump_toc *toc, uint32_t *found, size_t count,
                        struct err *e) MUST_USE;

/*
 * What follows the last block, at `at`: nothing, a copy of the contents (whole or cut), or foreign
 * bytes, which are an error. block_at[n] is where the block of the entry with data_no n stands.
 */
bool dump_tail_check(struct dump_report *r, const struct dump_source *src,
                     const struct dump_toc *toc, const uint64_t *block_at, uint64_t at,
                     struct err *e) MUST_USE;

#endif
