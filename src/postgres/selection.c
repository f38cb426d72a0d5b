/*
 * selection.c - filters as query parameters, and finding the pattern that matches nothing.
 *
 * An unqualified table pattern matches what is visible in the search path that pg_dump would
 * have: the default of this role in this database. Our sessions have an empty one, so a second
 * session is asked for it; visibility is then computed from the list of schemas, which leaves the
 * search path of the session in use alone.
 */
#include "selection_priv.h"

#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "common/str.h"
#include "conn_priv.h"
#include "pattern_priv.h"

enum { NAMED_MAX = 5, PATTERNS_MAX = 10000 };

static const char *const list_names[FILTER_KINDS] = {
    [FILTER_INCLUDE_SCHEMAS] = "include_schemas",
    [FILTER_EXCLUDE_SCHEMAS] = "exclude_schemas",
    [FILTER_INCLUDE_TABLES] = "include_tables",
    [FILTER_EXCLUDE_TABLES] = "exclude_tables",
    [FILTER_EXCLUDE_TABLE_DATA] = "exclude_table_data",
};

/* The first parameter of each list. */
static const int list_params[FILTER_KINDS] = {
    [FILTER_INCLUDE_SCHEMAS] = SEL_SCHEMAS_IN,  [FILTER_EXCLUDE_SCHEMAS] = SEL_SCHEMAS_OUT,
    [FILTER_INCLUDE_TABLES] = SEL_TABLES_IN,    [FILTER_EXCLUDE_TABLES] = SEL_TABLES_OUT,
    [FILTER_EXCLUDE_TABLE_DATA] = SEL_DATA_OUT,
};

const char *filter_list_name(enum filter_kind kind)
{
    return list_names[kind];
}

static bool is_schema_list(enum filter_kind kind)
{
    return kind == FILTER_INCLUDE_SCHEMAS || kind == FILTER_EXCLUDE_SCHEMAS;
}

void selection_add_schema_match(struct buf *sql, int number)
{
    buf_printf(sql,
               "EXISTS (SELECT 1 FROM pg_catalog.unnest($%d::pg_catalog.text[]) p(s)"
               " WHERE n.nspname ~ p.s COLLATE pg_catalog.\"default\")",
               number);
}

void selection_add_one_match(struct buf *sql, int path)
{
    buf_printf(sql,
               "c.relname ~ p.t COLLATE pg_catalog.\"default\" AND CASE WHEN p.s IS NOT NULL"
               " THEN n.nspname ~ p.s COLLATE pg_catalog.\"default\" ELSE"
               " n.nspname = ANY ($%d::pg_catalog.name[]) AND NOT EXISTS ("
               "SELECT 1 FROM pg_catalog.pg_class c2 JOIN pg_catalog.pg_namespace n2"
               " ON n2.oid = c2.relnamespace WHERE c2.relname = c.relname"
               " AND pg_catalog.array_position($%d::pg_catalog.name[], n2.nspname)"
               " < pg_catalog.array_position($%d::pg_catalog.name[], n.nspname)) END",
               path, path, path);
}

void selection_add_table_match(struct buf *sql, int number)
{
    buf_printf(sql,
               "EXISTS (SELECT 1 FROM ROWS FROM (pg_catalog.unnest($%d::pg_catalog.text[]),"
               " pg_catalog.unnest($%d::pg_catalog.text[])) p(s, t) WHERE ",
               number, number + 1);
    selection_add_one_match(sql, SEL_PATH);
    buf_addch(sql, ')');
}

void selection_add_element(struct buf *array, const char *value)
{
    buf_addch(array, array->len ? ',' : '{');
    if (!value) {
        buf_addstr(array, "NULL");
        return;
    }
    buf_addch(array, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_addch(array, '\\');
        buf_addch(array, *value);
    }
    buf_addch(array, '"');
}

static const char *array_end(struct buf *array, struct arena *a)
{
    buf_addch(array, '}');
    return arena_strdup(a, buf_str(array));
}

/* One list into its parameter or two. *ret_path: a pattern needs the search path. */
static bool compile_list(const struct filter_list *l, enum filter_kind kind, struct arena *a,
                         struct selection *ret, bool *ret_path, struct err *e)
{
    AUTO_BUF struct buf schemas = BUF_INIT(BUF_TEXT_MAX);
    AUTO_BUF struct buf names = BUF_INIT(BUF_TEXT_MAX);
    int number = list_params[kind];

