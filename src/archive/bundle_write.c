/*
 * The manifest comes first and holds the dump's digest, so the dump is read twice: to hash it and
 * to copy it. It is hashed again while it is copied: what goes into the file is what the digest
 * was taken of, or the bundle isn't made.
 *
 * libarchive writes the tar. Its blocking is off, so everything it has to say reaches on_write()
 * at once, and a flag tells headers and padding (which go into the framing digest) from content.
 */
#include "archive/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/spool.h"
#include "common/buf.h"
#include "common/io.h"
#include "common/stop.h"

#include "bundle_priv.h"
#include "sha256_priv.h"
#include "spool_priv.h"

#include "common/banned.h"

void bundle_sums_format(char dst[BUNDLE_SUMS_SIZE + 1], const struct bundle_digests *d)
{
    (void)snprintf(dst, BUNDLE_SUMS_SIZE + 1,
                   "%s  " BUNDLE_MANIFEST_NAME "\n%s  " BUNDLE_DATABASE_NAME
                   "\n%s  " BUNDLE_DUMP_NAME "\n# %s  headers and padding\n",
                   d->manifest, d->database, d->dump, d->framing);
}

struct writer {
    struct archive *tar;
    int fd;
    int sys; /* errno of the write that failed */
    bool in_content;
    bool framing_done;
    struct sha256 framing;
    const struct bundle_write_options *o;
    struct bundle_digests digests;
    char path[4200]; /* of the temporary file */
};

/* A failed write is kept in w->sys: libarchive 3.6 leaks when it is told. */
static la_ssize_t on_write(struct archive *tar, void *arg, const void *data, size_t len)
{
    struct writer *w = arg;

    (void)tar;
    if (!w->sys && !io_write_full(w->fd, data, len))
        w->sys = errno;
    if (!w->in_content && !w->framing_done)
        sha256_add(&w->framing, data, len);
    return (la_ssize_t)len;
}

/* Judge a call of libarchive, and the writes that it made. */
static bool tar_did(struct writer *w, bool ok, struct err *e)
{
    if (ok && !w->sys)
        return true;
    if (w->sys) {
        errno = w->sys;
        return err_sys(e, E_IO, "cannot write '%s'", w->path);
    }
    return err_set(e, E_IO, "cannot write '%s': %s", w->path, archive_error_string(w->tar));
}

static bool member_begin(struct writer *w, const char *name, uint64_t size, struct err *e)
{
    struct archive_entry *entry = archive_entry_new();
    bool ok;

    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_mtime(entry, w->o->manifest->created, 0);
    ok = archive_write_header(w->tar, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    w->in_content = true;
    return tar_did(w, ok, e);
}

static bool member_data(struct writer *w, const void *data, size_t len, struct err *e)
{
    return tar_did(w, archive_write_data(w->tar, data, len) == (la_ssize_t)len, e);
}

static bool member_end(struct writer *w, struct err *e)
{
    w->in_content = false;
    return tar_did(w, archive_write_finish_entry(w->tar) == ARCHIVE_OK, e);
}

static bool member_text(struct writer *w, const char *name, const char *text, size_t len,
                        struct err *e)
{
    return member_begin(w, name, len, e) && member_data(w, text, len, e) && member_end(w, e);
}

/* Hash the dump; with copy, write it as well. */
static bool dump_pass(struct writer *w, bool copy, char hex[SHA256_HEX_SIZE], struct err *e)
{
    AUTO_FREE char *chunk = mem_alloc(BUNDLE_CHUNK);
    AUTO_SHA256 struct sha256 s = {0};
    const struct bundle_write_options *o = w->o;
    uint64_t at = 0;

    if (!sha256_init(&s, e))
        return false;
    while (at < o->dump_size_bytes) {
        uint64_t left = o->dump_size_bytes - at;
        ssize_t n =
            pread(o->dump_fd, chunk, left < BUNDLE_CHUNK ? (size_t)left : BUNDLE_CHUNK, (off_t)at);

        if (stop_requested())
            return stop_err(e);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, E_IO, "cannot read the dump");
        if (n == 0)
            return err_set(e, E_IO, "the dump became shorter while it was read");
        sha256_add(&s, chunk, (size_t)n);
        if (copy && !member_data(w, chunk, (size_t)n, e))
            return false;
        at += (uint64_t)n;
        if (copy && o->progress.tick)
            o->progress.tick(o->progress.tick_arg, at);
    }
    sha256_finish(&s, hex);
    return true;
}

static bool write_dump(struct writer *w, struct err *e)
{
    char again[SHA256_HEX_SIZE];

    if (!member_begin(w, BUNDLE_DUMP_NAME, w->o->dump_size_bytes, e) ||
        !dump_pass(w, true, again, e) || !member_end(w, e))
        return false;
    if (strcmp(again, w->digests.dump) != 0)
        return err_set(e, E_IO, "the dump changed while it was copied");
    return true;
}

