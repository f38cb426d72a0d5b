/*
 * Passwords that a file or a program holds, fetched when a run needs them and not while validating.
 * Nothing of what the program prints gets into a message: its output is the secret.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/stop.h"
#include "config/config.h"

enum { SECRET_MAX = 64 * 1024, COMMAND_TIMEOUT_MS = 10000, PROGRAM_PATH_MAX = 4096 };

/* The first line, without its end. */
static bool take_first_line(const struct buf *b, struct secret *ret)
{
    size_t n = strcspn(buf_str(b), "\r\n");

    if (n == 0)
        return false;
    secret_set(ret, buf_str(b), n);
    return true;
}

static void warn_if_exposed(int fd, const char *path)
{
    struct stat st;
    char hint[PROGRAM_PATH_MAX + 64];

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    if (!(st.st_mode & 0077) || (st.st_uid == 0 && !(st.st_mode & 0037)))
        return; /* ours alone, or root's and for a group */
    (void)snprintf(hint, sizeof hint, "chmod 600 %s", path);
    log_message(LOG_WARNING, "a password file can be read by others", path, hint);
}

static bool read_password_file(const char *path, struct secret *ret, struct err *e)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct buf b = BUF_INIT(SECRET_MAX);
    bool ok;

    if (fd < 0)
        return err_sys(e, E_NOINPUT, "cannot open password file '%s'", path);
    warn_if_exposed(fd, path);
    ok = io_read_fd(fd, path, &b, e);
    if (ok && !take_first_line(&b, ret)) {
        err_set_(e, E_CONFIG, "the first line of password file '%s' is empty", path);
        ok = false;
    }
    buf_wipe(&b);
    return ok;
}

/* argv[0] as execve() needs it: a name without '/' is looked up in PATH. */
static bool find_program(const char *name, char *dst, size_t cap)
{
    const char *path = getenv("PATH");

    if (strchr(name, '/'))
        return (size_t)snprintf(dst, cap, "%s", name) < cap;
    for (path = path ? path : "/usr/bin:/bin"; *path; path += *path == ':') {
        size_t n = strcspn(path, ":");
        int len = snprintf(dst, cap, "%.*s/%s", (int)n, path, name);

        if (n && len > 0 && (size_t)len < cap && access(dst, X_OK) == 0)
            return true;
        path += n;
    }
    return false;
}

static const char *const *command_argv(struct arena *a, const struct string_list *command,
                                       const char *program)
{
    const char **argv = arena_array(a, command->count + 1, sizeof *argv);

    for (size_t i = 0; i < command->count; i++)
        argv[i] = command->items[i];
    argv[0] = arena_strdup(a, program);
    return argv;
}

static bool judge_command(const char *name, const struct proc_result *result, const struct buf *out,
                          struct secret *ret, struct err *e)
{
    char text[64];

    if (!result->exited || result->status != 0) {
        err_set_(e, E_AUTH, "password_command '%s' failed: %s", name,
                 proc_describe(result, text, sizeof text));
        return err_hint(e, "run it by hand as the same user to see what it says");
    }
    if (!take_first_line(out, ret))
        return err_set(e, E_AUTH, "password_command '%s' printed no password", name);
    return true;
}

static bool run_password_command(struct arena *a, const struct string_list *command,
                                 struct secret *ret, struct err *e)
{
    char program[PROGRAM_PATH_MAX];
    struct buf out = BUF_INIT(SECRET_MAX);
    struct buf errors = BUF_INIT((size_t)2 * PROC_STDERR_MAX);
    struct proc_options o = {.out = &out, .err = &errors, .timeout_ms = COMMAND_TIMEOUT_MS};
    struct proc_result result;
    bool ok;

    if (!find_program(command->items[0], program, sizeof program))
        return err_set(e, E_TOOL, "password_command '%s' is not in PATH", command->items[0]);
    o.argv = command_argv(a, command, program);
    ok = proc_run(&o, &result, e);
    if (!ok && e && e->code == E_DEADLINE && !stop_requested())
        err_set_(e, E_AUTH, "password_command '%s' printed nothing within %d s", command->items[0],
                 COMMAND_TIMEOUT_MS / 1000);
    else if (!ok)
        err_in_(e, "password_command");
    ok = ok && judge_command(command->items[0], &result, &out, ret, e);
    buf_wipe(&out);
    buf_wipe(&errors);
    return ok;
}

static bool read_one(struct config *c, struct endpoint *ep, const struct secret_source *from,
                     struct err *e)
{
    const char *literal = secret_get(&from->value);
    bool ok = true;

    if (from->command.count)
        ok = run_password_command(c->arena, &from->command, &ep->password, e);
    else if (from->file)
        ok = read_password_file(from->file, &ep->password, e);
    else if (literal)
        secret_set(&ep->password, literal, strlen(literal));
    return ok || err_in(e, "%s", ep->side);
}

bool config_read_secrets(struct config *c, struct err *e)
{
    return read_one(c, &c->source, &c->source_secret, e) &&
           read_one(c, &c->target, &c->target_secret, e);
}
