/*
 * O_TMPFILE makes a file that never has a name; O_EXCL with it forbids giving it one later. Where
 * the file system can't do that (NFS, overlays of old kernels), the file is created under a random
 * name and unlinked at once. A run that is killed between the two leaves an empty file, which
 * spool_reap() takes away.
 *
 * Why /proc/self/fd and not a name: pg_dump must seek in its output, pg_restore -j opens the file
 * once per worker, and both work on this path like on any other, while nobody else can find it.
 */
#include "archive/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/io.h"

#include "spool_priv.h"

#include "common/banned.h"

enum { PROBE_BYTES = 1024 * 1024 };

/* False when a reaper took the name away before we had the lock. */
static bool lock_temp(int fd)
{
    struct stat st;

    return flock(fd, LOCK_EX) == 0 && fstat(fd, &st) == 0 && st.st_nlink == 1;
}

int spool_temp_open(const char *dir, const char *run, const char *suffix, char *path, size_t cap,
                    struct err *e)
{
    for (int attempt = 0; attempt < 10; attempt++) {
        int fd;
        int n = snprintf(path, cap, "%s/" SPOOL_TEMP_PREFIX "%s-%ld-XXXXXX%s", dir, run,
                         (long)getpid(), suffix);

        if (n < 0 || (size_t)n >= cap) {
            err_set_(e, E_CREATE, "path of directory '%s' is too long", dir);
            return -1;
        }
        fd = mkostemps(path, (int)strlen(suffix), O_CLOEXEC);
        if (fd < 0)
            break;
        if (lock_temp(fd))
            return fd;
        io_close(&fd);
    }
    err_sys_(e, E_CREATE, "cannot create a file in '%s'", dir);
    return -1;
}

static int open_with_name(const char *dir, const char *run, struct err *e)
{
    char path[4200];
    int fd = spool_temp_open(dir, run, SPOOL_DUMP_SUFFIX, path, sizeof path, e);

    if (fd >= 0 && unlink(path) != 0 && errno != ENOENT) {
        err_sys_(e, E_CREATE, "cannot unlink '%s'", path);
        io_close(&fd);
    }
    return fd;
}

static bool tmpfile_is_unsupported(int sys)
{
    return sys == EOPNOTSUPP || sys == EISDIR || sys == EINVAL || sys == ENOSYS;
}

bool spool_open(struct spool *s, const char *dir, const char *run, struct err *e)
{
    struct stat st;

    *s = (struct spool)SPOOL_INIT;
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        err_set_(e, E_CREATE, "temporary directory '%s' does not exist", dir);
        return err_hint(e, "%s", "name another one with --set /options/temp_dir=DIR");
    }
    (void)snprintf(s->dir, sizeof s->dir, "%s", dir);
    s->fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0 && tmpfile_is_unsupported(errno))
        s->fd = open_with_name(dir, run, e);
    else if (s->fd < 0)
        err_sys_(e, E_CREATE, "cannot create a file in temporary directory '%s'", dir);
    if (s->fd < 0)
        return false;
    (void)snprintf(s->path, sizeof s->path, "/proc/self/fd/%d", s->fd);
    if (access(s->path, R_OK | W_OK) == 0)
        return true;
    err_sys_(e, E_CREATE, "cannot reach the temporary file through '%s'", s->path);
    spool_close(s);
    return err_hint(e, "%s", "client programs need /proc: mount it");
}

void spool_close(struct spool *s)
{
    io_close(&s->fd);
}

bool spool_reset(struct spool *s, struct err *e)
{
    if (ftruncate(s->fd, 0) != 0 || lseek(s->fd, 0, SEEK_SET) != 0)
        return err_sys(e, E_IO, "cannot empty the temporary file in '%s'", s->dir);
    return true;
}

uint64_t spool_size(const struct spool *s)
{
    struct stat st;

    return fstat(s->fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

bool spool_space(const char *dir, uint64_t *ret_bytes)
{
    struct statvfs v;

    if (statvfs(dir, &v) != 0)
        return false;
    *ret_bytes = (uint64_t)(geteuid() == 0 ? v.f_bfree : v.f_bavail) * v.f_frsize;
    return true;
}

bool spool_dir_is_memory(const char *dir)
{
    struct statfs f;

    return statfs(dir, &f) == 0 && (f.f_type == TMPFS_MAGIC || f.f_type == RAMFS_MAGIC);
}

/* Growing past the limit would not only fail but raise SIGXFSZ: look before trying. */
static bool is_at_size_limit(uint64_t size)
{
    struct rlimit r;

    return getrlimit(RLIMIT_FSIZE, &r) == 0 && r.rlim_cur != RLIM_INFINITY &&
           size + PROBE_BYTES > r.rlim_cur;
}

static bool probe_by_writing(int fd, uint64_t size)
{
    static const char zeros[64 * 1024];
    bool ok = true;

    for (uint64_t at = 0; at < PROBE_BYTES && ok; at += sizeof zeros)
        ok = pwrite(fd, zeros, sizeof zeros, (off_t)(size + at)) == (ssize_t)sizeof zeros;
    return ok && fdatasync(fd) == 0; /* some file systems say it only here */
}

bool spool_is_full(const struct spool *s)
{
    uint64_t size = spool_size(s);
    bool ok;

    if (is_at_size_limit(size))
        return true;
    ok = fallocate(s->fd, 0, (off_t)size, PROBE_BYTES) == 0;
    if (!ok && (errno == EOPNOTSUPP || errno == ENOSYS))
        ok = probe_by_writing(s->fd, size);
    (void)!ftruncate(s->fd, (off_t)size);
    return !ok;
}

static bool has_temp_name(const char *name)
{
    size_t len = strlen(name);

    if (strncmp(name, SPOOL_TEMP_PREFIX, strlen(SPOOL_TEMP_PREFIX)) != 0)
        return false;
    return (len > 5 && strcmp(name + len - 5, SPOOL_DUMP_SUFFIX) == 0) ||
           (len > 5 && strcmp(name + len - 5, SPOOL_BUNDLE_SUFFIX) == 0);
}

/* A file of ours that no process holds the lock of. */
static bool reap_one(int dir_fd, const char *name)
{
    AUTO_FD int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           st.st_nlink == 1 && flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(dir_fd, name, 0) == 0;
}

unsigned spool_reap(const char *dir)
{
    DIR *d = opendir(dir);
    unsigned reaped = 0;

    if (!d)
        return 0;
    for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
        if (has_temp_name(entry->d_name) && reap_one(dirfd(d), entry->d_name))
            reaped++;
    }
    (void)closedir(d);
    return reaped;
}
