#include "postgres/conn.h"

#include <string.h>

static void add_doubled(struct buf *b, const char *s, char quote)
{
    buf_addch(b, quote);
    for (; *s; s++) {
        if (*s == quote)
            buf_addch(b, quote);
        buf_addch(b, *s);
    }
    buf_addch(b, quote);
}

void ident_quote(struct buf *b, const char *name)
{
    add_doubled(b, name, '"');
}

void ident_quote_qualified(struct buf *b, const char *schema, const char *name)
{
    ident_quote(b, schema);
    buf_addch(b, '.');
    ident_quote(b, name);
}

/* E'' where there is a backslash, so that the setting of standard_conforming_strings is no matter.
 */
void literal_quote(struct buf *b, const char *value)
{
    if (!strchr(value, '\\')) {
        add_doubled(b, value, '\'');
        return;
    }
    buf_addstr(b, " E'");
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            buf_addch(b, *value);
        buf_addch(b, *value);
    }
    buf_addch(b, '\'');
}
