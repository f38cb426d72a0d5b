/* perms.h - the check probe cfg.perms: configuration files that show a password to others. */
#ifndef PGM_CONFIG_PERMS_H
#define PGM_CONFIG_PERMS_H

#include <stdbool.h>

#include "common/buf.h"
#include "config/config.h"

/* False: message names the files, hint has the command that closes them. */
bool config_perms_ok(const struct config *c, struct buf *message, struct buf *hint);

#endif
