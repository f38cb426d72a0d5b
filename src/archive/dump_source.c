#include "archive/dump_source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t clip(const struct dump_source *s, size_t len, uint64_t offset)
{
    uint64_t left = offset < s->size_bytes ? s->size_bytes - offset : 0;

    return len < left ? len : (size_t)left;
}

static ssize_t read_fd(const struct dump_source *s, void *dst, size_t len, uint64_t offset)
{
    size_t want = clip(s, len, offset);
    size_t got = 0;

    while (got < want) {
        ssize_t n = pread(s->fd, (char *)dst + got, want - got, (off_t)(s->base + offset + got));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break; /* somebody made the file shorter */
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static ssize_t read_memory(const struct dump_source *s, void *dst, size_t len, uint64_t offset)
{
    size_t want = clip(s, len, offset);

    if (want)
        memcpy(dst, s->data + offset, want);
    return (ssize_t)want;
}

bool dump_source_fd(struct dump_source *s, int fd, struct err *e)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_sys(e, E_IO, "cannot find out the size of the dump");
    if (!S_ISREG(st.st_mode))
        return err_set(e, E_NOINPUT, "the dump is not a regular file");
    dump_source_part(s, fd, 0, (uint64_t)st.st_size);
    return true;
}

void dump_source_part(struct dump_source *s, int fd, uint64_t base, uint64_t size_bytes)
{
    *s = (struct dump_source){.read_at = read_fd, .fd = fd, .base = base, .size_bytes = size_bytes};
}

void dump_source_memory(struct dump_source *s, const void *data, size_t size_bytes)
{
    *s = (struct dump_source){
        .read_at = read_memory, .fd = -1, .data = data, .size_bytes = size_bytes};
}
