/* manifest_priv.h - how names travel in JSON. */
#ifndef PGM_ARCHIVE_MANIFEST_PRIV_H
#define PGM_ARCHIVE_MANIFEST_PRIV_H

#include "common/arena.h"

/*
 * A name as JSON text can hold it: itself if it is valid UTF-8, else "\x" and its bytes in
 * hexadecimal; a name that begins with "\x" is spelled so too, which keeps the two apart.
 */
const char *manifest_name_encode(const char *name, struct arena *a);
/* NULL if that is no such spelling. */
const char *manifest_name_decode(const char *text, struct arena *a);

#endif
