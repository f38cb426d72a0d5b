#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/io.h"
#include "common/str.h"

enum { LINE_MAX_BYTES = 16 * 1024 };

static struct {
    pthread_mutex_t lock;
    enum log_level level;
    enum log_format format;
    bool tty;
    bool color;
    int file;
    char job[64];
    char run[64];
    const char *phase;
    char *history[LOG_HISTORY_LINES];
    size_t history_next; /* where the next line goes; the oldest one once the ring is full */
    char progress[256];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_WARNING, .file = -1, .phase = ""};

static const struct {
    const char *name;  /* in text on a tty and in JSON */
    const char *upper; /* in stamped text */
    const char *color;
    int priority; /* syslog */
} levels[] = {
    [LOG_ERROR] = {"error", "ERROR", "\033[1;31m", 3},
    [LOG_WARNING] = {"warning", "WARN", "\033[33m", 4},
    [LOG_INFO] = {"info", "INFO", "", 6},
    [LOG_DEBUG] = {"debug", "DEBUG", "\033[2m", 7},
    [LOG_TRACE] = {"trace", "TRACE", "\033[2m", 7},
};

/* JOURNAL_STREAM=DEVICE:INODE names the socket that the journal gave us; it must be our stderr. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char ours[64];
    struct stat st;

    if (!stream || fstat(STDERR_FILENO, &st) != 0)
        return false;
    (void)snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, ours) == 0;
}

static bool open_log_file(const char *path, struct err *e)
{
    io_close(&state.file);
    if (!path)
        return true;
    state.file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (state.file < 0)
        return err_sys(e, E_CREATE, "cannot open log file '%s'", path);
    return true;
}

bool log_init(const struct log_options *o, struct err *e)
{
    bool ok;

    (void)pthread_mutex_lock(&state.lock);
    state.level = o->level;
    state.tty = isatty(STDERR_FILENO);
    state.color = o->color;
    state.format = o->format;
    if (state.format == LOG_FORMAT_AUTO)
        state.format = stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
    (void)snprintf(state.job, sizeof state.job, "%s", o->job ? o->job : "");
    (void)snprintf(state.run, sizeof state.run, "%s", o->run ? o->run : "");
    ok = open_log_file(o->file, e);
    (void)pthread_mutex_unlock(&state.lock);
    return ok;
}

void log_close(void)
{
    (void)pthread_mutex_lock(&state.lock);
    io_close(&state.file);
    for (size_t i = 0; i < LOG_HISTORY_LINES; i++) {
        free(state.history[i]);
        state.history[i] = NULL;
    }
    (void)pthread_mutex_unlock(&state.lock);
}

void log_set_phase(const char *phase)
{
    (void)pthread_mutex_lock(&state.lock);
    state.phase = phase;
    (void)pthread_mutex_unlock(&state.lock);
}

bool log_enabled(enum log_level level)
{
    return level <= state.level;
}

/* Bytes that are no UTF-8 (a server may say anything) become U+FFFD: the line stays valid JSON. */
static void json_string(struct buf *b, const char *key, const char *value)
{
    size_t len = strlen(value);
    size_t valid = str_utf8_valid_prefix(value, len);

    buf_printf(b, ",\"%s\":\"", key);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];

        if (i == valid) {
            buf_addstr(b, "\\ufffd");
            valid = i + 1 + str_utf8_valid_prefix(value + i + 1, len - i - 1);
        } else if (c == '"' || c == '\\') {
            buf_printf(b, "\\%c", c);
        } else if (c < 0x20) {
            buf_printf(b, "\\u%04x", c);
        } else {
            buf_addch(b, (char)c);
        }
    }
    buf_addch(b, '"');
}

static void add_context(struct buf *b)
{
    if (!state.job[0] && !state.run[0])
        return;
    buf_addstr(b, " [");
    if (state.job[0])
        buf_printf(b, "job=%s%s", state.job, state.run[0] ? " " : "");
    if (state.run[0])
        buf_printf(b, "run=%s", state.run);
    buf_addch(b, ']');
}

static void format_json(struct buf *b, enum log_level level, const char *text, const char *detail,
                        const char *hint)
{
    char now[IO_TIME_MAX];

    buf_printf(b, "{\"ts\":\"%s\"", io_format_utc(now, time(NULL)));
    json_string(b, "level", levels[level].name);
    if (state.run[0])
        json_string(b, "run_id", state.run);
    if (state.job[0])
        json_string(b, "job", state.job);
    if (state.phase[0])
        json_string(b, "phase", state.phase);
    json_string(b, "msg", text);
    if (detail)
        json_string(b, "detail", detail);
    if (hint)
        json_string(b, "hint", hint);
    buf_addstr(b, "}\n");
}

