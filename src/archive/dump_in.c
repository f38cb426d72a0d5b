/*
 * The cursor of the dump reader and the primitives of the format.
 *
 * Everything in a custom-format dump is made of four things: an int (sign byte and 4 bytes of
 * magnitude, low byte first), a string (int length, -1 for NULL), an offset (state byte and
 * position) and raw bytes. pg_dump writes each in one way only, and so only that way is accepted:
 * a sign byte above 1, a minus zero or a NUL inside a string mean that the reader lost its place,
 * and saying so at once beats following a wild length.
 *
 * "Bytes left" is always known (a dump is a file), and no length is followed past it.
 */
#include "dump_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "common/stop.h"

static const char zero_byte[] = "a string with a zero byte in it";

void dump_in_init(struct dump_in *in, const struct dump_source *src, uint64_t at, size_t cap)
{
    uint64_t left = src->size_bytes - at;

    cap = cap ? cap : DUMP_BUFFER;
    cap = cap < left ? cap : (size_t)left; /* a small dump needs no large buffer */
    cap = cap < DUMP_BUFFER_MIN ? DUMP_BUFFER_MIN : cap;
    *in = (struct dump_in){.src = src, .data = mem_alloc(cap), .cap = cap, .offset = at};
}

void dump_in_release(struct dump_in *in)
{
    free(in->data);
    in->data = NULL;
}

static void fault_set(struct dump_in *in, enum dump_fault fault, const char *why)
{
    if (in->fault != DUMP_OK)
        return;
    in->fault = fault;
    in->why = why;
    in->fault_at = dump_in_at(in);
}

void dump_in_bad(struct dump_in *in, const char *why)
{
    fault_set(in, DUMP_BAD, why);
}

/* Move what is unread to the front and read on behind it. */
static bool fill(struct dump_in *in)
{
    ssize_t n;

    if (stop_requested()) {
        stop_err_(&in->err);
        fault_set(in, DUMP_ERR, NULL);
        return false;
    }
    if (in->next < in->end)
        memmove(in->data, in->data + in->next, in->end - in->next);
    in->offset += in->next;
    in->end -= in->next;
    in->next = 0;
    n = in->src->read_at(in->src, in->data + in->end, in->cap - in->end, in->offset + in->end);
    if (n < 0) {
        err_sys_(&in->err, E_IO, "cannot read the dump");
        fault_set(in, DUMP_ERR, NULL);
        return false;
    }
    if (n == 0)
        fault_set(in, DUMP_CUT, NULL);
    in->end += (size_t)n;
    if (in->walk && in->walk->progress)
        in->walk->progress(in->walk->progress_arg, in->offset, in->src->size_bytes);
    return n > 0;
}

bool dump_in_need(struct dump_in *in, size_t n)
{
    while (in->fault == DUMP_OK && in->end - in->next < n) {
        if (!fill(in))
            return false;
    }
    return in->fault == DUMP_OK;
}

const unsigned char *dump_in_take(struct dump_in *in, uint64_t want, size_t *ret_len)
{
    const unsigned char *p;
    size_t have;

    *ret_len = 0;
    if (in->fault != DUMP_OK || (in->next == in->end && !fill(in)))
        return NULL;
    p = in->data + in->next;
    have = in->end - in->next;
    have = want < have ? (size_t)want : have;
    in->next += have;
    *ret_len = have;
    return p;
}

void dump_in_copy(struct dump_in *in, void *dst, size_t n)
{
    unsigned char *to = dst;

    while (n > 0) {
        size_t got;
        const unsigned char *p = dump_in_take(in, n, &got);

        if (!p)
            return;
        memcpy(to, p, got);
        to += got;
        n -= got;
    }
}

void dump_in_skip(struct dump_in *in, uint64_t n)
{
    uint64_t have = in->end - in->next;

    if (in->fault != DUMP_OK)
        return;
    if (n > dump_in_left(in)) {
        fault_set(in, DUMP_CUT, NULL);
    } else if (n <= have) {
        in->next += (size_t)n;
    } else {
        in->offset = dump_in_at(in) + n;
        in->next = in->end = 0;
    }
}

unsigned dump_in_byte(struct dump_in *in)
{
    return dump_in_need(in, 1) ? in->data[in->next++] : 0;
}

