/*
 * dump_source.h - where the bytes of a dump come from: a file, a part of a file, memory.
 *
 * A source is plain data and borrows its descriptor or memory. Reading moves no file position, so
 * several readers may share one source, also from several threads.
 */
#ifndef PGM_ARCHIVE_DUMP_SOURCE_H
#define PGM_ARCHIVE_DUMP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

struct dump_source {
    /* Bytes read, less than len only at the end of the dump; -1 with errno set. */
    ssize_t (*read_at)(const struct dump_source *s, void *dst, size_t len, uint64_t offset);
    uint64_t size_bytes; /* of the dump; nothing behind it is ever read */
    int fd;
    uint64_t base; /* offset in fd of the dump's first byte */
    const unsigned char *data;
};

/* The whole file: its size is taken now. The file must be seekable. */
bool dump_source_fd(struct dump_source *s, int fd, struct err *e) MUST_USE;
/* size bytes from offset base on, such as a member of a tar file. */
void dump_source_part(struct dump_source *s, int fd, uint64_t base, uint64_t size_bytes);
void dump_source_memory(struct dump_source *s, const void *data, size_t size_bytes);

#endif
