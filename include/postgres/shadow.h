/*
 * shadow.h - the database that is filled out of sight and later takes the target's name.
 *
 * It is known as ours at every moment of its life: CREATE DATABASE itself gives it a signature
 * (closed, and a connection limit nobody would choose), then its comment says whose it is. So a
 * run that holds the run lock may drop what an earlier, killed one left.
 */
#ifndef PGM_POSTGRES_SHADOW_H
#define PGM_POSTGRES_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/arena.h"
#include "common/err.h"
#include "model/endpoint.h"
#include "model/report.h"
#include "postgres/dbname.h"
#include "postgres/dbprops.h"

struct pgconn;

struct shadow {
    char name[DBNAME_MAX + 1];
    unsigned oid;
};

struct shadow_options {
    const char *name;     /* from dbname_expand() */
    const char *database; /* the target it is for */
    const char *run;
    const struct database_properties *like; /* encoding, locale, provider: the source's */
    const char *encoding;                   /* NULL: the source's; else target.encoding */
    const char *locale;                     /* NULL: the source's; else target.locale */
    const char *tablespace;                 /* NULL: the default one */
    bool tablespace_optional;               /* one that is missing gives a warning, not an error */
    int connection_limit;                   /* workers + 3 */
};

/*
 * Create it, closed to everybody but us and superusers. E_CREATE where it cannot be created (name
 * taken, locale or tablespace unknown), E_AUTH without CREATEDB. May leave it behind: drop it.
 */
bool shadow_create(struct pgconn *c, const struct shadow_options *o, struct report *report,
                   struct shadow *ret, struct err *e) MUST_USE;

/*
 * Drop it with everybody in it, in a session of its own that a stop request does not stop. True
 * if it is gone, also when it never was there. Refuses what this run did not make.
 */
bool shadow_drop(const struct endpoint *ep, const struct pgconn *same_as, const char *name,
                 const char *database, const char *run, struct err *e) MUST_USE;

/* End what is still connected to it (pg_restore's last sessions), then wait until they are gone. */
bool shadow_terminate_sessions(struct pgconn *c, const struct shadow *s, struct err *e) MUST_USE;

/*
 * For --no-swap: give it the properties and leave it, under its name, as a database like any
 * other: later runs won't touch it.
 */
bool shadow_keep(struct pgconn *c, const struct shadow *s, const struct database_properties *p,
                 unsigned parts, struct report *report, struct err *e) MUST_USE;

/* ---- what killed runs left ---- */

struct leftover {
    const char *name;
    const char *run;    /* "" if it died before it could write */
    time_t time;        /* 0: not known */
    bool closed_target; /* the target itself, closed in the middle of a swap: to be reopened */
};

struct leftovers {
    struct leftover *items;
    size_t count;
};

/* Only while holding the run lock are these certainly not of a run that still works. */
bool shadow_leftovers(struct pgconn *c, const char *database, const char *shadow_name,
                      struct arena *a, struct leftovers *ret, struct err *e) MUST_USE;

/* Drop the shadows, reopen the target. Needs the run lock. *ret_count is how many there were. */
bool shadow_clean(struct pgconn *c, const char *database, const char *shadow_name,
                  size_t *ret_count, struct err *e) MUST_USE;

#endif