/* The last member: its own header still belongs to the framing. */
static bool write_sums(struct writer *w, struct err *e)
{
    char sums[BUNDLE_SUMS_SIZE + 1];

    if (!member_begin(w, BUNDLE_SUMS_NAME, BUNDLE_SUMS_SIZE, e))
        return false;
    sha256_finish(&w->framing, w->digests.framing);
    w->framing_done = true;
    bundle_sums_format(sums, &w->digests);
    return member_data(w, sums, BUNDLE_SUMS_SIZE, e) && member_end(w, e);
}

/* The digests of what the manifest describes, then its text. */
static bool make_manifest(struct writer *w, struct buf *json, struct err *e)
{
    struct manifest m = *w->o->manifest;
    size_t len = strlen(w->o->database_json);

    if (len > BUNDLE_DATABASE_MAX)
        return err_set(e, E_DATA, "the database's properties are larger than %d bytes",
                       BUNDLE_DATABASE_MAX);
    if (!sha256_of(w->o->database_json, len, w->digests.database, e) ||
        !dump_pass(w, false, w->digests.dump, e))
        return false;
    m.database.size_bytes = len;
    m.dump.size_bytes = w->o->dump_size_bytes;
    memcpy(m.database.sha256, w->digests.database, SHA256_HEX_SIZE);
    memcpy(m.dump.sha256, w->digests.dump, SHA256_HEX_SIZE);
    return manifest_write(&m, json, e) &&
           sha256_of(buf_str(json), json->len, w->digests.manifest, e);
}

static bool write_members(struct writer *w, struct err *e)
{
    AUTO_BUF struct buf json = BUF_INIT(MANIFEST_SIZE_MAX + 1);

    if (!make_manifest(w, &json, e) || !sha256_init(&w->framing, e))
        return false;
    if (archive_write_set_format_pax_restricted(w->tar) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(w->tar, 0) != ARCHIVE_OK ||
        archive_write_open(w->tar, w, NULL, on_write, NULL) != ARCHIVE_OK)
        return tar_did(w, false, e);
    if (!member_text(w, BUNDLE_MANIFEST_NAME, buf_str(&json), json.len, e) ||
        !member_text(w, BUNDLE_DATABASE_NAME, w->o->database_json, strlen(w->o->database_json),
                     e) ||
        !write_dump(w, e) || !write_sums(w, e))
        return false;
    return tar_did(w, archive_write_close(w->tar) == ARCHIVE_OK, e);
}

/* At most `max` bytes of s, with only what every file system and shell takes. */
static void name_add(struct buf *b, const char *s, size_t max)
{
    for (size_t i = 0; s && s[i] && i < max; i++) {
        bool fine = isalnum((unsigned char)s[i]) || s[i] == '_' || s[i] == '.';

        buf_addch(b, fine && !(s[i] == '.' && i == 0) ? s[i] : '_');
    }
    buf_addch(b, '-');
}

static const char *final_path(const struct bundle_write_options *o, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT((size_t)2 * PATH_MAX);
    char time[IO_TIME_MAX];

    buf_printf(&b, "%s/", o->dir);
    name_add(&b, o->manifest->job, 60);
    name_add(&b, o->manifest->source_database, 60);
    name_add(&b, io_format_utc_compact(time, o->manifest->created), IO_TIME_MAX);
    name_add(&b, o->manifest->run, 40);
    return arena_printf(a, "%.*s" BUNDLE_SUFFIX, (int)b.len - 1, buf_str(&b));
}

/* Rename unless there is such a file; false with errno set. */
static bool rename_to_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(from, to) == 0 &&
           unlink(from) == 0; /* this file system can't; link() refuses too */
}

static bool write_and_rename(struct writer *w, const char *path, struct err *e)
{
    if (!write_members(w, e))
        return false;
    if (fsync(w->fd) != 0)
        return err_sys(e, E_IO, "cannot write '%s'", w->path);
    if (!rename_to_new(w->path, path))
        return err_sys(e, E_CREATE, "cannot create '%s'", path);
    return io_sync_dir_of(path, e);
}

bool bundle_write(const struct bundle_write_options *o, struct arena *a, const char **ret_path,
                  struct err *e)
{
    struct writer w = {.fd = -1, .o = o};
    const char *path = final_path(o, a);
    bool ok;

    (void)spool_reap(o->dir);
    w.fd = spool_temp_open(o->dir, o->manifest->run, SPOOL_BUNDLE_SUFFIX, w.path, sizeof w.path, e);
    if (w.fd < 0)
        return err_in(e, "keep the dump");
    w.tar = archive_write_new();
    ok = write_and_rename(&w, path, e);
    (void)archive_write_free(w.tar);
    sha256_release(&w.framing);
    if (!ok)
        (void)unlink(w.path);
    io_close(&w.fd);
    if (!ok)
        return err_in(e, "keep the dump");
    *ret_path = path;
    return true;
}
