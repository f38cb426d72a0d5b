/*
 * dump_walk.h - read every byte of a dump's data, count it, and say whether it is complete.
 *
 * The walk streams through one buffer; its memory does not depend on the size of tables. It stops
 * within a buffer's time when the run is stopped. What it proves: each entry with data has exactly
 * one block, each block ends where it should, each compressed stream ends cleanly (a zlib stream
 * with its checksum), COPY data has its end marker, large objects are the declared ones, and
 * nothing but pg_dump's own second table of contents follows. What it cannot prove: that the bytes
 * of an uncompressed or lz4 dump are the ones that were written; that takes a checksum.
 */
#ifndef PGM_ARCHIVE_DUMP_WALK_H
#define PGM_ARCHIVE_DUMP_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/dump_toc.h"

struct dump_table {
    int32_t dump_id;
    uint32_t oid;
    const char *namespace;
    const char *tag;
    uint64_t rows;       /* as of pg_dump's snapshot; the table's own, as in FROM ONLY */
    bool rows_known;     /* false: INSERT statements, or a walk without decoding */
    bool via_root;       /* its COPY names the partitioned root */
    uint64_t data_bytes; /* decoded, with the 5 bytes of the end marker */
    uint64_t position;   /* of the block in the dump */
    const struct dump_entry *entry;
};

enum dump_verdict {
    DUMP_COMPLETE,
    /* All data is there; only the second copy of the contents, which nobody needs, is cut. */
    DUMP_TAIL_CUT,
};

struct dump_report {
    enum dump_verdict verdict;
    const struct dump_table *tables; /* in the order of the contents */
    size_t table_count;
    uint64_t rows;           /* of the tables where they are known */
    const uint32_t *objects; /* OIDs of the large objects, ascending */
    size_t object_count;
    uint64_t object_bytes;
    uint64_t data_bytes; /* decoded, all together */
    bool order_differs;  /* blocks stand in another order than their entries: harmless */
    bool has_tail;
};

/*
 * Where decoded data goes. Data comes in pieces of any size; rows of COPY end in a newline and the
 * last row is followed by "\\.\n\n\n". Any callback may be NULL; one that returns false ends the
 * walk with the error it has set. A table counts as good only when table_end is called.
 */
struct dump_sink {
    bool (*table_begin)(void *arg, const struct dump_entry *t, struct err *e);
    bool (*table_end)(void *arg, const struct dump_table *t, struct err *e);
    bool (*object_begin)(void *arg, uint32_t oid, struct err *e);
    bool (*object_end)(void *arg, uint32_t oid, uint64_t size_bytes, struct err *e);
    bool (*data)(void *arg, const unsigned char *data, size_t len, struct err *e);
    void *arg;
};

struct dump_walk_options {
    const struct dump_sink *sink; /* NULL: only count */
    /* Called once per buffer. */
    void (*progress)(void *arg, uint64_t bytes_done, uint64_t size_bytes);
    void *progress_arg;
    /* Hop over the data: finds truncation and wrong structure only, but in no time, and of zstd
     * too. */
    bool without_decoding;
    size_t buffer_bytes; /* 0: the default of 256 KiB */
};

/*
 * True: every table's data is all there; see ret->verdict. False: E_DATA with "dump is truncated",
 * "dump is incomplete" or "dump is damaged" and where; or E_IO, E_CANCELLED, the sink's error.
 * The report's arrays live in the arena.
 */
bool dump_walk(struct dump_report *ret, const struct dump_source *src, const struct dump_toc *toc,
               const struct dump_walk_options *o, struct arena *a, struct err *e) MUST_USE;

#endif
