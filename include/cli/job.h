/*
 * job.h - the frame around a command that clones: signals, deadline, progress, status file, result.
 */
#ifndef PGM_CLI_JOB_H
#define PGM_CLI_JOB_H

#include <stdbool.h>

#include "cli/command.h"
#include "clone/clone.h"

/* The work of the command, called in a thread of its own. */
typedef bool job_work_fn(const struct clone_job *job, const struct invocation *inv, struct err *e);

/* Reads the secrets, runs the work, reports: text on stderr, with --output json on stdout too. */
bool job_run(struct invocation *inv, job_work_fn *work, struct err *e) MUST_USE;

#endif
