/* str.h - small questions about text: UTF-8, likeness of names, shell-style globs, quoting. */
#ifndef PGM_COMMON_STR_H
#define PGM_COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/* Offset of the first byte that is not valid UTF-8 (RFC 3629), or len. */
size_t str_utf8_valid_prefix(const char *s, size_t len);

/* Number of single-character edits (insert, delete, replace, swap of neighbours) from a to b. */
size_t str_edit_distance(const char *a, const char *b);

/* Would somebody who typed `typed` have meant `name`? Distance <= 2, or one is a prefix of the
 * other. */
bool str_is_likely_typo(const char *typed, const char *name);

/* '*' and '?' only, the whole of s. */
bool str_glob_match(const char *glob, const char *s);

/* NULL-safe equality: two NULLs are equal. */
bool str_eq(const char *a, const char *b);

/* Append s so that a POSIX shell reads it back as one word: for commands in hints. */
void str_shell_quote(struct buf *b, const char *s);

#endif
