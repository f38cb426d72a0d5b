/* load_priv.h - running pg_restore, shared by a load into a shadow and one in place. */
#ifndef PGM_CLONE_LOAD_PRIV_H
#define PGM_CLONE_LOAD_PRIV_H

#include "archive/restore_run.h"
#include "clone_priv.h"

/* What the configuration says about a restore, with the settings for a shadow. */
struct restore_run_options load_options(const struct clone_run *r);

/* What pg_stat_activity calls the one session of a pg_restore that runs in one transaction. */
const char *load_session_name(struct clone_run *r);

/*
 * Run pg_restore into database. *ret_clean: it ended with status 0; otherwise why holds its words.
 * False when it did not end by itself.
 */
bool load_run(struct clone_run *r, const char *database, struct restore_run_options *o,
              bool *ret_clean, struct err *why, struct err *e) MUST_USE;

/* The entries that may fail, one by one: a refused one is reported and harmless. */
bool load_best_effort(struct clone_run *r, const char *database, struct err *e) MUST_USE;

#endif