static void format_stamped(struct buf *b, enum log_level level, const char *label, const char *text)
{
    char now[IO_TIME_MAX];

    buf_printf(b, "%s %s", io_format_utc(now, time(NULL)), levels[level].upper);
    add_context(b);
    buf_printf(b, " %s%s\n", label, text);
}

/* On a tty: "pg_mirror: error: text", plain text for info and below. */
static void format_bare(struct buf *b, enum log_level level, const char *label, const char *text)
{
    const char *color = state.color ? levels[level].color : "";

    if (label[0])
        buf_printf(b, "  %s%s\n", label, text);
    else if (level <= LOG_WARNING)
        buf_printf(b, "pg_mirror: %s%s:%s %s\n", color, levels[level].name,
                   color[0] ? "\033[0m" : "", text);
    else
        buf_printf(b, "%s%s%s\n", color, text, color[0] ? "\033[0m" : "");
}

static void format_one(struct buf *b, enum log_level level, const char *label, const char *text)
{
    if (state.format == LOG_FORMAT_JOURNAL)
        buf_printf(b, "<%d>%s%s\n", levels[level].priority, label, text);
    else if (state.tty)
        format_bare(b, level, label, text);
    else
        format_stamped(b, level, label, text);
}

static void format_message(struct buf *b, enum log_level level, const char *text,
                           const char *detail, const char *hint)
{
    if (state.format == LOG_FORMAT_JSON) {
        format_json(b, level, text, detail, hint);
        return;
    }
    format_one(b, level, "", text);
    if (detail)
        format_one(b, level, "detail: ", detail);
    if (hint)
        format_one(b, level, "hint: ", hint);
}

/* What stderr or the log file refuses is lost: there is nowhere left to say so. */
static void emit(int fd, const char *data, size_t len)
{
    if (!io_write_full(fd, data, len))
        return;
}

static void erase_progress(void)
{
    if (state.progress[0])
        emit(STDERR_FILENO, "\r\033[K", 4);
}

static void draw_progress(void)
{
    if (state.progress[0])
        emit(STDERR_FILENO, state.progress, strlen(state.progress));
}

static void keep_in_history(const struct buf *b)
{
    char **slot = &state.history[state.history_next];

    free(*slot);
    *slot = mem_strdup(buf_str(b));
    state.history_next = (state.history_next + 1) % LOG_HISTORY_LINES;
}

static void write_file(enum log_level level, const char *text, const char *detail, const char *hint)
{
    AUTO_BUF struct buf b = BUF_INIT(LINE_MAX_BYTES);

    if (state.format == LOG_FORMAT_JSON) {
        format_json(&b, level, text, detail, hint);
    } else {
        format_stamped(&b, level, "", text);
        if (detail)
            format_stamped(&b, level, "detail: ", detail);
        if (hint)
            format_stamped(&b, level, "hint: ", hint);
    }
    emit(state.file, buf_str(&b), b.len);
}

void log_message(enum log_level level, const char *text, const char *detail, const char *hint)
{
    AUTO_BUF struct buf b = BUF_INIT(LINE_MAX_BYTES);

    if (detail && !detail[0])
        detail = NULL;
    if (hint && !hint[0])
        hint = NULL;
    (void)pthread_mutex_lock(&state.lock);
    if (level <= state.level || level <= LOG_INFO)
        format_message(&b, level, text, detail, hint);
    if (level <= state.level) {
        erase_progress();
        emit(STDERR_FILENO, buf_str(&b), b.len);
        draw_progress();
    } else if (level <= LOG_INFO) {
        keep_in_history(&b);
    }
    if (state.file >= 0 && (level <= LOG_INFO || level <= state.level))
        write_file(level, text, detail, hint);
    (void)pthread_mutex_unlock(&state.lock);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    AUTO_BUF struct buf b = BUF_INIT(LINE_MAX_BYTES);
    va_list ap;

    if (level > state.level && level > LOG_INFO)
        return;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    log_message(level, buf_str(&b), NULL, NULL);
}

void log_history_flush(void)
{
    (void)pthread_mutex_lock(&state.lock);
    erase_progress();
    for (size_t i = 0; i < LOG_HISTORY_LINES; i++) {
        char **slot = &state.history[(state.history_next + i) % LOG_HISTORY_LINES];

        if (*slot)
            emit(STDERR_FILENO, *slot, strlen(*slot));
        free(*slot);
        *slot = NULL;
    }
    (void)pthread_mutex_unlock(&state.lock);
}

void log_progress(const char *line)
{
    (void)pthread_mutex_lock(&state.lock);
    erase_progress();
    (void)snprintf(state.progress, sizeof state.progress, "%s", line ? line : "");
    draw_progress();
    (void)pthread_mutex_unlock(&state.lock);
}
