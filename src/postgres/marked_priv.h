/* marked_priv.h - the databases of a server that carry a comment of ours, for shadow and swap. */
#ifndef PGM_POSTGRES_MARKED_PRIV_H
#define PGM_POSTGRES_MARKED_PRIV_H

#include "common/arena.h"
#include "postgres/conn.h"
#include "postgres/marker.h"

/* A row of pg_database. */
struct db_row {
    unsigned oid;
    const char *name;
    const char *comment; /* as it is, NULL: none */
    int connection_limit;
    bool allow_connections;
    bool is_template;
    bool marked; /* the comment is ours */
    struct marker marker;
};

/* The named database; *ret_found false if there is none. */
bool db_row_read(struct pgconn *c, const char *name, struct arena *a, struct db_row *ret,
                 bool *ret_found, struct err *e) MUST_USE;

struct db_rows {
    struct db_row *items;
    size_t count;
};

/*
 * Databases whose comment is ours, of this target and still under the name written there; newest
 * first (by the time in the comment, then by OID).
 */
bool db_rows_marked(struct pgconn *c, const char *of, enum marker_role role, struct arena *a,
                    struct db_rows *ret, struct err *e) MUST_USE;

/* DROP DATABASE with FORCE where the server has it. It must not be in a transaction. */
bool db_drop(struct pgconn *c, const struct db_row *db, struct err *e) MUST_USE;

/* End a transaction that failed, also when the run is being stopped. */
void db_rollback(struct pgconn *c);

/* For building statements. */
const char *db_quoted(struct arena *a, const char *name);
const char *db_literal(struct arena *a, const char *value); /* NULL gives NULL, the keyword */

#endif
