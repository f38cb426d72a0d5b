/* conninfo_priv.h - what a libpq URI or keyword string says, without connecting. */
#ifndef PGM_CONFIG_CONNINFO_PRIV_H
#define PGM_CONFIG_CONNINFO_PRIV_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/macros.h"

/* Strings in the arena; NULL: not in the text. */
struct conninfo {
    const char *host, *port, *database, *user, *service, *passfile;
    const char *sslmode, *sslrootcert, *sslcert, *sslkey;
    const char *password;
    bool other; /* it says more than fits here, or lists several servers */
};

/* False: why says what is wrong with the text, without repeating a password. */
bool conninfo_parse(const char *text, struct arena *a, struct conninfo *ret,
                    struct buf *why) MUST_USE;

/* The text for people: as it is, or as a keyword string with *** where it holds a secret. */
const char *conninfo_masked(const char *text, struct arena *a);

#endif
