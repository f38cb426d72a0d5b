/*
 * result.h - the outcome of a command, for people (stderr), for machines (one JSON document on
 * stdout) and for `status` (the status file).
 */
#ifndef PGM_CLI_RESULT_H
#define PGM_CLI_RESULT_H

#include <stdbool.h>

#include "common/err.h"
#include "common/progress.h"
#include "config/load.h"
#include "model/report.h"

struct cJSON;

bool result_is_good(int exit_code); /* "ok" in documents: the target holds the clone */

/* The result document of CLI.md 2.7. e is the failure, or E_NONE. The caller deletes it. */
struct cJSON *result_document(const struct report *r, const struct err *e, int exit_code);

/* One end: where, database, version, system identifier. */
void result_add_server(struct cJSON *o, const char *key, const struct report_server *s);

/*
 * A document for a command that failed before it had anything to say; with "problems": [{level,
 * file, line, column, pointer, message}] if it is the configuration that is wrong.
 */
void result_print_failure(const char *command, const struct config_report *problems,
                          const struct err *e);

/* What went wrong beside the point, a warning line each. */
void result_log_warnings(const struct report *r);
/* The same, and the summary of a finished mirror or restore as info lines. */
void result_log(const struct report *r);
/* error, detail, hint. */
void result_log_error(const struct err *e);

/* ---- status file (CLI.md 4.3): last result, last success, running progress, history ---- */

enum { STATUS_HISTORY = 30 };

/* Before the run, about every 2 s while it runs, and after it. path NULL: nothing is written. */
void status_file_running(const char *path, const struct report *r, const struct progress *p);
bool status_file_finished(const char *path, const struct report *r, const struct err *e,
                          int exit_code, struct err *write_error) MUST_USE;

#endif
