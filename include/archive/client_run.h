/*
 * client_run.h - how a client program logs in, and what is common to running pg_dump and
 * pg_restore.
 *
 * The password goes into the environment block of that one child and is wiped from our memory as
 * soon as the child has ended. Nothing here prints.
 */
#ifndef PGM_ARCHIVE_CLIENT_RUN_H
#define PGM_ARCHIVE_CLIENT_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/proc.h"

struct pgconn;

struct client_login {
    const char *conninfo; /* for -d; holds no password */
    const char *password; /* NULL: libpq finds its own, in PGPASSWORD or a passfile */
    const char *options;  /* PGOPTIONS, "" or NULL: none */
};

/* How a child reaches database dbname of the server that c reached. Strings live in the arena;
 * the password stays c's. */
bool client_login_init(struct client_login *login, const struct pgconn *c, const char *dbname,
                       struct arena *a, struct err *e) MUST_USE;

/* What a run of either program takes and gives besides its own options. All may be zero. */
struct client_io {
    void (*tick)(void *arg); /* about every 200 ms, from the thread that waits */
    void *tick_arg;
    const int *keep_fds;  /* more descriptors to inherit, such as the run's lock; -1 ends */
    struct buf *messages; /* the newest 16 kB of the program's stderr; NULL: not wanted */
};

/* A child that was started and ran to an end of its own. */
struct client_end {
    struct proc_result proc;
    bool ok; /* exit status 0 */
};

#endif
