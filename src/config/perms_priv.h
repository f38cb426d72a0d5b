/* perms_priv.h - who may read or write the configuration files, as far as it matters. */
#ifndef PGM_CONFIG_PERMS_PRIV_H
#define PGM_CONFIG_PERMS_PRIV_H

#include "loader_priv.h"

/*
 * Notes in the configuration which files hold a literal secret that others may read (a warning; an
 * error under --strict) and refuses a password_command from a file that others may write.
 */
void perms_check(struct loader *l);

#endif
