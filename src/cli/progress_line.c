#include "cli/progress_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/num.h"

enum { BAR_WIDTH = 16, SAMPLE_EVERY_MS = 500, ETA_AFTER_MS = 5000 };

static void take_sample(struct progress_line *l, const char *phase, uint64_t done, uint64_t now_ms)
{
    size_t last = (l->count + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;

    if (l->phase != phase) {
        l->phase = phase;
        l->count = 0;
    } else if (l->count > 0 && now_ms - l->samples[last].ms < SAMPLE_EVERY_MS) {
        return;
    }
    l->samples[l->count % PROGRESS_SAMPLES].ms = now_ms;
    l->samples[l->count % PROGRESS_SAMPLES].done = done;
    l->count++;
}

/* Units a second over the samples kept; 0 while there is too little to tell. */
static double rate(const struct progress_line *l, uint64_t done, uint64_t now_ms)
{
    size_t oldest = l->count > PROGRESS_SAMPLES ? l->count % PROGRESS_SAMPLES : 0;
    uint64_t span;

    if (l->count == 0)
        return 0;
    span = now_ms - l->samples[oldest].ms;
    if (span < 1000 || done <= l->samples[oldest].done)
        return 0;
    return (double)(done - l->samples[oldest].done) * 1000.0 / (double)span;
}

static void add(char *dst, size_t cap, const char *text)
{
    size_t used = strlen(dst);

    (void)snprintf(dst + used, cap - used, "%s", text);
}

static void add_bar(char *dst, size_t cap, uint64_t done, uint64_t total)
{
    char bar[BAR_WIDTH + 16];
    double share = done >= total ? 1.0 : (double)done / (double)total;
    int filled = (int)(share * BAR_WIDTH);
    int n = snprintf(bar, sizeof bar, " %3d%% [", (int)(share * 100));

    for (int i = 0; i < BAR_WIDTH; i++)
        bar[n + i] = i < filled ? '#' : '-';
    memcpy(bar + n + BAR_WIDTH, "]", 2);
    add(dst, cap, bar);
}

static void add_amount(char *dst, size_t cap, const char *unit, uint64_t done, uint64_t total)
{
    char text[96];
    char a[NUM_TEXT_MAX];
    char b[NUM_TEXT_MAX];

    if (strcmp(unit, "B") == 0)
        (void)snprintf(text, sizeof text, " %s", num_format_bytes(a, done));
    else
        (void)snprintf(text, sizeof text, " %" PRIu64, done);
    add(dst, cap, text);
    if (total == 0)
        text[0] = '\0';
    else if (strcmp(unit, "B") == 0)
        (void)snprintf(text, sizeof text, "/%s", num_format_bytes(b, total));
    else
        (void)snprintf(text, sizeof text, "/%" PRIu64 " %s", total, unit);
    add(dst, cap, text);
}

static void add_rate(char *dst, size_t cap, const char *unit, double per_s, uint64_t left)
{
    char text[96];
    char a[NUM_TEXT_MAX];

    if (per_s <= 0)
        return;
    if (strcmp(unit, "B") == 0) {
        (void)snprintf(text, sizeof text, "  %s/s", num_format_bytes(a, (uint64_t)per_s));
        add(dst, cap, text);
    }
    if (left == 0)
        return;
    (void)snprintf(text, sizeof text, "  eta %s",
                   num_format_duration(a, (uint64_t)((double)left / per_s * 1000.0)));
    add(dst, cap, text);
}

void progress_line_format(struct progress_line *l, const struct progress *p, uint64_t now_ms,
                          char *dst, size_t cap)
{
    const char *phase = atomic_load(&p->phase);
    const char *unit = atomic_load(&p->unit);
    uint64_t done = atomic_load(&p->done);
    uint64_t total = atomic_load(&p->total);
    uint64_t since = now_ms - atomic_load(&p->phase_started_ms);
    char elapsed[NUM_TEXT_MAX];

    dst[0] = '\0';
    if (!phase)
        return;
    take_sample(l, phase, done, now_ms);
    (void)snprintf(dst, cap, "%-8s", phase);
    if (!unit || (total == 0 && done == 0)) {
        add(dst, cap, " ");
        add(dst, cap, num_format_duration(elapsed, since));
        return;
    }
    if (total)
        add_bar(dst, cap, done, total);
    add_amount(dst, cap, unit, done, total);
    add_rate(dst, cap, unit, rate(l, done, now_ms),
             since >= ETA_AFTER_MS && total > done ? total - done : 0);
}