/* Only ints that are not plain positive ones come here. */
int32_t dump_in_int_bad(struct dump_in *in, unsigned sign, uint32_t magnitude)
{
    if (sign > 1) {
        dump_in_bad(in, "a number with a wrong sign byte");
        return 0;
    }
    if (sign == 1 && magnitude == 0) {
        dump_in_bad(in, "a number that is minus zero");
        return 0;
    }
    if (magnitude > (uint32_t)INT32_MAX + sign) {
        dump_in_bad(in, "a number out of range");
        return 0;
    }
    in->next += 5;
    return (int32_t) - (int64_t)magnitude;
}

int32_t dump_in_int_slow(struct dump_in *in)
{
    return dump_in_need(in, 5) ? dump_in_int(in) : 0;
}

int64_t dump_in_strlen(struct dump_in *in, uint32_t cap)
{
    int32_t n = dump_in_int(in);

    if (in->fault != DUMP_OK)
        return -1;
    if (n < -1)
        dump_in_bad(in, "a string with a negative length");
    else if (n > 0 && (uint32_t)n > cap)
        dump_in_bad(in, "a string that is too long");
    else if (n > 0 && (uint64_t)n > dump_in_left(in))
        fault_set(in, DUMP_CUT, NULL);
    return in->fault == DUMP_OK ? n : -1;
}

/* The string that comes next is `like`: no copy is needed. */
static bool take_same(struct dump_in *in, const char *like, size_t n)
{
    if (!like || n > in->cap || strlen(like) != n || !dump_in_need(in, n) ||
        memcmp(in->data + in->next, like, n) != 0)
        return false;
    in->next += n;
    return true;
}

const char *dump_in_body(struct dump_in *in, struct arena *a, int64_t n, const char *like)
{
    char *s;

    if (n < 0)
        return NULL;
    if (n == 0)
        return "";
    if (take_same(in, like, (size_t)n))
        return like;
    s = arena_alloc(a, (size_t)n + 1);
    dump_in_copy(in, s, (size_t)n);
    if (in->fault == DUMP_OK && memchr(s, '\0', (size_t)n))
        dump_in_bad(in, zero_byte);
    return in->fault == DUMP_OK ? s : NULL;
}

void dump_in_skip_body(struct dump_in *in, int64_t n)
{
    while (n > 0) {
        size_t got;
        const unsigned char *p = dump_in_take(in, (uint64_t)n, &got);

        if (!p)
            return;
        if (memchr(p, '\0', got))
            dump_in_bad(in, zero_byte);
        n -= (int64_t)got;
    }
}

const char *dump_in_string(struct dump_in *in, struct arena *a, uint32_t cap, const char *like)
{
    return dump_in_body(in, a, dump_in_strlen(in, cap), like);
}

int64_t dump_in_number(struct dump_in *in, uint32_t max)
{
    char text[11] = "";
    int64_t n = dump_in_strlen(in, sizeof text - 1);
    uint64_t v = 0;

    if (n < 0)
        return -1;
    dump_in_copy(in, text, (size_t)n);
    if (in->fault == DUMP_OK && (strlen(text) != (size_t)n || !num_parse_u64(text, 0, max, &v)))
        dump_in_bad(in, "an identifier that is not a number");
    return (int64_t)v;
}

uint8_t dump_in_offset(struct dump_in *in, int size, uint64_t *ret_position)
{
    uint64_t v = 0;
    unsigned state;

    *ret_position = 0;
    if (!dump_in_need(in, (size_t)size + 1))
        return 0;
    state = in->data[in->next];
    for (int i = size; i > 0; i--)
        v = v << 8 | in->data[in->next + (size_t)i];
    if (state < DUMP_OFFSET_UNSET || state > DUMP_OFFSET_NO_DATA)
        dump_in_bad(in, "an unknown state of a data position");
    else if (state != DUMP_OFFSET_SET && v != 0)
        dump_in_bad(in, "a data position where there should be none");
    else
        in->next += (size_t)size + 1;
    *ret_position = v;
    return (uint8_t)state;
}

bool dump_in_report(const struct dump_in *in, const char *subject, struct err *e)
{
    if (in->fault == DUMP_ERR) {
        if (e)
            *e = in->err;
        return false;
    }
    if (in->fault == DUMP_BAD)
        return err_set(e, E_DATA, "dump is damaged: %s has %s at byte %" PRIu64 " of %" PRIu64,
                       subject, in->why, in->fault_at, in->src->size_bytes);
    return err_set(e, E_DATA,
                   "dump is truncated: %s is cut off by the end of the file at byte %" PRIu64,
                   subject, in->src->size_bytes);
}
