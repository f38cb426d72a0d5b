/*
 * err.h - one failure as a value: what went wrong, what to do about it, how to exit.
 *
 * A function that can fail returns bool, is MUST_USE and takes `struct err *e` last. The lowest
 * level sets it, each level that knows more prefixes the "where" with err_in(), and only main()
 * prints it. The macros yield the constant false, so `return err_set(e, ...);` reads and analyses
 * well. All-zero is "no error".
 */
#ifndef PGM_COMMON_ERR_H
#define PGM_COMMON_ERR_H

#include <stdbool.h>

#include "common/macros.h"

/*
 * name, exit status (CLI.md section 2.6), retryable by nature, class name for JSON, manual text.
 * A code answers "what should the caller do?", not "which line failed".
 */
// clang-format off
#define ERR_CODES(X)                                                                               \
    X(E_NONE,      0,   false, "none",         "done; the target holds the clone")                 \
    X(E_NO,        1,   false, "answer_no",    "the question asked was answered no: a check fails or a status is stale") \
    X(E_SECONDARY, 2,   false, "secondary",    "the clone is live but something secondary failed and --strict is set") \
    X(E_USAGE,     64,  false, "usage",        "wrong usage of the command line")                  \
    X(E_DATA,      65,  false, "data",         "the data or schema read does not fit, or a dump is damaged") \
    X(E_NOINPUT,   66,  false, "no_input",     "a configuration or input file is missing or unreadable") \
    X(E_CONNECT,   69,  true,  "unreachable",  "a server cannot be reached")                       \
    X(E_INTERNAL,  70,  false, "internal",     "internal error, please report it")                 \
    X(E_SYSTEM,    71,  false, "system",       "the operating system refused a process, memory or a descriptor") \
    X(E_TOOL,      72,  false, "tool_missing", "a required client program is missing or too old")  \
    X(E_CREATE,    73,  false, "cannot_create","a target, temporary or output file or database cannot be created") \
    X(E_IO,        74,  false, "io",           "disk full or input/output error")                  \
    X(E_BUSY,      75,  true,  "busy",         "another run holds the lock")                       \
    X(E_SERVER,    76,  false, "server",       "SQL or protocol error while running")              \
    X(E_AUTH,      77,  false, "auth",         "authentication failed or a privilege is missing")  \
    X(E_CONFIG,    78,  false, "config",       "the configuration is invalid")                     \
    X(E_REFUSED,   80,  false, "refused",      "refused by a safety guard or for lack of consent") \
    X(E_MISMATCH,  81,  false, "mismatch",     "the new copy failed verification; the target is untouched") \
    X(E_SWAP,      82,  false, "swap",         "the swap failed and was rolled back; the target serves the old data") \
    X(E_UNKNOWN,   83,  false, "unknown",      "the outcome of the swap is unknown; 'pg_mirror status --live' tells") \
    X(E_DEADLINE,  124, true,  "deadline",     "the deadline passed")                              \
    X(E_CANCELLED, 128, false, "cancelled",    "ended by signal N (128+N)")
// clang-format on

enum err_code {
#define X(name, status, retry, class_name, text) name,
    ERR_CODES(X)
#undef X
        ERR_CODE_COUNT
};

struct err {
    enum err_code code;
    int sys;          /* errno, or the signal number for E_CANCELLED; 0 if none */
    bool retryable;   /* worth another try from the start of the phase */
    char sqlstate[6]; /* of the server, or "" */
    char text[640];   /* "where: where: what", no final stop */
    char detail[640]; /* optional second line */
    char hint[400];   /* optional: what to do, with a command to paste if there is one */
};

/* Replace whatever e holds. e may be NULL where the caller only wants to know that it failed. */
#define err_set(e, code, ...) (err_set_((e), (code), __VA_ARGS__), false)
/* The same, with ": strerror(errno)" at the end; ENOSPC, EDQUOT and EFBIG turn into E_IO. */
#define err_sys(e, code, ...) (err_sys_((e), (code), __VA_ARGS__), false)
/* Prefix the text with "...: ". */
#define err_in(e, ...) (err_in_((e), __VA_ARGS__), false)
/* Fill the second and third line of the report. */
#define err_detail(e, ...) (err_detail_((e), __VA_ARGS__), false)
#define err_hint(e, ...)   (err_hint_((e), __VA_ARGS__), false)

void err_set_(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
void err_sys_(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
void err_in_(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_detail_(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_hint_(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_clear(struct err *e);

/* Exit status, class name for JSON ("unreachable") and one-line meaning of a code. */
int err_exit_status(const struct err *e);
int err_code_status(enum err_code code);
const char *err_code_class(enum err_code code);
const char *err_code_text(enum err_code code);

/* Of two failures of one command the one that matters more: 83 > 82 > 81 > 80 > 64..78 > 124 > ...
 */
bool err_code_is_worse(enum err_code a, enum err_code b);

#endif
