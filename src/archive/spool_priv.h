/* spool_priv.h - names of temporary files with a name, shared by spool and bundle. */
#ifndef PGM_ARCHIVE_SPOOL_PRIV_H
#define PGM_ARCHIVE_SPOOL_PRIV_H

#include <stddef.h>

#include "common/err.h"

#define SPOOL_TEMP_PREFIX   ".pg_mirror-"
#define SPOOL_DUMP_SUFFIX   ".dump"
#define SPOOL_BUNDLE_SUFFIX ".part"

/*
 * Create "DIR/.pg_mirror-RUN-PID-XXXXXX<suffix>", mode 0600, locked (flock) as long as the
 * descriptor is open: spool_reap() leaves it alone then. Its path is written to path.
 */
int spool_temp_open(const char *dir, const char *run, const char *suffix, char *path, size_t cap,
                    struct err *e);

#endif
