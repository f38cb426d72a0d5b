/*
 * json_text_priv.h - JSON read strictly, every value and key with its line and column.
 *
 * Stricter than cJSON, which does the parsing underneath: valid UTF-8 only, no BOM, no duplicate
 * keys, no raw control characters, no leading zeros, no number beyond a double, no \u0000, and caps
 * on size, depth and number of values. The tree lives in the arena it was read into; lookups are
 * case-sensitive.
 */
#ifndef PGM_CONFIG_JSON_TEXT_PRIV_H
#define PGM_CONFIG_JSON_TEXT_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/macros.h"
#include "problem_priv.h"

enum {
    JSON_TEXT_MAX = 1024 * 1024, /* bytes */
    JSON_DEPTH_MAX = 32,
    JSON_VALUES_MAX = 50000,
};

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    bool truth;       /* of a JSON_BOOL */
    bool broken;      /* it, or an item of it, could not be expanded: told already */
    bool expanded;    /* a string that ${VAR} made; the number or bool in it may be meant */
    double number;    /* of a JSON_NUMBER */
    const char *text; /* of a JSON_STRING; of a JSON_NUMBER: as it was written */
    const char *key;  /* of an object's member, else NULL */
    struct place at;
    struct place key_at;
    struct json *child; /* first of an array or object */
    struct json *next;
};

/*
 * Read one document. `file` is kept in every place, `order` sorts problems of several files. On
 * failure NULL; what is wrong was added to `problems`. Duplicate keys are all reported at once.
 */
struct json *json_read(struct arena *a, const char *file, unsigned order, const char *text,
                       size_t len, struct problems *problems) MUST_USE;

/* The member with exactly this key, or NULL. */
const struct json *json_member(const struct json *object, const char *key);

/* Append "/key", escaped as JSON pointers are; take what was added off again. */
void json_pointer_push(struct buf *path, const char *key);
void json_pointer_pop(struct buf *path, size_t used);

/* Merge `over` into `base` and return the result: objects merge, everything else is replaced. */
struct json *json_merge(struct json *base, struct json *over);

#endif
