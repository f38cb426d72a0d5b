/*
 * fork + execve with a close-on-exec pipe that carries errno when exec fails. The parent polls
 * stdout, stderr and the stop descriptor. End of file on both outputs means that no process of the
 * tree is left holding them, which is why a pg_restore worker that outlives its leader for a
 * moment is waited for as well.
 */
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "common/stop.h"

enum { TICK_MS = 200 };

void proc_env_init(struct proc_env *env, struct arena *a)
{
    size_t n = 0;

    while (environ[n])
        n++;
    env->cap = n + 32;
    env->vars = arena_array(a, env->cap, sizeof *env->vars);
    memcpy(env->vars, environ, n * sizeof *env->vars);
    env->count = n;
}

static bool is_var(const char *var, const char *name)
{
    size_t n = strlen(name);

    return strncmp(var, name, n) == 0 && var[n] == '=';
}

void proc_env_unset(struct proc_env *env, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < env->count; i++) {
        if (!is_var(env->vars[i], name))
            env->vars[kept++] = env->vars[i];
    }
    env->count = kept;
    env->vars[kept] = NULL;
}

void proc_env_set(struct proc_env *env, struct arena *a, const char *name, const char *value)
{
    proc_env_unset(env, name);
    env->vars = arena_grow(a, env->vars, env->count + 1, &env->cap, sizeof *env->vars);
    env->vars[env->count++] = arena_printf(a, "%s=%s", name, value);
    env->vars[env->count] = NULL;
}

void proc_env_wipe(struct proc_env *env, const char *name)
{
    for (size_t i = 0; i < env->count; i++) {
        if (is_var(env->vars[i], name))
            explicit_bzero(env->vars[i], strlen(env->vars[i]));
    }
}

struct child {
    pid_t pid;
    int out;
    int err;
};

static bool pipe_open(int fds[2], struct err *e)
{
    if (pipe2(fds, O_CLOEXEC) != 0)
        return err_sys(e, E_SYSTEM, "cannot create a pipe");
    return true;
}

/* In the child, between fork and exec: only async-signal-safe calls. */
static void NORETURN child_exec(const struct proc_options *o, const int *fds, pid_t parent)
{
    int in = fds[0];
    int out = fds[1];
    int err = fds[2];
    int fail = fds[3];
    sigset_t none;
    int sys;

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    (void)sigemptyset(&none);
    for (int s = 1; s < NSIG; s++)
        (void)signal(s, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (const int *fd = o->keep_fds; fd && *fd >= 0; fd++)
        (void)fcntl(*fd, F_SETFD, 0);
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(err, STDERR_FILENO) >= 0)
        (void)execve(o->argv[0], (char *const *)(const void *)o->argv, o->env ? o->env : environ);
    sys = errno;
    (void)!write(fail, &sys, sizeof sys);
    _exit(127);
}

/* exec's errno arrives on the pipe, or end of file when it worked. */
static bool exec_worked(int fd, pid_t pid, const char *path, struct err *e)
{
    int sys = 0;
    ssize_t n = io_read_full(fd, &sys, sizeof sys);

    if (n == 0)
        return true;
    (void)waitpid(pid, NULL, 0);
    errno = n == (ssize_t)sizeof sys ? sys : EIO;
    return err_sys(e, errno == ENOENT || errno == EACCES ? E_TOOL : E_SYSTEM, "cannot run '%s'",
                   path);
}

static bool child_start(const struct proc_options *o, struct child *c, struct err *e)
{
    AUTO_FD int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    int fail[2] = {-1, -1};
    pid_t parent = getpid();
    bool ok = false;

    if (null_fd < 0)
        return err_sys(e, E_SYSTEM, "cannot open /dev/null");
    if (pipe_open(out, e) && pipe_open(err, e) && pipe_open(fail, e)) {
        c->pid = fork();
        if (c->pid == 0)
            child_exec(o, (int[]){null_fd, o->out ? out[1] : null_fd, err[1], fail[1]}, parent);
        if (c->pid < 0)
            err_sys_(e, E_SYSTEM, "cannot start '%s'", o->argv[0]);
    }
    io_close(&out[1]);
    io_close(&err[1]);
    io_close(&fail[1]);
    if (c->pid > 0)
        ok = exec_worked(fail[0], c->pid, o->argv[0], e);
    io_close(&fail[0]);
    c->out = out[0];
    c->err = err[0];
    if (!ok) {
        io_close(&c->out);
        io_close(&c->err);
    }
    return ok;
}

