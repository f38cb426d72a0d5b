/*
 * clone.h - the run itself: source -> checked dump -> shadow database -> swap.
 *
 * One call does one job from the lock to the last cleanup, in the calling thread, and can be
 * stopped at any moment (stop.h). Whatever happens, the target is as it was or holds the clone, and
 * the report's target_state says which. The caller prints.
 */
#ifndef PGM_CLONE_CLONE_H
#define PGM_CLONE_CLONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/progress.h"
#include "config/config.h"
#include "model/report.h"

struct clone_job {
    const struct config *cfg; /* with its secrets read */
    struct report *report;
    struct progress *progress;
    /*
     * Asked before an existing, non-empty database is replaced and neither file nor command line
     * has agreed. False (with e set) refuses. NULL: always refused.
     */
    bool (*consent)(void *arg, const char *where, const char *database, struct err *e);
    void *consent_arg;
};

/* source.. to target, as the configuration says. */
bool clone_mirror(const struct clone_job *job, struct err *e) MUST_USE;

/* A kept dump to the target, with the same checks, counts and swap; the source is not needed. */
bool clone_restore(const struct clone_job *job, const char *bundle, struct err *e) MUST_USE;

/* What a mirror would do, found out with read-only sessions. */
struct clone_plan_table {
    const char *schema;
    const char *name;
    double rows_estimate; /* -1: never analyzed */
    uint64_t bytes;       /* heap and TOAST */
    bool with_data;
};

struct clone_plan {
    const char *target_database;
    bool target_exists;
    bool target_is_empty;
    uint64_t target_bytes;
    const char *target_sessions; /* who is connected now, "" if nobody */
    bool asks_consent;
    const char *shadow;   /* NULL: in place */
    const char *previous; /* NULL: nothing is kept */
    struct clone_plan_table *tables;
    size_t table_count;
    uint64_t bytes; /* of the tables with data */
    uint64_t index_bytes;
    const char *compression;
    const char *pg_dump; /* path and version */
    const char **drops;  /* previous copies that the retention would remove */
    size_t drop_count;
    const char *create_sql; /* CREATE DATABASE of the shadow */
};

/* Lives in the report's arena. */
bool clone_plan(const struct clone_job *job, struct clone_plan *ret, struct err *e) MUST_USE;

#endif
