/*
 * conninfo_priv.h - keyword arrays for libpq, built from an endpoint; pure text, no sockets.
 *
 * A keyword list may hold a password: conninfo_release() wipes it.
 */
#ifndef PGM_POSTGRES_CONNINFO_PRIV_H
#define PGM_POSTGRES_CONNINFO_PRIV_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "model/endpoint.h"

enum { CONNINFO_MAX = 80 };

/* All-zero is empty. keys and values end with NULL, as PQconnectStartParams wants them. */
struct conninfo {
    char *keys[CONNINFO_MAX + 1];
    char *values[CONNINFO_MAX + 1];
    size_t count;
};

void conninfo_release(struct conninfo *ci);
#define AUTO_CONNINFO CLEANUP(conninfo_release)

/* Set or replace; a NULL value is ignored. */
void conninfo_set(struct conninfo *ci, const char *key, const char *value);
void conninfo_unset(struct conninfo *ci, const char *key);
const char *conninfo_get(const struct conninfo *ci, const char *key); /* NULL: not there */

/*
 * The endpoint's own keys: those of its URI or keyword string first, then the explicit ones, then
 * dbname (taken literally; NULL: the endpoint's). E_CONFIG if the string cannot be parsed; the
 * string itself is never quoted in a message, since it may hold a password.
 */
bool conninfo_from_endpoint(struct conninfo *ci, const struct endpoint *ep, const char *dbname,
                            struct err *e) MUST_USE;

/*
 * What libpq makes of ci with service files and environment, without connecting.
 * E_CONFIG if it makes nothing of it (a service that is not defined).
 */
bool conninfo_resolve(const struct conninfo *ci, struct conninfo *ret, struct err *e) MUST_USE;

/* Append "-c name=value" for the startup packet's `options`, after a blank if b isn't empty. */
void conninfo_add_option(struct buf *b, const char *name, const char *value);

/* Append key='value' for a conninfo string, after a blank if b isn't empty. */
void conninfo_add_pair(struct buf *b, const char *key, const char *value);

/* Append every option of a live session that a client program needs, bar dbname and place. */
void conninfo_add_inherited(struct buf *b, const PQconninfoOption *options);

/*
 * The SQLSTATE in the last line of a PQERRORS_VERBOSE message that has one, or "". *ret_text is
 * set to the message proper behind it, up to the end of its line, in dst.
 */
const char *conninfo_verbose_state(const char *message, char state[6], char *dst, size_t cap);

#endif
