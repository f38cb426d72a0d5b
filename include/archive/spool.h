/*
 * spool.h - the temporary file that a dump is written to and restored from.
 *
 * The file has mode 0600 and no name, so it is gone with the last process that holds it, also
 * after SIGKILL. Children reach it as spool_path() when spool's descriptor is in keep_fds; each
 * open of that path has a position of its own. One thread, but sizes may be asked from any.
 */
#ifndef PGM_ARCHIVE_SPOOL_H
#define PGM_ARCHIVE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct spool {
    int fd;
    char dir[4096];
    char path[48]; /* "/proc/self/fd/N" */
};

#define SPOOL_INIT \
    {              \
        .fd = -1   \
    }

/* Create the file in dir. `run` (letters, digits, '-') is for the rare file system without
 * O_TMPFILE, where the file bears a name for a moment. E_CREATE: the directory won't take it. */
bool spool_open(struct spool *s, const char *dir, const char *run, struct err *e) MUST_USE;
void spool_close(struct spool *s); /* frees the space; fine on SPOOL_INIT */
#define AUTO_SPOOL CLEANUP(spool_close)

/* Empty it for another try. */
bool spool_reset(struct spool *s, struct err *e) MUST_USE;

uint64_t spool_size(const struct spool *s); /* bytes so far; 0 if it can't be told */

/* Bytes that this user may still write in dir's file system; false if that can't be told. */
bool spool_space(const char *dir, uint64_t *ret_bytes) MUST_USE;
/* Is dir in memory (tmpfs, ramfs)? */
bool spool_dir_is_memory(const char *dir);

/*
 * Does the file refuse to grow (disk, quota or file size limit)? Found out by trying, so it holds
 * whatever a client program says about it. The file is as before.
 */
bool spool_is_full(const struct spool *s);

/*
 * Remove what runs that were killed in the wrong moment left in dir, of this user only: spool
 * files with a name and half-written kept dumps that no process holds. Returns how many.
 */
unsigned spool_reap(const char *dir);

#endif
