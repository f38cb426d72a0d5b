/*
 * log.h - what the program says while it works: lines on stderr, a log file, a progress line.
 *
 * A line goes to stderr if its level is at or above the level chosen, and to the log file (if one
 * is open) from info on. Lines that stderr did not get are kept in memory (the newest
 * LOG_HISTORY_LINES from info on) and written by log_history_flush() when the run fails: quiet
 * when fine, complete when not. Libraries below cli log at debug and trace only; they return
 * errors, they don't print them. Every function is safe from any thread.
 */
#ifndef PGM_COMMON_LOG_H
#define PGM_COMMON_LOG_H

#include <stdbool.h>

#include "common/err.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_TRACE };

enum log_format {
    LOG_FORMAT_AUTO,    /* journal if stderr is the journal's, bare on a tty, else stamped text */
    LOG_FORMAT_TEXT,    /* bare on a tty, stamped otherwise */
    LOG_FORMAT_JSON,    /* one object a line */
    LOG_FORMAT_JOURNAL, /* "<6>text" */
};

enum { LOG_HISTORY_LINES = 200 };

struct log_options {
    enum log_level level;
    enum log_format format;
    bool color;
    const char *file; /* NULL: none; opened O_APPEND, 0640 */
    const char *job;  /* may be NULL */
    const char *run;  /* run id, may be NULL */
};

/* May be called again when more is known. On failure (the file) stderr logging works all the same.
 */
bool log_init(const struct log_options *o, struct err *e) MUST_USE;
void log_close(void);

/* The phase named in JSON lines and in log_phase() readers; a string literal. */
void log_set_phase(const char *phase);

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Primary text with optional detail and hint, which follow as lines of their own. */
void log_message(enum log_level level, const char *text, const char *detail, const char *hint);
bool log_enabled(enum log_level level); /* to stderr */

#define log_warn(...)  log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_trace(...) log_line(LOG_TRACE, __VA_ARGS__)

/* Write the lines that were held back, oldest first, and forget them. */
void log_history_flush(void);

/* Draw or erase ("" or NULL) the progress line. Other lines push it down. tty only: the caller
 * knows. */
void log_progress(const char *line);

#endif
