/*
 * secret.h - a password in memory: wiped when released, never printed.
 *
 * The value is a NUL-terminated string; secret_get() gives NULL when none is set, which is not
 * the same as an empty password. Freed memory is overwritten first.
 */
#ifndef PGM_COMMON_SECRET_H
#define PGM_COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/macros.h"

struct secret {
    char *value_; /* use secret_get() */
};

#define SECRET_MASK "***" /* what is shown in place of a value */

void secret_set(struct secret *s, const char *value, size_t len);
const char *secret_get(const struct secret *s);
bool secret_is_set(const struct secret *s);
void secret_release(struct secret *s);

#define AUTO_SECRET CLEANUP(secret_release)

#endif
