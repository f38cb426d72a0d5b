/*
 * probe_target_locale.c - can the target hold the source's text: encoding, locale, collation.
 *
 * Whether the operating system of the target knows a locale cannot be looked up: pg_collation has
 * what was there at initdb. But lc_monetary, which anybody may set, is checked against the system
 * by its assign hook, so trying it in a session of ours gives the true answer.
 */
#include <inttypes.h>
#include <string.h>

#include "check_priv.h"

enum { ICU_SINCE = 150000, BUILTIN_SINCE = 170000 };

static bool is_source(const char *setting)
{
    return !setting || strcmp(setting, "source") == 0;
}

static const char *wanted_encoding(const struct check *c)
{
    return is_source(c->cfg->target_encoding) ? c->f->source_db.encoding : c->cfg->target_encoding;
}

bool probe_tgt_encoding(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    const char *from = c->f->source_db.encoding;
    const char *to = wanted_encoding(c);
    const char *const params[] = {to, from};

    if (!pgconn_query(c->f->target,
                      "SELECT pg_catalog.pg_encoding_to_char(pg_catalog.pg_char_to_encoding($1)),"
                      " EXISTS (SELECT 1 FROM pg_catalog.pg_conversion WHERE condefault AND"
                      " conforencoding = pg_catalog.pg_char_to_encoding($2) AND"
                      " contoencoding = pg_catalog.pg_char_to_encoding($1))",
                      2, params, &res, e))
        return false;
    check_ok(c, r, "%s", to);
    if (!PQgetvalue(res, 0, 0)[0]) {
        check_fail(c, r, "the target does not know the encoding '%s'", to);
        check_hint(c, r, "set target.encoding to \"source\" or \"UTF8\"");
    } else if (from && strcmp(PQgetvalue(res, 0, 0), from) != 0) {
        if (strcmp(from, "SQL_ASCII") == 0)
            check_warn(c, r, "the source is SQL_ASCII: bytes that are not valid %s are refused",
                       to);
        else if (cell_bool(res, 0, 1))
            check_warn(c, r, "text is converted from %s to %s", from, to);
        else
            check_fail(c, r, "there is no conversion from %s to %s", from, to);
        check_hint(c, r, "set target.encoding to \"source\"");
    }
    return true;
}

/* E_NONE in e and false: the server does not know it. */
static bool locale_known(struct check *c, const char *name, bool *ret, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    struct err own = {0};

    *ret = pgconn_query(c->f->target,
                        "SELECT pg_catalog.set_config('lc_monetary', $1, true),"
                        " pg_catalog.set_config('lc_time', $1, true)",
                        1, &name, &res, &own);
    if (*ret || strcmp(own.sqlstate, "22023") == 0)
        return true;
    if (e)
        *e = own;
    return false;
}

static bool libc_locale_probe(struct check *c, struct probe_result *r, const char *name,
                              struct err *e)
{
    bool known;

    if (r->level == CHECK_FAIL)
        return true;
    if (!locale_known(c, name, &known, e))
        return false;
    if (known)
        return true;
    check_fail(c, r, "the target's system has no locale '%s'", name);
    check_hint(c, r, "sudo locale-gen %s && sudo systemctl restart postgresql", name);
    check_hint(c, r, "or set target.locale to one it has, such as \"C.UTF-8\"");
    return true;
}

static void provider_probe(struct check *c, struct probe_result *r, const char *name, int since)
{
    if (c->f->target_server.version >= since)
        return;
    check_fail(c, r, "the source's locale provider '%s' needs PostgreSQL %d on the target", name,
               since / 10000);
    check_hint(c, r, "set target.locale to a libc locale, such as \"C.UTF-8\"");
}

/* ICU may be left out when a server is built; then it has no ICU collation at all. */
static bool icu_probe(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;

    provider_probe(c, r, "icu", ICU_SINCE);
    if (r->level == CHECK_FAIL)
        return true;
    if (!pgconn_query(c->f->target,
                      "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_collation"
                      " WHERE collprovider = 'i')",
                      0, NULL, &res, e))
        return false;
    if (!cell_bool(res, 0, 0)) {
        check_fail(c, r, "the target was built without ICU");
        check_hint(c, r, "set target.locale to a libc locale, such as \"C.UTF-8\"");
    }
    return true;
}

bool probe_tgt_locale(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_database *s = &c->f->source_db;

    if (!is_source(c->cfg->target_locale)) {
        check_ok(c, r, "%s", c->cfg->target_locale);
        return libc_locale_probe(c, r, c->cfg->target_locale, e);
    }
    check_ok(c, r, "%s%s%s", s->collate, s->locale ? ", " : "", s->locale ? s->locale : "");
    if (s->provider[0] == 'i' && !icu_probe(c, r, e))
        return false;
    if (s->provider[0] == 'b')
        provider_probe(c, r, "builtin", BUILTIN_SINCE);
    if (!libc_locale_probe(c, r, s->collate, e))
        return false;
    return strcmp(s->collate, s->ctype) == 0 || libc_locale_probe(c, r, s->ctype, e);
}

/* ---- collation versions ---- */

/* The version of the library that sorts this database's text, as this server has it. */
static const char collation_sql[] =
    "SELECT pg_catalog.pg_collation_actual_version(c.oid) FROM pg_catalog.pg_collation c"
    " WHERE c.collprovider::pg_catalog.text = $1"
    " AND pg_catalog.pg_collation_actual_version(c.oid) IS NOT NULL"
    " ORDER BY (c.collcollate = $2) DESC NULLS LAST LIMIT 1";

static bool collation_version(struct check *c, struct pgconn *conn, const char **ret, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    const struct check_database *s = &c->f->source_db;
    const char *const params[] = {s->provider, s->collate};

    if (!pgconn_query(conn, collation_sql, 2, params, &res, e))
        return false;
    *ret = PQntuples(res) > 0 ? cell_text(c, res, 0, 0) : "";
    return true;
}

/* Names that sort alike everywhere. */
static bool collation_is_fixed(const struct check_database *d)
{
    return d->provider[0] == 'b' || (d->provider[0] == 'c' && (strcmp(d->collate, "C") == 0 ||
                                                               strcmp(d->collate, "POSIX") == 0));
}

bool probe_tgt_collation(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_database *s = &c->f->source_db;
    const char *from, *to;

    if (collation_is_fixed(s)) {
        check_ok(c, r, "%s sorts alike everywhere", s->collate);
        return true;
    }
    if (!collation_version(c, c->f->source, &from, e) ||
        !collation_version(c, c->f->target, &to, e))
        return false;
    check_ok(c, r, "%s", *to ? to : "no version");
    check_threshold(c, r, "%s", from);
    if (*s->collation_version && *from && strcmp(s->collation_version, from) != 0) {
        check_warn(c, r,
                   "the source's collation library is %s, its indexes were built with %s: they may "
                   "be out of order",
                   from, s->collation_version);
        check_hint(c, r, "REINDEX DATABASE %s; ALTER DATABASE %s REFRESH COLLATION VERSION",
                   sql_ident(c, s->name), sql_ident(c, s->name));
    } else if (*from && *to && strcmp(from, to) != 0) {
        check_warn(c, r,
                   "text sorts by collation version %s on the source and %s on the target: range "
                   "partitions and CHECKs on text may reject rows",
                   from, to);
        check_hint(c, r, "look for them: \\dP and \\d in psql on the source");
    }
    return true;
}
