/*
 * runner.h - run a command in a thread while this one reads signals, the deadline and the clock.
 *
 * INT, TERM and HUP stop the run cleanly (stop.h); a second one leaves at once with 128+N. USR1
 * asks for one progress line. The signals are blocked from runner_block_signals() on, which must
 * come before the first thread.
 */
#ifndef PGM_CLI_RUNNER_H
#define PGM_CLI_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct runner {
    bool (*run)(void *arg, struct err *e); /* the command, in its own thread */
    void (*tick)(void *arg, bool asked);   /* about 5 times a second in the caller's; may be NULL */
    void *arg;
    uint64_t deadline_ms; /* from now; 0: none */
};

bool runner_block_signals(struct err *e) MUST_USE;

/* Returns what run() returned, after its thread has ended. */
bool runner_run(const struct runner *r, struct err *e) MUST_USE;

#endif
