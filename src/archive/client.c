/*
 * Every directory that might hold the programs is looked at, each program found is asked for its
 * version, and the best pair is kept. Directories are compared by their real path, so a link in
 * PATH to a versioned directory counts once. Debian's pg_wrapper (what /usr/bin/pg_dump is there)
 * is passed over: it picks a version by itself, and not by our rules.
 *
 * Order of preference, see better(): a fresh enough minor, then a major that is not above the
 * target's, then the major nearest to the target's (PostgreSQL's own advice for an upgrade; the
 * smallest when there is no target), then the newest minor, then the place found first.
 */
#include "archive/client.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/io.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/stop.h"

#include "common/banned.h"

enum { PROBE_TIMEOUT_MS = 10000, SEEN_TEXT_MAX = 300 };

static const char *const default_search[] = {
    "/usr/lib/postgresql/*/bin",     /* Debian, Ubuntu */
    "/usr/pgsql-*/bin",              /* PGDG for RHEL, Fedora, SUSE */
    "/usr/lib/postgresql[0-9]*/bin", /* SUSE */
    "/usr/lib64/postgresql-*/bin",   /* Gentoo */
    "/usr/libexec/postgresql*",      /* Alpine */
    "/usr/local/pgsql*/bin",         /* built from source */
    "/opt/pgsql*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    NULL,
};

struct search {
    const struct client_options *o;
    struct client_tools best;
    bool found;
    int stale_major;          /* of programs that only need their newest minor release; 0: none */
    char seen[SEEN_TEXT_MAX]; /* what there was but did not fit, for the error's detail */
};

static void seen_add(struct search *s, const char *what, const char *dir)
{
    size_t len = strlen(s->seen);
    int room = (int)(sizeof s->seen - len);

    (void)snprintf(s->seen + len, (size_t)room, "%s%.*s in '%.*s'", len ? ", " : "found ", room,
                   what, room, dir);
}

/* The real path of dir/name in dst if there is such a program and it isn't pg_wrapper. */
static bool program_path(const char *dir, const char *name, char dst[PATH_MAX])
{
    char path[PATH_MAX];
    const char *slash;
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);

    if (n < 0 || (size_t)n >= sizeof path || !realpath(path, dst))
        return false;
    slash = strrchr(dst, '/');
    return access(dst, X_OK) == 0 && slash && strcmp(slash, "/pg_wrapper") != 0;
}

static bool probe_version(const char *program, struct client_tools *t, struct err *e)
{
    AUTO_BUF struct buf out = BUF_INIT(4096);
    AUTO_BUF struct buf err = BUF_INIT((size_t)2 * PROC_STDERR_MAX);
    struct proc_result r;
    const struct proc_options o = {
        .argv = (const char *const[]){program, "--version", NULL},
        .out = &out,
        .err = &err,
        .timeout_ms = PROBE_TIMEOUT_MS,
    };

    if (!proc_run(&o, &r, e))
        return false;
    if (!r.exited || r.status != 0 ||
        !client_parse_version(buf_str(&out), &t->version, t->version_text))
        return err_set(e, E_TOOL, "'%s --version' does not tell a version", program);
    return true;
}

/* Both programs of one directory. False when they aren't there or don't belong together. */
static bool probe_dir(struct search *s, const char *dir, struct client_tools *t, struct err *e)
{
    struct client_tools restore = {0};
    char real[PATH_MAX];
    bool dump_there = program_path(dir, "pg_dump", t->pg_dump);

    if (dump_there && !s->o->bin_dir) {
        io_dirname(t->pg_dump, real, sizeof real);
        dir = real;
    }
    if (!program_path(dir, "pg_restore", t->pg_restore) || (!dump_there && !s->o->restore_only)) {
        if (dump_there)
            seen_add(s, "pg_dump without pg_restore", dir);
        return err_set(e, E_TOOL, "no pg_dump and pg_restore in '%s'", dir);
    }
    if (!probe_version(t->pg_restore, &restore, e))
        return false;
    t->version = restore.version;
    memcpy(t->version_text, restore.version_text, sizeof t->version_text);
    if (s->o->restore_only) {
        t->pg_dump[0] = '\0';
        return true;
    }
    if (!probe_version(t->pg_dump, t, e))
        return false;
    if (t->version != restore.version)
        return err_set(e, E_TOOL, "pg_dump (%s) and pg_restore (%s) in '%s' differ",
                       t->version_text, restore.version_text, dir);
    return true;
}

static bool is_fresh(const struct client_options *o, int version)
{
    if (o->restore_only)
        return true;
    if (version / 10000 == o->source_version / 10000)
        return version >= o->source_version;
    return client_generation(version) >= client_generation(o->source_version);
}

