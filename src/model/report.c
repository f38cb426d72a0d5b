#include "model/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "common/buf.h"
#include "common/io.h"

void report_init(struct report *r)
{
    uint64_t random = 0;

    *r = (struct report){.arena = arena_new(), .started_ms = io_wall_ms()};
    if (getrandom(&random, 6, 0) != 6)
        random = io_wall_ms();
    (void)snprintf(r->run_id, sizeof r->run_id, "%012" PRIx64, random & (uint64_t)0xffffffffffff);
}

void report_release(struct report *r)
{
    arena_free(r->arena);
    *r = (struct report){0};
}

void report_phase(struct report *r, const char *name)
{
    uint64_t now = io_now_ms();

    if (r->phase_open && r->phase_count > 0)
        r->phases[r->phase_count - 1].ms = now - r->phase_began_ms;
    r->phase_open = name;
    r->phase_began_ms = now;
    if (!name)
        return;
    r->phases = arena_grow(r->arena, r->phases, r->phase_count, &r->phase_cap, sizeof *r->phases);
    r->phases[r->phase_count++] = (struct report_phase){.name = name};
}

void report_phase_bytes(struct report *r, uint64_t bytes)
{
    if (r->phase_open && r->phase_count > 0)
        r->phases[r->phase_count - 1].bytes = bytes;
}

void report_table(struct report *r, const char *schema, const char *name, uint64_t rows,
                  uint64_t bytes)
{
    r->tables = arena_grow(r->arena, r->tables, r->table_count, &r->table_cap, sizeof *r->tables);
    r->tables[r->table_count++] = (struct report_table){
        .schema = arena_strdup(r->arena, schema),
        .name = arena_strdup(r->arena, name),
        .rows = rows,
        .bytes = bytes,
    };
    r->rows += rows;
}

void report_warn(struct report *r, const char *code, const char *hint, const char *fmt, ...)
{
    AUTO_BUF struct buf text = BUF_INIT(BUF_TEXT_MAX);
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    r->warnings =
        arena_grow(r->arena, r->warnings, r->warning_count, &r->warning_cap, sizeof *r->warnings);
    r->warnings[r->warning_count++] = (struct report_warning){
        .code = arena_strdup(r->arena, code),
        .message = arena_strdup(r->arena, buf_str(&text)),
        .hint = arena_strdup(r->arena, hint && hint[0] ? hint : NULL),
    };
}

void report_restart(struct report *r)
{
    r->phase_open = NULL;
    r->phase_count = 0;
    r->table_count = 0;
    r->warning_count = 0;
    r->rows = 0;
    r->dump_bytes = 0;
    r->snapshot_lsn = NULL;
    r->snapshot_ms = 0;
}

const char *target_state_name(enum target_state s)
{
    static const char *const names[] = {
        [TARGET_UNCHANGED] = "unchanged",
        [TARGET_REPLACED] = "replaced",
        [TARGET_ROLLED_BACK] = "rolled_back",
        [TARGET_UNKNOWN] = "unknown",
    };

    return names[s];
}
