/*
 * Reading a kept dump: first where everything is (libarchive walks the headers and skips the
 * content), then that everything is what was written (see bundle_priv.h for the digests).
 *
 * libarchive is generous about what it takes for a tar file; the rules here are not: exactly our
 * members, in our order, plain files, at the places that follow from their sizes, and an exact
 * length of the whole. So the offsets used for reading are proved to be those libarchive saw.
 */
#include "archive/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/io.h"
#include "common/stop.h"
#include "common/str.h"

#include "bundle_priv.h"
#include "sha256_priv.h"

#include "common/banned.h"

enum { READ_BLOCK = 64 * 1024 };

struct span {
    uint64_t header; /* offset of its first header block */
    uint64_t offset; /* of the content */
    uint64_t size;
};

static const struct {
    const char *name;
    uint64_t max_size;
} members[MEMBER_COUNT] = {
    [MEMBER_MANIFEST] = {BUNDLE_MANIFEST_NAME, MANIFEST_SIZE_MAX},
    [MEMBER_DATABASE] = {BUNDLE_DATABASE_NAME, BUNDLE_DATABASE_MAX},
    [MEMBER_DUMP] = {BUNDLE_DUMP_NAME, (uint64_t)1 << 62},
    [MEMBER_SUMS] = {BUNDLE_SUMS_NAME, BUNDLE_SUMS_SIZE},
};

static bool damaged(const struct bundle *b, struct err *e, const char *what)
{
    err_set_(e, E_DATA, "kept dump '%s' is damaged: %s", b->path, what);
    return err_hint(e, "%s",
                    "it must not be restored; take another one (pg_mirror archive verify "
                    "tells good ones) or make a new one");
}

static bool not_a_bundle(const struct bundle *b, struct err *e)
{
    return err_set(e, E_DATA, "'%s' is not a dump that pg_mirror kept", b->path);
}

/* ---- where things are ---- */

static bool entry_is(struct archive_entry *entry, enum bundle_member m)
{
    const char *name = archive_entry_pathname(entry);

    return name && strcmp(name, members[m].name) == 0 &&
           archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) &&
           !archive_entry_symlink(entry) && archive_entry_size_is_set(entry) &&
           archive_entry_size(entry) >= 0 &&
           (uint64_t)archive_entry_size(entry) <= members[m].max_size &&
           archive_entry_sparse_count(entry) == 0;
}

static bool walk_tar(const struct bundle *b, struct archive *tar, struct span spans[MEMBER_COUNT],
                     struct err *e)
{
    struct archive_entry *entry;

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        int rc = archive_read_next_header(tar, &entry);

        if (rc != ARCHIVE_OK || !entry_is(entry, (enum bundle_member)i))
            return i == 0 ? not_a_bundle(b, e)
                          : damaged(b, e, "its members are not as they should be");
        spans[i].header = (uint64_t)archive_read_header_position(tar);
        spans[i].size = (uint64_t)archive_entry_size(entry);
        if (archive_read_data_skip(tar) != ARCHIVE_OK)
            return damaged(b, e, "it is cut short");
    }
    if (archive_read_next_header(tar, &entry) != ARCHIVE_EOF)
        return damaged(b, e, "something follows its last member");
    return true;
}

/* Content is contiguous and ends, padded, where the next header begins. */
static bool place_spans(const struct bundle *b, struct span s[MEMBER_COUNT], struct err *e)
{
    uint64_t end = b->size_bytes - BUNDLE_END;

    for (size_t i = MEMBER_COUNT; i-- > 0;) {
        uint64_t padded = (s[i].size + BUNDLE_BLOCK - 1) / BUNDLE_BLOCK * BUNDLE_BLOCK;

        if (end < padded + BUNDLE_BLOCK || end - padded - BUNDLE_BLOCK < s[i].header)
            return damaged(b, e, "its length is wrong");
        s[i].offset = end - padded;
        end = s[i].header;
    }
    if (s[0].header != 0 || s[MEMBER_SUMS].size != BUNDLE_SUMS_SIZE ||
        s[MEMBER_SUMS].offset != s[MEMBER_SUMS].header + BUNDLE_BLOCK)
        return damaged(b, e, "its length is wrong");
    return true;
}

