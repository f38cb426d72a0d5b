/*
 * Each best-effort statement has a savepoint of its own and travels with it in one message. What
 * the server answers decides by SQLSTATE: a dead session, a cancelled or a full server is a
 * failure of the whole; anything else is about that one property and becomes a warning.
 */
#include "postgres/dbprops.h"

#include <string.h>

#include "postgres/conn.h"

static bool is_refusal(const struct err *e)
{
    static const char *const fatal[] = {"08", "25", "40", "53", "55P03", "57", "58", "XX"};

    if (!e->sqlstate[0] || e->code == E_CANCELLED || e->code == E_DEADLINE)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
        if (strncmp(e->sqlstate, fatal[i], strlen(fatal[i])) == 0)
            return false;
    }
    return true;
}

/* RESET goes back to the role that the session started with. */
static bool run_in_savepoint(struct pgconn *c, const struct dbprops_statement *s, struct err *e)
{
    AUTO_BUF struct buf sql = BUF_INIT(BUF_TEXT_MAX);

    buf_addstr(&sql, "SAVEPOINT pg_mirror; ");
    if (s->role) {
        buf_addstr(&sql, "SET LOCAL ROLE ");
        ident_quote(&sql, s->role);
        buf_addstr(&sql, "; ");
    }
    buf_printf(&sql, "%s; ", s->sql);
    if (s->role)
        buf_addstr(&sql, "RESET ROLE; ");
    buf_addstr(&sql, "RELEASE SAVEPOINT pg_mirror");
    return pgconn_exec(c, buf_str(&sql), e);
}

/* Granted by the owner if the grantor cannot be had: the right counts for more than its giver. */
static bool run_optional(struct pgconn *c, const struct dbprops_statement *s, struct report *report,
                         bool *ret_refused, struct err *e)
{
    struct dbprops_statement plain = *s;
    struct err why = {0};

    *ret_refused = false;
    if (run_in_savepoint(c, s, &why))
        return true;
    if (!is_refusal(&why)) {
        *e = why;
        return false;
    }
    if (!pgconn_exec(c, "ROLLBACK TO SAVEPOINT pg_mirror; RELEASE SAVEPOINT pg_mirror", e))
        return false;
    if (!s->role) {
        *ret_refused = true;
        report_warn(report, s->code, s->hint, "the database's %s was not carried over: %s", s->what,
                    why.text);
        return true;
    }
    plain.role = NULL;
    if (!run_optional(c, &plain, report, ret_refused, e))
        return false;
    if (!*ret_refused)
        report_warn(report, s->code, NULL,
                    "the database's %s are granted by its owner, not by '%s': %s", s->what, s->role,
                    why.text);
    return true;
}

static void report_labels(const struct database_properties *p, struct report *report)
{
    for (size_t i = 0; i < p->label_count; i++)
        report_warn(report, "database.security_label", NULL,
                    "the database's security label of provider '%s' was not carried over",
                    p->labels[i].provider);
}

bool dbprops_apply(struct pgconn *c, const struct database_properties *p, const char *name,
                   unsigned parts, struct report *report, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct dbprops_statements list;
    bool owner_missing = false;

    dbprops_apply_sql(p, name, parts, a, &list);
    for (size_t i = 0; i < list.count; i++) {
        const struct dbprops_statement *s = &list.items[i];
        bool refused = false;

        if (s->of_owner && owner_missing)
            continue;
        if (s->optional ? !run_optional(c, s, report, &refused, e) : !pgconn_exec(c, s->sql, e))
            return err_in(e, "apply the properties of database '%s'", name);
        owner_missing |= refused && strcmp(s->code, "database.owner") == 0;
    }
    report_labels(p, report);
    return true;
}
