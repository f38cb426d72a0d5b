/*
 * bundle.h - kept dumps: one tar file with the dump, the database's properties and a manifest.
 *
 * Members, in this order: manifest.json, database.json, dump.pgc, SHA256SUMS. Every byte of the
 * file is covered by a digest: bundle_open() checks all but the dump itself, bundle_verify() and
 * bundle_extract() the dump too. Tar, pg_restore and sha256sum -c can read a bundle without us.
 */
#ifndef PGM_ARCHIVE_BUNDLE_H
#define PGM_ARCHIVE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/manifest.h"
#include "common/arena.h"
#include "common/err.h"

#define BUNDLE_SUFFIX ".pgmirror.tar"

enum { BUNDLE_DATABASE_MAX = 16 * 1024 * 1024 };

/* Called after every megabyte or so; may be NULL. */
struct bundle_progress {
    void (*tick)(void *arg, uint64_t bytes_done);
    void *tick_arg;
};

struct bundle_write_options {
    const char *dir;                 /* where it is kept */
    const struct manifest *manifest; /* .database and .dump are filled in here */
    const char *database_json;
    int dump_fd; /* read from its start; the position is not used */
    uint64_t dump_size_bytes;
    struct bundle_progress progress;
};

/*
 * Write <job>-<database>-<time>-<run>.pgmirror.tar in dir: 0600, under a temporary name first,
 * synced, then renamed, so a bundle with its name is a whole one. An existing file is never
 * replaced. *ret_path lives in the arena.
 */
bool bundle_write(const struct bundle_write_options *o, struct arena *a, const char **ret_path,
                  struct err *e) MUST_USE;

struct bundle {
    int fd;
    struct arena *arena;
    const char *path;
    uint64_t size_bytes;
    struct manifest manifest;
    const char *database_json;
    uint64_t dump_offset; /* of the dump's first byte in fd */
    uint64_t dump_size_bytes;
};

#define BUNDLE_INIT \
    {               \
        .fd = -1    \
    }

/* E_NOINPUT: no such file. E_DATA: not a bundle, or damaged. The dump is not read yet. */
bool bundle_open(struct bundle *b, const char *path, struct err *e) MUST_USE;
void bundle_close(struct bundle *b); /* fine on BUNDLE_INIT */
#define AUTO_BUNDLE CLEANUP(bundle_close)

/* Read the dump and compare its digest. */
bool bundle_verify(const struct bundle *b, const struct bundle_progress *p, struct err *e) MUST_USE;
/* The same while copying the dump to to_fd, at its position. Don't use the copy if this fails. */
bool bundle_extract(const struct bundle *b, int to_fd, const struct bundle_progress *p,
                    struct err *e) MUST_USE;

#endif
