/*
 * restore_run.h - run pg_restore from a spool file into a database.
 *
 * pg_restore goes on after errors and tells their number in its exit status only as "not 0", so a
 * run that ended is not judged here: ret->ok, the messages and what is in the target are for the
 * caller to weigh.
 */
#ifndef PGM_ARCHIVE_RESTORE_RUN_H
#define PGM_ARCHIVE_RESTORE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/client.h"
#include "archive/client_run.h"
#include "archive/dump_run.h"
#include "archive/spool.h"
#include "common/err.h"

/* Settings of the restoring sessions. Zero leaves a setting as the target has it. */
struct restore_tuning {
    bool async_commit; /* nobody sees the shadow; one synchronous commit must follow */
    uint64_t maintenance_work_mem_kb;
    int maintenance_workers; /* parallel workers of one CREATE INDEX; -1: none */
};

struct restore_run_options {
    const struct client_tools *tools;
    struct client_login login;
    const struct spool *spool;
    unsigned jobs;           /* processes; 1 with single_transaction */
    bool single_transaction; /* stops at the first error and leaves nothing */
    bool exit_on_error;
    bool clean; /* drop what is there first, if it exists */
    enum client_section section;
    bool no_owner, no_acl, no_comments, no_publications, no_subscriptions, no_security_labels;
    bool no_tablespaces;
    const char *list; /* entries to restore, as pg_restore -l prints them; NULL: all */
    const char *role; /* SET ROLE first; NULL: none */
    struct restore_tuning tuning;
    struct client_io io;
};

/* False only when pg_restore could not run or the run was stopped. */
bool restore_run(const struct restore_run_options *o, struct client_end *ret,
                 struct err *e) MUST_USE;

/* The failure as an error: "pg_restore failed (exit status 1)", its last lines as detail. */
bool restore_failed(const struct client_end *end, const struct buf *messages, struct err *e);

#endif
