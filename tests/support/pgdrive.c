/*
 * pgdrive.c - drives src/postgres from the integration tests, one call a run.
 *
 *     pgdrive [KEY=VALUE...] VERB [ARG...]
 *
 * Keys are those of struct endpoint (side, uri, service, host, port, database, user, password,
 * sslmode, connect_timeout, lock_timeout in ms, maintenance, set.NAME). Success prints what the
 * verb found; failure prints code, sqlstate, retry, text, detail and hint a line each, exit 1.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/num.h"
#include "common/stop.h"
#include "postgres/catalog.h"
#include "postgres/conn.h"
#include "postgres/count.h"
#include "postgres/leader.h"

enum { SETTINGS_MAX = 16 };

/* SIGTERM becomes stop_request(), read by a thread of its own as main() of the program does. */
static void *signal_reader(void *arg)
{
    sigset_t *set = arg;
    int signal = 0;

    (void)sigwait(set, &signal);
    stop_request(STOP_SIGNAL, signal);
    return NULL;
}

static void stop_on_sigterm(void)
{
    static sigset_t set;
    pthread_t thread;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&thread, NULL, signal_reader, &set) == 0)
        (void)pthread_detach(thread);
}

static struct setting settings[SETTINGS_MAX];

static bool endpoint_key(struct endpoint *ep, char *arg)
{
    struct {
        const char *key;
        const char **value;
    } texts[] = {
        {"side", &ep->side},
        {"uri", &ep->uri},
        {"service", &ep->service},
        {"host", &ep->host},
        {"port", &ep->port},
        {"database", &ep->database},
        {"user", &ep->user},
        {"sslmode", &ep->sslmode},
        {"application_name", &ep->application_name},
        {"maintenance", &ep->maintenance_database},
    };
    char *value = strchr(arg, '=');

    if (!value)
        return false;
    *value++ = '\0';
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (strcmp(arg, texts[i].key) == 0) {
            *texts[i].value = value;
            return true;
        }
    }
    if (strcmp(arg, "password") == 0)
        secret_set(&ep->password, value, strlen(value));
    else if (strcmp(arg, "connect_timeout") == 0)
        return num_parse_u64(value, 0, UINT32_MAX, &ep->connect_timeout_ms);
    else if (strcmp(arg, "lock_timeout") == 0)
        return num_parse_u64(value, 0, UINT32_MAX, &ep->lock_timeout_ms);
    else if (strncmp(arg, "set.", 4) == 0 && ep->setting_count < SETTINGS_MAX)
        settings[ep->setting_count++] = (struct setting){arg + 4, value};
    else
        return false;
    return true;
}

static int failed(const struct err *e)
{
    (void)printf("code: %s\nstate: %s\nretry: %s\ntext: %s\ndetail: %s\nhint: %s\n",
                 err_code_class(e->code), e->sqlstate, e->retryable ? "yes" : "no", e->text,
                 e->detail, e->hint);
    return 1;
}

static bool verb_open(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;

    (void)args;
    if (!pgconn_open(&c, ep, NULL, e))
        return false;
    (void)printf("%s@%s on %s, version %d%s%s%s\n", pgconn_user(c), pgconn_database(c),
                 pgconn_where(c), pgconn_version(c) / 10000, pgconn_is_local(c) ? ", local" : "",
                 pgconn_uses_tls(c) ? ", tls" : "", pgconn_password(c) ? ", password" : "");
    return true;
}

static bool verb_maintenance(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;

    (void)args;
    if (!pgconn_open_maintenance(&c, ep, false, e))
        return false;
    (void)printf("%s\n", pgconn_database(c));
    return true;
}

static bool query_in(struct pgconn *c, const char *sql, struct err *e)
{
    AUTO_BUF struct buf value = BUF_INIT(BUF_TEXT_MAX);

    if (!pgconn_value(c, sql, 0, NULL, &value, e))
        return false;
    (void)printf("%s\n", buf_str(&value));
    return true;
}