/* Is a to be preferred to b? */
static bool better(const struct client_options *o, const struct client_tools *a,
                   const struct client_tools *b)
{
    int target = o->target_version / 10000; /* 0: none, everything is above it */
    int major_a = a->version / 10000;
    int major_b = b->version / 10000;

    if (is_fresh(o, a->version) != is_fresh(o, b->version))
        return is_fresh(o, a->version);
    if ((major_a <= target) != (major_b <= target))
        return major_a <= target;
    if (major_a != major_b)
        return major_a <= target ? major_a > major_b : major_a < major_b;
    return a->version > b->version;
}

/* Can these programs do it at all? Says in s->seen why not. */
static bool fits(struct search *s, const struct client_tools *t, const char *dir)
{
    bool major_ok = t->version / 10000 >= s->o->source_version / 10000;

    if (major_ok && (s->o->restore_only || !client_is_stale(t->version, s->o->source_version)))
        return true;
    if (major_ok)
        s->stale_major = t->version / 10000;
    seen_add(s, t->version_text, dir);
    return false;
}

static bool consider(struct search *s, const char *dir, struct err *e)
{
    struct client_tools t = {0};

    if (!probe_dir(s, dir, &t, e))
        return false;
    log_debug("client programs %s in '%s'", t.version_text, dir);
    if (fits(s, &t, dir) && (!s->found || better(s->o, &t, &s->best))) {
        s->best = t;
        s->found = true;
    }
    return true;
}

/* Among many directories one that is no good is no error, unless the run was stopped. */
static bool consider_any(struct search *s, const char *dir, struct err *e)
{
    struct err why = {0};

    if (!consider(s, dir, &why))
        log_trace("%s", why.text);
    return stop_requested() ? stop_err(e) : true;
}

static bool search_patterns(struct search *s, const char *const *patterns, struct err *e)
{
    bool ok = true;

    for (; *patterns && ok; patterns++) {
        glob_t g = {0};

        if (glob(*patterns, GLOB_NOSORT, NULL, &g) == 0) {
            for (size_t i = 0; i < g.gl_pathc && ok; i++)
                ok = consider_any(s, g.gl_pathv[i], e);
        }
        globfree(&g);
    }
    return ok;
}

static bool search_path_variable(struct search *s, struct err *e)
{
    const char *p = getenv("PATH");

    while (p && *p) {
        char dir[PATH_MAX];
        size_t n = strcspn(p, ":");

        (void)snprintf(dir, sizeof dir, "%.*s", (int)n, p);
        if (n > 0 && n < sizeof dir && !consider_any(s, dir, e))
            return false;
        p += n + (p[n] == ':');
    }
    return true;
}

static bool search_all(struct search *s, struct err *e)
{
    if (s->o->search)
        return search_patterns(s, s->o->search, e);
    return search_patterns(s, default_search, e) && search_path_variable(s, e);
}

/* E_TOOL: what is needed, what was there, how to get it. */
static bool nothing_fits(const struct search *s, struct err *e)
{
    int version = s->o->source_version;
    int major = s->stale_major ? s->stale_major : version / 10000;
    char hint[sizeof e->hint];

    err_set_(e, E_TOOL, "no %s that is recent enough for PostgreSQL %d.%d",
             s->o->restore_only ? "pg_restore" : "pg_dump", version / 10000, version % 10000);
    if (s->seen[0])
        err_detail_(e, "%s", s->seen);
    return err_hint(
        e, "%s",
        client_install_hint(hint, sizeof hint, major, s->stale_major != 0, s->o->os_release));
}

static void warn_about(const struct client_options *o, struct client_tools *t)
{
    int major = t->version / 10000;

    if (o->target_version && major > o->target_version / 10000)
        (void)snprintf(t->warning, sizeof t->warning,
                       "pg_restore %d is newer than the target (%d): settings the target does not "
                       "know make pg_restore report errors",
                       major, o->target_version / 10000);
    else if (!is_fresh(o, t->version))
        (void)snprintf(t->warning, sizeof t->warning,
                       "pg_dump %d.%d is an older minor release than the source server (%d.%d)",
                       major, t->version % 10000, o->source_version / 10000,
                       o->source_version % 10000);
}

bool client_find(struct client_tools *ret, const struct client_options *o, struct err *e)
{
    struct client_options plain = *o;
    struct search s = {.o = &plain};

    if (o->bin_dir && strcmp(o->bin_dir, "auto") == 0)
        plain.bin_dir = NULL;
    if (plain.bin_dir) {
        if (!consider(&s, plain.bin_dir, e))
            return err_hint(e, "%s", "\"bin_dir\": \"auto\" looks in all usual places");
    } else if (!search_all(&s, e)) {
        return false;
    }
    if (!s.found)
        return nothing_fits(&s, e);
    *ret = s.best;
    warn_about(&plain, ret);
    return true;
}
