#include <openssl/evp.h>
#include <stdio.h>

#include "sha256_priv.h"

#include "common/banned.h"

bool sha256_init(struct sha256 *s, struct err *e)
{
    s->ctx = EVP_MD_CTX_new();
    if (!s->ctx || EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) != 1)
        return err_set(e, E_SYSTEM, "the cryptographic library has no SHA-256");
    return true;
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
    (void)EVP_DigestUpdate(s->ctx, data, len);
}

void sha256_finish(struct sha256 *s, char hex[SHA256_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};

    (void)EVP_DigestFinal_ex(s->ctx, digest, NULL);
    for (size_t i = 0; i < (SHA256_HEX_SIZE - 1) / 2; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", (unsigned)digest[i]);
}

void sha256_release(struct sha256 *s)
{
    EVP_MD_CTX_free(s->ctx);
    s->ctx = NULL;
}

bool sha256_of(const void *data, size_t len, char hex[SHA256_HEX_SIZE], struct err *e)
{
    AUTO_SHA256 struct sha256 s = {0};

    if (!sha256_init(&s, e))
        return false;
    sha256_add(&s, data, len);
    sha256_finish(&s, hex);
    return true;
}
