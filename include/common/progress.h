/*
 * progress.h - how far a run is, shared between the thread that works and the one that draws.
 *
 * The worker sets, the drawer reads; every field is atomic, so nobody locks. Phase and item are
 * string literals or live as long as the run.
 */
#ifndef PGM_COMMON_PROGRESS_H
#define PGM_COMMON_PROGRESS_H

#include <stdatomic.h>
#include <stdint.h>

struct progress {
    _Atomic(const char *) phase; /* "dump", "restore", ...; NULL before the first */
    _Atomic(const char *) unit;  /* "B" or "tables" */
    _Atomic uint64_t done;
    _Atomic uint64_t total;            /* 0: not known */
    _Atomic uint64_t phase_started_ms; /* io_now_ms() */
};

void progress_phase(struct progress *p, const char *phase, const char *unit, uint64_t total);
void progress_done(struct progress *p, uint64_t done);

#endif
