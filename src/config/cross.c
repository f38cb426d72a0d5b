/*
 * What one key cannot tell alone. Where two keys exclude each other, the one given nearer to the
 * command line wins (a later file over an earlier one); only within one file, or one layer, is it a
 * contradiction.
 */
#include "loader_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"
#include "conninfo_priv.h"

static struct given *given_of(struct loader *l, const char *side, const char *name)
{
    const char *pointer = arena_printf(l->scratch, "/%s/%s", side, name);

    return &l->given[key_index(key_by_pointer(pointer))];
}

static bool is_given(const struct given *g)
{
    return g->layer != LAYER_BUILTIN;
}

/* Below 0: a was given farther from the command line than b. */
static int rank_compare(const struct given *a, const struct given *b)
{
    if (a->layer != b->layer)
        return a->layer < b->layer ? -1 : 1;
    if (a->layer == LAYER_FILE && a->at.order != b->at.order)
        return a->at.order < b->at.order ? -1 : 1;
    return 0;
}

static void forget(struct loader *l, const char *side, const char *name)
{
    const struct key *k = key_by_pointer(arena_printf(l->scratch, "/%s/%s", side, name));

    key_clear(k, l->c);
    l->given[key_index(k)] = (struct given){0};
    l->c->origins[key_index(k)] = NULL;
}

/* ---- two names of one value ---- */

static const struct json *option_value(const struct loader *l, const char *name)
{
    return json_member(json_member(l->root, "options"), name);
}

void cross_aliases(struct loader *l)
{
    const struct given *jobs = given_of(l, "options", "jobs");
    const struct given *alias = given_of(l, "options", "parallel_jobs");
    const struct key *k = key_by_pointer("/options/jobs");
    AUTO_BUF struct buf why = BUF_INIT(4096);
    unsigned first;

    if (!is_given(jobs) || !is_given(alias))
        return;
    if (!key_set(k, l->c, option_value(l, "jobs"), &why))
        return;
    first = l->c->jobs;
    if (rank_compare(jobs, alias) > 0)
        return;
    if (!key_set(k, l->c, option_value(l, "parallel_jobs"), &why))
        return;
    if (rank_compare(jobs, alias) == 0 && l->c->jobs != first)
        problem_add(&l->problems, &alias->at, "/options/parallel_jobs",
                    "is another name of /options/jobs, which is %u at %u:%u; give one of them",
                    first, jobs->at.line, jobs->at.column);
}

/* ---- drop_existing and if_exists ---- */

static void follow_drop_existing(struct config *c)
{
    if (c->drop_existing_in_file)
        c->if_exists = IF_EXISTS_REPLACE;
    else if (c->if_exists == IF_EXISTS_REPLACE)
        c->if_exists = IF_EXISTS_ERROR;
}

static void contradiction(struct loader *l, const struct given *drop, const struct given *exists)
{
    static const char *const names[] = {"error", "replace", "in_place"};
    const struct config *c = l->c;

    if (c->if_exists == IF_EXISTS_IN_PLACE && !c->drop_existing_in_file)
        return;
    if (c->drop_existing_in_file == (c->if_exists == IF_EXISTS_REPLACE))
        return;
    if (drop->layer == LAYER_FILE)
        problem_add(&l->problems, &drop->at, "/options/drop_existing",
                    "%s contradicts /target/if_exists \"%s\" at %u:%u",
                    c->drop_existing_in_file ? "true" : "false", names[c->if_exists],
                    exists->at.line, exists->at.column);
    else
        problem_option(&l->problems, drop->layer == LAYER_LINE ? E_USAGE : E_CONFIG,
                       "/options/drop_existing", "%s contradicts if_exists \"%s\"",
                       c->drop_existing_in_file ? "true" : "false", names[c->if_exists]);
}

void cross_if_exists(struct loader *l, enum layer layer)
{
    const struct given *drop = given_of(l, "options", "drop_existing");
    const struct given *exists = given_of(l, "target", "if_exists");
    const struct given *flag = &l->given[key_index(key_by_option("drop-existing"))];
    bool exists_given = exists->layer == layer || flag->layer == layer;

    if (drop->layer == layer) {
        int order = rank_compare(drop, exists);

        if (!exists_given || (layer == LAYER_FILE && order > 0))
            follow_drop_existing(l->c);
        else if (order == 0)
            contradiction(l, drop, exists);
    }
    if (layer == LAYER_LINE)
        l->c->drop_existing_in_file =
            l->c->drop_existing_in_file && l->c->if_exists == IF_EXISTS_REPLACE;
}

/* ---- one end ---- */

static void exclude_pair(struct loader *l, const char *side, const char *name,
                         const struct given *uri)
{
    const struct given *other = given_of(l, side, name);
    int order;

    if (!is_given(other) || !is_given(uri))
        return;
    order = rank_compare(uri, other);
    if (order > 0)
        forget(l, side, name);
    else if (order < 0)
        forget(l, side, "uri");
    else if (other->layer == LAYER_FILE)
        problem_add(&l->problems, &other->at, arena_printf(l->scratch, "/%s/%s", side, name),
                    "cannot be given together with /%s/uri at %u:%u", side, uri->at.line,
                    uri->at.column);
    else
        problem_option(&l->problems, E_USAGE, arena_printf(l->scratch, "/%s/%s", side, name),
                       "cannot be given together with a URI");
}

