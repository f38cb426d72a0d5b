/*
 * expand_priv.h - ${NAME} in the strings of a file, from the environment.
 *
 * "${NAME:-default}" stands in for a variable that is unset or empty; "$${" is a literal "${". The
 * result is not looked at again and keys are never expanded.
 */
#ifndef PGM_CONFIG_EXPAND_PRIV_H
#define PGM_CONFIG_EXPAND_PRIV_H

#include "json_text_priv.h"

/* Expand every string below `node` but those of "$schema", "$comment" and "x-..." keys. */
void expand_tree(struct json *node, struct arena *a, struct problems *problems);

/* Keys that may stand anywhere and mean nothing to us. */
bool key_is_annotation(const char *key);

#endif
