/* probe_env.c - this machine: limits, clock, locale, lock and paths. */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <limits.h>
#include <linux/magic.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "check_priv.h"
#include "common/flock.h"
#include "common/io.h"
#include "common/str.h"
#include "postgres/dbname.h"
#include "postgres/runlock.h"
#include "postgres/shadow.h"

enum {
    FILES_BASE = 64,
    FILES_PER_JOB = 8,
    PROCESSES_BASE = 16,
    CLOCK_WARN_S = 5,
    CLOCK_FAIL_S = 300,
};

bool probe_env_ulimit(struct check *c, struct probe_result *r, struct err *e)
{
    uint64_t need = FILES_BASE + (uint64_t)FILES_PER_JOB * c->cfg->jobs;
    uint64_t processes = PROCESSES_BASE + (uint64_t)c->cfg->jobs;
    struct rlimit files, nproc;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || getrlimit(RLIMIT_NPROC, &nproc) != 0)
        return err_sys(e, E_SYSTEM, "cannot read the process limits");
    if (files.rlim_cur == RLIM_INFINITY)
        check_ok(c, r, "unlimited open files");
    else
        check_ok(c, r, "%" PRIu64 " open files", (uint64_t)files.rlim_cur);
    check_threshold(c, r, "%" PRIu64 " open files, %" PRIu64 " processes", need, processes);
    if (files.rlim_cur != RLIM_INFINITY && files.rlim_cur < need) {
        check_fail(c, r, "only %" PRIu64 " open files are allowed, %u jobs need %" PRIu64,
                   (uint64_t)files.rlim_cur, c->cfg->jobs, need);
        check_hint(c, r, "ulimit -n %" PRIu64, need < 1024 ? 1024 : need);
    }
    if (geteuid() != 0 && nproc.rlim_cur != RLIM_INFINITY && nproc.rlim_cur < processes) {
        check_fail(c, r, "only %" PRIu64 " processes are allowed, %u jobs need %" PRIu64,
                   (uint64_t)nproc.rlim_cur, c->cfg->jobs, processes);
        check_hint(c, r, "ulimit -u %" PRIu64, processes * 4);
    }
    return true;
}

static double distance_of(double offset)
{
    return offset < 0 ? -offset : offset;
}

static void clock_tell(struct check *c, struct probe_result *r, const char *side, double offset)
{
    double distance = distance_of(offset);

    if (distance > CLOCK_FAIL_S)
        check_fail(c, r, "the %s's clock is %.0f s %s ours", side, distance,
                   offset > 0 ? "ahead of" : "behind");
    else if (distance > CLOCK_WARN_S)
        check_warn(c, r, "the %s's clock is %.0f s %s ours", side, distance,
                   offset > 0 ? "ahead of" : "behind");
    else
        return;
    check_hint(c, r, "timedatectl set-ntp true");
}

bool probe_env_clock(struct check *c, struct probe_result *r, struct err *e)
{
    const struct check_server *s = &c->f->source_server, *t = &c->f->target_server;
    double worst;

    (void)e;
    if (!s->known && !t->known) {
        check_skip(c, r, "no server to compare with");
        return true;
    }
    worst = distance_of(s->clock_offset_s);
    if (distance_of(t->clock_offset_s) > worst)
        worst = distance_of(t->clock_offset_s);
    check_ok(c, r, "within %.1f s of the servers", worst);
    check_threshold(c, r, "%d s, at most %d s", CLOCK_WARN_S, CLOCK_FAIL_S);
    if (s->known)
        clock_tell(c, r, "source", s->clock_offset_s);
    if (t->known)
        clock_tell(c, r, "target", t->clock_offset_s);
    return true;
}

static const char *locale_name(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);

        if (value && *value)
            return value;
    }
    return "C";
}

/* Sessions are UTF-8 whatever it is; names in messages would not print. C is what cron has. */
bool probe_env_locale(struct check *c, struct probe_result *r, struct err *e)
{
    const char *name = locale_name();
    locale_t locale = newlocale(LC_CTYPE_MASK, name, (locale_t)0);
    const char *codeset;

    (void)e;
    if (!locale) {
        check_warn(c, r, "the locale '%s' does not exist here", name);
        check_hint(c, r, "sudo locale-gen %s", name);
        return true;
    }
    codeset = arena_strdup(c->a, nl_langinfo_l(CODESET, locale));
    freelocale(locale);
    check_ok(c, r, "%s, TZ %s", name, getenv("TZ") ? getenv("TZ") : "of the system");
    if (strcmp(codeset, "UTF-8") != 0 && strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0) {
        check_warn(c, r, "the locale '%s' is not UTF-8: names in messages may not print", name);
        check_hint(c, r, "export LC_ALL=C.UTF-8");
    }
    return true;
}

