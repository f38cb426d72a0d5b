/*
 * check.h - ask everything that could stop a clone before anything is started.
 *
 * A list of small probes looks at the configuration, this machine, the source and the target. Every
 * probe runs, whatever the ones before it found; one that cannot be asked because another failed is
 * a "skip" that names the other. A probe's own failure (an SQL error, say) is that probe's "fail"
 * and never ends the report. `mirror` runs the same probes, fewer of them, as its preflight and
 * takes over the sessions and facts they leave behind.
 */
#ifndef PGM_CHECK_CHECK_H
#define PGM_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/facts.h"
#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "config/config.h"

struct cJSON;
struct config_report;

enum check_level { CHECK_OK, CHECK_WARN, CHECK_FAIL, CHECK_SKIP };
enum check_side { CHECK_CONFIG, CHECK_ENV, CHECK_SOURCE, CHECK_TARGET };

/* What one probe found. Strings are the report's; never NULL, "" means none. */
struct probe_result {
    const char *id; /* "src.priv" */
    enum check_side side;
    enum check_level level;
    const char *value;     /* what was measured: "212 of 212 tables readable" */
    const char *threshold; /* what it was held against */
    const char *message;   /* what is wrong; "" when ok */
    const char *hint;      /* one command a line, to be pasted */
    enum err_code code;    /* the exit code a failure stands for when mirror stops on it */
    double ms;             /* time the probe took */
};

struct check_report {
    struct arena *arena;
    struct probe_result *results;
    size_t count;
    struct check_facts facts;
};

struct check_options {
    struct string_list only; /* ids, or the part before the dot; empty: all */
    struct string_list skip;
    bool source_only, target_only;
    const char *target_database;   /* NULL: as configured, else the source's */
    const struct err *secrets_err; /* why a password could not be read; NULL: they were */
    const struct config_report *config_report; /* its warnings become a result; may be NULL */
    bool preflight;                            /* only what mirror must know before it starts */
    bool no_source;                            /* there is none: a kept dump is restored */
    uint64_t timeout_ms; /* a connection, a statement; 0: 10 s (check), as configured (preflight) */
};

struct check_summary {
    size_t ok, warn, fail, skip;
};

/* False with E_USAGE for a name in only or skip that is no probe: "did you mean ...". */
bool check_options_valid(const struct check_options *o, struct err *e) MUST_USE;

/*
 * Run the probes. True whatever they found; false only when the run was stopped (E_CANCELLED,
 * E_DEADLINE). The report is valid in both cases and must be released: that closes the sessions
 * which nobody took with check_take_session(). cfg and o must outlive the report.
 */
bool check_run(struct check_report *ret, const struct config *cfg, const struct check_options *o,
               struct err *e) MUST_USE;
void check_report_release(struct check_report *r);
#define AUTO_CHECK_REPORT CLEANUP(check_report_release)

/* Hands an open session over to the caller; NULL if the probes did not get one. */
struct pgconn *check_take_session(struct pgconn **of_facts);

struct check_summary check_summarize(const struct check_report *r);
/* The failure that a caller must report: the worst of the failed probes, or NULL. */
const struct probe_result *check_first_failure(const struct check_report *r);
/* The failed probes as one error: text of the worst, the others in the detail. False, always. */
bool check_report_err(const struct check_report *r, struct err *e);

const char *check_level_name(enum check_level level); /* "ok" "warn" "fail" "skip" */
const char *check_side_name(enum check_side side);    /* "config" "env" "source" "target" */

/* The report for people and, as one line, for nagios. */
struct check_render {
    bool verbose; /* show what is ok, too */
    bool color;
};
void check_render_text(struct buf *b, const struct check_report *r, const struct check_render *o);
void check_render_nagios(struct buf *b, const struct check_report *r);
/* Adds the members "checks", "summary" and, if it is known, "estimate" to an object. */
void check_render_json(struct cJSON *object, const struct check_report *r);

/* Every probe's id, for --help and the tests; NULL past the end. */
const char *check_probe_id(size_t index);

#endif