static void check_uri_alone(struct loader *l, const char *side)
{
    static const char *const names[] = {"service", "host", "port", "user"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        exclude_pair(l, side, names[i], given_of(l, side, "uri"));
}

static void second_password(struct loader *l, const char *side, const char *name, const char *first)
{
    const struct given *g = given_of(l, side, name);
    const struct given *f = given_of(l, side, first);
    const char *pointer = arena_printf(l->scratch, "/%s/%s", side, name);

    if (g->layer == LAYER_FILE)
        problem_add(&l->problems, &g->at, pointer,
                    "a second source of the password, besides /%s/%s at %u:%u; give one", side,
                    first, f->at.line, f->at.column);
    else
        problem_option(&l->problems, g->layer == LAYER_LINE ? E_USAGE : E_CONFIG, pointer,
                       "a second source of the password, besides /%s/%s; give one", side, first);
}

/* The nearest source of a password counts; two that are equally near are a mistake. */
static void check_one_password(struct loader *l, const char *side, bool uri_has_one)
{
    static const char *const names[] = {"password", "password_file", "password_command", "uri"};
    size_t count = uri_has_one ? 4 : 3;
    const char *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct given *g = given_of(l, side, names[i]);
        const struct given *b = best ? given_of(l, side, best) : NULL;

        if (!is_given(g))
            continue;
        if (b && rank_compare(g, b) == 0)
            second_password(l, side, names[i], best);
        if (!b || rank_compare(g, b) > 0)
            best = names[i];
    }
    for (size_t i = 0; i < 3 && best; i++) {
        if (rank_compare(given_of(l, side, names[i]), given_of(l, side, best)) < 0)
            forget(l, side, names[i]);
    }
}

static void warn_password_in_argv(struct loader *l, const char *side, const struct given *uri)
{
    static const struct place none = {.order = UINT32_MAX};

    if (uri->layer == LAYER_LINE)
        problem_warn(&l->problems, &none, arena_printf(l->scratch, "--%s", side),
                     "the password in it can be read by everybody with ps; use a passfile or "
                     "PG_MIRROR_%s_PASSWORD_FILE",
                     strcmp(side, "source") == 0 ? "SOURCE" : "TARGET");
}

static void check_endpoint(struct loader *l, struct endpoint *ep)
{
    struct conninfo info = {0};
    AUTO_BUF struct buf why = BUF_INIT(4096);

    check_uri_alone(l, ep->side);
    if (ep->uri && !conninfo_parse(ep->uri, l->c->arena, &info, &why))
        return;
    check_one_password(l, ep->side, info.password != NULL);
    if (info.password)
        warn_password_in_argv(l, ep->side, given_of(l, ep->side, "uri"));
    if (!ep->database)
        ep->database = info.database;
    if (!ep->service && info.service && !ep->uri)
        ep->service = info.service;
}

/* ---- what must be there ---- */

/* Where to point at when something is missing: the side's object, else the whole document. */
static void missing(struct loader *l, const char *side, const char *name, const char *what)
{
    const struct json *object = json_member(l->root, side);
    const struct json *at = object ? object : l->root;
    const char *pointer =
        arena_printf(l->scratch, "/%s%s%s", side, name ? "/" : "", name ? name : "");

    if (at)
        problem_add(&l->problems, &at->at, pointer, "%s", what);
    else
        problem_option(&l->problems, E_CONFIG, pointer, "%s", what);
}

static bool side_is_given(struct loader *l, const char *side)
{
    static const char *const names[] = {"uri", "service", "host", "port", "database", "user"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (is_given(given_of(l, side, names[i])))
            return true;
    }
    return false;
}

static bool service_may_tell(const struct endpoint *ep)
{
    return ep->service || (ep->uri && strstr(ep->uri, "service"));
}

/* A misspelt or wrong key explains why something is missing; one message is enough. */
static bool has_problem(const struct loader *l, const char *side)
{
    for (size_t i = 0; i < l->problems.count; i++) {
        const char *pointer = l->problems.items[i].public.pointer;

        if (!l->problems.items[i].public.warning && pointer &&
            strncmp(pointer + 1, side, strlen(side)) == 0)
            return true;
    }
    return l->root && l->root->type != JSON_OBJECT;
}

static void check_source(struct loader *l)
{
    const struct endpoint *ep = &l->c->source;

    if (has_problem(l, "source"))
        return;
    if (!side_is_given(l, "source"))
        missing(l, "source", NULL, "is missing: which database to clone (host, database, user)");
    else if (!ep->database && !service_may_tell(ep))
        missing(l, "source", "database", "is missing: the name of the database to clone");
}