/* query SQL... */
static bool verb_query(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;

    if (!pgconn_open(&c, ep, NULL, e))
        return false;
    for (; *args; args++) {
        if (!query_in(c, *args, e))
            return false;
    }
    return true;
}

/* cleanup SQL...: the same in a session that a stop does not reach */
static bool verb_cleanup(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;

    stop_request(STOP_SIGNAL, 15);
    if (!pgconn_open(&c, ep, &(struct pgconn_options){.cleanup = true}, e))
        return false;
    for (; *args; args++) {
        if (!query_in(c, *args, e))
            return false;
    }
    return true;
}

/* child DB: the conninfo and PGOPTIONS for a client program */
static bool verb_child(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);
    AUTO_BUF struct buf options = BUF_INIT(BUF_TEXT_MAX);

    if (!pgconn_open(&c, ep, NULL, e) || !pgconn_child_conninfo(c, args[0], &b, e))
        return false;
    pgconn_child_options(c, &options);
    (void)printf("%s\n%s\n", buf_str(&b), buf_str(&options));
    return true;
}

enum { PATTERNS_MAX = 32 };

/* LIST=PATTERN arguments into a filter, strict unless one of them is "lenient". */
static void filter_args(char **args, struct filter *f)
{
    static const char *items[FILTER_KINDS][PATTERNS_MAX];

    f->strict = true;
    for (; *args; args++) {
        char *value = strchr(*args, '=');

        if (!value) {
            f->strict = false;
            continue;
        }
        *value++ = '\0';
        for (unsigned k = 0; k < FILTER_KINDS; k++) {
            if (strcmp(*args, filter_list_name((enum filter_kind)k)) == 0) {
                items[k][f->lists[k].count++] = value;
                f->lists[k].items = items[k];
            }
        }
    }
}

static void print_table(const struct catalog_table *t)
{
    (void)printf("%s.%s%s%s%s%s%s%s\n", t->schema, t->name, t->has_data ? "" : " nodata",
                 t->is_partitioned ? " parent" : "", t->is_partition ? " partition" : "",
                 t->is_unlogged ? " unlogged" : "", t->extension ? " of " : "",
                 t->extension ? t->extension : "");
}

/* tables [LIST=PATTERN...]: what a dump with this filter holds */
static bool verb_tables(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    AUTO_ARENA struct arena *a = arena_new();
    struct filter f = {0};
    struct selection s;
    struct catalog cat;

    filter_args(args, &f);
    if (!pgconn_open(&c, ep, NULL, e) || !filter_resolve(c, &f, a, &s, e) ||
        !catalog_read(c, &s, CATALOG_SIZES_EXACT, a, &cat, e))
        return false;
    for (size_t i = 0; i < cat.count; i++)
        print_table(&cat.tables[i]);
    return true;
}

/* facts: of database and server */
static bool verb_facts(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    AUTO_ARENA struct arena *a = arena_new();
    struct database_facts f = {0};

    (void)args;
    if (!pgconn_open(&c, ep, NULL, e) || !catalog_facts(c, a, &f, e))
        return false;
    (void)printf("%s %s %s %s %s %s %s%s\n", f.name, f.encoding, f.collate, f.ctype, f.provider,
                 f.locale ? f.locale : "-", f.in_recovery ? "standby" : "primary",
                 f.system_identifier ? "" : " unidentified");
    return true;
}

static bool leader_command(struct leader *l, const char *line, struct err *e)
{
    struct err found = {0};

    if (strcmp(line, "alive") == 0)
        return leader_check_alive(l, e);
    if (strcmp(line, "blockers") == 0) {
        if (leader_describe_blockers(l, &found))
            (void)failed(&found);
        else
            (void)puts("nobody");
        return true;
    }
    return query_in(leader_conn(l), line, e);
}

