#include "loader_priv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/str.h"
#include "expand_priv.h"
#include "perms_priv.h"

/* ---- built-in defaults ---- */

static void apply_builtin(struct loader *l)
{
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];
        AUTO_BUF struct buf why = BUF_INIT(4096);
        bool ok;

        if (!k->fallback || !key_takes_value(k))
            continue;
        ok = key_set(k, l->c, key_value_from_text(k, k->fallback, l->scratch), &why);
        assert(ok);
        (void)ok;
    }
    l->c->source.side = "source";
    l->c->target.side = "target";
}

/* ---- files ---- */

static void note_file(struct loader *l, const char *name)
{
    struct config *c = l->c;
    const char **grown = arena_array(c->arena, c->file_list.count + 1, sizeof *grown);

    if (c->file_list.count)
        memcpy(grown, c->file_list.items, c->file_list.count * sizeof *grown);
    grown[c->file_list.count++] = arena_strdup(c->arena, name);
    c->file_list.items = grown;
    c->files = c->files ? arena_printf(c->arena, "%s, %s", c->files, name) : grown[0];
}

static bool merge_text(struct loader *l, const char *name, const char *data, size_t len)
{
    unsigned order = (unsigned)l->c->file_list.count;
    struct json *root;

    note_file(l, name);
    root = json_read(l->scratch, l->c->file_list.items[order], order, data, len, &l->problems);
    if (!root)
        return false;
    l->root = l->root ? json_merge(l->root, root) : root;
    return true;
}

static bool read_bytes(const char *path, struct buf *b, struct err *e)
{
    AUTO_FD int fd = -1;

    if (strcmp(path, "-") == 0)
        return io_read_fd(STDIN_FILENO, "standard input", b, e);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_sys(e, E_NOINPUT, "cannot open configuration file '%s'", path);
    return io_read_fd(fd, path, b, e);
}

/* *ret_valid is left alone if the file is good. False: it cannot be read at all. */
static bool merge_file(struct loader *l, const char *path, bool *ret_valid, struct err *e)
{
    struct buf b = BUF_INIT(JSON_TEXT_MAX);
    bool ok = read_bytes(path, &b, e);

    if (ok && !merge_text(l, strcmp(path, "-") == 0 ? "<stdin>" : path, buf_str(&b), b.len))
        *ret_valid = false;
    buf_wipe(&b);
    return ok;
}

static bool merge_named_files(struct loader *l, size_t *ret_count, bool *ret_valid, struct err *e)
{
    for (size_t i = 0; i < l->rq->option_count; i++) {
        const struct config_option *o = &l->rq->options[i];

        if (!str_eq(o->key->option, "config"))
            continue;
        if (!merge_file(l, o->text, ret_valid, e))
            return false;
        ++*ret_count;
    }
    return true;
}

static bool option_is_given(const struct config_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->option_count; i++) {
        if (str_eq(rq->options[i].key->option, name))
            return true;
    }
    return false;
}

/* A clone between two URIs takes nothing from a file that just happens to be somewhere. */
static bool wants_discovery(const struct config_request *rq)
{
    const char *named = getenv("PG_MIRROR_CONFIG");

    if (rq->needs == CONFIG_NEEDS_NONE)
        return false;
    return (named && named[0]) || !option_is_given(rq, "source") || !option_is_given(rq, "target");
}

static bool merge_files(struct loader *l, bool *ret_valid, struct err *e)
{
    size_t named = 0;
    const char *found;

    for (size_t i = 0; i < l->rq->text_count; i++) {
        const struct config_text *t = &l->rq->texts[i];

        if (!merge_text(l, t->name, t->data, t->len))
            *ret_valid = false;
    }
    if (!merge_named_files(l, &named, ret_valid, e))
        return false;
    if (named || l->rq->text_count || !wants_discovery(l->rq))
        return true;
    if (!config_discover(l->c->arena, l->rq->discover_here, &found, e))
        return false;
    return !found || merge_file(l, found, ret_valid, e);
}

/* ---- environment ---- */

static bool key_is_for(const struct key *k, unsigned command)
{
    return k->commands == 0 || (k->commands & command) != 0;
}

