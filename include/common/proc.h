/*
 * proc.h - run a client program: an argv vector, an environment of its own, no shell.
 *
 * The child gets default signals and mask, stdin from /dev/null, SIGTERM when the calling thread
 * dies (so nothing outlives a SIGKILLed run), and both its outputs drained together. A program
 * that cannot be executed is an error of proc_run(), not an exit status. The tree of processes is
 * over when stdout and stderr are closed by all of them and the child was reaped.
 */
#ifndef PGM_COMMON_PROC_H
#define PGM_COMMON_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"

/* A child's environment: ours, with some names set or removed. All-zero is "as ours". */
struct proc_env {
    char **vars; /* "NAME=value", NULL-terminated; from proc_env_init() */
    size_t count;
    size_t cap;
};

void proc_env_init(struct proc_env *env, struct arena *a);
void proc_env_set(struct proc_env *env, struct arena *a, const char *name, const char *value);
void proc_env_unset(struct proc_env *env, const char *name);
/* Overwrite the value of every variable that proc_env_set() made: it may hold a password. */
void proc_env_wipe(struct proc_env *env, const char *name);

struct proc_options {
    const char *const *argv; /* argv[0] is a path; NULL-terminated */
    char *const *env;        /* NULL: our own environment */
    struct buf *out;         /* stdout goes here; NULL: /dev/null */
    struct buf *err;         /* the last bytes of stderr, see PROC_STDERR_MAX; required */
    const int *keep_fds;     /* descriptors the child inherits under the same number, -1 ends */
    unsigned timeout_ms;     /* 0: none; afterwards the child gets SIGTERM, then SIGKILL */
    /* Called about every 200 ms from the waiting thread; may be NULL. */
    void (*tick)(void *arg);
    void *tick_arg;
};

enum {
    PROC_STDERR_MAX = 16 * 1024,
    PROC_KILL_AFTER_MS = 5000, /* from SIGTERM to SIGKILL */
};

struct proc_result {
    bool exited; /* false: ended by signal */
    int status;  /* exit status or signal number */
};

/*
 * Start, wait, reap. True when the program ran to an end of its own, whatever its status; false
 * when it could not be started, the run was stopped (E_CANCELLED, E_DEADLINE) or the timeout
 * passed (E_DEADLINE): the child is gone then too.
 */
bool proc_run(const struct proc_options *o, struct proc_result *ret, struct err *e) MUST_USE;

/* "exit status 1" or "killed by SIGSEGV". */
const char *proc_describe(const struct proc_result *r, char *dst, size_t cap);

/* The last non-empty line(s) of a child's stderr that fit dst, for an error's detail. */
const char *proc_last_lines(const struct buf *err, char *dst, size_t cap);

#endif
