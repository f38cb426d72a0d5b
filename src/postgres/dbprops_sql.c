/*
 * From properties to statements.
 *
 * Order: the owner first, because a change of owner rewrites every privilege; then everything that
 * is granted is taken away and granted again in the order of the source's list, which makes the
 * new list equal to it; settings, comment, limits; "is a template" last, since it changes who may
 * copy. A list-valued setting that PostgreSQL stores quoted (search_path) must be given as a list
 * of literals, or it would come out as one long name.
 */
#include "postgres/dbprops.h"

#include <string.h>

#include "common/buf.h"
#include "common/str.h"
#include "postgres/conn.h"

/* GUCs with GUC_LIST_QUOTE, as pg_dump has them built in: there is no way to ask the server. */
static const char *const quoted_lists[] = {
    "local_preload_libraries",  "search_path",      "session_preload_libraries",
    "shared_preload_libraries", "temp_tablespaces", "unix_socket_directories",
};

static bool is_quoted_list(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(quoted_lists); i++) {
        if (strcasecmp(quoted_lists[i], name) == 0)
            return true;
    }
    return false;
}

/* One element of a stored list, unquoted into dst; false if the text is no such list. */
static bool list_element(const char **at, struct buf *dst)
{
    const char *s = *at + strspn(*at, " \t\n\r");

    buf_clear(dst);
    if (*s == '"') {
        for (s++; *s != '"' || s[1] == '"'; s++) {
            if (!*s)
                return false;
            s += *s == '"';
            buf_addch(dst, *s);
        }
        s++;
    } else {
        size_t n = strcspn(s, ", \t\n\r");

        if (n == 0)
            return false;
        buf_add(dst, s, n);
        s += n;
    }
    *at = s + strspn(s, " \t\n\r");
    return **at == ',' || **at == '\0';
}

static bool add_list(struct buf *sql, const char *value)
{
    AUTO_BUF struct buf element = BUF_INIT(BUF_TEXT_MAX);

    for (const char *s = value;; s++) {
        if (!list_element(&s, &element))
            return false;
        literal_quote(sql, buf_str(&element));
        if (!*s)
            return true;
        buf_addstr(sql, ", ");
    }
}

static void add_value(struct buf *sql, const struct dbprops_setting *s)
{
    AUTO_BUF struct buf list = BUF_INIT(BUF_TEXT_MAX);

    if (is_quoted_list(s->name) && add_list(&list, s->value))
        buf_add(sql, list.data, list.len);
    else
        literal_quote(sql, s->value);
}

/* ---- CREATE DATABASE ---- */

static void add_clause(struct buf *sql, const char *keyword, const char *value)
{
    if (!value)
        return;
    buf_printf(sql, " %s ", keyword);
    literal_quote(sql, value);
}

static bool provider_unknown(const struct database_properties *p, const char *provider, int major,
                             struct err *e)
{
    (void)err_set(e, E_CREATE,
                  "the target cannot have the source's locale: %s locales need "
                  "PostgreSQL %d",
                  provider, major);
    (void)err_detail(e, "database '%s' has the %s locale '%s'", p->name, provider,
                     p->locale ? p->locale : "");
    return err_hint(e, "name a locale of the target's operating system in target.locale, "
                       "for example \"C.UTF-8\"");
}

static bool add_locale(struct buf *sql, const struct database_properties *p,
                       const struct dbprops_create *how, struct err *e)
{
    bool same = !how->locale;
    char provider = 'c';

    if (same)
        provider = p->provider;
    if (provider == 'i' && how->server_version < 150000)
        return provider_unknown(p, "ICU", 15, e);
    if (provider == 'b' && how->server_version < 170000)
        return provider_unknown(p, "builtin", 17, e);
    if (how->server_version >= 150000)
        buf_addstr(sql, provider == 'i'   ? " LOCALE_PROVIDER icu"
                        : provider == 'b' ? " LOCALE_PROVIDER builtin"
                                          : " LOCALE_PROVIDER libc");
    add_clause(sql, "LC_COLLATE", same ? p->collate : how->locale);
    add_clause(sql, "LC_CTYPE", same ? p->ctype : how->locale);
    if (provider == 'i') {
        add_clause(sql, "ICU_LOCALE", p->locale);
        if (how->server_version >= 160000)
            add_clause(sql, "ICU_RULES", p->icu_rules);
    } else if (provider == 'b') {
        add_clause(sql, "BUILTIN_LOCALE", p->locale);
    }
    return true;
}

