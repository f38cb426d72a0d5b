/*
 * loader_priv.h - what the parts of config_load() share.
 *
 *   load.c      the order of things; files, environment, command line
 *   apply.c     one value or one tree of values into struct config
 *   cross.c     what must fit together, and defaults that are worked out
 *   discover.c  which file to read
 */
#ifndef PGM_CONFIG_LOADER_PRIV_H
#define PGM_CONFIG_LOADER_PRIV_H

#include "config/load.h"
#include "json_text_priv.h"
#include "key_value_priv.h"
#include "problem_priv.h"

enum layer { LAYER_BUILTIN, LAYER_FILE, LAYER_ENV, LAYER_LINE };

/* Where the value of one row of the key table was given last. */
struct given {
    enum layer layer; /* LAYER_BUILTIN: nowhere */
    struct place at;  /* of a file's */
};

struct loader {
    struct config *c;
    const struct config_request *rq;
    struct arena *scratch; /* overwritten at the end: it holds the files' texts */
    struct problems problems;
    struct given given[CONFIG_KEYS_MAX];
    struct json *root; /* of the merged files; NULL: none */
    bool lenient;
};

/* Everything in the merged files. */
void apply_tree(struct loader *l);
/* One option or environment variable; `where` names it in messages. */
void apply_text(struct loader *l, const struct key *k, const char *text, enum layer layer,
                const char *where);
/* "/options/jobs=4" */
void apply_set(struct loader *l, const char *assignment, enum layer layer, const char *where);

/* Two names of one value, given in the files: settle which counts. Before the environment. */
void cross_aliases(struct loader *l);
/* drop_existing against if_exists, once a layer is done. */
void cross_if_exists(struct loader *l, enum layer layer);
/* Everything else, at the end. */
void cross_check(struct loader *l);
void cross_defaults(struct loader *l);

#endif
