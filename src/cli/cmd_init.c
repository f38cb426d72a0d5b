#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "common/io.h"
#include "common/log.h"
#include "config/print.h"

/* A file of our own making, for its owner only; one that is there already is never touched. */
static bool write_new_file(const char *path, const char *text, struct err *e)
{
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 && errno == EEXIST) {
        err_set_(e, E_CREATE, "'%s' exists already", path);
        return err_hint(e, "name another file, or print to standard output: pg_mirror init ...");
    }
    if (fd < 0)
        return err_sys(e, E_CREATE, "cannot create '%s'", path);
    if (!io_write_full(fd, text, strlen(text)) || fsync(fd) != 0)
        return err_sys(e, E_CREATE, "cannot write '%s'", path);
    return true;
}

static bool write_text(const char *path, const char *text, struct err *e)
{
    if (!path || strcmp(path, "-") == 0)
        return cli_print(text, e);
    if (!write_new_file(path, text, e))
        return false;
    log_info("next: pg_mirror check -c %s", path);
    return true;
}

static bool init_run(struct invocation *inv, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);
    cJSON *document;
    char *text;
    bool ok;

    if (!inv->config.source.uri || !inv->config.target.uri) {
        err_set_(e, E_USAGE, "init needs --source and --target");
        return err_hint(e, "pg_mirror init --source postgresql://HOST/DB --target "
                           "postgresql://HOST FILE");
    }
    document = config_starter(&inv->config);
    text = cJSON_Print(document);
    buf_addstr(&b, text ? text : "{}");
    buf_addch(&b, '\n');
    ok = write_text(inv->arg_count ? inv->args[0] : NULL, buf_str(&b), e);
    free(text);
    cJSON_Delete(document);
    buf_wipe(&b);
    return ok;
}

static const char *const init_examples[] = {
    "pg_mirror init --source postgresql://ro@prod/app --target host=test new.json",
    NULL,
};

const struct command cmd_init = {
    .name = "init",
    .args = "[FILE]",
    .summary = "write a starter configuration, mode 0600, from --source and --target",
    .bit = CMD_INIT,
    .needs = CONFIG_NEEDS_NONE,
    .max_args = 1,
    .examples = init_examples,
    .run = init_run,
};
