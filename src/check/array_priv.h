/* array_priv.h - text of a PostgreSQL array parameter, one element at a time. */
#ifndef PGM_CHECK_ARRAY_PRIV_H
#define PGM_CHECK_ARRAY_PRIV_H

#include "common/buf.h"

static inline void array_begin(struct buf *b)
{
    buf_clear(b);
    buf_addch(b, '{');
}

static inline void array_add(struct buf *b, const char *value)
{
    if (b->len > 1)
        buf_addch(b, ',');
    buf_addch(b, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_addch(b, '\\');
        buf_addch(b, *value);
    }
    buf_addch(b, '"');
}

static inline void array_end(struct buf *b)
{
    buf_addch(b, '}');
}

#endif
