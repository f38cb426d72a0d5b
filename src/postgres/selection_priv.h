/* selection_priv.h - pieces of SQL that evaluate a selection's parameters. */
#ifndef PGM_POSTGRES_SELECTION_PRIV_H
#define PGM_POSTGRES_SELECTION_PRIV_H

#include "common/buf.h"
#include "postgres/selection.h"

/*
 * Numbers of the parameters, from $1. Each list of table patterns is two arrays of the same
 * length, expressions for schema (NULL element: visible without one) and name.
 */
enum {
    SEL_SCHEMAS_IN = 1,
    SEL_SCHEMAS_OUT,
    SEL_TABLES_IN, /* and the names: + 1 */
    SEL_TABLES_OUT = SEL_TABLES_IN + 2,
    SEL_DATA_OUT = SEL_TABLES_OUT + 2,
    SEL_PATH = SEL_DATA_OUT + 2, /* the schemas of the default search path */
};

/* true if namespace n matches one of the schema patterns in parameter `number` */
void selection_add_schema_match(struct buf *sql, int number);
/* true if class c in namespace n matches one of the table patterns in `number` and the next */
void selection_add_table_match(struct buf *sql, int number);
/* the condition on one pattern p(s, t), with the path in parameter `path` */
void selection_add_one_match(struct buf *sql, int path);

/* Append one element to a text array literal under way; NULL is SQL NULL. */
void selection_add_element(struct buf *array, const char *value);

#endif
