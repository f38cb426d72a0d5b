#include "client_run_priv.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "postgres/conn.h"

#include "common/banned.h"

static void args_push(struct client_args *args, char *item)
{
    args->items =
        arena_grow(args->arena, args->items, args->count, &args->cap, sizeof *args->items);
    args->items[args->count] = item;
}

static void args_end(struct client_args *args)
{
    args_push(args, NULL);
}

void client_args_add(struct client_args *args, const char *fmt, ...)
{
    char *item;
    va_list ap;
    va_list again;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    item = arena_alloc(args->arena, (size_t)n + 1);
    (void)vsnprintf(item, (size_t)n + 1, fmt, again);
    va_end(again);
    args_push(args, item);
    args->count++;
    args_end(args);
}

void client_args_flag(struct client_args *args, bool cond, const char *arg)
{
    if (cond)
        client_args_add(args, "%s", arg);
}

static void log_command(const struct client_args *args)
{
    AUTO_BUF struct buf line = BUF_INIT(BUF_TEXT_MAX);

    if (!log_enabled(LOG_DEBUG))
        return;
    for (size_t i = 0; i < args->count; i++)
        buf_printf(&line, "%s%s", i ? " " : "", args->items[i]);
    log_debug("running %s", buf_str(&line));
}

bool client_login_init(struct client_login *login, const struct pgconn *c, const char *dbname,
                       struct arena *a, struct err *e)
{
    AUTO_BUF struct buf conninfo = BUF_INIT(BUF_TEXT_MAX);
    AUTO_BUF struct buf options = BUF_INIT(BUF_TEXT_MAX);

    if (!pgconn_child_conninfo(c, dbname, &conninfo, e))
        return false;
    pgconn_child_options(c, &options);
    login->conninfo = arena_strdup(a, buf_str(&conninfo));
    login->options = arena_strdup(a, buf_str(&options));
    login->password = pgconn_password(c);
    return true;
}

/* Both lists in one, in the arena. */
static const int *join_fds(const int *fds, const int *more, struct arena *a)
{
    size_t n = 0;
    size_t m = 0;
    int *all;

    while (fds[n] >= 0)
        n++;
    while (more && more[m] >= 0)
        m++;
    all = arena_array(a, n + m + 1, sizeof *all);
    memcpy(all, fds, n * sizeof *all);
    if (m > 0)
        memcpy(all + n, more, m * sizeof *all);
    all[n + m] = -1;
    return all;
}

bool client_run(const struct client_args *args, const struct client_login *login,
                const struct client_io *io, struct client_end *ret, struct buf *stderr_tail,
                struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct proc_env env;
    struct proc_options o = {
        .argv = args->items,
        .err = stderr_tail,
        .keep_fds = join_fds(args->fds, io->keep_fds, a),
        .tick = io->tick,
        .tick_arg = io->tick_arg,
    };
    bool ran;

    log_command(args);
    proc_env_init(&env, a);
    if (login->password)
        proc_env_set(&env, a, "PGPASSWORD", login->password);
    if (login->options && login->options[0])
        proc_env_set(&env, a, "PGOPTIONS", login->options);
    o.env = env.vars;
    ran = proc_run(&o, &ret->proc, e);
    if (login->password)
        proc_env_wipe(&env, "PGPASSWORD");
    ret->ok = ran && ret->proc.exited && ret->proc.status == 0;
    if (io->messages)
        buf_add(io->messages, stderr_tail->data, stderr_tail->len);
    return ran;
}

bool client_failed(const char *program, const struct client_end *end, const struct buf *stderr_tail,
                   struct err *e)
{
    char how[64];
    char last[sizeof e->detail];

    err_set_(e, E_SERVER, "%s failed (%s)", program, proc_describe(&end->proc, how, sizeof how));
    if (!end->proc.exited && end->proc.status == SIGKILL)
        err_hint_(e, "%s",
                  "if nobody did that, memory ran out: journalctl -k --grep 'Out of memory'");
    (void)proc_last_lines(stderr_tail, last, sizeof last);
    return err_detail(e, "%s", last);
}
