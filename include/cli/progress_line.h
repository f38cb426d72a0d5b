/*
 * progress_line.h - the one line on a terminal that shows how far a run is.
 *
 * Fed from the thread that reads signals; keeps its own short history for rate and ETA.
 */
#ifndef PGM_CLI_PROGRESS_LINE_H
#define PGM_CLI_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/progress.h"

enum { PROGRESS_SAMPLES = 60 };

struct progress_line {
    const char *phase; /* of the samples */
    struct {
        uint64_t ms;
        uint64_t done;
    } samples[PROGRESS_SAMPLES]; /* ring, one per half second: the rate is over 30 s */
    size_t count;
    uint64_t last_drawn_ms;
};

/* Take a sample and format the line ("" while there is nothing to say). Pure but for `now_ms`. */
void progress_line_format(struct progress_line *l, const struct progress *p, uint64_t now_ms,
                          char *dst, size_t cap);

#endif
