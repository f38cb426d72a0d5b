/*
 * swapdrive.c - drives the target side of src/postgres from the integration tests.
 *
 *     swapdrive [host=H] [port=P] [user=U] [maintenance=DB] [run=ID] [time=no] VERB [ARG...]
 *
 * Failure prints code, sqlstate, text, detail and hint a line each and exits 1. For the crash
 * tests PQsendQuery() and PQsendQueryParams() are wrapped (see the Makefile): once the verb has
 * armed it, SWAPDRIVE_AT=N:HOW strikes at the Nth statement of the main thread, HOW being
 * `before` (SIGKILL instead of sending), `after` (SIGKILL once it is sent), `cut` (the connection
 * is shut down once it is sent) or `cutbefore`. At the end "statements N" is printed.
 */
#include <cjson/cJSON.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/num.h"
#include "common/stop.h"
#include "postgres/conn.h"
#include "postgres/dbprops.h"
#include "postgres/identity.h"
#include "postgres/runlock.h"
#include "postgres/shadow.h"
#include "postgres/swap.h"
#include "postgres/target.h"

/* ---- striking at a statement ---- */

static struct {
    bool armed;
    unsigned at;
    char how[16];
    unsigned count;
    pthread_t thread;
} strike;

static void strike_arm(void)
{
    const char *s = getenv("SWAPDRIVE_AT");

    strike.armed = true;
    strike.thread = pthread_self();
    if (s)
        (void)sscanf(s, "%u:%15s", &strike.at, strike.how);
}

static bool strike_now(const char *how)
{
    return strike.armed && pthread_equal(strike.thread, pthread_self()) &&
           strike.count == strike.at && strcmp(strike.how, how) == 0;
}

static void strike_count(void)
{
    if (strike.armed && pthread_equal(strike.thread, pthread_self()))
        strike.count++;
}

static void strike_before(PGconn *pg)
{
    strike_count();
    if (strike_now("before"))
        (void)kill(getpid(), SIGKILL);
    if (strike_now("cutbefore"))
        (void)shutdown(PQsocket(pg), SHUT_RDWR);
}

static int strike_after(PGconn *pg, int sent)
{
    if (strike_now("after") || strike_now("cut")) {
        while (PQflush(pg) > 0)
            (void)poll(NULL, 0, 1);
        if (strike_now("after"))
            (void)kill(getpid(), SIGKILL);
        (void)shutdown(PQsocket(pg), SHUT_RDWR);
    }
    return sent;
}

int __real_PQsendQuery(PGconn *pg, const char *sql);
int __wrap_PQsendQuery(PGconn *pg, const char *sql);
int __real_PQsendQueryParams(PGconn *pg, const char *sql, int n, const Oid *types,
                             const char *const *values, const int *lengths, const int *formats,
                             int result_format);
int __wrap_PQsendQueryParams(PGconn *pg, const char *sql, int n, const Oid *types,
                             const char *const *values, const int *lengths, const int *formats,
                             int result_format);

int __wrap_PQsendQuery(PGconn *pg, const char *sql)
{
    strike_before(pg);
    return strike_after(pg, __real_PQsendQuery(pg, sql));
}

int __wrap_PQsendQueryParams(PGconn *pg, const char *sql, int n, const Oid *types,
                             const char *const *values, const int *lengths, const int *formats,
                             int result_format)
{
    strike_before(pg);
    return strike_after(
        pg, __real_PQsendQueryParams(pg, sql, n, types, values, lengths, formats, result_format));
}

/* ---- verbs ---- */

static struct endpoint ep = {.side = "target", .application_name = "swapdrive"};
static const char *run_id = "r1";
static struct arena *arena;
static struct report report;

static const char *shadow_pattern = "{database}__new";
static const char *previous_pattern = "{database}__prev_{time}";

static const char *arg(char **args, int n)
{
    for (int i = 0; i < n; i++) {
        if (!args[i])
            return NULL;
    }
    return args[n];
}

static bool shadow_name(const char *database, struct dbname *ret, struct err *e)
{
    return dbname_expand(shadow_pattern, database, 0, ret, e);
}

static bool fill_shadow(struct pgconn *c, const char *name, const char *sql, struct err *e)
{
    AUTO_PGCONN struct pgconn *inside = NULL;

    return pgconn_open(&inside, &ep, &(struct pgconn_options){.dbname = name, .same_as = c}, e) &&
           pgconn_exec(inside, sql, e);
}

