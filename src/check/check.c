/*
 * check.c - walk the probe table once, in its order.
 *
 * A probe is asked when its side and name are wanted and the probes it depends on did not fail.
 * What it depends on always runs, wanted or not, and is left out of the report only if it was
 * fine: a skip must be able to point at its reason. Skips spread: what depends on a skipped probe
 * is skipped for the same first reason. Facts are gathered on the way, so the order of the table is
 * the order of the dependencies; a unit test holds it to that.
 */
#include <assert.h>
#include <time.h>
#include <string.h>

#include "check_priv.h"
#include "common/io.h"
#include "common/stop.h"
#include "common/str.h"

enum { DEFAULT_TIMEOUT_MS = 10000 };

/* "src.priv" is named by itself and by "src". */
static bool name_matches(const char *name, const char *id)
{
    size_t len = strlen(name);

    return strcmp(name, id) == 0 || (strncmp(name, id, len) == 0 && id[len] == '.');
}

static bool list_matches(const struct string_list *l, const char *id)
{
    for (size_t i = 0; i < l->count; i++)
        if (name_matches(l->items[i], id))
            return true;
    return false;
}

static bool name_known(const char *name)
{
    size_t count;
    const struct probe *p = probe_table(&count);

    for (size_t i = 0; i < count; i++)
        if (name_matches(name, p[i].id))
            return true;
    return false;
}

static bool names_known(const struct string_list *l, struct err *e)
{
    size_t count;
    const struct probe *p = probe_table(&count);

    for (size_t i = 0; i < l->count; i++) {
        if (name_known(l->items[i]))
            continue;
        (void)err_set(e, E_USAGE, "there is no check named '%s'", l->items[i]);
        for (size_t k = 0; k < count; k++)
            if (str_is_likely_typo(l->items[i], p[k].id))
                return err_hint(e, "did you mean '%s'?", p[k].id);
        return err_hint(e, "pg_mirror check -v lists every check by its name");
    }
    return true;
}

bool check_options_valid(const struct check_options *o, struct err *e)
{
    if (o->source_only && o->target_only)
        return err_set(e, E_USAGE, "--source-only and --target-only exclude each other");
    return names_known(&o->only, e) && names_known(&o->skip, e);
}

static bool side_wanted(const struct check_options *o, enum check_side side)
{
    if (side == CHECK_SOURCE)
        return !o->target_only && !o->no_source;
    return side != CHECK_TARGET || !o->source_only;
}

static bool probe_wanted(const struct check_options *o, const struct probe *p)
{
    if (!side_wanted(o, p->side) || (o->preflight && !p->in_preflight))
        return false;
    if (o->only.count > 0 && !list_matches(&o->only, p->id))
        return false;
    return !list_matches(&o->skip, p->id);
}

static bool depends_directly(const struct probe *p, const char *id)
{
    for (size_t i = 0; i < PROBE_DEPENDS_MAX; i++)
        if (p->depends_on[i] && strcmp(p->depends_on[i], id) == 0)
            return true;
    return false;
}

/*
 * Marks what is to run: the wanted and, because the table is in order of dependency, one pass from
 * its end upwards finds all that they lean on.
 */
static void mark_needed(const struct check_options *o, const struct probe *p, size_t count,
                        bool *needed)
{
    for (size_t i = count; i-- > 0;) {
        needed[i] = probe_wanted(o, &p[i]);
        for (size_t k = i + 1; k < count && !needed[i]; k++)
            needed[i] = needed[k] && side_wanted(o, p[i].side) && depends_directly(&p[k], p[i].id);
    }
}

const struct probe_result *check_result(const struct check *c, const char *id)
{
    for (size_t i = 0; i < c->report->count; i++)
        if (strcmp(c->report->results[i].id, id) == 0)
            return &c->report->results[i];
    return NULL;
}

/*
 * The failed probe that keeps p from being asked. A dependency that was not asked at all (the
 * other side was excluded) is "" in *ret_absent.
 */
static const struct probe_result *blocking(const struct check *c, const struct probe *p,
                                           const char **ret_absent)
{
    *ret_absent = NULL;
    for (size_t i = 0; i < PROBE_DEPENDS_MAX && p->depends_on[i]; i++) {
        const struct probe_result *r = check_result(c, p->depends_on[i]);

        if (!r)
            *ret_absent = p->depends_on[i];
        else if (r->level == CHECK_FAIL || r->level == CHECK_SKIP)
            return r;
    }
    return NULL;
}