    for (size_t i = 0; i < l->count; i++) {
        struct pattern p = {0};
        bool ok = is_schema_list(kind) ? pattern_parse_schema(&p, l->items[i], a, e)
                                       : pattern_parse_table(&p, l->items[i], a, e);

        if (!ok)
            return err_in(e, "filters.%s", list_names[kind]);
        selection_add_element(&schemas, p.schema);
        selection_add_element(&names, p.name);
        *ret_path |= !p.schema;
    }
    if (!l->count)
        return true;
    ret->params[number - 1] = array_end(&schemas, a);
    if (!is_schema_list(kind))
        ret->params[number] = array_end(&names, a);
    return true;
}

/* The schemas that an ordinary session of this role searches in this database. */
static bool read_path(struct pgconn *c, struct arena *a, struct selection *ret, struct err *e)
{
    AUTO_PGCONN struct pgconn *other = NULL;
    AUTO_BUF struct buf path = BUF_INIT(BUF_TEXT_MAX);
    struct pgconn_options o = {
        .dbname = pgconn_database(c), .same_as = c, .default_search_path = true};

    if (!pgconn_open(&other, c->ep, &o, e) ||
        !pgconn_value(other, "SELECT pg_catalog.current_schemas(true)", 0, NULL, &path, e))
        return false;
    ret->params[SEL_PATH - 1] = arena_strdup(a, buf_str(&path));
    return true;
}

/* What did not match, for one message. */
struct misses {
    struct buf text;
    struct buf hint;
    size_t count;
};

static void check_sql(struct buf *sql, bool schemas)
{
    buf_addstr(sql, "SELECT p.i FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]),"
                    " pg_catalog.unnest($2::pg_catalog.text[])) WITH ORDINALITY p(s, t, i)"
                    " WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace n");
    if (schemas) {
        buf_addstr(sql, " WHERE n.nspname ~ p.s COLLATE pg_catalog.\"default\""
                        " AND $3::pg_catalog.name[] IS NULL");
    } else {
        buf_addstr(sql, " JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid"
                        " WHERE c.relkind IN ('r','p','v','m','S','f') AND ");
        selection_add_one_match(sql, 3);
    }
    buf_addstr(sql, ") ORDER BY p.i");
}

/* The name in a pattern that has no wildcards, folded and unquoted, or NULL. */
static const char *plain_name(const char *expression, struct arena *a)
{
    size_t n = expression ? strlen(expression) : 0;

    if (n < 4)
        return NULL;
    expression = arena_strndup(a, expression + 2, n - 4);
    return expression[strcspn(expression, "|*+?()[]{}.^$\\")] ? NULL : expression;
}

static void add_pattern_part(struct buf *b, const char *name)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

    if (name[strspn(name, bare)])
        ident_quote(b, name);
    else
        buf_addstr(b, name);
}

/* How far a typed name is from one there is; SIZE_MAX if it can't have been meant. */
static size_t name_distance(const char *typed, const char *typed_schema, const PGresult *names,
                            int row)
{
    const char *name = PQgetvalue(names, row, 1);

    if (!str_is_likely_typo(typed, name))
        return SIZE_MAX;
    return str_edit_distance(typed, name) +
           (typed_schema ? str_edit_distance(typed_schema, PQgetvalue(names, row, 0)) : 0);
}

/* "did you mean 'public.orders'?" from the names there are. */
static void suggest(const PGresult *names, const char *typed, const char *typed_schema,
                    struct misses *m)
{
    int best = -1;
    size_t best_distance = SIZE_MAX;

    for (int i = 0; i < PQntuples(names); i++) {
        size_t d = name_distance(typed, typed_schema, names, i);

        if (d < best_distance) {
            best = i;
            best_distance = d;
        }
    }
    if (best < 0)
        return;
    buf_addstr(&m->hint, m->hint.len ? ", '" : "did you mean '");
    if (!PQgetisnull(names, best, 0)) {
        add_pattern_part(&m->hint, PQgetvalue(names, best, 0));
        buf_addch(&m->hint, '.');
    }
    add_pattern_part(&m->hint, PQgetvalue(names, best, 1));
    buf_addch(&m->hint, '\'');
}

static bool read_names(struct pgconn *c, bool schemas, PGresult **ret, struct err *e)
{
    const char *sql = schemas
                          ? "SELECT NULL, nspname FROM pg_catalog.pg_namespace ORDER BY nspname"
                          : "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c"
                            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                            " WHERE c.relkind IN ('r','p','v','m','S','f') AND n.nspname !~ '^pg_'"
                            " AND n.nspname <> 'information_schema' ORDER BY 1, 2 LIMIT 100000";

    return pgconn_query(c, sql, 0, NULL, ret, e);
}