static void check_target(struct loader *l)
{
    if (has_problem(l, "target"))
        return;
    if (!side_is_given(l, "target"))
        missing(l, "target", NULL, "is missing: the server to clone to (host, user)");
    else if (!config_target_database(l->c) && !(l->rq->needs & CONFIG_NEEDS_SOURCE) &&
             l->rq->command != CMD_RESTORE && !service_may_tell(&l->c->target))
        missing(l, "target", "database", "is missing, and there is no source to take it from");
}

/* ---- options that exclude each other ---- */

static void exclude_options(struct loader *l, const char *a, const char *b)
{
    const struct given *ga = &l->given[key_index(key_by_option(a))];
    const struct given *gb = &l->given[key_index(key_by_option(b))];

    if (is_given(ga) && is_given(gb))
        problem_option(&l->problems, E_USAGE, arena_printf(l->scratch, "--%s", a),
                       "cannot be given together with --%s", b);
}

static void check_options(struct loader *l)
{
    const struct config *c = l->c;

    exclude_options(l, "schema-only", "data-only");
    exclude_options(l, "source-only", "target-only");
    if (c->output == OUTPUT_NAGIOS && !(l->rq->command & (CMD_CHECK | CMD_STATUS)))
        problem_option(&l->problems, E_USAGE, "--output", "nagios is for check and status only");
}

void cross_check(struct loader *l)
{
    unsigned needs = l->rq->needs;

    check_endpoint(l, &l->c->source);
    check_endpoint(l, &l->c->target);
    check_options(l);
    if (needs & CONFIG_NEEDS_SOURCE && !l->c->cmd.target_only)
        check_source(l);
    if (needs & CONFIG_NEEDS_TARGET && !l->c->cmd.source_only)
        check_target(l);
}

/* ---- defaults that are worked out ---- */

/* The file's name without directory and ".json". */
static const char *name_from_file(struct arena *a, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    size_t n = strlen(base);

    if (n > 5 && strcmp(base + n - 5, ".json") == 0)
        n -= 5;
    return arena_strndup(a, base, n);
}

static const char *default_name(const struct config *c)
{
    const char *database = config_target_database(c);

    if (c->file_list.count && c->file_list.items[0][0] != '<')
        return name_from_file(c->arena, c->file_list.items[0]);
    if (database && !strchr(database, '/') && database[0] != '.')
        return database;
    return "pg_mirror";
}

static uint64_t hash_text(uint64_t h, const char *s)
{
    for (; s && *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211ULL;
    return (h ^ 0xffU) * 1099511628211ULL;
}

/* Tells targets apart in a file's name; FNV-1a, no secret goes in. */
static uint64_t target_hash(const struct config *c)
{
    const struct endpoint *t = &c->target;
    uint64_t h = 14695981039346656037ULL;

    h = hash_text(h, t->uri ? conninfo_masked(t->uri, c->arena) : NULL);
    h = hash_text(h, t->service);
    h = hash_text(h, t->host);
    h = hash_text(h, t->port);
    return hash_text(h, config_target_database(c));
}

static const char *default_lock_file(const struct config *c)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    uint32_t hash = (uint32_t)(target_hash(c) >> 16);

    if (runtime && runtime[0] == '/' && access(runtime, W_OK) == 0)
        return arena_printf(c->arena, "%s/pg_mirror-%s-%08" PRIx32 ".lock", runtime, c->name, hash);
    if (access("/run/pg_mirror", W_OK) == 0)
        return arena_printf(c->arena, "/run/pg_mirror/%s-%08" PRIx32 ".lock", c->name, hash);
    return arena_printf(c->arena, "/tmp/pg_mirror-%u-%s-%08" PRIx32 ".lock", (unsigned)geteuid(),
                        c->name, hash);
}

static const char *default_temp_dir(struct arena *a)
{
    const char *dir = getenv("TMPDIR");

    return dir && dir[0] == '/' ? arena_strdup(a, dir) : "/var/tmp";
}

/* Replace every {job}. */
static const char *with_job(const struct config *c, const char *path)
{
    AUTO_BUF struct buf b = BUF_INIT(JSON_TEXT_MAX);

    if (!path)
        return NULL;
    while (*path) {
        if (strncmp(path, "{job}", 5) == 0) {
            buf_addstr(&b, c->name);
            path += 5;
        } else {
            buf_addch(&b, *path++);
        }
    }
    return arena_strdup(c->arena, buf_str(&b));
}

void cross_defaults(struct loader *l)
{
    struct config *c = l->c;

    if (!c->name)
        c->name = default_name(c);
    if (!c->temp_dir)
        c->temp_dir = default_temp_dir(c->arena);
    if (str_eq(c->bin_dir, "auto"))
        c->bin_dir = NULL;
    c->status_file = with_job(c, c->status_file);
    c->log_file = with_job(c, c->log_file);
    c->lock_file = c->lock_file ? with_job(c, c->lock_file) : default_lock_file(c);
}
