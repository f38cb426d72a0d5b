/* sha256_priv.h - digests of what streams by, as lower-case hexadecimal text. */
#ifndef PGM_ARCHIVE_SHA256_PRIV_H
#define PGM_ARCHIVE_SHA256_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/manifest.h"
#include "common/err.h"

struct sha256 {
    void *ctx; /* EVP_MD_CTX */
};

bool sha256_init(struct sha256 *s, struct err *e) MUST_USE;
void sha256_add(struct sha256 *s, const void *data, size_t len);
/* Once; the digest of everything added. */
void sha256_finish(struct sha256 *s, char hex[SHA256_HEX_SIZE]);
void sha256_release(struct sha256 *s);
#define AUTO_SHA256 CLEANUP(sha256_release)

bool sha256_of(const void *data, size_t len, char hex[SHA256_HEX_SIZE], struct err *e) MUST_USE;

#endif
