/*
 * json_scan_priv.h - the grammar of JSON, strictly, and where each key and value begins.
 */
#ifndef PGM_CONFIG_JSON_SCAN_PRIV_H
#define PGM_CONFIG_JSON_SCAN_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/macros.h"

struct json_scan {
    const char *text;
    size_t len;
    size_t *starts; /* offsets of keys and values in the order of the document */
    size_t start_count;
    size_t error_at; /* offset of the failure */
    const char *error;
};

/* On failure `error` (a literal) and `error_at` are set. */
bool json_scan(struct json_scan *s, struct arena *a, const char *text, size_t len) MUST_USE;

#endif
