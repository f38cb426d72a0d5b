/* probe_cfg.c - the configuration: was it warned about, who can read it, where secrets come from.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_priv.h"
#include "common/str.h"
#include "config/load.h"
#include "config/perms.h"

/* It was loaded, so it is valid; what the loader only warned about is told here. */
bool probe_cfg_valid(struct check *c, struct probe_result *r, struct err *e)
{
    const struct config_report *report = c->o->config_report;
    AUTO_NAMES struct name_list warnings = NAME_LIST_INIT;

    (void)e;
    for (size_t i = 0; report && i < report->count; i++)
        if (report->items[i].warning)
            name_list_add(&warnings, report->items[i].text);
    if (warnings.count) {
        check_warn(c, r, "%s", name_list_text(c, &warnings));
        check_hint(c, r, "pg_mirror validate --show");
    }
    check_value(c, r, "%s", c->cfg->files && c->cfg->files[0] ? c->cfg->files : "no file");
    return true;
}

/* A secret in a file that others can read is a warning, under --strict a failure. */
static void file_mode_check(struct check *c, struct probe_result *r, const char *path, mode_t bad,
                            const char *what)
{
    struct stat st;

    if (!path || stat(path, &st) != 0 || !S_ISREG(st.st_mode) || !(st.st_mode & bad))
        return;
    if (c->cfg->strict || (st.st_mode & S_IWOTH))
        check_fail(c, r, "%s '%s' has mode %04o: others can %s it", what, path,
                   (unsigned)st.st_mode & 07777, st.st_mode & S_IWOTH ? "change" : "read");
    else
        check_warn(c, r, "%s '%s' has mode %04o: others can read it", what, path,
                   (unsigned)st.st_mode & 07777);
    check_hint(c, r, "chmod 600 %s", shell_word(c, path));
}

/* A root-owned 0640 secret is how a service reads it through its group. */
static mode_t secret_file_bad_bits(const char *path)
{
    struct stat st;

    if (path && stat(path, &st) == 0 && st.st_uid == 0 && geteuid() != 0)
        return S_IWGRP | S_IRWXO;
    return S_IRWXG | S_IRWXO;
}

bool probe_cfg_perms(struct check *c, struct probe_result *r, struct err *e)
{
    const struct config *cfg = c->cfg;
    const char *const secrets[] = {cfg->source_secret.file, cfg->target_secret.file};
    AUTO_BUF struct buf message = BUF_INIT(BUF_TEXT_MAX), hint = BUF_INIT(BUF_TEXT_MAX);

    (void)e;
    check_ok(c, r, "only we can read what is secret");
    if (!config_perms_ok(cfg, &message, &hint)) {
        check_warn(c, r, "%s", buf_str(&message));
        check_hint(c, r, "%s", buf_str(&hint));
    }
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        file_mode_check(c, r, secrets[i], secret_file_bad_bits(secrets[i]), "password file");
    return true;
}

/* libpq ignores a passfile that others can read, then says that no password was supplied. */
static void passfile_check(struct check *c, struct probe_result *r, const struct endpoint *ep)
{
    struct stat st;

    if (!ep->passfile)
        return;
    if (stat(ep->passfile, &st) != 0) {
        check_fail(c, r, "%s.passfile '%s' cannot be read: %s", ep->side, ep->passfile,
                   strerror(errno));
        check_hint(c, r, "install -m 600 /dev/null %s", shell_word(c, ep->passfile));
    } else if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO))) {
        check_fail(c, r, "%s.passfile '%s' is open to others: libpq ignores it", ep->side,
                   ep->passfile);
        check_hint(c, r, "chmod 600 %s", shell_word(c, ep->passfile));
    }
}

static bool uri_has_password(const char *uri)
{
    PQconninfoOption *all = uri ? PQconninfoParse(uri, NULL) : NULL;
    bool found = false;

    for (PQconninfoOption *o = all; o && o->keyword; o++)
        found = found || (strcmp(o->keyword, "password") == 0 && o->val && *o->val);
    PQconninfoFree(all);
    return found;
}

static const char *secret_origin(const struct secret_source *s, const struct endpoint *ep)
{
    if (s->command.count > 0)
        return "a command";
    if (s->file)
        return "a file";
    if (secret_is_set(&s->value))
        return "the configuration";
    if (uri_has_password(ep->uri))
        return "the URI";
    if (ep->passfile)
        return "a passfile";
    return "libpq";
}

bool probe_cfg_secrets(struct check *c, struct probe_result *r, struct err *e)
{
    const struct config *cfg = c->cfg;

    (void)e;
    check_ok(c, r, "source password from %s, target password from %s",
             secret_origin(&cfg->source_secret, &cfg->source),
             secret_origin(&cfg->target_secret, &cfg->target));
    if (uri_has_password(cfg->source.uri) || uri_has_password(cfg->target.uri)) {
        check_warn(c, r, "a URI holds a password: on a command line it shows in the process list");
        check_hint(c, r, "use \"password_file\" or ~/.pgpass instead");
    }
    if (c->o->secrets_err)
        check_fail_err(c, r, c->o->secrets_err);
    passfile_check(c, r, &cfg->source);
    passfile_check(c, r, &cfg->target);
    return true;
}
