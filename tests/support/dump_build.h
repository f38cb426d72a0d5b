/*
 * dump_build.h - small dumps in pg_dump's custom format, made by hand for tests.
 *
 * dump_make() writes one whole dump of a fixed little database in the layout of any archive
 * version and remembers where every field went, so that a test can damage exactly one of them.
 * Written from the format's description and not with the reader's code.
 */
#ifndef PGM_TESTS_DUMP_BUILD_H
#define PGM_TESTS_DUMP_BUILD_H

#include <lz4frame.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HELPER static __attribute__((unused))

enum { MADE_MAX = 256 * 1024, MADE_ENTRIES = 8, MADE_BLOCKS = 3 };

/* Indexes into made.entry[]. */
enum { M_ENCODING, M_TABLE, M_T, M_U, M_OBJECT, M_OBJECT2, M_BLOBS, M_INDEX };
enum { ID_T = 3470, ID_U = 3471, ID_BLOBS = 3480 };

struct made_options {
    int minor;        /* 12 to 16; 0: 16 */
    int compression;  /* 0 none, 1 gzip, 2 lz4, 3 zstd (frames of raw blocks) */
    int chunk;        /* bytes of a chunk of compressed data; 0: 4096 */
    int offset_size;  /* 0: 8 */
    int offsets;      /* state 2 and positions, as in a file */
    int tail;         /* a second contents behind the data */
    int statistics;   /* a STATISTICS DATA entry; in the tail it has no definition */
    int inserts;      /* table t as INSERT statements */
    const char *rows; /* of table t; NULL: two */
};

/* Where the fields of one entry start. */
struct made_entry {
    size_t start, had, tableoid, oid, tag, desc, section, defn, copy, namespace, with_oids, deps,
        offset, end;
};

struct made {
    unsigned char data[MADE_MAX];
    size_t len;
    struct made_options o;
    size_t count_at; /* number of entries = start of the contents */
    struct made_entry entry[MADE_ENTRIES + 1];
    size_t entries;
    size_t block[MADE_BLOCKS + 1]; /* start of each block; the last one is the end of the data */
    size_t last_stream_end;        /* of block 0: its terminating int */
    size_t stream[MADE_BLOCKS];    /* of the first chunk of each block's (first) stream */
    uint32_t position[MADE_BLOCKS];
};

HELPER void made_bytes(struct made *m, const void *p, size_t n)
{
    if (m->len + n > MADE_MAX)
        abort();
    memcpy(m->data + m->len, p, n);
    m->len += n;
}

HELPER void made_byte(struct made *m, int v)
{
    unsigned char c = (unsigned char)v;

    made_bytes(m, &c, 1);
}

HELPER void made_int(struct made *m, int64_t v)
{
    uint64_t magnitude = (uint64_t)(v < 0 ? -v : v);

    made_byte(m, v < 0);
    for (int i = 0; i < 4; i++)
        made_byte(m, (int)(magnitude >> i * 8 & 255));
}

HELPER void made_str(struct made *m, const char *s)
{
    if (!s) {
        made_int(m, -1);
        return;
    }
    made_int(m, (int64_t)strlen(s));
    made_bytes(m, s, strlen(s));
}

HELPER void made_offset(struct made *m, int state, uint64_t v)
{
    made_byte(m, state);
    for (int i = 0; i < m->o.offset_size; i++)
        made_byte(m, (int)(v >> i * 8 & 255));
}

HELPER void made_header(struct made *m)
{
    static const int when[] = {1, 59, 18, 20, 10, 126, 0};

    made_bytes(m, "PGDMP", 5);
    made_byte(m, 1);
    made_byte(m, m->o.minor);
    made_byte(m, 0);
    made_byte(m, 4);
    made_byte(m, m->o.offset_size);
    made_byte(m, 1);
    if (m->o.minor >= 15)
        made_byte(m, m->o.compression);
    else
        made_int(m, m->o.compression ? -1 : 0);
    for (size_t i = 0; i < 7; i++)
        made_int(m, when[i]);
    made_str(m, "tiny");
    made_str(m, "15.20 (Debian 15.20-0+deb12u1)");
    made_str(m, "17.12");
}

/* One entry as text; block >= 0 says that it has data. */
struct made_text {
    int id;
    const char *oid, *tag, *desc;
    int section;
    const char *defn, *copy, *namespace, *tablespace, *owner;
    const char *deps[3];
    int block;
};

