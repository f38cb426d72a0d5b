#include "archive/restore_run.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/io.h"

#include "client_run_priv.h"

#include "common/banned.h"

/* PGOPTIONS: what the endpoint asked for, then ours, which win. */
static const char *tuned_options(const struct restore_run_options *o, struct arena *a)
{
    AUTO_BUF struct buf b = BUF_INIT(BUF_TEXT_MAX);
    const struct restore_tuning *t = &o->tuning;

    if (o->login.options)
        buf_addstr(&b, o->login.options);
    buf_addstr(&b, " -c jit=off");
    if (t->async_commit)
        buf_addstr(&b, " -c synchronous_commit=off");
    if (t->maintenance_work_mem_kb)
        buf_printf(&b, " -c maintenance_work_mem=%" PRIu64 "kB", t->maintenance_work_mem_kb);
    if (t->maintenance_workers)
        buf_printf(&b, " -c max_parallel_maintenance_workers=%d",
                   t->maintenance_workers < 0 ? 0 : t->maintenance_workers);
    return arena_strdup(a, buf_str(&b));
}

static void build_args(struct client_args *args, const struct restore_run_options *o, int list_fd)
{
    client_args_add(args, "%s", o->tools->pg_restore);
    client_args_add(args, "--format=custom");
    client_args_add(args, "--no-password");
    if (o->jobs > 1)
        client_args_add(args, "--jobs=%u", o->jobs);
    if (list_fd >= 0)
        client_args_add(args, "--use-list=/proc/self/fd/%d", list_fd);
    if (o->role)
        client_args_add(args, "--role=%s", o->role);
    client_args_flag(args, o->single_transaction, "--single-transaction");
    client_args_flag(args, o->exit_on_error, "--exit-on-error");
    client_args_flag(args, o->clean, "--clean");
    client_args_flag(args, o->clean, "--if-exists");
    client_args_flag(args, o->section == CLIENT_SCHEMA_ONLY, "--schema-only");
    client_args_flag(args, o->section == CLIENT_DATA_ONLY, "--data-only");
    client_args_flag(args, o->no_owner, "--no-owner");
    client_args_flag(args, o->no_acl, "--no-privileges");
    client_args_flag(args, o->no_comments, "--no-comments");
    client_args_flag(args, o->no_publications, "--no-publications");
    client_args_flag(args, o->no_subscriptions, "--no-subscriptions");
    client_args_flag(args, o->no_security_labels, "--no-security-labels");
    client_args_flag(args, o->no_tablespaces, "--no-tablespaces");
    client_args_add(args, "--dbname=%s", o->login.conninfo);
    client_args_add(args, "%s", o->spool->path);
}

/* The list in a file in memory; *fd stays -1 if there is none. The caller closes it. */
static bool list_open(const struct restore_run_options *o, int *fd, struct err *e)
{
    if (!o->list)
        return true;
    *fd = memfd_create("pg_mirror list", MFD_CLOEXEC);
    if (*fd < 0 || !io_write_full(*fd, o->list, strlen(o->list)))
        return err_sys(e, E_SYSTEM, "cannot write the list of entries to restore");
    return true;
}

bool restore_run(const struct restore_run_options *o, struct client_end *ret, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    AUTO_BUF struct buf messages = BUF_INIT((size_t)2 * PROC_STDERR_MAX);
    AUTO_FD int list_fd = -1;
    struct client_args args = {.arena = a};
    struct client_login login = o->login;

    assert(!o->single_transaction || o->jobs <= 1);
    if (!list_open(o, &list_fd, e))
        return false;
    build_args(&args, o, list_fd);
    login.options = tuned_options(o, a);
    args.fds = (const int[]){o->spool->fd, list_fd, -1};
    if (!client_run(&args, &login, &o->io, ret, &messages, e))
        return err_in(e, "pg_restore");
    return true;
}

bool restore_failed(const struct client_end *end, const struct buf *messages, struct err *e)
{
    return client_failed("pg_restore", end, messages, e);
}
