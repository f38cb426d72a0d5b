/*
 * entries_priv.h - which entries of a dump are restored, by whom, and which must be there
 * afterwards.
 */
#ifndef PGM_CLONE_ENTRIES_PRIV_H
#define PGM_CLONE_ENTRIES_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "archive/dump_toc.h"
#include "common/buf.h"
#include "config/config.h"
#include "postgres/inventory.h"

enum entry_plan {
    ENTRY_RESTORE,     /* by pg_restore */
    ENTRY_BEST_EFFORT, /* by us, one statement at a time: a refusal is reported and harmless */
    ENTRY_LEFT_OUT,    /* the configuration says so */
};

/* What happens to this entry. */
enum entry_plan entry_plan(const struct dump_entry *t, const struct config *cfg);

/*
 * The list for pg_restore -L: every entry it shall restore, with clean in an order in which --clean
 * can drop them. False if that is all of them as they stand in the dump.
 */
bool entries_list(const struct dump_toc *toc, const struct config *cfg, bool clean,
                  struct buf *list);

/* What the configuration leaves out, as "4 PUBLICATION, 12 ACL" in dst; "" if nothing. */
void entries_left_out(const struct dump_toc *toc, const struct config *cfg, struct buf *dst);

/*
 * Entries that were to be restored and that the inventory lacks, as "KIND schema.tag, ..." in dst
 * (the first few). Returns their number.
 */
size_t entries_missing(const struct dump_toc *toc, const struct config *cfg,
                       const struct inventory *inv, struct buf *dst);

#endif