HELPER void made_put_entry(struct made *m, const struct made_text *t, struct made_entry *at,
                           int in_tail)
{
    int has = t->block >= 0;
    int set = m->o.offsets || in_tail;

    at->start = m->len, made_int(m, t->id);
    at->had = m->len, made_int(m, has);
    at->tableoid = m->len, made_str(m, "0");
    at->oid = m->len, made_str(m, t->oid);
    at->tag = m->len, made_str(m, t->tag);
    at->desc = m->len, made_str(m, t->desc);
    at->section = m->len, made_int(m, t->section);
    at->defn = m->len;
    if (!in_tail || strcmp(t->desc, "STATISTICS DATA") != 0)
        made_str(m, t->defn);
    made_str(m, NULL);
    at->copy = m->len, made_str(m, t->copy);
    at->namespace = m->len, made_str(m, t->namespace);
    made_str(m, t->tablespace);
    if (m->o.minor >= 14)
        made_str(m, strcmp(t->desc, "TABLE") == 0 ? "heap" : NULL);
    if (m->o.minor >= 16)
        made_int(m, strcmp(t->desc, "TABLE") == 0 ? 'r' : 0);
    made_str(m, t->owner);
    at->with_oids = m->len, made_str(m, "false");
    at->deps = m->len;
    for (size_t i = 0; i < 3 && t->deps[i]; i++)
        made_str(m, t->deps[i]);
    made_str(m, NULL);
    at->offset = m->len;
    made_offset(m, !has ? 3 : set ? 2 : 1, has && set ? m->position[t->block] : 0);
    at->end = m->len;
}

HELPER void made_contents(struct made *m, int in_tail)
{
    int old = m->o.minor < 16;
    struct made_text texts[] = {
        {1,
         "0",
         "ENCODING",
         "ENCODING",
         2,
         "SET client_encoding = 'UTF8';\n",
         NULL,
         NULL,
         NULL,
         NULL,
         {NULL},
         -1},
        {219,
         "19900",
         "t",
         "TABLE",
         2,
         "CREATE TABLE public.t (a integer, b text);\n",
         NULL,
         "public",
         "",
         "postgres",
         {NULL},
         -1},
        {ID_T,
         "19900",
         "t",
         "TABLE DATA",
         3,
         NULL,
         "COPY public.t (a, b) FROM stdin;\n",
         "public",
         NULL,
         "postgres",
         {"219", "219"},
         0},
        {ID_U,
         "19901",
         "u\nv",
         "TABLE DATA",
         3,
         NULL,
         "COPY public.\"u\nv\"  FROM stdin;\n",
         "public",
         NULL,
         "",
         {"9999"},
         1},
        {301,
         old ? "24425" : "0",
         old ? "24425" : "24425..4294967295",
         old ? "BLOB" : "BLOB METADATA",
         old ? 2 : 3,
         old ? "SELECT pg_catalog.lo_create('24425');\n" : "24425\n4294967295\n",
         NULL,
         NULL,
         NULL,
         "postgres",
         {NULL},
         -1},
        {302,
         old ? "4294967295" : "0",
         old ? "4294967295" : "x",
         old ? "BLOB" : "COMMENT",
         old ? 2 : 3,
         "SELECT;\n",
         NULL,
         NULL,
         NULL,
         "postgres",
         {NULL},
         -1},
        {ID_BLOBS,
         "0",
         old ? "BLOBS" : "24425..4294967295",
         "BLOBS",
         3,
         NULL,
         NULL,
         NULL,
         NULL,
         old ? NULL : "postgres",
         {"301"},
         2},
        {500,
         "19950",
         "t_idx",
         m->o.statistics ? "STATISTICS DATA" : "INDEX",
         4,
         "CREATE INDEX t_idx ON public.t USING btree (a);\n",
         NULL,
         "public",
         NULL,
         "postgres",
         {"219"},
         -1},
    };
    struct made_entry scrap;

    if (m->o.inserts)
        texts[M_T].copy = NULL;
    made_int(m, MADE_ENTRIES);
    m->entries = MADE_ENTRIES;
    for (size_t i = 0; i < MADE_ENTRIES; i++)
        made_put_entry(m, &texts[i], in_tail ? &scrap : &m->entry[i], in_tail);
}

/* A zstd frame with one raw block and no checksum. */
HELPER size_t made_zstd(unsigned char *out, const void *p, size_t n)
{
    static const unsigned char head[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58};
    uint32_t block = (uint32_t)n << 3 | 1;

    memcpy(out, head, 6);
    for (int i = 0; i < 3; i++)
        out[6 + i] = (unsigned char)(block >> i * 8);
    memcpy(out + 9, p, n);
    return n + 9;
}

