#include "common/progress.h"

#include "common/io.h"
#include "common/log.h"

void progress_phase(struct progress *p, const char *phase, const char *unit, uint64_t total)
{
    atomic_store(&p->done, 0);
    atomic_store(&p->total, total);
    atomic_store(&p->unit, unit);
    atomic_store(&p->phase_started_ms, io_now_ms());
    atomic_store(&p->phase, phase);
    log_set_phase(phase);
}

void progress_done(struct progress *p, uint64_t done)
{
    atomic_store(&p->done, done);
}