static bool find_spans(const struct bundle *b, struct span spans[MEMBER_COUNT], struct err *e)
{
    struct archive *tar = archive_read_new();
    bool ok;

    if (lseek(b->fd, 0, SEEK_SET) != 0 || archive_read_support_format_tar(tar) != ARCHIVE_OK ||
        archive_read_open_fd(tar, b->fd, READ_BLOCK) != ARCHIVE_OK)
        ok = not_a_bundle(b, e);
    else
        ok = walk_tar(b, tar, spans, e);
    (void)archive_read_free(tar);
    return ok && place_spans(b, spans, e);
}

/* ---- reading and hashing ---- */

static bool read_at(const struct bundle *b, uint64_t offset, void *dst, size_t len, struct err *e)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(b->fd, (char *)dst + done, len - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, E_IO, "cannot read '%s'", b->path);
        if (n == 0)
            return damaged(b, e, "it is cut short");
        done += (size_t)n;
    }
    return true;
}

/* Add the bytes of [from, to) to s. */
static bool hash_range(const struct bundle *b, uint64_t from, uint64_t to, struct sha256 *s,
                       struct err *e)
{
    char chunk[8192];

    while (from < to) {
        size_t n = to - from < sizeof chunk ? (size_t)(to - from) : sizeof chunk;

        if (!read_at(b, from, chunk, n, e))
            return false;
        sha256_add(s, chunk, n);
        from += n;
    }
    return true;
}

/* Everything in front of the content of SHA256SUMS that is no member's content. */
static bool hash_framing(const struct bundle *b, const struct span s[MEMBER_COUNT],
                         char hex[SHA256_HEX_SIZE], struct err *e)
{
    AUTO_SHA256 struct sha256 sum = {0};
    uint64_t at = 0;

    if (!sha256_init(&sum, e))
        return false;
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (!hash_range(b, at, s[i].offset, &sum, e))
            return false;
        at = s[i].offset + s[i].size;
    }
    sha256_finish(&sum, hex);
    return true;
}

/* A whole small member as text, and its digest. */
static bool read_text(struct bundle *b, const struct span *s, const char **ret_text,
                      char hex[SHA256_HEX_SIZE], struct err *e)
{
    char *text = arena_alloc(b->arena, (size_t)s->size + 1);

    if (!read_at(b, s->offset, text, (size_t)s->size, e) ||
        !sha256_of(text, (size_t)s->size, hex, e))
        return false;
    *ret_text = text;
    return true;
}

/* The end of the file: SHA256SUMS says what we found, and zeros follow. */
static bool check_tail(const struct bundle *b, const struct span *s, struct bundle_digests *d,
                       struct err *e)
{
    char tail[BUNDLE_BLOCK + BUNDLE_END];
    char sums[BUNDLE_SUMS_SIZE + 1];

    if (!read_at(b, s->offset, tail, sizeof tail, e))
        return false;
    memcpy(d->dump, tail + BUNDLE_SUMS_DUMP_AT, SHA256_HEX_SIZE - 1);
    bundle_sums_format(sums, d);
    if (memcmp(tail, sums, BUNDLE_SUMS_SIZE) != 0)
        return damaged(b, e, "the digests of its small parts differ");
    for (size_t i = BUNDLE_SUMS_SIZE; i < sizeof tail; i++) {
        if (tail[i] != 0)
            return damaged(b, e, "its end is not empty");
    }
    return true;
}

static bool check_manifest(const struct bundle *b, const struct span spans[MEMBER_COUNT],
                           const struct bundle_digests *d, struct err *e)
{
    const struct manifest *m = &b->manifest;

    if (m->database.size_bytes != spans[MEMBER_DATABASE].size ||
        m->dump.size_bytes != spans[MEMBER_DUMP].size ||
        strcmp(m->database.sha256, d->database) != 0 || strcmp(m->dump.sha256, d->dump) != 0)
        return damaged(b, e, "its manifest belongs to another dump");
    if (str_utf8_valid_prefix(b->database_json, (size_t)spans[MEMBER_DATABASE].size) !=
            spans[MEMBER_DATABASE].size ||
        strlen(b->database_json) != spans[MEMBER_DATABASE].size)
        return damaged(b, e, "'" BUNDLE_DATABASE_NAME "' is not text");
    return true;
}

