#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void io_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

ssize_t io_read_full(int fd, void *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(fd, (char *)data + done, len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

bool io_write_full(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

bool io_read_fd(int fd, const char *name, struct buf *b, struct err *e)
{
    char chunk[16384];

    for (;;) {
        ssize_t n = io_read_full(fd, chunk, sizeof chunk);

        if (n < 0)
            return err_sys(e, E_NOINPUT, "cannot read '%s'", name);
        buf_add(b, chunk, (size_t)n);
        if (b->failed)
            return err_set(e, E_DATA, "'%s' is larger than %zu bytes", name, b->cap);
        if ((size_t)n < sizeof chunk)
            return true;
    }
}

bool io_read_file(const char *path, struct buf *b, struct err *e)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return err_sys(e, E_NOINPUT, "cannot open '%s'", path);
    return io_read_fd(fd, path, b, e);
}

void io_dirname(const char *path, char *dst, size_t cap)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        (void)snprintf(dst, cap, ".");
    else if (slash == path)
        (void)snprintf(dst, cap, "/");
    else
        (void)snprintf(dst, cap, "%.*s", (int)(slash - path), path);
}

bool io_sync_dir_of(const char *path, struct err *e)
{
    char dir[4096];
    AUTO_FD int fd = -1;

    io_dirname(path, dir, sizeof dir);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, E_IO, "cannot open directory '%s'", dir);
    if (fsync(fd) != 0 && errno != EINVAL) /* some filesystems have no fsync for directories */
        return err_sys(e, E_IO, "cannot sync directory '%s'", dir);
    return true;
}

bool io_replace_file(const char *path, mode_t mode, const void *data, size_t len, struct err *e)
{
    char dir[4096];
    char temp[4200];
    AUTO_FD int fd = -1;

    io_dirname(path, dir, sizeof dir);
    (void)snprintf(temp, sizeof temp, "%s/.pg_mirror.XXXXXX", dir);
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, E_CREATE, "cannot create a file in '%s'", dir);
    if (fchmod(fd, mode) == 0 && io_write_full(fd, data, len) && fsync(fd) == 0 &&
        rename(temp, path) == 0)
        return io_sync_dir_of(path, e);
    err_sys_(e, E_CREATE, "cannot write '%s'", path);
    (void)unlink(temp);
    return false;
}

uint64_t io_now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t io_wall_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

const char *io_format_utc(char dst[IO_TIME_MAX], time_t t)
{
    struct tm tm = {0};

    (void)gmtime_r(&t, &tm);
    (void)strftime(dst, IO_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return dst;
}

const char *io_format_utc_compact(char dst[IO_TIME_MAX], time_t t)
{
    struct tm tm = {0};

    (void)gmtime_r(&t, &tm);
    (void)strftime(dst, IO_TIME_MAX, "%Y%m%dT%H%M%SZ", &tm);
    return dst;
}

bool io_parse_utc(const char *s, time_t *ret_time)
{
    struct tm tm = {0};
    const char *end = strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm);

    if (!end || *end) {
        tm = (struct tm){0};
        end = strptime(s, "%Y%m%dT%H%M%SZ", &tm);
    }
    if (!end || *end)
        return false;
    *ret_time = timegm(&tm);
    return true;
}