/* Read what is there. The stderr buffer keeps the newest bytes. False at end of file. */
static bool drain(int fd, struct buf *b, bool keep_newest)
{
    char chunk[8192];
    ssize_t n = read(fd, chunk, sizeof chunk);

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    if (n == 0)
        return false;
    if (keep_newest && b->len + (size_t)n > PROC_STDERR_MAX)
        buf_consume(b, b->len < PROC_STDERR_MAX / 2 ? b->len : PROC_STDERR_MAX / 2);
    buf_add(b, chunk, (size_t)n);
    return true;
}

enum why_ended { ENDED_ITSELF, ENDED_STOPPED, ENDED_TIMEOUT };

/* State of waiting for one child: when it started, whether and when it was told to end. */
struct wait_state {
    uint64_t started;
    uint64_t term_sent;
    uint64_t next_tick;
    enum why_ended why;
};

static void maybe_end_child(const struct proc_options *o, const struct child *c,
                            struct wait_state *w, uint64_t now)
{
    if (w->why == ENDED_ITSELF) {
        if (stop_requested())
            w->why = ENDED_STOPPED;
        else if (o->timeout_ms && now - w->started >= o->timeout_ms)
            w->why = ENDED_TIMEOUT;
        else
            return;
        (void)kill(c->pid, SIGTERM);
        w->term_sent = now;
    } else if (now - w->term_sent >= PROC_KILL_AFTER_MS) {
        (void)kill(c->pid, SIGKILL);
    }
}

static void maybe_tick(const struct proc_options *o, struct wait_state *w, uint64_t now)
{
    if (!o->tick || now < w->next_tick)
        return;
    w->next_tick = now + TICK_MS;
    o->tick(o->tick_arg);
}

static void child_wait(const struct proc_options *o, struct child *c, struct wait_state *w)
{
    while (c->out >= 0 || c->err >= 0) {
        struct pollfd p[3] = {{.fd = c->out, .events = POLLIN},
                              {.fd = c->err, .events = POLLIN},
                              {.fd = w->why == ENDED_ITSELF ? stop_fd() : -1, .events = POLLIN}};
        int n = poll(p, 3, TICK_MS);
        uint64_t now = io_now_ms();

        if (n > 0 && p[0].revents && !drain(c->out, o->out, false))
            io_close(&c->out);
        if (n > 0 && p[1].revents && !drain(c->err, o->err, true))
            io_close(&c->err);
        maybe_end_child(o, c, w, now);
        maybe_tick(o, w, now);
        if (w->why != ENDED_ITSELF && now - w->term_sent > 2 * (uint64_t)PROC_KILL_AFTER_MS)
            break; /* a grandchild holds the pipe; the child itself is dead */
    }
    io_close(&c->out);
    io_close(&c->err);
}

static void reap(pid_t pid, struct proc_result *ret)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    ret->exited = WIFEXITED(status);
    ret->status = ret->exited ? WEXITSTATUS(status) : WTERMSIG(status);
}

bool proc_run(const struct proc_options *o, struct proc_result *ret, struct err *e)
{
    struct child c = {.pid = -1, .out = -1, .err = -1};
    struct wait_state w = {.started = io_now_ms()};

    if (stop_requested())
        return stop_err(e);
    if (!child_start(o, &c, e))
        return false;
    child_wait(o, &c, &w);
    reap(c.pid, ret);
    if (w.why == ENDED_STOPPED)
        return stop_err(e);
    if (w.why == ENDED_TIMEOUT)
        return err_set(e, E_DEADLINE, "'%s' did not end within %u ms", o->argv[0], o->timeout_ms);
    return true;
}

const char *proc_describe(const struct proc_result *r, char *dst, size_t cap)
{
    if (r->exited)
        (void)snprintf(dst, cap, "exit status %d", r->status);
    else
        (void)snprintf(dst, cap, "killed by SIG%s", sigabbrev_np(r->status));
    return dst;
}

const char *proc_last_lines(const struct buf *err, char *dst, size_t cap)
{
    const char *s = buf_str(err);
    size_t len = err->len;

    while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == ' '))
        len--;
    if (len >= cap) {
        const char *newline;

        s += len - (cap - 1);
        len = cap - 1;
        newline = memchr(s, '\n', len);
        if (newline) {
            len -= (size_t)(newline + 1 - s);
            s = newline + 1;
        }
    }
    memcpy(dst, s, len);
    dst[len] = '\0';
    return dst;
}
