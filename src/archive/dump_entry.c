/* Questions about one entry of the contents, and how it is shown. */
#include <stdio.h>
#include <string.h>

#include "archive/dump_toc.h"

bool dump_entry_is_table_data(const struct dump_entry *t)
{
    return t->had_dumper && strcmp(t->desc, "BLOBS") != 0;
}

/* Does the identifier at s, as pg_dump writes it, spell `name`? Moves s behind it. */
static bool ident_is(const char **s, const char *name)
{
    const char *p = *s;
    bool quoted = *p == '"';
    bool same = true;

    p += quoted;
    for (; *p; p++) {
        if (quoted && *p == '"') {
            if (*++p != '"')
                break;
        } else if (!quoted && (*p == '.' || *p == ' ')) {
            break;
        }
        if (same && *name == *p)
            name++;
        else
            same = false;
    }
    *s = p;
    return same && *name == '\0';
}

/* "COPY schema.table (", or without the schema in dumps of old minors. */
static bool copy_names_another(const struct dump_entry *t)
{
    static const char copy[] = "COPY ";
    const char *s = t->copy_stmt;
    const char *second;
    bool same;

    if (strncmp(s, copy, sizeof copy - 1) != 0)
        return false;
    s += sizeof copy - 1;
    second = s;
    same = ident_is(&s, t->namespace ? t->namespace : "");
    if (*s != '.')
        return !ident_is(&second, t->tag);
    s++;
    return !same || !ident_is(&s, t->tag);
}

bool dump_entry_is_via_root(const struct dump_entry *t)
{
    static const char said[] = "-- load via partition root ";

    if (!dump_entry_is_table_data(t))
        return false;
    if (t->defn && strncmp(t->defn, said, sizeof said - 1) == 0)
        return true;
    return t->copy_stmt && copy_names_another(t); /* older minors don't say it */
}

const char *dump_entry_subject(char dst[DUMP_SUBJECT_MAX], const struct dump_entry *t)
{
    const char *schema = t->namespace ? t->namespace : "";

    if (t->had_dumper && strcmp(t->desc, "BLOBS") == 0)
        (void)snprintf(dst, DUMP_SUBJECT_MAX, "large objects '%.100s'", t->tag);
    else if (t->had_dumper)
        (void)snprintf(dst, DUMP_SUBJECT_MAX, "table '%.64s%s%.64s'", schema, *schema ? "." : "",
                       t->tag);
    else
        (void)snprintf(dst, DUMP_SUBJECT_MAX, "entry '%.64s%s%.64s' (%.40s)", schema,
                       *schema ? "." : "", t->tag, t->desc);
    for (char *p = dst; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    }
    return dst;
}

bool dump_entry_is_listed(const struct dump_entry *t)
{
    static const char *const hidden[] = {"ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE",
                                         "DATABASE PROPERTIES"};
    static const char *const hidden_of_database[] = {"COMMENT", "ACL", "SECURITY LABEL"};

    for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
        if (strcmp(t->desc, hidden[i]) == 0)
            return false;
    }
    if (strncmp(t->tag, "DATABASE ", 9) != 0)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(hidden_of_database); i++) {
        if (strcmp(t->desc, hidden_of_database[i]) == 0)
            return false;
    }
    return true;
}

/* Newlines become spaces. */
static void add_name(struct buf *b, const char *s)
{
    for (; s && *s; s++) {
        if (*s == '\n' || *s == '\r')
            buf_addch(b, ' ');
        else
            buf_addch(b, *s);
    }
}

void dump_entry_list(struct buf *b, const struct dump_entry *t)
{
    buf_printf(b, "%d; %u %u %s ", (int)t->dump_id, t->tableoid, t->oid, t->desc);
    if (t->namespace && *t->namespace)
        add_name(b, t->namespace);
    else
        buf_addch(b, '-');
    buf_addch(b, ' ');
    add_name(b, t->tag);
    buf_addch(b, ' ');
    add_name(b, t->owner);
}
