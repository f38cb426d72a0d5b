/*
 * check_priv.h - what the probes share: the run's state and how a probe reports.
 *
 * A probe fills its result through check_ok(), check_warn(), check_fail() and check_hint(); the
 * worst of what it says counts. It returns false, with e set, when it could not find out.
 */
#ifndef PGM_CHECK_CHECK_PRIV_H
#define PGM_CHECK_CHECK_PRIV_H

#include "check/check.h"

#include "model/endpoint.h"
#include "postgres/conn.h"

struct source_lists;

struct check {
    const struct config *cfg;
    const struct check_options *o;
    struct check_report *report;
    struct arena *a;                /* the report's */
    struct check_facts *f;          /* the report's */
    struct endpoint source, target; /* the configured ones, with the check's time limits */
    const char *target_database;
    struct pgconn *source_maintenance; /* only when the source database refused us */
    struct err source_err, target_err; /* why there is no session */
    struct source_lists *lists;        /* what the source holds; see lists_priv.h */
    struct err tools_err;              /* why no client programs fit */
};

typedef bool probe_fn(struct check *c, struct probe_result *r, struct err *e);

enum { PROBE_DEPENDS_MAX = 2 };

struct probe {
    const char *id;
    enum check_side side;
    bool in_preflight;
    enum err_code code; /* what mirror exits with when this one fails */
    const char *depends_on[PROBE_DEPENDS_MAX];
    probe_fn *run;
};

const struct probe *probe_table(size_t *ret_count);

/* Set level and text. `value` goes to the value column, `message` says what is wrong. */
void check_ok(struct check *c, struct probe_result *r, const char *fmt, ...) PRINTF_LIKE(3, 4);
void check_warn(struct check *c, struct probe_result *r, const char *fmt, ...) PRINTF_LIKE(3, 4);
void check_fail(struct check *c, struct probe_result *r, const char *fmt, ...) PRINTF_LIKE(3, 4);
void check_skip(struct check *c, struct probe_result *r, const char *fmt, ...) PRINTF_LIKE(3, 4);
void check_value(struct check *c, struct probe_result *r, const char *fmt, ...) PRINTF_LIKE(3, 4);
void check_threshold(struct check *c, struct probe_result *r, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Adds a line to the hint. */
void check_hint(struct check *c, struct probe_result *r, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Like check_fail(), the text taken from e; keeps e's code. */
void check_fail_err(struct check *c, struct probe_result *r, const struct err *e);

/* The result of probe `id` so far, or NULL. */
const struct probe_result *check_result(const struct check *c, const char *id);

/* Cells of a result: "" and 0 for NULL. The text is copied into the arena. */
const char *cell_text(struct check *c, const PGresult *r, int row, int col);
bool cell_bool(const PGresult *r, int row, int col);
int64_t cell_i64(const PGresult *r, int row, int col);
uint64_t cell_u64(const PGresult *r, int row, int col);
double cell_double(const PGresult *r, int row, int col);

/* The first few names of a list as "a, b, c and 7 more". */
struct name_list {
    size_t count; /* added in all */
    struct buf text;
};
#define NAME_LIST_INIT         \
    {                          \
        .text = BUF_INIT(8192) \
    }
void name_list_add(struct name_list *l, const char *name);
const char *name_list_text(struct check *c, const struct name_list *l);
void name_list_release(struct name_list *l);
#define AUTO_NAMES CLEANUP(name_list_release)

/* An identifier as SQL needs it, quoted only where it must be: for hints. */
const char *sql_ident(struct check *c, const char *name);
/* 'text' as SQL literal */
const char *sql_literal(struct check *c, const char *value);
/* One word for a POSIX shell. */
const char *shell_word(struct check *c, const char *word);
/* psql command line that runs sql on one side: "psql -h ... -d ... -c '...'" */
const char *psql_command(struct check *c, const struct endpoint *ep, const char *database,
                         const char *sql);

/* Sizes of what is to be copied, into c->f->copy; asks only once. Needs the source session. */
bool copy_read(struct check *c, struct err *e) MUST_USE;

// clang-format off
probe_fn probe_cfg_valid, probe_cfg_perms, probe_cfg_secrets;
probe_fn probe_env_tools, probe_env_version, probe_env_tempspace, probe_env_ulimit, probe_env_clock,
         probe_env_locale, probe_env_lock, probe_env_paths;
probe_fn probe_src_reach, probe_src_auth, probe_src_db, probe_src_tls, probe_src_version,
         probe_src_priv, probe_src_rls, probe_src_standby, probe_src_load, probe_src_locks,
         probe_src_conn, probe_src_pooler, probe_src_objects, probe_src_filters;
probe_fn probe_tgt_reach, probe_tgt_auth, probe_tgt_tls, probe_tgt_version, probe_tgt_pooler,
         probe_tgt_distinct,
         probe_tgt_protected, probe_tgt_exists, probe_tgt_createdb, probe_tgt_owner,
         probe_tgt_signal, probe_tgt_conn, probe_tgt_space, probe_tgt_encoding, probe_tgt_locale,
         probe_tgt_collation, probe_tgt_extensions, probe_tgt_roles, probe_tgt_tablespaces,
         probe_tgt_blockers, probe_tgt_readonly, probe_tgt_settings;
// clang-format on

#endif
