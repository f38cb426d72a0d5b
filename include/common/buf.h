/*
 * buf.h - bytes that grow, up to a hard cap.
 *
 * Every buf is made with a cap (BUF_INIT); going past it sets the sticky `failed` flag and drops
 * what was to be added, so a peer cannot make us grow without end and callers check once.
 * The contents are always followed by a NUL, so buf_str() is a C string.
 */
#ifndef PGM_COMMON_BUF_H
#define PGM_COMMON_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/macros.h"

struct buf {
    char *data;
    size_t len;
    size_t alloc;
    size_t cap;
    bool failed;
};

#define BUF_INIT(cap_bytes) \
    {                       \
        .cap = (cap_bytes)  \
    }
/* For SQL text, reports and other things whose size we choose ourselves. */
#define BUF_TEXT_MAX ((size_t)64 * 1024 * 1024)

void buf_add(struct buf *b, const void *data, size_t len);
void buf_addstr(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void buf_clear(struct buf *b);   /* empty, memory kept */
void buf_release(struct buf *b); /* back to BUF_INIT */
void buf_wipe(struct buf *b);    /* overwrite, then release: for secrets */
const char *buf_str(const struct buf *b);

/* Drop n bytes from the front. */
void buf_consume(struct buf *b, size_t n);

#define AUTO_BUF CLEANUP(buf_release)

#endif