static bool make_shadow(struct pgconn *c, const char *database, const char *like, const char *sql,
                        struct database_properties *props, struct shadow *ret, struct err *e)
{
    struct shadow_options o = {
        .database = database, .run = run_id, .like = props, .connection_limit = 5};
    struct dbname name;
    size_t cleaned;

    if (!dbprops_read(c, like, arena, props, e) || !shadow_name(database, &name, e) ||
        !shadow_clean(c, database, name.text, &cleaned, e))
        return false;
    if (cleaned)
        (void)printf("cleaned %zu\n", cleaned);
    o.name = name.text;
    o.tablespace = strcmp(props->tablespace, "pg_default") == 0 ? NULL : props->tablespace;
    o.tablespace_optional = true;
    return shadow_create(c, &o, &report, ret, e) && fill_shadow(c, ret->name, sql, e);
}

static void print_warnings(void)
{
    for (size_t i = 0; i < report.warning_count; i++)
        (void)printf("warning %s: %s\n", report.warnings[i].code, report.warnings[i].message);
}

static unsigned old_oid_of(struct pgconn *c, const char *database)
{
    struct database_properties p;
    struct err e = {0};

    return dbprops_read(c, database, arena, &p, &e) ? p.oid : 0;
}

/* swap DB LIKE SQL [keep]: a shadow of LIKE's kind, filled by SQL, takes DB's name */
static bool verb_swap(char **args, struct err *e)
{
    AUTO_RUN_LOCK struct run_lock *l = NULL;
    struct database_properties props;
    struct shadow shadow;
    struct swap_options o = {.target = &ep,
                             .database = args[0],
                             .previous_name = previous_pattern,
                             .run = run_id,
                             .properties = &props,
                             .parts = DBPROPS_ALL};
    struct swap_result r;
    struct pgconn *c;
    bool ok;

    if (!run_lock_acquire(&l, &ep, args[0], 0, e))
        return false;
    c = run_lock_session(l);
    if (!make_shadow(c, args[0], args[1], args[2], &props, &shadow, e))
        return false;
    o.old_oid = old_oid_of(c, args[0]);
    if (getenv("SWAPDRIVE_BREAK"))
        o.old_oid++;
    strike_arm();
    ok = swap_in(c, &shadow, &o, &report, &r, e);
    if (!ok && e->code != E_UNKNOWN) {
        struct err why = {0};

        if (!shadow_drop(&ep, c, shadow.name, args[0], run_id, &why))
            (void)printf("drop: %s\n", why.text);
    }
    if (!ok)
        return false;
    print_warnings();
    (void)printf("previous %s\nattempts %u%s\nstatements %u\n", r.previous, r.attempts,
                 r.door_closed ? " (door closed)" : "", strike.count);
    return true;
}

/* create DB LIKE SQL: only the shadow, with the crash point within its creation */
static bool verb_create(char **args, struct err *e)
{
    AUTO_RUN_LOCK struct run_lock *l = NULL;
    struct database_properties props;
    struct shadow shadow;

    if (!run_lock_acquire(&l, &ep, args[0], 0, e))
        return false;
    strike_arm();
    if (!make_shadow(run_lock_session(l), args[0], args[1], args[2], &props, &shadow, e))
        return false;
    print_warnings();
    (void)printf("shadow %s\nstatements %u\n", shadow.name, strike.count);
    return true;
}

/* keep DB LIKE SQL: --no-swap */
static bool verb_keep(char **args, struct err *e)
{
    AUTO_RUN_LOCK struct run_lock *l = NULL;
    struct database_properties props;
    struct shadow shadow;

    if (!run_lock_acquire(&l, &ep, args[0], 0, e) ||
        !make_shadow(run_lock_session(l), args[0], args[1], args[2], &props, &shadow, e) ||
        !shadow_keep(run_lock_session(l), &shadow, &props, DBPROPS_ALL, &report, e))
        return false;
    (void)printf("shadow %s\n", shadow.name);
    return true;
}