static void probe_skip(struct check *c, struct probe_result *r, const struct probe_result *blocker)
{
    if (blocker->level == CHECK_SKIP) /* hand the first reason on */
        check_skip(c, r, "%s", blocker->message);
    else
        check_skip(c, r, "%s failed", blocker->id);
}

static bool probe_run(struct check *c, const struct probe *p, struct probe_result *r, struct err *e)
{
    const char *absent;
    const struct probe_result *blocker = blocking(c, p, &absent);
    struct timespec from, to;
    struct err own = {0};

    if (blocker) {
        probe_skip(c, r, blocker);
        return true;
    }
    if (absent) {
        check_skip(c, r, "%s was not asked", absent);
        return true;
    }
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (!p->run(c, r, &own)) {
        if (stop_requested())
            return stop_err(e);
        check_fail_err(c, r, &own);
    }
    if (r->level == CHECK_FAIL && !r->hint[0])
        check_hint(c, r, "pg_mirror check -vv --only %s shows the statements", p->id);
    clock_gettime(CLOCK_MONOTONIC, &to);
    r->ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
    return true;
}

static bool run_all(struct check *c, const struct probe *p, size_t count, const bool *needed,
                    struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        struct probe_result r = {.id = p[i].id, .side = p[i].side, .code = p[i].code};

        if (!needed[i])
            continue;
        r.value = r.threshold = r.message = r.hint = "";
        if (stop_requested())
            return stop_err(e);
        if (!probe_run(c, &p[i], &r, e))
            return false;
        c->report->results[c->report->count++] = r;
    }
    return true;
}

/* Drop what only ran because others lean on it, unless it has something to say. */
static void drop_unwanted(struct check *c, const struct probe *p, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0, k = 0; i < c->report->count; i++) {
        const struct probe_result *r = &c->report->results[i];

        while (k < count && strcmp(p[k].id, r->id) != 0)
            k++;
        if (r->level == CHECK_FAIL || probe_wanted(c->o, &p[k]))
            c->report->results[kept++] = *r;
    }
    c->report->count = kept;
}

static void limit_times(struct endpoint *ep, const struct check_options *o)
{
    uint64_t ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;

    if (o->preflight && !o->timeout_ms)
        return;
    ep->connect_timeout_ms = ms;
    ep->statement_timeout_ms = ms;
}

/* A service file may be the only one to know the name: then the source is asked, as a run does. */
static const char *name_target(struct check *c)
{
    AUTO_PGCONN struct pgconn *source = NULL;
    const char *known =
        c->o->target_database ? c->o->target_database : config_target_database(c->cfg);

    if (known || c->o->no_source)
        return known ? known : "";
    if (!pgconn_open(&source, &c->source, &(struct pgconn_options){0}, NULL))
        return ""; /* the probes of the source will tell why */
    return arena_strdup(c->a, pgconn_database(source));
}

bool check_run(struct check_report *ret, const struct config *cfg, const struct check_options *o,
               struct err *e)
{
    size_t count;
    const struct probe *p = probe_table(&count);
    struct check c = {.cfg = cfg, .o = o, .report = ret};
    bool *needed;
    bool ok;

    *ret = (struct check_report){.arena = arena_new()};
    c.a = ret->arena;
    c.f = &ret->facts;
    c.source = cfg->source;
    c.target = cfg->target;
    limit_times(&c.source, o);
    limit_times(&c.target, o);
    c.target_database = name_target(&c);
    ret->results = arena_array(c.a, count, sizeof(*ret->results));
    needed = arena_array(c.a, count, sizeof(*needed));
    mark_needed(o, p, count, needed);
    ok = run_all(&c, p, count, needed, e);
    pgconn_close(c.source_maintenance);
    drop_unwanted(&c, p, count);
    return ok;
}

void check_report_release(struct check_report *r)
{
    pgconn_close(r->facts.source);
    pgconn_close(r->facts.target);
    pgconn_close(r->facts.target_database);
    arena_free(r->arena);
    *r = (struct check_report){0};
}

struct pgconn *check_take_session(struct pgconn **of_facts)
{
    return steal_ptr(of_facts);
}

const char *check_probe_id(size_t index)
{
    size_t count;
    const struct probe *p = probe_table(&count);

    return index < count ? p[index].id : NULL;
}
