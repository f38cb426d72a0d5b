/*
 * endpoint.h - one end of a clone as plain data: how to reach a PostgreSQL server.
 *
 * Filled by config, read by postgres and archive. Strings are borrowed from the configuration's
 * arena; NULL means "not given, libpq decides" (environment, service file, passfile, defaults).
 */
#ifndef PGM_MODEL_ENDPOINT_H
#define PGM_MODEL_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"

struct setting {
    const char *name;
    const char *value;
};

struct endpoint {
    const char *side; /* "source" or "target": for messages */
    const char *type; /* "postgresql" */
    const char *uri;  /* libpq URI or keyword string; excludes host, port, user, service */
    const char *service;
    const char *host; /* a directory means a unix socket */
    const char *port; /* decimal text */
    const char *database;
    const char *user;
    const char *passfile;
    const char *sslmode;
    const char *sslrootcert;
    const char *sslcert;
    const char *sslkey;
    const char *application_name;
    const char *maintenance_database; /* NULL: "postgres", then "template1" */
    struct secret password;           /* already read from file, command or environment */
    uint64_t connect_timeout_ms;
    uint64_t lock_timeout_ms;       /* waiting for a lock on a table; 0: for ever */
    uint64_t statement_timeout_ms;  /* of our own short queries; 0: none */
    const struct setting *settings; /* GUCs of every session, after ours */
    size_t setting_count;
};

#endif
