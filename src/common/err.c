#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int status;
    bool retryable;
    const char *class_name;
    const char *text;
} err_table[ERR_CODE_COUNT] = {
#define X(name, status, retry, class_name, text) {status, retry, class_name, text},
    ERR_CODES(X)
#undef X
};

/* vsnprintf that marks a cut with an ellipsis, so a message never ends in half a name unnoticed. */
static void format_into(char *dst, size_t cap, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);
static void format_into(char *dst, size_t cap, const char *fmt, va_list ap)
{
    int n = vsnprintf(dst, cap, fmt, ap);

    if (n < 0)
        dst[0] = '\0';
    else if ((size_t)n >= cap)
        memcpy(dst + cap - 4, "...", 4);
}

static void err_vset(struct err *e, enum err_code code, const char *fmt, va_list ap)
    PRINTF_LIKE(3, 0);
static void err_vset(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
    char text[sizeof e->text];

    format_into(text, sizeof text, fmt, ap); /* first: the arguments may point into e */
    *e = (struct err){.code = code, .retryable = err_table[code].retryable};
    memcpy(e->text, text, sizeof text);
}

void err_set_(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return;
    va_start(ap, fmt);
    err_vset(e, code, fmt, ap);
    va_end(ap);
}

void err_sys_(struct err *e, enum err_code code, const char *fmt, ...)
{
    int sys = errno;
    char reason[128];
    size_t used;
    va_list ap;

    if (!e)
        return;
    if (sys == ENOSPC || sys == EDQUOT || sys == EFBIG || sys == EIO)
        code = E_IO;
    va_start(ap, fmt);
    err_vset(e, code, fmt, ap);
    va_end(ap);
    e->sys = sys;
    used = strlen(e->text);
    (void)snprintf(e->text + used, sizeof e->text - used, ": %s",
                   strerror_r(sys, reason, sizeof reason));
}

void err_in_(struct err *e, const char *fmt, ...)
{
    char where[sizeof e->text];
    char whole[sizeof e->text * 2 + 2];
    va_list ap;

    if (!e)
        return;
    va_start(ap, fmt);
    format_into(where, sizeof where, fmt, ap);
    va_end(ap);
    (void)snprintf(whole, sizeof whole, "%s: %s", where, e->text);
    if (strlen(whole) >= sizeof e->text)
        memcpy(whole + sizeof e->text - 4, "...", 4);
    memcpy(e->text, whole, sizeof e->text);
    e->text[sizeof e->text - 1] = '\0';
}

void err_detail_(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return;
    va_start(ap, fmt);
    format_into(e->detail, sizeof e->detail, fmt, ap);
    va_end(ap);
}

void err_hint_(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (!e)
        return;
    va_start(ap, fmt);
    format_into(e->hint, sizeof e->hint, fmt, ap);
    va_end(ap);
}

void err_clear(struct err *e)
{
    *e = (struct err){0};
}

int err_code_status(enum err_code code)
{
    return err_table[code].status;
}

int err_exit_status(const struct err *e)
{
    return e->code == E_CANCELLED ? 128 + e->sys : err_table[e->code].status;
}

const char *err_code_class(enum err_code code)
{
    return err_table[code].class_name;
}

const char *err_code_text(enum err_code code)
{
    return err_table[code].text;
}

static int severity(enum err_code code)
{
    int status = err_table[code].status;

    if (code == E_NONE)
        return 0;
    if (code == E_BUSY)
        return 1;
    if (code == E_NO)
        return 2;
    if (code == E_SECONDARY)
        return 3;
    if (code == E_DEADLINE)
        return 4;
    return code == E_CANCELLED ? 200 : status;
}

bool err_code_is_worse(enum err_code a, enum err_code b)
{
    return severity(a) > severity(b);
}
