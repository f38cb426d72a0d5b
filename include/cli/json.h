/*
 * json.h - JSON documents as this program prints them: exact numbers, valid UTF-8, times in UTC.
 */
#ifndef PGM_CLI_JSON_H
#define PGM_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/err.h"

struct cJSON;

/* NULL and "" become null. Bytes that are no UTF-8 (names in other encodings) become '?'. */
void json_add_text(struct cJSON *object, const char *key, const char *value);

/* A number that may not fit a double: exact, as text in the document. */
void json_add_u64(struct cJSON *object, const char *key, uint64_t value);

/* "2026-11-20T02:31:07Z"; 0 becomes null. */
void json_add_time(struct cJSON *object, const char *key, time_t t);

/* Print a document and a newline on stdout. EPIPE is not an error: the reader left. */
bool json_print(const struct cJSON *document, struct err *e) MUST_USE;

#endif
