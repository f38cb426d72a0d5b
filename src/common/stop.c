#include "common/stop.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/io.h"

static _Atomic int reason_now = STOP_NONE;
static _Atomic int signal_now;
static int event_fd = -1;

bool stop_init(struct err *e)
{
    if (event_fd >= 0)
        return true;
    event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0)
        return err_sys(e, E_SYSTEM, "cannot create an event descriptor");
    return true;
}

void stop_request(enum stop_reason reason, int signal)
{
    int none = STOP_NONE;
    uint64_t one = 1;

    if (atomic_load(&reason_now) == STOP_NONE)
        atomic_store(&signal_now, signal);
    if (!atomic_compare_exchange_strong(&reason_now, &none, (int)reason))
        return;
    if (event_fd >= 0)
        (void)!write(event_fd, &one, sizeof one);
}

bool stop_requested(void)
{
    return atomic_load(&reason_now) != STOP_NONE;
}

int stop_fd(void)
{
    return event_fd;
}

void stop_err_(struct err *e)
{
    int signal = atomic_load(&signal_now);

    if (!e)
        return;
    if (atomic_load(&reason_now) == STOP_DEADLINE) {
        (void)err_set(e, E_DEADLINE, "the deadline passed");
        (void)err_hint(e, "raise --deadline (options.deadline), or start earlier");
        return;
    }
    (void)err_set(e, E_CANCELLED, "interrupted by SIG%s", sigabbrev_np(signal));
    e->sys = signal;
}

bool stop_sleep_ms(uint64_t ms, struct err *e)
{
    uint64_t end = io_now_ms() + ms;
    struct pollfd p = {.fd = event_fd, .events = POLLIN};

    for (;;) {
        uint64_t now = io_now_ms();
        int wait;

        if (stop_requested())
            return stop_err(e);
        if (now >= end)
            return true;
        wait = end - now > 60000 ? 60000 : (int)(end - now);
        (void)poll(&p, 1, wait);
    }
}

void stop_reset(void)
{
    uint64_t drained;

    atomic_store(&reason_now, STOP_NONE);
    atomic_store(&signal_now, 0);
    if (event_fd >= 0)
        (void)!read(event_fd, &drained, sizeof drained);
}