/*
 * leader [LIST=PATTERN...]: says "ready SNAPSHOT TABLES HEAP-BYTES LSN", then does what it reads
 * from stdin (alive, blockers, or a query) and lives until its end.
 */
static bool verb_leader(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_LEADER struct leader *l = NULL;
    struct filter f = {0};
    struct leader_options o = {.filter = &f};
    char line[4096];

    filter_args(args, &f);
    if (!leader_open(&l, ep, &o, e))
        return false;
    (void)printf("ready %s %zu %llu %s\n", leader_snapshot(l), leader_catalog(l)->count,
                 (unsigned long long)leader_catalog(l)->heap_bytes, leader_lsn(l));
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "quit") == 0)
            break;
        if (!leader_command(l, line, e))
            return false;
        (void)fflush(stdout);
    }
    return true;
}

/*
 * count JOBS [LIST=PATTERN...]: ANALYZE and count what the filter selects, compared with the
 * estimates in the catalog; prints tables and rows. A table public.drop_me is dropped in between.
 */
static bool verb_count(const struct endpoint *ep, char **args, struct err *e)
{
    AUTO_PGCONN struct pgconn *c = NULL;
    AUTO_ARENA struct arena *a = arena_new();
    struct count_options o = {.target = ep, .dbname = ep->database};
    struct filter f = {0};
    struct selection s;
    struct catalog cat;
    struct count_item *items;
    uint64_t jobs = 1;
    uint64_t rows = 0;

    (void)!num_parse_u64(args[0], 1, 64, &jobs);
    o.jobs = (unsigned)jobs;
    filter_args(args + 1, &f);
    if (!pgconn_open(&c, ep, NULL, e) || !filter_resolve(c, &f, a, &s, e) ||
        !catalog_read(c, &s, CATALOG_SIZES_ESTIMATED, a, &cat, e))
        return false;
    items = arena_array(a, cat.count, sizeof *items);
    for (size_t i = 0; i < cat.count; i++)
        items[i] = (struct count_item){
            .schema = cat.tables[i].schema,
            .name = cat.tables[i].name,
            .count = cat.tables[i].has_data,
            .analyze = cat.tables[i].has_data,
            .expected = cat.tables[i].rows > 0 ? (uint64_t)cat.tables[i].rows : 0};
    if (!pgconn_exec(c, "DROP TABLE IF EXISTS public.drop_me", e) ||
        !count_tables(&o, items, cat.count, e))
        return false;
    for (size_t i = 0; i < cat.count; i++)
        rows += items[i].actual;
    (void)printf("%zu tables, %llu rows\n", cat.count, (unsigned long long)rows);
    return count_check(items, cat.count, e);
}

static const struct {
    const char *name;
    bool (*run)(const struct endpoint *ep, char **args, struct err *e);
} verbs[] = {
    {"open", verb_open},   {"maintenance", verb_maintenance},
    {"query", verb_query}, {"cleanup", verb_cleanup},
    {"child", verb_child}, {"tables", verb_tables},
    {"facts", verb_facts}, {"leader", verb_leader},
    {"count", verb_count},
};

int main(int argc, char **argv)
{
    struct endpoint ep = {.side = "source", .settings = settings};
    struct err e = {0};
    int i = 1;

    if (!stop_init(&e))
        return failed(&e);
    stop_on_sigterm();
    while (i < argc && endpoint_key(&ep, argv[i]))
        i++;
    for (size_t v = 0; i < argc && v < ARRAY_LEN(verbs); v++) {
        if (strcmp(argv[i], verbs[v].name) == 0) {
            bool ok = verbs[v].run(&ep, argv + i + 1, &e);

            secret_release(&ep.password);
            return ok ? 0 : failed(&e);
        }
    }
    (void)fprintf(stderr, "usage: pgdrive [KEY=VALUE...] VERB [ARG...]\n");
    return 64;
}
