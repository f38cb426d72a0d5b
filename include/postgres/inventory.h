/*
 * inventory.h - what is in a database, named the way pg_dump's table of contents names it.
 *
 * After a restore every entry of the dump must be found here: that is how the outcome is judged,
 * whatever pg_restore said. One query for everything; system objects and members of extensions
 * are left out.
 */
#ifndef PGM_POSTGRES_INVENTORY_H
#define PGM_POSTGRES_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/err.h"

struct pgconn;

struct inventory {
    const char **keys; /* sorted "KIND\nschema\ntag" */
    size_t count;
};

/* Names come in the client encoding of c: open it with the encoding of the dump. */
bool inventory_read(struct pgconn *c, struct arena *a, struct inventory *ret,
                    struct err *e) MUST_USE;

/* Is this kind of entry (its `desc`) one that the inventory lists? */
bool inventory_knows_kind(const char *kind);

/* schema may be NULL or "" */
bool inventory_has(const struct inventory *inv, const char *kind, const char *schema,
                   const char *tag);

#endif
