/* client_run_priv.h - argument vectors and the one place that starts pg_dump and pg_restore. */
#ifndef PGM_ARCHIVE_CLIENT_RUN_PRIV_H
#define PGM_ARCHIVE_CLIENT_RUN_PRIV_H

#include "archive/client_run.h"
#include "common/arena.h"

struct client_args {
    struct arena *arena;
    const char **items; /* NULL-terminated */
    size_t count;
    size_t cap;
    const int *fds; /* descriptors the child inherits, -1 ends */
};

void client_args_add(struct client_args *args, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Add arg if cond. */
void client_args_flag(struct client_args *args, bool cond, const char *arg);

/*
 * Run args to its end; the child inherits args->fds and io->keep_fds. False when the program
 * could not run or the run was stopped; otherwise ret tells how it ended and stderr_tail holds its
 * last words.
 */
bool client_run(const struct client_args *args, const struct client_login *login,
                const struct client_io *io, struct client_end *ret, struct buf *stderr_tail,
                struct err *e) MUST_USE;

/* "pg_dump failed (exit status 1)", with the program's last lines as detail. */
bool client_failed(const char *program, const struct client_end *end, const struct buf *stderr_tail,
                   struct err *e);

#endif
