/*
 * bundle_priv.h - the layout of a kept dump, shared by writer and reader.
 *
 *     header  manifest.json  padding
 *     header  database.json  padding
 *     header  dump.pgc       padding       (a pax header before it if it has 8 GiB or more)
 *     header  SHA256SUMS     padding
 *     1024 zero bytes
 *
 * SHA256SUMS has a line for each of the three members as sha256sum(1) writes it, and a comment with
 * the digest of every byte before its own content that belongs to no member's content: headers
 * and padding. What follows its content is zeros, and the length of the file is known; so no
 * byte can change unseen, and each is hashed once.
 */
#ifndef PGM_ARCHIVE_BUNDLE_PRIV_H
#define PGM_ARCHIVE_BUNDLE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/bundle.h"
#include "archive/manifest.h"

enum {
    BUNDLE_BLOCK = 512,
    BUNDLE_END = 2 * BUNDLE_BLOCK, /* zero blocks that end a tar file */
    BUNDLE_CHUNK = 1024 * 1024,
};

enum bundle_member { MEMBER_MANIFEST, MEMBER_DATABASE, MEMBER_DUMP, MEMBER_SUMS, MEMBER_COUNT };

#define BUNDLE_MANIFEST_NAME "manifest.json"
#define BUNDLE_DATABASE_NAME "database.json"
#define BUNDLE_DUMP_NAME     "dump.pgc"
#define BUNDLE_SUMS_NAME     "SHA256SUMS"

struct bundle_digests {
    char manifest[SHA256_HEX_SIZE];
    char database[SHA256_HEX_SIZE];
    char dump[SHA256_HEX_SIZE];
    char framing[SHA256_HEX_SIZE];
};

/* The content of SHA256SUMS; its length does not depend on the digests. */
enum {
    BUNDLE_SUMS_DUMP_AT = 2 * (64 + 2 + 13 + 1), /* where the dump's digest stands in it */
    BUNDLE_SUMS_SIZE = BUNDLE_SUMS_DUMP_AT + (64 + 2 + 8 + 1) + (2 + 64 + 2 + 19 + 1),
};
void bundle_sums_format(char dst[BUNDLE_SUMS_SIZE + 1], const struct bundle_digests *d);

#endif
