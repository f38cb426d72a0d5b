/*
 * stop.h - the one flag that says "leave now, cleanly".
 *
 * main() reads signals and the deadline and calls stop_request(); everything that can block polls
 * stop_fd() beside its own descriptors and, once stopped, cancels what it waits for and returns
 * stop_err(). Cleanup that must still talk to a server says so at each call (see pgconn) and is
 * not stopped. All functions are safe from any thread.
 */
#ifndef PGM_COMMON_STOP_H
#define PGM_COMMON_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

enum stop_reason {
    STOP_NONE,
    STOP_SIGNAL,
    STOP_DEADLINE,
};

/* Once, before the first thread. */
bool stop_init(struct err *e) MUST_USE;

/* The first call wins; signal is 0 for a deadline. */
void stop_request(enum stop_reason reason, int signal);
bool stop_requested(void);

/* Readable for ever once stopped. -1 before stop_init(). */
int stop_fd(void);

/* Fill e with "interrupted by SIGTERM" (E_CANCELLED) or "deadline passed" (E_DEADLINE). */
void stop_err_(struct err *e);
#define stop_err(e) (stop_err_(e), false)

/* Sleep until the time is over (true) or the run is stopped (false). */
bool stop_sleep_ms(uint64_t ms, struct err *e) MUST_USE;

/* Back to "not stopped", for tests. */
void stop_reset(void);

#endif
