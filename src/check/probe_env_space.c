/* probe_env_space.c - the client programs, and room for the dump. */
#include <unistd.h>
#include <inttypes.h>
#include <string.h>

#include "archive/client.h"
#include "archive/spool.h"
#include "estimate_priv.h"
#include "check_priv.h"
#include "common/num.h"

enum { MARGIN_PERCENT = 120 };

static bool tools_find(struct check *c, int source_version, struct client_tools *ret, struct err *e)
{
    struct client_options o = {
        .bin_dir = c->cfg->bin_dir,
        .source_version = source_version,
        .target_version = c->f->target_server.version,
        .restore_only = c->o->no_source,
    };

    return client_find(ret, &o, e);
}

/* Fit for these servers, or at least there: env.version tells what is wrong with the latter. */
bool probe_env_tools(struct check *c, struct probe_result *r, struct err *e)
{
    struct client_tools any = {0};

    if (tools_find(c, c->f->source_server.version, &c->f->tools, &c->tools_err)) {
        check_ok(c, r, "%s", c->f->tools.pg_restore);
        return true;
    }
    c->f->tools = (struct client_tools){0};
    if (c->f->source_server.version == 0 || !tools_find(c, 0, &any, e)) {
        check_fail_err(c, r, &c->tools_err);
        return true;
    }
    check_ok(c, r, "%s", any.pg_restore);
    return true;
}

bool probe_env_version(struct check *c, struct probe_result *r, struct err *e)
{
    const struct client_tools *t = &c->f->tools;
    int target = c->f->target_server.version / 10000;

    (void)e;
    if (!t->version) {
        check_fail_err(c, r, &c->tools_err);
        return true;
    }
    if (!c->f->source_server.known && !c->o->no_source) {
        check_skip(c, r, "the source's version is not known");
        return true;
    }
    check_ok(c, r, "%s", t->version_text);
    check_threshold(c, r, "source %d to target %d", c->f->source_server.version / 10000, target);
    if (t->warning[0]) {
        char hint[256];

        check_warn(c, r, "%s", t->warning);
        check_hint(c, r, "%s",
                   client_install_hint(hint, sizeof hint, t->version / 10000, true, NULL));
    } else if (target && t->version / 10000 > target) {
        check_warn(c, r,
                   "pg_dump %d is newer than the target's %d: settings that %d does not know are "
                   "refused there, harmlessly",
                   t->version / 10000, target, target);
        check_hint(c, r, "nothing to do, unless you can upgrade the target to PostgreSQL %d",
                   t->version / 10000);
    }
    return true;
}

static void space_short(struct check *c, struct probe_result *r, uint64_t need)
{
    char need_text[NUM_TEXT_MAX], free_text[NUM_TEXT_MAX];

    check_fail(c, r, "'%s' has %s free, the dump needs about %s", c->cfg->temp_dir,
               num_format_bytes(free_text, c->f->copy.temp_free_bytes),
               num_format_bytes(need_text, need));
    check_hint(c, r, "df -h %s; pg_mirror --set /options/temp_dir=/path/with/more/room",
               shell_word(c, c->cfg->temp_dir));
    if (c->cfg->compression &&
        (strcmp(c->cfg->compression, "none") == 0 || strcmp(c->cfg->compression, "0") == 0))
        check_hint(c, r, "or set \"options\": {\"compression\": \"auto\"}");
}

bool probe_env_tempspace(struct check *c, struct probe_result *r, struct err *e)
{
    struct copy_facts *f = &c->f->copy;
    char need_text[NUM_TEXT_MAX], free_text[NUM_TEXT_MAX];
    struct err why = {0};
    uint64_t need;

    if (!copy_read(c, e))
        return false;
    if (access(c->cfg->temp_dir, W_OK | X_OK) != 0 ||
        !spool_space(c->cfg->temp_dir, &f->temp_free_bytes)) {
        err_sys_(&why, E_CREATE, "temp_dir '%s' cannot be used", c->cfg->temp_dir);
        check_fail_err(c, r, &why);
        check_hint(c, r, "sudo install -d -m 1777 %s", shell_word(c, c->cfg->temp_dir));
        return true;
    }
    need = f->dump_bytes / 100 * MARGIN_PERCENT;
    check_ok(c, r, "%s free in %s, about %s needed",
             num_format_bytes(free_text, f->temp_free_bytes), c->cfg->temp_dir,
             num_format_bytes(need_text, need));
    check_threshold(c, r, "%s", need_text);
    if (spool_dir_is_memory(c->cfg->temp_dir)) {
        check_warn(c, r, "'%s' is in memory: the dump takes up to %s of it", c->cfg->temp_dir,
                   need_text);
        check_hint(c, r, "pg_mirror --set /options/temp_dir=/var/tmp");
    }
    if (f->temp_free_bytes < need)
        space_short(c, r, need);
    return true;
}