static bool read_small_members(struct bundle *b, const struct span spans[MEMBER_COUNT],
                               struct err *e)
{
    struct bundle_digests d = {.framing = ""};
    const char *json;

    if (!read_text(b, &spans[MEMBER_MANIFEST], &json, d.manifest, e) ||
        !read_text(b, &spans[MEMBER_DATABASE], &b->database_json, d.database, e) ||
        !hash_framing(b, spans, d.framing, e) || !check_tail(b, &spans[MEMBER_SUMS], &d, e))
        return false;
    if (!manifest_parse(&b->manifest, json, (size_t)spans[MEMBER_MANIFEST].size, b->arena, e))
        return err_in(e, "kept dump '%s'", b->path);
    b->dump_offset = spans[MEMBER_DUMP].offset;
    b->dump_size_bytes = spans[MEMBER_DUMP].size;
    return check_manifest(b, spans, &d, e);
}

static bool open_file(struct bundle *b, const char *path, struct err *e)
{
    char first[sizeof BUNDLE_MANIFEST_NAME]; /* where a tar file names its first member */
    struct stat st;

    b->path = arena_strdup(b->arena, path);
    b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (b->fd < 0)
        return err_sys(e, E_NOINPUT, "cannot open '%s'", path);
    if (fstat(b->fd, &st) != 0)
        return err_sys(e, E_NOINPUT, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, E_NOINPUT, "'%s' is not a file", path);
    b->size_bytes = (uint64_t)st.st_size;
    if (pread(b->fd, first, sizeof first, 0) != (ssize_t)sizeof first ||
        memcmp(first, BUNDLE_MANIFEST_NAME, sizeof first) != 0)
        return not_a_bundle(b, e);
    if (b->size_bytes < BUNDLE_END || b->size_bytes % BUNDLE_BLOCK != 0)
        return damaged(b, e, "it is cut short");
    return true;
}

bool bundle_open(struct bundle *b, const char *path, struct err *e)
{
    struct span spans[MEMBER_COUNT] = {0};

    *b = (struct bundle){.fd = -1, .arena = arena_new()};
    if (open_file(b, path, e) && find_spans(b, spans, e) && read_small_members(b, spans, e))
        return true;
    bundle_close(b);
    return false;
}

void bundle_close(struct bundle *b)
{
    io_close(&b->fd);
    arena_free(b->arena);
    *b = (struct bundle)BUNDLE_INIT;
}

/* Read the dump once: hash it, copy it to to_fd unless that is -1, compare. */
static bool dump_pass(const struct bundle *b, int to_fd, const struct bundle_progress *p,
                      struct err *e)
{
    AUTO_FREE char *chunk = mem_alloc(BUNDLE_CHUNK);
    AUTO_SHA256 struct sha256 s = {0};
    char hex[SHA256_HEX_SIZE];

    if (!sha256_init(&s, e))
        return false;
    for (uint64_t at = 0; at < b->dump_size_bytes;) {
        uint64_t left = b->dump_size_bytes - at;
        size_t n = left < BUNDLE_CHUNK ? (size_t)left : BUNDLE_CHUNK;

        if (stop_requested())
            return stop_err(e);
        if (!read_at(b, b->dump_offset + at, chunk, n, e))
            return false;
        sha256_add(&s, chunk, n);
        if (to_fd >= 0 && !io_write_full(to_fd, chunk, n))
            return err_sys(e, E_IO, "cannot write the copy of the dump in '%s'", b->path);
        at += n;
        if (p && p->tick)
            p->tick(p->tick_arg, at);
    }
    sha256_finish(&s, hex);
    return strcmp(hex, b->manifest.dump.sha256) == 0
               ? true
               : damaged(b, e, "the digest of the dump differs");
}

bool bundle_verify(const struct bundle *b, const struct bundle_progress *p, struct err *e)
{
    return dump_pass(b, -1, p, e);
}

bool bundle_extract(const struct bundle *b, int to_fd, const struct bundle_progress *p,
                    struct err *e)
{
    return dump_pass(b, to_fd, p, e);
}