/* Chunks of one stream and the int 0 that ends it. */
HELPER void made_stream(struct made *m, const void *p, size_t n)
{
    static unsigned char packed[MADE_MAX];
    const unsigned char *from = packed;
    size_t step = m->o.chunk ? (size_t)m->o.chunk : 4096;
    uLongf zlen = sizeof packed;
    size_t len = 0;

    if (m->o.compression == 1) {
        if (compress2(packed, &zlen, p, n, 6) != Z_OK)
            abort();
        len = zlen;
    } else if (m->o.compression == 2) {
        LZ4F_preferences_t prefs = {0};

        len = LZ4F_compressFrame(packed, sizeof packed, p, n, &prefs);
    } else if (m->o.compression == 3) {
        len = made_zstd(packed, p, n);
    } else {
        from = p;
        len = n;
    }
    for (size_t done = 0; done < len; done += step) {
        size_t now = len - done < step ? len - done : step;

        made_int(m, (int64_t)now);
        made_bytes(m, from + done, now);
    }
    made_int(m, 0);
}

HELPER void made_table(struct made *m, size_t block, int id, const char *text)
{
    m->block[block] = m->len;
    made_byte(m, 1);
    made_int(m, id);
    m->stream[block] = m->len;
    made_stream(m, text, strlen(text));
}

#define COPY_END "\\.\n\n\n"
#define T_ROWS   "1\tx\n2\t\\N\n"

HELPER void made_blocks(struct made *m)
{
    static char text[MADE_MAX];

    (void)snprintf(text, sizeof text, "%s%s", m->o.rows ? m->o.rows : T_ROWS,
                   m->o.inserts ? "\n\n" : COPY_END);
    made_table(m, 0, ID_T, text);
    m->last_stream_end = m->len - 5;
    made_table(m, 1, ID_U, COPY_END);
    m->block[2] = m->len;
    made_byte(m, 3);
    made_int(m, ID_BLOBS);
    made_int(m, 24425);
    m->stream[2] = m->len;
    made_stream(m, "z\n", 2);
    made_int(m, -1); /* 4294967295 */
    made_stream(m, "", 0);
    made_int(m, 0);
    m->block[3] = m->len;
}

/* Twice: the first pass finds out where the blocks will stand. */
HELPER void made_all(struct made *m)
{
    m->len = 0;
    made_header(m);
    m->count_at = m->len;
    made_contents(m, 0);
    made_blocks(m);
    for (size_t i = 0; i < MADE_BLOCKS; i++)
        m->position[i] = (uint32_t)m->block[i];
    if (m->o.tail)
        made_contents(m, 1);
}

HELPER struct made *dump_make(struct made_options o)
{
    struct made *m = calloc(1, sizeof *m);

    if (!m)
        abort();
    o.minor = o.minor ? o.minor : 16;
    o.offset_size = o.offset_size ? o.offset_size : 8;
    m->o = o;
    made_all(m);
    made_all(m);
    return m;
}

/* ---- damage ---- */

HELPER void made_cut(struct made *m, size_t at)
{
    m->len = at;
}

HELPER void made_insert(struct made *m, size_t at, const void *p, size_t n)
{
    if (m->len + n > MADE_MAX)
        abort();
    memmove(m->data + at + n, m->data + at, m->len - at);
    memcpy(m->data + at, p, n);
    m->len += n;
}

HELPER void made_remove(struct made *m, size_t at, size_t n)
{
    memmove(m->data + at, m->data + at + n, m->len - at - n);
    m->len -= n;
}

/* Write an int over the one at `at`. */
HELPER void made_set_int(struct made *m, size_t at, int64_t v)
{
    size_t len = m->len;

    m->len = at;
    made_int(m, v);
    m->len = len;
}

/* A new string in place of the one at `at`. */
HELPER void made_set_str(struct made *m, size_t at, const char *s)
{
    struct made *one = calloc(1, sizeof *one);
    uint32_t old = (uint32_t)m->data[at + 1] | (uint32_t)m->data[at + 2] << 8;

    if (!one)
        abort();
    made_str(one, s);
    made_remove(m, at, 5 + (m->data[at] ? 0 : old));
    made_insert(m, at, one->data, one->len);
    free(one);
}

HELPER void made_set_offset(struct made *m, size_t at, int state, uint64_t v)
{
    size_t len = m->len;

    m->len = at;
    made_offset(m, state, v);
    m->len = len;
}

#endif
