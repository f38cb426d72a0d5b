/*
 * Levels in order; the first that has a file decides. Files of the current directory count only for
 * somebody at a terminal: cron and root must not obey whatever lies where they happen to stand.
 */
#include <stdlib.h>
#include <unistd.h>

#include "config/load.h"

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool discover_here(const char **ret, struct err *e)
{
    static const char *const names[] = {"./pg_mirror.json", "./config.json"};
    bool first = is_there(names[0]);
    bool second = is_there(names[1]);

    if (first && second) {
        err_set_(e, E_CONFIG, "both '%s' and '%s' are here", names[0], names[1]);
        return err_hint(e, "name the one to use: pg_mirror -c %s", names[0]);
    }
    *ret = first ? names[0] : second ? names[1] : NULL;
    return true;
}

static const char *user_file(struct arena *a)
{
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    if (xdg && xdg[0] == '/')
        return arena_printf(a, "%s/pg_mirror/config.json", xdg);
    if (home && home[0] == '/')
        return arena_printf(a, "%s/.config/pg_mirror/config.json", home);
    return NULL;
}

bool config_discover(struct arena *a, bool here, const char **ret, struct err *e)
{
    const char *named = getenv("PG_MIRROR_CONFIG");
    const char *path;

    *ret = NULL;
    if (named && named[0]) {
        *ret = arena_strdup(a, named);
        return true;
    }
    if (here && !discover_here(ret, e))
        return false;
    if (*ret)
        return true;
    path = user_file(a);
    if (path && is_there(path))
        *ret = path;
    else if (is_there("/etc/pg_mirror/config.json"))
        *ret = "/etc/pg_mirror/config.json";
    return true;
}