static void add_miss(struct misses *m, const struct filter_list *l, enum filter_kind kind,
                     uint64_t at, const PGresult *names)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct pattern p = {0};
    const char *typed;
    bool parsed;

    if (++m->count > NAMED_MAX)
        return;
    buf_printf(&m->text, "%sfilters.%s '%s'", m->text.len ? ", " : "", list_names[kind],
               l->items[at]);
    parsed = is_schema_list(kind) ? pattern_parse_schema(&p, l->items[at], a, NULL)
                                  : pattern_parse_table(&p, l->items[at], a, NULL);
    typed = parsed ? plain_name(p.name ? p.name : p.schema, a) : NULL;
    if (typed)
        suggest(names, typed, p.name ? plain_name(p.schema, a) : NULL, m);
}

static bool check_list(struct pgconn *c, const struct filter_list *l, enum filter_kind kind,
                       const struct selection *s, struct misses *m, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    AUTO_PGRESULT PGresult *r = NULL;
    AUTO_PGRESULT PGresult *names = NULL;
    bool schemas = is_schema_list(kind);
    int number = list_params[kind];
    const char *params[] = {s->params[number - 1], schemas ? NULL : s->params[number],
                            schemas ? NULL : s->params[SEL_PATH - 1]};

    if (!l->count)
        return true;
    check_sql(&sql, schemas);
    if (!pgconn_query(c, buf_str(&sql), 3, params, &r, e)) {
        if (e && strcmp(e->sqlstate, "2201B") == 0)
            e->code = E_CONFIG;
        return err_in(e, "filters.%s", list_names[kind]);
    }
    if (PQntuples(r) && !read_names(c, schemas, &names, e))
        return false;
    for (int i = 0; i < PQntuples(r); i++) {
        uint64_t at;

        if (num_parse_u64(PQgetvalue(r, i, 0), 1, l->count, &at))
            add_miss(m, l, kind, at - 1, names);
    }
    return true;
}

/* pg_dump ends itself when a list of what to include matches nothing at all. */
static bool includes_nothing(const struct filter *f, unsigned kind, size_t misses)
{
    return (kind == FILTER_INCLUDE_SCHEMAS || kind == FILTER_INCLUDE_TABLES) && misses > 0 &&
           misses == f->lists[kind].count;
}

/* Every pattern must match something there is (strict) and be a valid expression (always). */
static bool check_all(struct pgconn *c, const struct filter *f, const struct selection *s,
                      struct err *e)
{
    struct misses m = {.text = BUF_INIT(BUF_TEXT_MAX), .hint = BUF_INIT(BUF_TEXT_MAX)};
    bool fatal = f->strict;
    bool ok = true;

    for (unsigned k = 0; ok && k < FILTER_KINDS; k++) {
        size_t before = m.count;

        ok = check_list(c, &f->lists[k], (enum filter_kind)k, s, &m, e);
        fatal |= includes_nothing(f, k, m.count - before);
    }
    if (ok && m.count && fatal) {
        if (m.count > NAMED_MAX)
            buf_printf(&m.text, " and %zu more", m.count - NAMED_MAX);
        ok = err_set(e, E_CONFIG, "%s match%s nothing in database '%s'", buf_str(&m.text),
                     m.count == 1 ? "es" : "", pgconn_database(c));
        if (m.hint.len)
            (void)err_hint(e, "%s?", buf_str(&m.hint));
    }
    buf_release(&m.text);
    buf_release(&m.hint);
    return ok;
}

bool filter_resolve(struct pgconn *c, const struct filter *f, struct arena *a,
                    struct selection *ret, struct err *e)
{
    bool need_path = false;

    *ret = (struct selection){0};
    for (unsigned k = 0; k < FILTER_KINDS; k++) {
        if (f->lists[k].count > PATTERNS_MAX)
            return err_set(e, E_CONFIG, "filters.%s has more than %d patterns", list_names[k],
                           PATTERNS_MAX);
        if (!compile_list(&f->lists[k], (enum filter_kind)k, a, ret, &need_path, e))
            return false;
    }
    if (need_path && !read_path(c, a, ret, e))
        return false;
    return check_all(c, f, ret, e);
}
