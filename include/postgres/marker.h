/*
 * marker.h - what pg_mirror writes into a database's comment, and nothing else would.
 *
 * Shadow databases and previous copies are known by their comment, so that the next run finds
 * them after any crash:
 *     pg_mirror:{"run":"7f3a","role":"previous","of":"app","name":"app__prev_...",
 *                "time":"2026-11-20T02:31:07Z","comment":"what the owner had written"}
 * `name` is the name the database had when the comment was written: a copy that somebody renamed
 * since then is no longer ours, so that prune cannot drop what was put back by hand.
 */
#ifndef PGM_POSTGRES_MARKER_H
#define PGM_POSTGRES_MARKER_H

#include <stdbool.h>
#include <time.h>

#include "common/arena.h"

enum marker_role {
    MARKER_SHADOW,   /* being filled, or left over from a run that died */
    MARKER_PREVIOUS, /* an old target, kept for rollback */
    MARKER_CLOSED,   /* the target itself, closed to new sessions for the moment of a swap */
};

struct marker {
    enum marker_role role;
    const char *run;
    const char *of; /* the target's name */
    const char *name;
    time_t time;
    const char *comment; /* the database's own one; NULL: none */
};

/* The comment's text. */
const char *marker_format(const struct marker *m, struct arena *a);

/* True if the comment (may be NULL) is exactly one of ours. Strings are copied into the arena. */
bool marker_parse(const char *comment, struct arena *a, struct marker *ret) MUST_USE;

/* The database's own comment: what is inside of ours, else the comment itself. */
const char *marker_own_comment(const char *comment, struct arena *a);

/* A comment that carries this text anywhere forbids replacing the database. */
#define MARKER_PROTECTED "pg_mirror:protected"
bool marker_is_protected(const char *comment);

const char *marker_role_name(enum marker_role role);

#endif
