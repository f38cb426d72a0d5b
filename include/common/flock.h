/*
 * flock.h - one run at a time on this machine: flock(2) on a small file.
 *
 * The kernel frees the lock when the last process that holds the descriptor is gone, so nothing
 * is ever stale. Pass the descriptor on to children (proc_options.keep_fds) so that the lock lasts
 * as long as the whole tree. The file says who holds it; it is never removed.
 */
#ifndef PGM_COMMON_FLOCK_H
#define PGM_COMMON_FLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct file_lock {
    int fd; /* close-on-exec; -1: not held */
};

#define FILE_LOCK_INIT \
    {                  \
        .fd = -1       \
    }

/*
 * Take the lock, waiting up to wait_ms. Missing directories are created 0700; symbolic links,
 * hard links, other people's and special files are refused. E_BUSY names the holder.
 */
bool file_lock_acquire(struct file_lock *l, const char *path, const char *run, uint64_t wait_ms,
                       struct err *e) MUST_USE;

/* Let go of our descriptor; children that have it keep the lock. Fine when not held. */
void file_lock_release(struct file_lock *l);
#define AUTO_FILE_LOCK CLEANUP(file_lock_release)

/* Who holds it, without waiting: "pid 4711, run 7f3a, since 2026-..."; "" if it is free. */
enum { FILE_LOCK_HOLDER_MAX = 160 };
bool file_lock_holder(const char *path, char dst[FILE_LOCK_HOLDER_MAX], struct err *e) MUST_USE;

#endif
