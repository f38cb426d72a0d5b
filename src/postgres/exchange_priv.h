/* exchange_priv.h - one exchange of names, for swap (shadow to target) and rollback (copy back). */
#ifndef PGM_POSTGRES_EXCHANGE_PRIV_H
#define PGM_POSTGRES_EXCHANGE_PRIV_H

#include "marked_priv.h"
#include "postgres/swap.h"

struct exchange {
    const struct endpoint *target;
    const char *database;      /* the name that changes hands */
    const char *previous_name; /* pattern for the one that gives it up */
    const char *run;
    struct db_row incoming;
    struct db_row outgoing; /* oid 0: nobody has the name */
    const char *comment;    /* the incoming one's own, where no properties are applied */
    const struct database_properties *properties; /* NULL: as they are */
    unsigned parts;
    struct report *report; /* needed with properties */
};

bool exchange_run(struct pgconn *c, const struct exchange *x, struct swap_result *ret,
                  struct err *e) MUST_USE;

/*
 * In a transaction: a shadow becomes what p says, as far as `parts` goes: always open to others,
 * without its connection limit and without our comment.
 */
bool shadow_dress(struct pgconn *c, const char *name, const struct database_properties *p,
                  unsigned parts, struct report *report, struct err *e) MUST_USE;

#endif
