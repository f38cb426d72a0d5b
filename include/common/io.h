/*
 * io.h - descriptors, whole reads and writes, files that must survive, clocks.
 *
 * Every descriptor is born close-on-exec. Loops handle EINTR and short counts.
 */
#ifndef PGM_COMMON_IO_H
#define PGM_COMMON_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "common/buf.h"
#include "common/err.h"

void io_close(int *fd); /* closes if >= 0 and sets -1 */
#define AUTO_FD CLEANUP(io_close)

/* Bytes read, less than len only at end of file; -1 with errno set. */
ssize_t io_read_full(int fd, void *data, size_t len) MUST_USE;
bool io_write_full(int fd, const void *data, size_t len) MUST_USE; /* false: see errno */

/* Append a whole file to b. A file larger than b's cap is E_DATA; a missing one E_NOINPUT. */
bool io_read_file(const char *path, struct buf *b, struct err *e) MUST_USE;
bool io_read_fd(int fd, const char *name, struct buf *b, struct err *e) MUST_USE;

/*
 * Replace path by a file with these bytes: written beside it under a dot name with `mode`,
 * fsynced, renamed, the directory fsynced. On failure path is as it was and nothing is left over.
 */
bool io_replace_file(const char *path, mode_t mode, const void *data, size_t len,
                     struct err *e) MUST_USE;

/* fsync the directory that holds path. */
bool io_sync_dir_of(const char *path, struct err *e) MUST_USE;

/* The directory part of path ("." if it has none), in dst. */
void io_dirname(const char *path, char *dst, size_t cap);

uint64_t io_now_ms(void);  /* monotonic */
uint64_t io_wall_ms(void); /* since 1970, UTC */

enum { IO_TIME_MAX = 32 };
/* "2026-11-20T02:31:07Z" and, for names, "20261120T023107Z". */
const char *io_format_utc(char dst[IO_TIME_MAX], time_t t);
const char *io_format_utc_compact(char dst[IO_TIME_MAX], time_t t);
/* Both forms; false if s is neither. */
bool io_parse_utc(const char *s, time_t *ret_time) MUST_USE;

#endif
