#include "perms_priv.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/str.h"
#include "config/perms.h"
#include "conninfo_priv.h"

/* Was the value of this row written in a file as it is? */
static bool is_literal(const struct loader *l, const char *side, const char *name)
{
    const struct key *k = key_by_pointer(arena_printf(l->scratch, "/%s/%s", side, name));
    const struct json *v = json_member(json_member(l->root, side), name);

    return l->given[key_index(k)].layer == LAYER_FILE && v && v->type == JSON_STRING &&
           v->text[0] && !v->expanded;
}

static bool uri_has_password(const struct loader *l, const char *uri)
{
    AUTO_BUF struct buf why = BUF_INIT(4096);
    struct conninfo info;

    return uri && conninfo_parse(uri, l->scratch, &info, &why) && info.password;
}

static void add_exposed(struct config *c, const char *file)
{
    const char **items = arena_array(c->arena, c->exposed_files.count + 1, sizeof *items);

    for (size_t i = 0; i < c->exposed_files.count; i++) {
        if (strcmp(c->exposed_files.items[i], file) == 0)
            return;
        items[i] = c->exposed_files.items[i];
    }
    items[c->exposed_files.count++] = file;
    c->exposed_files.items = items;
}

static void check_readers(struct loader *l, const char *side, const char *name)
{
    const struct key *k = key_by_pointer(arena_printf(l->scratch, "/%s/%s", side, name));
    const struct place *at = &l->given[key_index(k)].at;
    struct stat st;

    if (stat(at->file, &st) != 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0077))
        return;
    add_exposed(l->c, at->file);
    if (l->c->strict)
        problem_add(&l->problems, at, k->pointer,
                    "a password in a file that others may read; run: chmod 600 %s", at->file);
    else
        problem_warn(&l->problems, at, k->pointer,
                     "a password in a file that others may read; run: chmod 600 %s", at->file);
}

/* Whoever may change the file, or replace it, could run anything as us. */
static const char *writable_by_others(const char *file)
{
    char dir[4096];
    struct stat st;

    if (stat(file, &st) != 0)
        return NULL;
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return "the file belongs to somebody else";
    if (S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH))
        return "everybody may change the file";
    io_dirname(file, dir, sizeof dir);
    if (stat(dir, &st) == 0 && (st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
        return "everybody may replace the file";
    return NULL;
}

static void check_writers(struct loader *l, const char *side)
{
    const struct key *k = key_by_pointer(arena_printf(l->scratch, "/%s/password_command", side));
    const struct given *g = &l->given[key_index(k)];
    const char *why = g->layer == LAYER_FILE ? writable_by_others(g->at.file) : NULL;

    if (why)
        problem_add(&l->problems, &g->at, k->pointer, "no command is run from here: %s", why);
}

void perms_check(struct loader *l)
{
    static const char *const sides[] = {"source", "target"};

    if (l->rq->text_count)
        return;
    for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
        const struct endpoint *ep = i == 0 ? &l->c->source : &l->c->target;

        if (is_literal(l, sides[i], "password"))
            check_readers(l, sides[i], "password");
        if (is_literal(l, sides[i], "uri") && uri_has_password(l, ep->uri))
            check_readers(l, sides[i], "uri");
        check_writers(l, sides[i]);
    }
}

bool config_perms_ok(const struct config *c, struct buf *message, struct buf *hint)
{
    if (c->exposed_files.count == 0)
        return true;
    buf_addstr(message, "password in a file that others may read: ");
    buf_addstr(hint, "chmod 600");
    for (size_t i = 0; i < c->exposed_files.count; i++) {
        buf_printf(message, "%s%s", i ? ", " : "", c->exposed_files.items[i]);
        buf_addch(hint, ' ');
        str_shell_quote(hint, c->exposed_files.items[i]);
    }
    return false;
}
