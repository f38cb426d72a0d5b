/*
 * copies_priv.h - what rollback and prune have in common: secrets, locks, guards, the result.
 *
 * They act on the target alone and are no clone, so they leave the status file alone.
 */
#ifndef PGM_CLI_COPIES_PRIV_H
#define PGM_CLI_COPIES_PRIV_H

#include <stdbool.h>

#include "cli/command.h"
#include "model/report.h"
#include "postgres/runlock.h"
#include "postgres/target.h"

struct cJSON;

struct copies {
    struct invocation *inv;
    struct arena *arena;
    struct report report;
    const char *database;
    struct pgconn *target; /* the run lock's session; with --dry-run one of its own */
    struct target_facts facts;
    void *what; /* the command's own */
    bool (*work)(struct copies *c, struct err *e);
    void (*describe)(const struct copies *c, struct cJSON *document); /* adds to the document */
};

/* Lock, look, clean up after killed runs, work, print; --dry-run neither locks nor cleans up. */
bool copies_run(struct copies *c, struct err *e) MUST_USE;

#endif