/* ---- lock and paths ---- */

/* The deepest directory above path that is there; missing ones below it get created by the run. */
static const char *existing_directory(struct check *c, const char *path)
{
    char dir[PATH_MAX];
    struct stat st;

    io_dirname(path, dir, sizeof dir);
    while (stat(dir, &st) != 0 && errno == ENOENT && strcmp(dir, ".") != 0 &&
           strcmp(dir, "/") != 0) {
        char up[PATH_MAX];

        io_dirname(dir, up, sizeof up);
        memcpy(dir, up, sizeof dir);
    }
    return arena_strdup(c->a, dir);
}

static bool is_network_file_system(const char *dir)
{
    struct statfs fs;

    if (statfs(dir, &fs) != 0)
        return false;
    return fs.f_type == NFS_SUPER_MAGIC || fs.f_type == SMB_SUPER_MAGIC ||
           (unsigned long)fs.f_type == CIFS_SUPER_MAGIC || fs.f_type == V9FS_MAGIC ||
           (unsigned long)fs.f_type == SMB2_SUPER_MAGIC;
}

/* The lock on this machine, then the one on the target that runs of other machines hold. */
static bool lock_holders(struct check *c, struct probe_result *r, struct err *e)
{
    char holder[FILE_LOCK_HOLDER_MAX] = "", run[RUN_LOCK_HOLDER_MAX] = "";

    if (c->cfg->lock_file && !file_lock_holder(c->cfg->lock_file, holder, e))
        return false;
    if (c->f->target && !run_lock_holder(c->f->target, c->target_database, run, e))
        return false;
    if (holder[0] || run[0]) {
        check_fail(c, r, "another run holds the lock: %s", holder[0] ? holder : run);
        check_hint(c, r, "pg_mirror status, or wait for it: pg_mirror --lock-wait 15m");
    }
    return true;
}

/* Without the run lock these may be of a run that is just working. */
static bool stale_shadows(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_NAMES struct name_list names = NAME_LIST_INIT;
    struct dbname shadow;
    struct leftovers left;

    if (r->level == CHECK_FAIL || !c->f->target || !c->cfg->shadow_name)
        return true;
    if (!dbname_expand(c->cfg->shadow_name, c->target_database, time(NULL), &shadow, e) ||
        !shadow_leftovers(c->f->target, c->target_database, shadow.text, c->a, &left, e))
        return false;
    for (size_t i = 0; i < left.count; i++)
        name_list_add(&names, left.items[i].name);
    if (left.count) {
        check_warn(c, r, "left by a run that died: %s", name_list_text(c, &names));
        check_hint(c, r, "the next run cleans up, or: pg_mirror prune");
    }
    return true;
}

bool probe_env_lock(struct check *c, struct probe_result *r, struct err *e)
{
    const char *path = c->cfg->lock_file;

    check_ok(c, r, "free: %s", path ? path : "no file");
    if (path && is_network_file_system(existing_directory(c, path))) {
        check_warn(c, r, "lock file '%s' is on a network file system, where locks may not hold",
                   path);
        check_hint(c, r, "set \"lock_file\": \"/run/pg_mirror/%s.lock\"", c->cfg->name);
    }
    return lock_holders(c, r, e) && stale_shadows(c, r, e);
}

static void path_tell(struct check *c, struct probe_result *r, const char *key, const char *path)
{
    const char *dir = existing_directory(c, path);
    struct stat st;

    if (stat(path, &st) == 0 && access(path, W_OK) != 0)
        check_fail(c, r, "%s '%s' cannot be written: %s", key, path, strerror(errno));
    else if (access(dir, W_OK | X_OK) != 0)
        check_fail(c, r, "%s '%s': the directory '%s' cannot be written: %s", key, path, dir,
                   strerror(errno));
    else
        return;
    check_hint(c, r, "sudo install -d -o \"$(id -un)\" -m 750 %s", dir);
}

bool probe_env_paths(struct check *c, struct probe_result *r, struct err *e)
{
    const struct config *cfg = c->cfg;
    const struct {
        const char *key, *path;
    } paths[] = {
        {"status_file", cfg->status_file},
        {"log_file", cfg->log_file},
        {"lock_file", cfg->lock_file},
        {"keep_dump", cfg->keep_dump ? arena_printf(c->a, "%s/.", cfg->keep_dump) : NULL},
    };
    size_t count = 0;

    (void)e;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        count += paths[i].path != NULL;
    check_ok(c, r, "%zu path%s can be written", count, count == 1 ? "" : "s");
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (paths[i].path)
            path_tell(c, r, paths[i].key, paths[i].path);
    return true;
}
