/*
 * lists_priv.h - what the source holds that is going to be copied, and what a target must offer.
 *
 * Read once, by the first probe that needs it.
 */
#ifndef PGM_CHECK_LISTS_PRIV_H
#define PGM_CHECK_LISTS_PRIV_H

#include "check_priv.h"
#include "postgres/catalog.h"
#include "postgres/selection.h"

enum role_use {
    ROLE_OWNS = 1u << 0,
    ROLE_GRANTED = 1u << 1,
    ROLE_POLICY = 1u << 2,  /* CREATE POLICY ... TO: kept whatever is asked for */
    ROLE_DEFAULT = 1u << 3, /* ALTER DEFAULT PRIVILEGES */
};

struct needed_role {
    const char *name;
    unsigned uses;
};

struct needed_extension {
    const char *name;
    const char *version;
    const char *schema;
};

struct list_state {
    bool read;
    struct err err;
};

struct source_lists {
    struct err err; /* why there is no catalog */
    struct selection selection;
    struct catalog catalog;
    const char *oids; /* of the selected tables: "{16385,16390}", for = ANY($1) */
    struct list_state roles_state, extensions_state, tablespaces_state;
    struct needed_role *roles;
    size_t role_count;
    struct needed_extension *extensions;
    size_t extension_count;
    const char **tablespaces;
    size_t tablespace_count;
};

/* The selected tables only, or also one of the lists. Needs the source session. */
bool lists_catalog(struct check *c, const struct source_lists **ret, struct err *e) MUST_USE;
bool lists_roles(struct check *c, const struct source_lists **ret, struct err *e) MUST_USE;
bool lists_extensions(struct check *c, const struct source_lists **ret, struct err *e) MUST_USE;
bool lists_tablespaces(struct check *c, const struct source_lists **ret, struct err *e) MUST_USE;

/* Is anything left out of the dump, and is it narrowed down to what was named? */
bool lists_filtered(const struct config *cfg);
bool lists_narrowed(const struct config *cfg);
/* The oids when filtered, else NULL; after lists_catalog(). */
const char *lists_oid_param(struct check *c);

#endif
