/* key_value_priv.h - values of the key table: set in struct config, read back, taken from text. */
#ifndef PGM_CONFIG_KEY_VALUE_PRIV_H
#define PGM_CONFIG_KEY_VALUE_PRIV_H

#include <stdbool.h>

#include "common/buf.h"
#include "config/config.h"
#include "config/keys.h"
#include "json_text_priv.h"

/* Check and store. False: why has "expected ..., got ... (default ...)"; c is unchanged. */
bool key_set(const struct key *k, struct config *c, const struct json *v, struct buf *why) MUST_USE;

/* The value an option's or variable's text stands for, as JSON that key_set() then judges. */
struct json *key_value_from_text(const struct key *k, const char *text, struct arena *a);

/* Back to "not given": NULL, 0, false. Secrets are wiped. */
void key_clear(const struct key *k, struct config *c);

/* Print the value as JSON; secrets masked. False: it is not set (JSON null was printed). */
bool key_print(const struct key *k, const struct config *c, struct buf *b);

/* Append a JSON string. */
void json_print_string(struct buf *b, const char *s);

#endif
