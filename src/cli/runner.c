/*
 * Signals are input: they are blocked everywhere and read from a signalfd, beside an eventfd that
 * says that the command's thread is done. So the main thread sleeps in one poll() and a short
 * command is not slowed down by any polling interval.
 */
#include "cli/runner.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/stop.h"

enum { TICK_MS = 200 };

struct worker {
    const struct runner *runner;
    struct err *e;
    int done_fd;
    bool ok;
};

static void signal_set(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGUSR1);
}

bool runner_block_signals(struct err *e)
{
    sigset_t set;

    signal_set(&set);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error of write() then */
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return err_set(e, E_SYSTEM, "cannot block signals");
    return stop_init(e);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    uint64_t one = 1;

    w->ok = w->runner->run(w->runner->arg, w->e);
    (void)!write(w->done_fd, &one, sizeof one);
    return NULL;
}

/* The first asks for a clean end, the second ends us here and now; the next run cleans up. */
static void take_signal(const struct runner *r, int fd)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGUSR1) {
        if (r->tick)
            r->tick(r->arg, true);
        return;
    }
    if (stop_requested())
        _exit(128 + (int)info.ssi_signo);
    log_info("caught SIG%s, cleaning up (once more to leave at once)",
             sigabbrev_np((int)info.ssi_signo));
    stop_request(STOP_SIGNAL, (int)info.ssi_signo);
}

static void watch(const struct runner *r, int signals, int done)
{
    uint64_t started = io_now_ms();
    struct pollfd p[2] = {{.fd = signals, .events = POLLIN}, {.fd = done, .events = POLLIN}};

    for (;;) {
        int n = poll(p, 2, TICK_MS);

        if (n > 0 && p[1].revents)
            return;
        if (n > 0 && p[0].revents)
            take_signal(r, signals);
        if (r->deadline_ms && io_now_ms() - started >= r->deadline_ms)
            stop_request(STOP_DEADLINE, 0);
        if (r->tick)
            r->tick(r->arg, false);
    }
}

bool runner_run(const struct runner *r, struct err *e)
{
    AUTO_FD int done = eventfd(0, EFD_CLOEXEC);
    AUTO_FD int signals = -1;
    struct worker w = {.runner = r, .e = e, .done_fd = done};
    pthread_t thread;
    sigset_t set;

    signal_set(&set);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (done < 0 || signals < 0)
        return err_sys(e, E_SYSTEM, "cannot watch signals");
    if (pthread_create(&thread, NULL, worker_main, &w) != 0)
        return err_set(e, E_SYSTEM, "cannot start a thread");
    watch(r, signals, done);
    (void)pthread_join(thread, NULL);
    return w.ok;
}
