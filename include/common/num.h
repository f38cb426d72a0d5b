/*
 * num.h - numbers from text, checked arithmetic, and sizes and durations as people write them.
 */
#ifndef PGM_COMMON_NUM_H
#define PGM_COMMON_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

/* Whole-string decimal without sign, blanks or leading '+', within [lo, hi]. */
bool num_parse_u64(const char *s, uint64_t lo, uint64_t hi, uint64_t *ret_value) MUST_USE;
/* The same with an optional '-'. */
bool num_parse_i64(const char *s, int64_t lo, int64_t hi, int64_t *ret_value) MUST_USE;

/*
 * Durations: "250ms", "90s", "15m", "6h", "2d", sums such as "1h30m", and a bare "0".
 * Sizes: "512", "512B", "64kB", "10MB", "2GB", "1TB" (powers of 1024, as PostgreSQL reads them).
 */
bool num_parse_duration_ms(const char *s, uint64_t *ret_ms) MUST_USE;
bool num_parse_size(const char *s, uint64_t *ret_bytes) MUST_USE;

bool num_add(size_t a, size_t b, size_t *ret_sum) MUST_USE;
bool num_mul(size_t a, size_t b, size_t *ret_product) MUST_USE;

/* For people: "1.2 GiB", "3.4M", "2m13s". The text is written into dst and returned. */
enum { NUM_TEXT_MAX = 32 };
const char *num_format_bytes(char dst[NUM_TEXT_MAX], uint64_t bytes);
const char *num_format_count(char dst[NUM_TEXT_MAX], uint64_t count);
const char *num_format_duration(char dst[NUM_TEXT_MAX], uint64_t ms);

#endif