static void apply_environment(struct loader *l)
{
    for (size_t i = 0; i < key_count; i++) {
        const struct key *k = &key_table[i];
        const char *name = key_env_name(k, l->scratch);
        const char *value = name && key_is_for(k, l->rq->command) ? getenv(name) : NULL;

        if (!value || !value[0])
            continue;
        if (!(k->flags & KEY_SPECIAL))
            apply_text(l, k, value, LAYER_ENV, name);
        else if (strcmp(k->option, "set") == 0)
            apply_set(l, value, LAYER_ENV, name);
    }
}

static bool env_is_known(const char *name, struct arena *a)
{
    if (strncmp(name, "PG_MIRROR_TEST_", 15) == 0)
        return true;
    for (size_t i = 0; i < key_count; i++) {
        if (str_eq(key_env_name(&key_table[i], a), name))
            return true;
    }
    return false;
}

/* PG_MIRROR_JOBBS is a mistake that would otherwise never be noticed. */
static void warn_unknown_environment(struct loader *l)
{
    static const struct place none = {.order = UINT32_MAX};

    for (char **var = environ; *var; var++) {
        char *name;

        if (strncmp(*var, "PG_MIRROR_", 10) != 0)
            continue;
        name = arena_strndup(l->scratch, *var, strcspn(*var, "="));
        if (!env_is_known(name, l->scratch))
            problem_warn(&l->problems, &none, name, "unknown environment variable, ignored");
    }
}

/* ---- command line ---- */

static void apply_line(struct loader *l)
{
    for (size_t i = 0; i < l->rq->option_count; i++) {
        const struct config_option *o = &l->rq->options[i];

        if (!(o->key->flags & KEY_SPECIAL))
            apply_text(l, o->key, o->text, LAYER_LINE, o->shown);
        else if (strcmp(o->key->option, "set") == 0)
            apply_set(l, o->text, LAYER_LINE, o->shown);
    }
}

/* --lenient decides how the file is read, so it is looked for first. */
static bool wants_lenient(const struct config_request *rq)
{
    const char *env = getenv("PG_MIRROR_LENIENT");

    if (option_is_given(rq, "lenient"))
        return true;
    return env && (strcmp(env, "1") == 0 || strcmp(env, "true") == 0 || strcmp(env, "yes") == 0 ||
                   strcmp(env, "on") == 0);
}

/* ---- all of it ---- */

static void apply_layers(struct loader *l, bool files_are_valid)
{
    if (l->root && files_are_valid) {
        expand_tree(l->root, l->scratch, &l->problems);
        apply_tree(l);
        cross_aliases(l);
        cross_if_exists(l, LAYER_FILE);
    }
    apply_environment(l);
    cross_if_exists(l, LAYER_ENV);
    apply_line(l);
    cross_if_exists(l, LAYER_LINE);
    if (files_are_valid)
        cross_check(l);
    warn_unknown_environment(l);
}

/* Nobody said anything about any server: that is one thing to say, not two missing keys. */
static bool check_any_input(const struct loader *l, struct err *e)
{
    const struct endpoint *s = &l->c->source;
    const struct endpoint *t = &l->c->target;

    if (l->rq->needs == CONFIG_NEEDS_NONE || l->c->file_list.count || s->uri || t->uri || s->host ||
        t->host || s->database || t->database || s->service || t->service)
        return true;
    err_set_(e, E_NOINPUT, "no configuration file was found, and no --source and --target given");
    return err_hint(e, "name a file: pg_mirror -c FILE; or write one: pg_mirror init --source URI "
                       "--target URI FILE");
}

bool config_load(struct config *c, const struct config_request *rq, struct config_report *report,
                 struct err *e)
{
    struct loader l = {.c = c, .rq = rq, .scratch = arena_new(), .lenient = wants_lenient(rq)};
    bool valid = true;
    bool ok;

    *c = (struct config){.arena = arena_new()};
    *report = (struct config_report){.arena = arena_new()};
    l.problems.arena = l.scratch;
    apply_builtin(&l);
    ok = merge_files(&l, &valid, e);
    if (ok) {
        apply_layers(&l, valid);
        cross_defaults(&l);
        perms_check(&l);
        ok = check_any_input(&l, e) && problems_hand_over(&l.problems, report, e);
    }
    arena_wipe(l.scratch);
    return ok;
}

void config_release(struct config *c)
{
    secret_release(&c->source.password);
    secret_release(&c->target.password);
    secret_release(&c->source_secret.value);
    secret_release(&c->target_secret.value);
    arena_wipe(c->arena);
    *c = (struct config){0};
}

const char *config_target_database(const struct config *c)
{
    return c->target.database ? c->target.database : c->source.database;
}
