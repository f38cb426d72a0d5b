/*
 * report.h - what one run did, as plain data: filled while working, printed by cli at the end.
 *
 * One thread fills it. Strings are copied into the report's arena.
 */
#ifndef PGM_MODEL_REPORT_H
#define PGM_MODEL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"

enum target_state { TARGET_UNCHANGED, TARGET_REPLACED, TARGET_ROLLED_BACK, TARGET_UNKNOWN };

struct report_phase {
    const char *name;
    uint64_t ms;
    uint64_t bytes; /* 0: not measured in bytes */
};

struct report_table {
    const char *schema;
    const char *name;
    uint64_t rows;
    uint64_t bytes; /* of COPY text */
};

struct report_warning {
    const char *code; /* "acl.role_missing": stable, for machines */
    const char *message;
    const char *hint; /* may be NULL */
};

struct report_server {
    const char *where; /* host:port, no secret */
    const char *database;
    const char *version;
    const char *system_identifier;
};

struct report {
    struct arena *arena;
    char run_id[24];
    const char *job;
    const char *command;
    uint64_t started_ms; /* wall clock */
    uint64_t finished_ms;
    enum target_state target_state;
    struct report_server source;
    struct report_server target;
    const char *snapshot_lsn;
    uint64_t snapshot_ms; /* wall clock; 0: no snapshot was taken */
    const char *previous; /* name under which the old target is kept, NULL: none */
    const char *shadow;   /* name of a shadow left on purpose (--no-swap), NULL: none */
    const char *kept_dump;
    uint64_t dump_bytes;
    uint64_t rows;
    unsigned attempts;

    struct report_phase *phases;
    size_t phase_count, phase_cap;
    uint64_t phase_began_ms; /* monotonic, of the phase that is open */
    const char *phase_open;
    struct report_table *tables;
    size_t table_count, table_cap;
    struct report_warning *warnings;
    size_t warning_count, warning_cap;
};

/* Gives it an arena, a run id of 12 hex digits and the start time. */
void report_init(struct report *r);
void report_release(struct report *r);

/* Begin a phase; the one that was open ends. NULL just ends it. */
void report_phase(struct report *r, const char *name);
/* Bytes moved in the open phase. */
void report_phase_bytes(struct report *r, uint64_t bytes);
void report_table(struct report *r, const char *schema, const char *name, uint64_t rows,
                  uint64_t bytes);
void report_warn(struct report *r, const char *code, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Before another attempt: forget phases and tables, keep warnings of finished work out too. */
void report_restart(struct report *r);

const char *target_state_name(enum target_state s);

#endif