/* clean DB: what killed runs left */
static bool verb_clean(char **args, struct err *e)
{
    AUTO_RUN_LOCK struct run_lock *l = NULL;
    struct leftovers list;
    struct dbname name;
    size_t n;

    if (!run_lock_acquire(&l, &ep, args[0], 0, e) || !shadow_name(args[0], &name, e) ||
        !shadow_leftovers(run_lock_session(l), args[0], name.text, arena, &list, e))
        return false;
    for (size_t i = 0; i < list.count; i++)
        (void)printf("%s%s of run '%s'\n", list.items[i].closed_target ? "closed " : "",
                     list.items[i].name, list.items[i].run);
    return shadow_clean(run_lock_session(l), args[0], name.text, &n, e);
}

/* drop DB: the shadow of this run */
static bool verb_drop(char **args, struct err *e)
{
    struct dbname name;

    return shadow_name(args[0], &name, e) && shadow_drop(&ep, NULL, name.text, args[0], run_id, e);
}

/* rollback DB [TO] */
static bool verb_rollback(char **args, struct err *e)
{
    AUTO_RUN_LOCK struct run_lock *l = NULL;
    struct rollback_options o = {.target = &ep,
                                 .database = args[0],
                                 .previous_name = previous_pattern,
                                 .run = run_id,
                                 .to = arg(args, 1)};
    struct rollback_result r;

    if (!run_lock_acquire(&l, &ep, args[0], 0, e))
        return false;
    strike_arm();
    if (!previous_rollback(run_lock_session(l), &o, &r, e))
        return false;
    (void)printf("restored %s\nprevious %s\n", r.restored, r.previous);
    return true;
}