bool dbprops_create_sql(const struct database_properties *p, const struct dbprops_create *how,
                        struct arena *a, const char **ret_sql, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);

    buf_addstr(&sql, "CREATE DATABASE ");
    ident_quote(&sql, how->name);
    buf_addstr(&sql, " TEMPLATE template0");
    add_clause(&sql, "ENCODING", how->encoding ? how->encoding : p->encoding);
    if (!add_locale(&sql, p, how, e))
        return false;
    if (how->tablespace) {
        buf_addstr(&sql, " TABLESPACE ");
        ident_quote(&sql, how->tablespace);
    }
    buf_printf(&sql, " ALLOW_CONNECTIONS %s CONNECTION LIMIT %d",
               how->allow_connections ? "true" : "false", how->connection_limit);
    *ret_sql = arena_strdup(a, buf_str(&sql));
    return true;
}

/* ---- applying ---- */

struct out {
    struct arena *a;
    struct dbprops_statements *list;
    const char *name; /* quoted */
};

static struct dbprops_statement *add(struct out *o, const struct buf *sql)
{
    struct dbprops_statements *l = o->list;

    l->items = arena_grow(o->a, l->items, l->count, &l->cap, sizeof *l->items);
    l->items[l->count] = (struct dbprops_statement){.sql = arena_strdup(o->a, buf_str(sql))};
    return &l->items[l->count++];
}

static void best_effort(struct dbprops_statement *s, const char *code, const char *what,
                        const char *hint)
{
    s->optional = true;
    s->code = code;
    s->what = what;
    s->hint = hint;
}

static const char *quoted(struct arena *a, const char *name)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);

    ident_quote(&b, name);
    return arena_strdup(a, buf_str(&b));
}

static void add_owner(struct out *o, const struct database_properties *p)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    const char *owner = quoted(o->a, p->owner);

    buf_printf(&sql, "ALTER DATABASE %s OWNER TO %s", o->name, owner);
    best_effort(add(o, &sql), "database.owner", arena_printf(o->a, "owner '%s'", p->owner),
                arena_printf(o->a, "CREATE ROLE %s; ALTER DATABASE ... OWNER TO %s", owner, owner));
}

static bool same_grant(const struct dbprops_grant *a, const struct dbprops_grant *b)
{
    return str_eq(a->grantor, b->grantor) && str_eq(a->grantee, b->grantee) &&
           a->grantable == b->grantable;
}

/* One GRANT for the run of equal entries that starts at index i; the index after it is returned. */
static size_t add_grant(struct out *o, const struct database_properties *p, size_t i)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    const struct dbprops_grant *g = &p->grants[i];
    const char *grantee = g->grantee ? quoted(o->a, g->grantee) : "PUBLIC";
    struct dbprops_statement *s;
    size_t next = i;

    buf_addstr(&sql, "GRANT ");
    for (; next < p->grant_count && same_grant(g, &p->grants[next]); next++)
        buf_printf(&sql, "%s%s", next > i ? ", " : "", p->grants[next].privilege);
    buf_printf(&sql, " ON DATABASE %s TO %s%s", o->name, grantee,
               g->grantable ? " WITH GRANT OPTION" : "");
    s = add(o, &sql);
    s->role = str_eq(g->grantor, p->owner) ? NULL : g->grantor;
    s->of_owner = str_eq(g->grantee, p->owner);
    best_effort(s, "database.acl",
                arena_printf(o->a, "privileges of '%s'", g->grantee ? g->grantee : "PUBLIC"),
                g->grantee ? arena_printf(o->a, "CREATE ROLE %s; %s", grantee, s->sql) : NULL);
    return next;
}

