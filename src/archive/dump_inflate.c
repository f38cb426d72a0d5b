/*
 * Decoding one compressed stream after the other.
 *
 * A stream reaches us in chunks cut at arbitrary places, so a decoder must not care where they are
 * cut. It ends exactly where its last chunk ends: what follows the end of a zlib stream or lz4
 * frame is damage (pg_restore loops for ever over the one and ignores the other). A loop that
 * neither eats nor yields a byte ends too.
 */
#define ZLIB_CONST /* zlib does not write to its input */
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "dump_priv.h"

enum { OUT_BYTES = 128 * 1024, LZ4_MAGIC_BYTES = 4 };

struct codec {
    void (*begin)(struct dump_decoder *d);
    bool (*feed)(struct dump_decoder *d, const unsigned char *p, size_t n, struct err *e);
};

struct dump_decoder {
    const struct codec *codec;
    dump_out_fn *out;
    void *arg;
    const char *why; /* the stream is damaged */
    bool ended;
    size_t fed; /* bytes of this stream */
    z_stream z;
    bool z_live;
    LZ4F_dctx *lz4;
    unsigned char *buf; /* OUT_BYTES of decoded data */
};

static bool damaged(struct dump_decoder *d, const char *why)
{
    d->why = why;
    return false;
}

static void none_begin(struct dump_decoder *d)
{
    d->ended = true; /* any end is a good one */
}

static bool none_feed(struct dump_decoder *d, const unsigned char *p, size_t n, struct err *e)
{
    return d->out(d->arg, p, n, e);
}

static void gzip_begin(struct dump_decoder *d)
{
    int rc = d->z_live ? inflateReset(&d->z) : inflateInit(&d->z);

    if (rc != Z_OK)
        d->why = "no memory for zlib";
    d->z_live = rc == Z_OK || d->z_live;
}

static bool gzip_feed(struct dump_decoder *d, const unsigned char *p, size_t n, struct err *e)
{
    z_stream *z = &d->z;

    z->next_in = p;
    z->avail_in = (uInt)n;
    do {
        size_t got;
        int rc;

        z->next_out = d->buf;
        z->avail_out = OUT_BYTES;
        rc = inflate(z, Z_NO_FLUSH);
        got = OUT_BYTES - z->avail_out;
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return damaged(d, z->msg ? z->msg : "invalid compressed data");
        if (got && !d->out(d->arg, d->buf, got, e))
            return false;
        if (rc == Z_STREAM_END) {
            d->ended = true;
            return z->avail_in ? damaged(d, "bytes behind the end of its compressed data") : true;
        }
        if (rc == Z_BUF_ERROR)
            break; /* no progress is possible: it wants more input */
    } while (z->avail_in || z->avail_out == 0);
    return true;
}

static void lz4_begin(struct dump_decoder *d)
{
    if (!d->lz4 && LZ4F_isError(LZ4F_createDecompressionContext(&d->lz4, LZ4F_VERSION)))
        d->why = "no memory for lz4";
    else
        LZ4F_resetDecompressionContext(d->lz4);
}

/* A frame of another kind (skippable, legacy) is never written and would decode to nothing. */
static bool lz4_magic_fits(const struct dump_decoder *d, const unsigned char *p, size_t n)
{
    static const unsigned char magic[LZ4_MAGIC_BYTES] = {0x04, 0x22, 0x4d, 0x18};

    for (size_t i = 0; i < n && d->fed + i < sizeof magic; i++) {
        if (p[i] != magic[d->fed + i])
            return false;
    }
    return true;
}

static bool lz4_feed(struct dump_decoder *d, const unsigned char *p, size_t n, struct err *e)
{
    size_t got;

    if (!lz4_magic_fits(d, p, n))
        return damaged(d, "compressed data that is not an lz4 frame");
    do {
        size_t eaten = n;
        size_t rc;

        got = OUT_BYTES;
        rc = LZ4F_decompress(d->lz4, d->buf, &got, p, &eaten, NULL);
        if (LZ4F_isError(rc))
            return damaged(d, LZ4F_getErrorName(rc));
        p += eaten;
        n -= eaten;
        if (got && !d->out(d->arg, d->buf, got, e))
            return false;
        if (rc == 0) {
            d->ended = true;
            return n ? damaged(d, "bytes behind the end of its compressed data") : true;
        }
        if (eaten == 0 && got == 0 && n > 0)
            return damaged(d, "compressed data that cannot be decoded");
    } while (n > 0 || got == OUT_BYTES);
    return true;
}

static const struct codec codecs[] = {
    [DUMP_NONE] = {none_begin, none_feed},
    [DUMP_GZIP] = {gzip_begin, gzip_feed},
    [DUMP_LZ4] = {lz4_begin, lz4_feed},
};

struct dump_decoder *dump_decoder_new(enum dump_compression c, dump_out_fn *out, void *arg)
{
    struct dump_decoder *d = mem_alloc(sizeof *d);

    d->codec = &codecs[c];
    d->out = out;
    d->arg = arg;
    if (c != DUMP_NONE)
        d->buf = mem_alloc(OUT_BYTES);
    return d;
}

void dump_decoder_free(struct dump_decoder *d)
{
    if (!d)
        return;
    if (d->z_live)
        (void)inflateEnd(&d->z);
    if (d->lz4)
        (void)LZ4F_freeDecompressionContext(d->lz4);
    free(d->buf);
    free(d);
}

void dump_decoder_begin(struct dump_decoder *d)
{
    d->why = NULL;
    d->ended = false;
    d->fed = 0;
    d->codec->begin(d);
}

bool dump_decoder_feed(struct dump_decoder *d, const unsigned char *p, size_t n, struct err *e)
{
    if (d->why)
        return false;
    if (d->ended && d->codec->feed != none_feed)
        return damaged(d, "bytes behind the end of its compressed data");
    if (!d->codec->feed(d, p, n, e))
        return false;
    d->fed += n;
    return true;
}

bool dump_decoder_end(struct dump_decoder *d)
{
    if (!d->why && !d->ended)
        return damaged(d, "compressed data that does not end properly");
    return !d->why;
}

const char *dump_decoder_why(const struct dump_decoder *d)
{
    return d->why;
}
