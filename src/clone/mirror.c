/*
 * A run is: take the machine's lock; then attempts, each from a clean state, until one succeeds or
 * fails in a way that another try won't mend. Nothing is retried once names have been swapped.
 *
 *     target_open -> preflight -> target_settle -> source_open -> dump -> check of the dump
 *         -> shadow, pg_restore -> verify -> swap -> keep the dump
 */
#include "clone_priv.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/num.h"
#include "common/str.h"
#include "common/stop.h"
#include "preflight_priv.h"

void clone_run_init(struct clone_run *r, const struct clone_job *job)
{
    *r = (struct clone_run){
        .job = job,
        .cfg = job->cfg,
        .report = job->report,
        .progress = job->progress,
        .arena = arena_new(),
        .spool = SPOOL_INIT,
        .lock_fds = {-1, -1},
    };
}

enum { DROP_TRIES = 10, DROP_PAUSE_MS = 100 };

static bool try_drop(struct clone_run *r, struct err *e)
{
    return shadow_drop(&r->cfg->target, r->target, r->shadow_name.text, r->database,
                       r->report->run_id, e);
}

static void let_target_go(struct clone_run *r)
{
    run_lock_release(steal_ptr(&r->target_lock));
    r->target = NULL;
}

/*
 * The failure of this is logged, not returned: there is a worse one already. It takes a session of
 * its own. Where there is none to be had, ours is given back first, and the lock with it; should
 * another run be quicker, it takes the shadow away itself, and its own is not touched.
 */
static void drop_shadow(struct clone_run *r)
{
    struct err e = {0};

    if (!r->shadow_made || r->shadow_done || try_drop(r, &e))
        return;
    let_target_go(r);
    for (int i = 0; i < DROP_TRIES; i++) {
        if (try_drop(r, &e))
            return;
        if (strcmp(e.sqlstate, "53300") != 0)
            break;
        (void)poll(NULL, 0, DROP_PAUSE_MS); /* our session is on its way out */
    }
    report_warn(r->report, "shadow.left", "pg_mirror status --live",
                "the unfinished copy '%s' could not be dropped, the next run will: %s",
                r->shadow_name.text, e.text);
}

void clone_run_release(struct clone_run *r)
{
    leader_close(steal_ptr(&r->leader));
    drop_shadow(r);
    let_target_go(r);
    spool_close(&r->spool);
    arena_free(steal_ptr(&r->arena));
}

bool clone_deliver(struct clone_run *r, struct err *e)
{
    report_phase(r->report, "check");
    if (!contents_check(r, e))
        return false;
    if (!contents_refuse_shrunken(r, e))
        return err_in(e, "target");
    report_phase(r->report, "restore");
    if (r->action == TARGET_ACTION_IN_PLACE)
        return load_in_place(r, e);
    if (!load_shadow(r, e))
        return false;
    report_phase(r->report, "swap");
    return finish_swap(r, e);
}

static bool find_tools(struct clone_run *r, struct err *e)
{
    struct client_options o = {
        .bin_dir = r->cfg->bin_dir,
        .source_version = r->source.version,
        .target_version = pgconn_version(r->target),
    };

    if (!client_find(&r->tools, &o, e))
        return false;
    if (r->tools.warning[0])
        report_warn(r->report, "tools.version", NULL, "%s", r->tools.warning);
    return true;
}

static bool attempt(struct clone_run *r, struct err *e)
{
    report_phase(r->report, "prepare");
    progress_phase(r->progress, "prepare", NULL, 0);
    if (!target_open(r, e) || !preflight(r, e) || !target_settle(r, e) || !source_open(r, e) ||
        !source_refuse_target(r, leader_conn(r->leader), e) || !find_tools(r, e) ||
        !data_only_refuse(r, r->source.tables, r->source.table_count, e) ||
        !spool_open(&r->spool, r->cfg->temp_dir, r->report->run_id, e))
        return false;
    report_phase(r->report, "dump");
    if (!source_dump(r, e) || !clone_deliver(r, e))
        return false;
    if (r->cfg->keep_dump) {
        struct err why = {0};

        report_phase(r->report, "keep");
        if (!finish_keep(r, &why))
            report_warn(r->report, "keep.failed", why.hint, "%s", why.text);
    }
    return true;
}

static bool worth_another_try(const struct clone_run *r, const struct err *e, unsigned tried)
{
    return e->retryable && tried <= r->cfg->retries && !stop_requested() &&
           r->report->target_state == TARGET_UNCHANGED;
}

/* 30 s, 60 s, 120 s ... up to 16 times the first, less up to a quarter so that jobs spread out. */
static uint64_t backoff_ms(const struct clone_run *r, unsigned tried)
{
    uint64_t ms = r->cfg->retry_backoff_ms << (tried - 1 < 4 ? tried - 1 : 4);

    return ms - ms / 4 * (io_now_ms() % 100) / 100;
}

static bool wait_before_retry(const struct clone_run *r, const struct err *e, unsigned tried,
                              struct err *stopped)
{
    char wait[NUM_TEXT_MAX];
    uint64_t ms = backoff_ms(r, tried);

    log_message(LOG_WARNING, e->text, e->detail, NULL);
    log_warn("trying again in %s (attempt %u of %u)", num_format_duration(wait, ms), tried + 1,
             r->cfg->retries + 1);
    return stop_sleep_ms(ms, stopped);
}

bool clone_with_retries(const struct clone_job *job, const struct clone_frame *f, struct err *e)
{
    for (unsigned tried = 1;; tried++) {
        struct clone_run r;
        bool ok;
        bool again;

        clone_run_init(&r, job);
        r.bundle = f->bundle;
        r.lock_fds[0] = f->lock->fd;
        job->report->attempts = tried;
        ok = f->once(&r, e);
        report_phase(job->report, NULL);
        again = !ok && worth_another_try(&r, e, tried);
        clone_run_release(&r);
        if (!again)
            return ok;
        if (!wait_before_retry(&r, e, tried, e))
            return false;
        report_restart(job->report);
        err_clear(e);
    }
}

bool clone_take_lock(const struct clone_job *job, struct file_lock *lock, struct err *e)
{
    if (!job->cfg->lock_file)
        return true;
    return file_lock_acquire(lock, job->cfg->lock_file, job->report->run_id, job->cfg->lock_wait_ms,
                             e);
}

/* Found out now and not when there is a dump to keep. */
static bool keep_is_possible(const struct config *cfg, struct err *e)
{
    AUTO_BUF struct buf dir = BUF_INIT(BUF_TEXT_MAX);

    if (!cfg->keep_dump || access(cfg->keep_dump, W_OK | X_OK) == 0)
        return true;
    err_sys_(e, E_CREATE, "cannot keep the dump in '%s'", cfg->keep_dump);
    str_shell_quote(&dir, cfg->keep_dump);
    return err_hint(e, "install -d -m 700 %s", buf_str(&dir));
}

bool clone_mirror(const struct clone_job *job, struct err *e)
{
    AUTO_FILE_LOCK struct file_lock lock = FILE_LOCK_INIT;
    struct clone_frame frame = {.once = attempt, .lock = &lock};

    return keep_is_possible(job->cfg, e) && clone_take_lock(job, &lock, e) &&
           clone_with_retries(job, &frame, e);
}