/* The owner's grants come before those of roles to whom the owner gave the grant option. */
static void add_acl(struct out *o, const struct database_properties *p)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    struct dbprops_statement *s;

    buf_printf(&sql, "REVOKE ALL ON DATABASE %s FROM PUBLIC", o->name);
    (void)add(o, &sql);
    buf_clear(&sql);
    buf_printf(&sql, "REVOKE ALL ON DATABASE %s FROM %s", o->name, quoted(o->a, p->owner));
    s = add(o, &sql);
    s->of_owner = true;
    best_effort(s, "database.acl", arena_printf(o->a, "privileges of '%s'", p->owner), NULL);
    for (int others = 0; others < 2; others++) {
        for (size_t i = 0; i < p->grant_count;) {
            if (str_eq(p->grants[i].grantor, p->owner) == !others)
                i = add_grant(o, p, i);
            else
                i++;
        }
    }
}

static void add_setting(struct out *o, const struct dbprops_setting *s)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);
    const char *what = arena_printf(o->a, "setting '%s'", s->name);

    if (s->role) {
        what = arena_printf(o->a, "setting '%s' of role '%s'", s->name, s->role);
        buf_printf(&sql, "ALTER ROLE %s IN DATABASE %s SET ", quoted(o->a, s->role), o->name);
    } else {
        buf_printf(&sql, "ALTER DATABASE %s SET ", o->name);
    }
    ident_quote(&sql, s->name);
    buf_addstr(&sql, " TO ");
    add_value(&sql, s);
    best_effort(add(o, &sql), "database.setting", what,
                arena_printf(o->a, "as a superuser: %s", buf_str(&sql)));
}

static void add_comment(struct out *o, const char *comment)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);

    buf_printf(&sql, "COMMENT ON DATABASE %s IS ", o->name);
    if (comment)
        literal_quote(&sql, comment);
    else
        buf_addstr(&sql, "NULL");
    (void)add(o, &sql);
}

static void add_limits(struct out *o, const struct database_properties *p)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);

    buf_printf(&sql, "ALTER DATABASE %s WITH CONNECTION LIMIT %d ALLOW_CONNECTIONS %s", o->name,
               p->connection_limit < -1 ? -1 : p->connection_limit,
               p->allow_connections ? "true" : "false");
    if (p->is_template)
        buf_addstr(&sql, " IS_TEMPLATE true");
    (void)add(o, &sql);
}

void dbprops_apply_sql(const struct database_properties *p, const char *name, unsigned parts,
                       struct arena *a, struct dbprops_statements *ret)
{
    struct out o = {.a = a, .list = ret, .name = quoted(a, name)};

    *ret = (struct dbprops_statements){0};
    if (parts & DBPROPS_OWNER)
        add_owner(&o, p);
    if (parts & DBPROPS_ACL)
        add_acl(&o, p);
    for (size_t i = 0; (parts & DBPROPS_SETTINGS) && i < p->setting_count; i++)
        add_setting(&o, &p->settings[i]);
    if (parts & DBPROPS_COMMENT)
        add_comment(&o, p->comment);
    if (parts & DBPROPS_LIMITS)
        add_limits(&o, p);
}

void dbprops_set_owner(struct database_properties *p, const char *owner)
{
    for (size_t i = 0; i < p->grant_count; i++) {
        if (str_eq(p->grants[i].grantor, p->owner))
            p->grants[i].grantor = owner;
        if (str_eq(p->grants[i].grantee, p->owner))
            p->grants[i].grantee = owner;
    }
    p->owner = owner;
}
