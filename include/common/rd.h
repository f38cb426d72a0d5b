/*
 * rd.h - a cursor over bytes from outside that cannot run past their end.
 *
 * Reading past the end yields 0 or an empty view and sets `bad`, which stays set: decode straight
 * through and check once per structure. Integers are assembled by shifts, so alignment and byte
 * order of the machine do not matter.
 */
#ifndef PGM_COMMON_RD_H
#define PGM_COMMON_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rd {
    const unsigned char *p;
    size_t left;
    bool bad;
};

static inline struct rd rd_init(const void *data, size_t len)
{
    return (struct rd){.p = (const unsigned char *)data, .left = len};
}

/* The next n bytes, or NULL (and bad) if there are fewer. */
static inline const unsigned char *rd_bytes(struct rd *r, size_t n)
{
    const unsigned char *p = r->p;

    if (r->bad || n > r->left) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    r->left -= n;
    return p;
}

static inline uint8_t rd_u8(struct rd *r)
{
    const unsigned char *p = rd_bytes(r, 1);

    return p ? p[0] : 0;
}

static inline uint32_t rd_u32_le(struct rd *r)
{
    const unsigned char *p = rd_bytes(r, 4);

    return p ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24
             : 0;
}

/* Everything was read and nothing was missing. */
static inline bool rd_end(const struct rd *r)
{
    return !r->bad && r->left == 0;
}

#endif
