/*
 * Two threads: the work, and this one, which sleeps until a signal, a fifth of a second or the end
 * of the work. Only this one draws and writes the status file while the work is on its way, so
 * what it reads of the report (run id, start) is what was set before the work began.
 */
#include "cli/job.h"
#include "cli/json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/consent.h"
#include "cli/progress_line.h"
#include "cli/result.h"
#include "cli/runner.h"
#include "common/io.h"
#include "common/log.h"
#include "common/stop.h"

enum { STATUS_EVERY_MS = 2000, LINE_EVERY_MS = 60000, PROGRESS_TEXT_MAX = 200 };

struct job {
    struct invocation *inv;
    job_work_fn *work;
    struct report report;
    struct progress progress;
    struct progress_line line;
    bool draws;         /* a line on a terminal */
    bool says;          /* one line a minute */
    uint64_t next_line; /* monotonic */
    uint64_t next_status;
};

static bool wants_progress(const struct config *c)
{
    const char *term = getenv("TERM");

    if (c->progress != TRI_AUTO)
        return c->progress == TRI_ALWAYS;
    return isatty(STDERR_FILENO) && c->verbosity >= 0 && !(term && strcmp(term, "dumb") == 0);
}

static void tick(void *arg, bool asked)
{
    struct job *j = arg;
    uint64_t now = io_now_ms();
    char text[PROGRESS_TEXT_MAX];

    progress_line_format(&j->line, &j->progress, now, text, sizeof text);
    if (j->draws)
        log_progress(text);
    if (asked || (j->says && now >= j->next_line)) {
        log_line(asked ? LOG_WARNING : LOG_INFO, "%s", text);
        j->next_line = now + LINE_EVERY_MS;
    }
    if (now >= j->next_status) {
        status_file_running(j->inv->config.status_file, &j->report, &j->progress);
        j->next_status = now + STATUS_EVERY_MS;
    }
}

/* The same machine and job always wait the same time: runs spread out and stay regular. */
static uint64_t jitter_ms(const struct config *c)
{
    char host[256] = "";
    uint64_t hash = 14695981039346656037U;

    if (c->jitter_ms == 0)
        return 0;
    (void)gethostname(host, sizeof host - 1);
    for (const char *p = host; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211U;
    for (const char *p = c->name; p && *p; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211U;
    return hash % c->jitter_ms;
}

static bool work(void *arg, struct err *e)
{
    struct job *j = arg;
    struct config *cfg = &j->inv->config;
    struct clone_job job = {
        .cfg = cfg,
        .report = &j->report,
        .progress = &j->progress,
        .consent = consent_ask,
        .consent_arg = cfg,
    };

    return stop_sleep_ms(jitter_ms(cfg), e) && config_read_secrets(cfg, e) &&
           j->work(&job, j->inv, e);
}

/* With --strict a run that had to warn is not quite a success. */
static bool judge(const struct job *j, struct err *e)
{
    if (!j->inv->config.strict || j->report.warning_count == 0)
        return true;
    err_set_(e, E_SECONDARY, "%zu warnings, and --strict is set", j->report.warning_count);
    return err_detail(e, "the clone is complete and in place; the first: %s",
                      j->report.warnings[0].message);
}

static void write_status(const struct job *j, const struct err *e, int exit_code)
{
    struct err why = {0};

    if (!status_file_finished(j->inv->config.status_file, &j->report, e, exit_code, &why))
        log_warn("status file: %s", why.text);
}

static bool print_result(struct job *j, const struct err *result, struct err *e)
{
    int exit_code = err_exit_status(result);
    cJSON *document;
    bool ok;

    write_status(j, result, exit_code);
    if (result->code == E_NONE || result->code == E_SECONDARY)
        result_log(&j->report);
    else
        result_log_warnings(&j->report);
    if (j->inv->config.output != OUTPUT_JSON)
        return true;
    document = result_document(&j->report, result, exit_code);
    ok = json_print(document, e);
    cJSON_Delete(document);
    j->inv->printed = true;
    return ok;
}

bool job_run(struct invocation *inv, job_work_fn *work_fn, struct err *e)
{
    struct job j = {.inv = inv, .work = work_fn};
    struct runner runner = {
        .run = work, .tick = tick, .arg = &j, .deadline_ms = inv->config.deadline_ms};
    struct err printing = {0};
    bool ok;

    report_init(&j.report);
    j.report.job = inv->config.name;
    j.report.command = inv->command->name;
    j.draws = wants_progress(&inv->config);
    j.says = !j.draws && log_enabled(LOG_INFO);
    j.next_line = io_now_ms() + LINE_EVERY_MS;
    ok = invocation_start_log(inv, j.report.run_id, e) && runner_run(&runner, e) && judge(&j, e);
    log_progress(NULL);
    j.report.finished_ms = io_wall_ms();
    if (!print_result(&j, e, &printing) && ok) {
        *e = printing;
        ok = false;
    }
    report_release(&j.report);
    return ok;
}
