/* key_check_priv.h - what a string must look like beyond being a string; named in the key table. */
#ifndef PGM_CONFIG_KEY_CHECK_PRIV_H
#define PGM_CONFIG_KEY_CHECK_PRIV_H

#include <stdbool.h>

#include "common/buf.h"

/* False: why says what is wrong. */
bool key_check_name(const char *value, struct buf *why);
bool key_check_database(const char *value, struct buf *why);
bool key_check_shadow_name(const char *value, struct buf *why);
bool key_check_previous_name(const char *value, struct buf *why);
bool key_check_job_path(const char *value, struct buf *why);
bool key_check_compression(const char *value, struct buf *why);
bool key_check_bin_dir(const char *value, struct buf *why);

#endif