/* prune DB KEEP [dry] [SPARE] */
static bool verb_prune(char **args, struct err *e)
{
    static const char *const actions[] = {"keep", "drop", "failed"};
    AUTO_RUN_LOCK struct run_lock *l = NULL;
    struct prune_options o = {.database = args[0], .spare = arg(args, 3)};
    struct prune_item *items;
    uint64_t keep = 0;
    size_t n;

    if (!num_parse_u64(args[1], 0, 100, &keep))
        return err_set(e, E_USAGE, "KEEP");
    o.keep = (unsigned)keep;
    o.dry_run = arg(args, 2) && strcmp(args[2], "dry") == 0;
    if (!run_lock_acquire(&l, &ep, args[0], 0, e) ||
        !previous_prune(run_lock_session(l), &o, arena, &items, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        (void)printf("%s %s: %s\n", actions[items[i].action], items[i].copy.name, items[i].reason);
    return true;
}

/* list DB */
static bool verb_list(char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    struct previous_copy *list;
    size_t n;

    if (!pgconn_open_maintenance(&c, &ep, false, e) ||
        !previous_list(c, args[0], arena, &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        (void)printf("%s|%s|%s|%d\n", list[i].name, list[i].run,
                     list[i].comment ? list[i].comment : "", list[i].bytes > 1000000);
    return true;
}

/* lock DB WAIT_MS [SECONDS to hold] */
static bool verb_lock(char **args, struct err *e)
{
    AUTO_RUN_LOCK struct run_lock *l = NULL;
    uint64_t wait = 0;
    uint64_t hold = 0;

    if (!num_parse_u64(args[1], 0, UINT32_MAX, &wait) ||
        (arg(args, 2) && !num_parse_u64(args[2], 0, 3600, &hold)))
        return err_set(e, E_USAGE, "WAIT");
    if (!run_lock_acquire(&l, &ep, args[0], wait, e))
        return false;
    (void)printf("locked\n");
    (void)fflush(stdout);
    return hold == 0 || stop_sleep_ms(hold * 1000, e);
}

/* same DB1 PORT2 HOST2 DB2 */
static bool verb_same(char **args, struct err *e)
{
    static const char *const names[] = {"other cluster", "same cluster", "same database",
                                        "not sure"};
    AUTO_PGCONN struct pgconn *a = NULL;
    AUTO_PGCONN struct pgconn *b = NULL;
    struct endpoint other = ep;
    struct db_identity ia;
    struct db_identity ib;
    enum identity_match m;

    other.port = args[1];
    other.host = args[2];
    if (!pgconn_open_maintenance(&a, &ep, false, e) ||
        !pgconn_open_maintenance(&b, &other, false, e) || !identity_read(a, args[0], &ia, e) ||
        !identity_read(b, args[3], &ib, e) ||
        !identity_refuse_same(&ia, &ib, args[0], args[3], &m, e))
        return false;
    (void)printf("%s\n", names[m]);
    return true;
}

/* probe DB POLICY */
static bool verb_probe(char **args, struct err *e)
{
    static const char *const actions[] = {"create", "use", "replace", "in place"};
    AUTO_PGCONN struct pgconn *c = NULL;
    struct target_facts f;
    enum target_action action;

    if (!pgconn_open_maintenance(&c, &ep, false, e) || !target_probe(c, &ep, args[0], arena, &f, e))
        return false;
    (void)printf("exists %d empty %d rows %llu sessions %s\n", f.exists, f.empty,
                 (unsigned long long)f.rows_estimate, f.sessions_by);
    if (!target_decide(&f, (enum target_policy)(args[1][0] - '0'), "here", args[0], &action, e))
        return false;
    (void)printf("%s\n", actions[action]);
    return true;
}

/* guard DB GLOB... */
static bool verb_guard(char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    struct target_facts f;
    struct target_guard g = {.ep = &ep,
                             .database = args[0],
                             .protected_globs = (const char *const *)(args + 1),
                             .facts = &f};

    while (args[1 + g.protected_count])
        g.protected_count++;
    return pgconn_open_maintenance(&c, &ep, false, e) &&
           target_probe(c, &ep, args[0], arena, &f, e) && target_refuse(c, &g, e) &&
           swap_refuse_blockers(c, args[0], e);
}

/* props DB: as JSON, after a way there and back */
static bool verb_props(char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    struct database_properties p;
    struct database_properties back;
    cJSON *j;
    char *text;
    bool ok;

    if (!pgconn_open_maintenance(&c, &ep, false, e) || !dbprops_read(c, args[0], arena, &p, e))
        return false;
    j = dbprops_to_json(&p);
    ok = dbprops_from_json(j, arena, &back, e);
    cJSON_Delete(j);
    if (!ok)
        return false;
    j = dbprops_to_json(&back);
    text = cJSON_PrintUnformatted(j);
    (void)printf("%s\n", text);
    free(text);
    cJSON_Delete(j);
    return true;
}

static const struct {
    const char *name;
    int args;
    bool (*run)(char **args, struct err *e);
} verbs[] = {
    {"swap", 3, verb_swap},         {"create", 3, verb_create}, {"keep", 3, verb_keep},
    {"clean", 1, verb_clean},       {"drop", 1, verb_drop},     {"prune", 2, verb_prune},
    {"rollback", 1, verb_rollback}, {"list", 1, verb_list},     {"lock", 2, verb_lock},
    {"same", 4, verb_same},         {"probe", 2, verb_probe},   {"guard", 1, verb_guard},
    {"props", 1, verb_props},
};

static bool take_key(char *arg_text)
{
    struct {
        const char *key;
        const char **value;
    } keys[] = {{"host", &ep.host},
                {"port", &ep.port},
                {"user", &ep.user},
                {"maintenance", &ep.maintenance_database},
                {"application_name", &ep.application_name},
                {"previous", &previous_pattern},
                {"run", &run_id}};
    char *value = strchr(arg_text, '=');

    for (size_t i = 0; value && i < ARRAY_LEN(keys); i++) {
        if (strlen(keys[i].key) == (size_t)(value - arg_text) &&
            strncmp(arg_text, keys[i].key, (size_t)(value - arg_text)) == 0) {
            *keys[i].value = value + 1;
            return true;
        }
    }
    return false;
}

static int failed(const struct err *e)
{
    (void)printf("code: %s\nstate: %s\ntext: %s\ndetail: %s\nhint: %s\n", err_code_class(e->code),
                 e->sqlstate, e->text, e->detail, e->hint);
    return 1;
}

static int run_verb(int argc, char **argv, int i)
{
    struct err e = {0};

    for (size_t v = 0; i < argc && v < ARRAY_LEN(verbs); v++) {
        if (strcmp(argv[i], verbs[v].name) == 0 && argc - i - 1 >= verbs[v].args)
            return verbs[v].run(argv + i + 1, &e) ? 0 : failed(&e);
    }
    (void)fprintf(stderr, "usage: swapdrive [KEY=VALUE...] VERB [ARG...]\n");
    return 64;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    int i = 1;
    int rc;

    if (!stop_init(&e))
        return failed(&e);
    arena = arena_new();
    report_init(&report);
    while (i < argc && take_key(argv[i]))
        i++;
    rc = run_verb(argc, argv, i);
    report_release(&report);
    arena_free(arena);
    return rc;
}
