/*
 * config.h - everything one run was told: the merged, validated, typed configuration.
 *
 * Built by config_load() from files (cJSON under a strict layer), environment and command line
 * through the one table in config/keys.h. Plain data; strings live in the configuration's arena.
 * Defaults are filled in, so readers never ask "was it given?" except where a NULL is documented.
 */
#ifndef PGM_CONFIG_CONFIG_H
#define PGM_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "model/endpoint.h"

enum if_exists { IF_EXISTS_ERROR, IF_EXISTS_REPLACE, IF_EXISTS_IN_PLACE };
enum swap_mode { SWAP_RENAME, SWAP_NONE }; /* none: --no-swap, leave the shadow under its name */
enum properties_from { PROPERTIES_TARGET, PROPERTIES_SOURCE };
enum section { SECTION_ALL, SECTION_SCHEMA_ONLY, SECTION_DATA_ONLY };
enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_NAGIOS };
enum tristate { TRI_AUTO, TRI_ALWAYS, TRI_NEVER };

struct string_list {
    const char **items;
    size_t count;
};

/* Where a secret comes from; read by config_read_secrets(), not while validating. */
struct secret_source {
    struct secret value;        /* given literally or through ${VAR} */
    const char *file;           /* first line of this file */
    struct string_list command; /* first line of its stdout */
};

/* Options of single commands; never in a file. */
struct command_options {
    struct string_list config_files, sets; /* --config, --set as given */
    bool help, version;
    bool no_password;              /* --no-password: accepted for habit, always on */
    struct string_list only, skip; /* check */
    uint64_t timeout_ms;
    bool source_only, target_only;
    uint64_t max_age_ms; /* status; 0: any age will do */
    bool live;
    unsigned history;
    const char *to; /* rollback; NULL: the newest */
    bool sql;       /* plan */
    bool show;      /* validate */
};

enum { CONFIG_KEYS_MAX = 128 };

struct config {
    struct arena *arena; /* overwritten when released: URIs may hold passwords */
    const char *files;   /* "a.json, b.json" for messages, NULL: none */
    struct string_list file_list;
    struct string_list exposed_files; /* show a literal password to others: see config/perms.h */
    /* Where each key's value came from ("a.json:3:5", "--jobs", "PG_MIRROR_JOBS"), by key_index();
     * NULL: built in. */
    const char *origins[CONFIG_KEYS_MAX];

    unsigned config_version; /* 1 */
    const char *name;        /* of the job; default: the file's base name without .json */
    const char *description;

    struct endpoint source;
    struct endpoint target; /* .database NULL: the source's name */
    struct secret_source source_secret;
    struct secret_source target_secret;

    /* target */
    const char *target_owner;      /* NULL: as properties_from says */
    const char *target_encoding;   /* "source" or a name */
    const char *target_locale;     /* "source" or a name */
    const char *target_tablespace; /* NULL: the default one */
    enum properties_from properties_from;
    enum if_exists if_exists;
    enum swap_mode swap;
    const char *shadow_name;   /* pattern: {database} */
    const char *previous_name; /* pattern: {database} {time} */

    /* options */
    const char *method;      /* "archive" */
    unsigned jobs;           /* restore processes, count and analyze sessions */
    const char *compression; /* "auto", "none", "0".."9", "gzip[:N]", "lz4[:N]", "zstd" refused */
    const char *temp_dir;    /* default $TMPDIR, else /var/tmp */
    const char *bin_dir;     /* NULL: "auto" */
    bool keep_owner;
    bool keep_acl;
    bool large_objects;
    bool comments;
    bool publications;
    bool subscriptions;
    bool analyze;
    uint64_t deadline_ms; /* 0: none */
    unsigned retries;
    uint64_t retry_backoff_ms;
    uint64_t lock_wait_ms;
    uint64_t jitter_ms;
    enum section section;
    const char *keep_dump; /* directory, NULL: the dump is not kept */
    bool skip_checks;

    /* filters: pg_dump's patterns */
    struct string_list include_schemas, exclude_schemas;
    struct string_list include_tables, exclude_tables, exclude_table_data;
    bool filters_strict; /* a pattern that matches nothing is an error */

    /* verify, retention, safety */
    double max_shrink; /* refuse a copy with fewer than this share of the old rows; 0: off */
    unsigned keep_previous;
    struct string_list protected_targets; /* globs over "host/database" */

    /* files */
    const char *status_file; /* NULL: none */
    const char *log_file;    /* NULL: none */
    const char *lock_file;   /* default under $XDG_RUNTIME_DIR, /run/pg_mirror or /tmp */

    /* consent and output: command line and environment only */
    bool drop_existing_in_file; /* "drop_existing": true counts as consent */
    bool yes, no_input, dry_run, strict, lenient;
    int verbosity; /* -1 quiet, 0, 1, 2, 3 */
    enum output_format output;
    enum tristate progress, color;
    const char *log_format, *log_level; /* log_level NULL: info on a tty, else warning */

    struct command_options cmd;
};

void config_release(struct config *c); /* wipes the secrets */

/* Run password_command, read password_file: fills source.password and target.password. */
bool config_read_secrets(struct config *c, struct err *e) MUST_USE;

/* The name the target will have; NULL if a service file decides the source's: ask the session. */
const char *config_target_database(const struct config *c);

#endif
