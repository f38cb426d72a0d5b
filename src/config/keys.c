/*
 * The table itself. Order matters: help, schema and `validate --show` print it as it stands here.
 * A default is written as an option's text; the loader sets it through the same code that reads the
 * command line, so a wrong default cannot go unnoticed.
 */
#include "config/keys.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "config/config.h"
#include "key_check_priv.h"

#define AT(member) offsetof(struct config, member)

static const char *const if_exists_values[] = {"error", "replace", "in_place", NULL};
static const char *const swap_values[] = {"rename", "none", NULL};
static const char *const properties_values[] = {"target", "source", NULL};
static const char *const section_values[] = {"all", "schema", "data", NULL};
static const char *const output_values[] = {"text", "json", "nagios", NULL};
static const char *const tristate_values[] = {"auto", "always", "never", NULL};
static const char *const log_format_values[] = {"auto", "text", "json", "journal", NULL};
static const char *const log_level_values[] = {"error", "warning", "info", "debug", "trace", NULL};
static const char *const type_values[] = {"postgresql", NULL};
static const char *const method_values[] = {"archive", NULL};
static const char *const sslmode_values[] = {"disable",   "allow",       "prefer", "require",
                                             "verify-ca", "verify-full", NULL};

enum {
    /* What mirror takes, the commands that look ahead take as well: same line, other verb. */
    FOR_CLONE = CMD_MIRROR | CMD_PLAN | CMD_CHECK | CMD_VALIDATE,
    FOR_SWAP = FOR_CLONE | CMD_RESTORE,
};

#define DAYS(n) ((double)(n)*86400000.0)

/* The connection keys, the same for both sides. S: "source", M: the member of struct config. */
#define ENDPOINT_KEYS(S, M, SECRET, PW_ENV)                                                       \
    {.pointer = "/" S "/type",                                                                    \
     .type = KEY_CHOICE,                                                                          \
     .values = type_values,                                                                       \
     .at = AT(M.type),                                                                            \
     .fallback = "postgresql",                                                                    \
     .help = "kind of server",                                                                    \
     .example = "\"postgresql\""},                                                                \
        {.pointer = "/" S "/uri",                                                                 \
         .option = S,                                                                             \
         .type = KEY_URI,                                                                         \
         .flags = KEY_ADDRESS | KEY_REPLACES,                                                     \
         .at = AT(M.uri),                                                                         \
         .metavar = "URI",                                                                        \
         .help =                                                                                  \
             "libpq URI or keyword string of the " S                                              \
             "; as an option it replaces the file's connection keys of that side, the password "  \
             "too",                                                                               \
         .example = "\"postgresql://app@db.example.org/app?sslmode=verify-full\""},               \
        {.pointer = "/" S "/service",                                                             \
         .type = KEY_STRING,                                                                      \
         .flags = KEY_ADDRESS,                                                                    \
         .at = AT(M.service),                                                                     \
         .help = "name of a connection in libpq's service file",                                  \
         .example = "\"staging\""},                                                               \
        {.pointer = "/" S "/host",                                                                \
         .type = KEY_STRING,                                                                      \
         .flags = KEY_ADDRESS,                                                                    \
         .at = AT(M.host),                                                                        \
         .help = "host name, address, or the directory of a unix socket",                         \
         .example = "\"db.example.org\""},                                                        \
        {.pointer = "/" S "/port",                                                                \
         .type = KEY_PORT,                                                                        \
         .flags = KEY_ADDRESS,                                                                    \
         .at = AT(M.port),                                                                        \
         .lo = 1,                                                                                 \
         .hi = 65535,                                                                             \
         .fallback_note = "what libpq uses: PGPORT, else 5432",                                   \
         .help = "port of the server",                                                            \
         .example = "5432"},                                                                      \
        {.pointer = "/" S "/database",                                                            \
         .type = KEY_STRING,                                                                      \
         .flags = KEY_ADDRESS,                                                                    \
         .at = AT(M.database),                                                                    \
         .help = "name of the database, taken literally",                                         \
         .example = "\"app\"",                                                                    \
         .check = key_check_database},                                                            \
        {.pointer = "/" S "/user",                                                                \
         .type = KEY_STRING,                                                                      \
         .flags = KEY_ADDRESS,                                                                    \
         .at = AT(M.user),                                                                        \
         .help = "role to log in as",                                                             \
         .example = "\"app\""},                                                                   \
        {.pointer = "/" S "/password",                                                            \
         .type = KEY_SECRET,                                                                      \
         .flags = KEY_ADDRESS | KEY_MAY_BE_EMPTY,                                                 \
         .at = AT(SECRET.value),                                                                  \
         .help = "the password itself; give the file mode 0600, or better use password_file, "    \
                 "passfile or ${VAR}",                                                            \
         .example = "\"${PGPASSWORD}\""},                                                         \
        {.pointer = "/" S "/password_file",                                                       \
         .env = PW_ENV,                                                                           \
         .type = KEY_PATH,                                                                        \
         .flags = KEY_ADDRESS,                                                                    \
         .at = AT(SECRET.file),                                                                   \
         .help = "file whose first line is the password (environment: " PW_ENV ")",               \
         .example = "\"/etc/pg_mirror/secrets/" S "\""},                                          \
        {.pointer = "/" S "/password_command",                                                    \
         .type = KEY_ARGV,                                                                        \
         .flags = KEY_ADDRESS,                                                                    \
         .at = AT(SECRET.command),                                                                \
         .help = "program and arguments, run without a shell; the first line it prints is the "   \
                 "password",                                                                      \
         .example = "[\"pass\", \"db/" S "\"]"},                                                  \
        {.pointer = "/" S "/passfile",                                                            \
         .type = KEY_PATH,                                                                        \
         .at = AT(M.passfile),                                                                    \
         .fallback_note = "what libpq uses: PGPASSFILE, else ~/.pgpass",                          \
         .help = "libpq password file",                                                           \
         .example = "\"~/.pgpass\""},                                                             \
        {.pointer = "/" S "/sslmode",                                                             \
         .type = KEY_CHOICE,                                                                      \
         .values = sslmode_values,                                                                \
         .at = AT(M.sslmode),                                                                     \
         .fallback_note = "what libpq uses: PGSSLMODE, else prefer",                              \
         .help = "how much of TLS is demanded",                                                   \
         .example = "\"verify-full\""},                                                           \
        {.pointer = "/" S "/sslrootcert",                                                         \
         .type = KEY_PATH,                                                                        \
         .at = AT(M.sslrootcert),                                                                 \
         .help = "file of trusted certificate authorities",                                       \
         .example = "\"/etc/ssl/certs/ca-certificates.crt\""},                                    \
        {.pointer = "/" S "/sslcert",                                                             \
         .type = KEY_PATH,                                                                        \
         .at = AT(M.sslcert),                                                                     \
         .help = "client certificate",                                                            \
         .example = "\"~/.postgresql/postgresql.crt\""},                                          \
        {.pointer = "/" S "/sslkey",                                                              \
         .type = KEY_PATH,                                                                        \
         .at = AT(M.sslkey),                                                                      \
         .help = "key of the client certificate",                                                 \
         .example = "\"~/.postgresql/postgresql.key\""},                                          \
        {.pointer = "/" S "/application_name",                                                    \
         .type = KEY_STRING,                                                                      \
         .at = AT(M.application_name),                                                            \
         .fallback = "pg_mirror",                                                                 \
         .help = "name shown in pg_stat_activity",                                                \
         .example = "\"pg_mirror\""},                                                             \
        {.pointer = "/" S "/maintenance_database",                                                \
         .type = KEY_STRING,                                                                      \
         .at = AT(M.maintenance_database),                                                        \
         .fallback_note = "postgres, then template1",                                             \
         .help = "database to connect to when it is not about the database itself",               \
         .example = "\"postgres\"",                                                               \
         .check = key_check_database},                                                            \
        {.pointer = "/" S "/connect_timeout",                                                     \
         .type = KEY_DURATION,                                                                    \
         .at = AT(M.connect_timeout_ms),                                                          \
         .lo = 1000,                                                                              \
         .hi = 3600000,                                                                           \
         .fallback = "10s",                                                                       \
         .help = "limit for opening one session",                                                 \
         .example = "\"10s\""},                                                                   \
        {.pointer = "/" S "/lock_timeout",                                                        \
         .type = KEY_DURATION,                                                                    \
         .at = AT(M.lock_timeout_ms),                                                             \
         .hi = DAYS(7),                                                                           \
         .fallback = "5s",                                                                        \
         .help = "how long to wait for a lock on a table; 0: for ever",                           \
         .example = "\"5s\""},                                                                    \
        {.pointer = "/" S "/statement_timeout",                                                   \
         .type = KEY_DURATION,                                                                    \
         .at = AT(M.statement_timeout_ms),                                                        \
         .hi = DAYS(7),                                                                           \
         .fallback = "0",                                                                         \
         .help = "limit for each of our own short queries; 0: none",                              \
         .example = "\"1m\""},                                                                    \
    {                                                                                             \
        .pointer = "/" S "/settings", .type = KEY_SETTINGS, .at = AT(M.settings),                 \
        .count_at = AT(M.setting_count), .help = "server settings of every session on that side", \
        .example = "{\"work_mem\": \"64MB\"}"                                                     \
    }

/* One row after another: longer than a function would be, and nothing but data. */
// clang-format off
const struct key key_table[] = {
    /* ---- global options ---- */
    {.option = "config", .letter = 'c', .type = KEY_LIST, .flags = KEY_SPECIAL, .at = AT(cmd.config_files),
     .metavar = "FILE", .fallback_note = "found as the manual tells",
     .help = "configuration file, - for standard input; repeated: later files are merged into earlier ones"},
    ENDPOINT_KEYS("source", source, source_secret, "PG_MIRROR_SOURCE_PASSWORD_FILE"),
    ENDPOINT_KEYS("target", target, target_secret, "PG_MIRROR_TARGET_PASSWORD_FILE"),
    {.option = "set", .type = KEY_LIST, .flags = KEY_SPECIAL, .at = AT(cmd.sets), .metavar = "/KEY=VALUE",
     .help = "override any key of the file by its JSON pointer; lists and objects are given as JSON"},

    {.pointer = "/config_version", .type = KEY_INT, .at = AT(config_version), .lo = 1, .hi = 1, .fallback = "1",
     .help = "version of the file's format", .example = "1"},
    {.pointer = "/name", .type = KEY_STRING, .at = AT(name), .check = key_check_name,
     .fallback_note = "the file's name without .json", .help = "name of the job, {job} in paths",
     .example = "\"staging\""},
    {.pointer = "/description", .type = KEY_STRING, .at = AT(description),
     .help = "what the job is for; shown by plan and status", .example = "\"nightly refresh of staging\""},

    /* ---- target ---- */
    {.pointer = "/target/owner", .type = KEY_STRING, .at = AT(target_owner),
     .fallback_note = "as properties_from says", .help = "owner of the new database", .example = "\"app\""},
    {.pointer = "/target/encoding", .type = KEY_STRING, .at = AT(target_encoding), .fallback = "source",
     .help = "encoding of the new database: source, or a name", .example = "\"UTF8\""},
    {.pointer = "/target/locale", .type = KEY_STRING, .at = AT(target_locale), .fallback = "source",
     .help = "locale of the new database: source, or a name", .example = "\"C.UTF-8\""},
    {.pointer = "/target/tablespace", .type = KEY_STRING, .at = AT(target_tablespace),
     .fallback_note = "the server's default", .help = "tablespace of the new database", .example = "\"fast\""},
    {.pointer = "/target/properties_from", .type = KEY_ENUM, .values = properties_values,
     .at = AT(properties_from), .fallback = "target",
     .help = "whose owner, privileges, settings, comment and connection limit the new database gets when one "
             "is replaced; one that did not exist gets the source's",
     .example = "\"source\""},
    {.pointer = "/target/if_exists", .option = "if-exists", .type = KEY_ENUM, .values = if_exists_values,
     .at = AT(if_exists), .fallback = "error", .metavar = "WHAT",
     .help = "a target that exists and is not empty: error, replace it, or restore in_place into it",
     .example = "\"replace\""},
    {.option = "drop-existing", .type = KEY_ENUM, .values = if_exists_values,
     .at = AT(if_exists), .set_to = "replace", .help = "the same as --if-exists replace"},
    {.pointer = "/target/swap", .type = KEY_ENUM, .values = swap_values, .at = AT(swap), .fallback = "rename",
     .help = "rename the new database into place, or leave it beside the old one (none)",
     .example = "\"none\""},
    {.option = "no-swap", .type = KEY_ENUM, .values = swap_values, .commands = FOR_SWAP, .at = AT(swap),
     .set_to = "none", .help = "leave the new database under its shadow name"},
    {.pointer = "/target/shadow_name", .type = KEY_STRING, .flags = KEY_PATTERNS, .at = AT(shadow_name),
     .fallback = "{database}__new", .check = key_check_shadow_name,
     .help = "name of the new database until it is swapped in", .example = "\"{database}__new\""},
    {.pointer = "/target/previous_name", .type = KEY_STRING, .flags = KEY_PATTERNS, .at = AT(previous_name),
     .fallback = "{database}__prev_{time}", .check = key_check_previous_name,
     .help = "name under which the replaced database is kept", .example = "\"{database}__prev_{time}\""},

    /* ---- options ---- */
    {.pointer = "/options/method", .type = KEY_CHOICE, .values = method_values, .at = AT(method),
     .fallback = "archive", .help = "how the data travels: archive is pg_dump, a checked file and pg_restore",
     .example = "\"archive\""},
    {.pointer = "/options/drop_existing", .type = KEY_BOOL, .at = AT(drop_existing_in_file), .fallback = "false",
     .help = "true: replace an existing target, and no further consent is needed", .example = "true"},
    {.pointer = "/options/jobs", .option = "jobs", .letter = 'j', .type = KEY_INT, .at = AT(jobs), .lo = 1,
     .hi = 256, .fallback = "4", .metavar = "N",
     .help = "parallel restore processes, counting and analyze sessions", .example = "4"},
    {.pointer = "/options/parallel_jobs", .type = KEY_INT, .flags = KEY_ALIAS, .at = AT(jobs), .lo = 1,
     .hi = 256, .fallback = "4", .help = "another name of jobs", .example = "4"},
    {.pointer = "/options/compression", .type = KEY_STRING, .at = AT(compression), .fallback = "auto",
     .check = key_check_compression,
     .help = "of the dump: auto, none, 0 to 9, gzip[:LEVEL] or lz4[:LEVEL]; auto takes the fastest that fits "
             "the space",
     .example = "\"auto\""},
    {.pointer = "/options/temp_dir", .type = KEY_PATH, .at = AT(temp_dir), .fallback_note = "$TMPDIR, else /var/tmp",
     .help = "directory of the dump while a run lasts", .example = "\"/var/tmp\""},
    {.pointer = "/options/bin_dir", .type = KEY_PATH, .at = AT(bin_dir), .check = key_check_bin_dir,
     .fallback_note = "auto: the fitting version is looked for",
     .help = "directory of pg_dump and pg_restore", .example = "\"/usr/lib/postgresql/15/bin\""},
    {.pointer = "/options/owner", .type = KEY_BOOL, .at = AT(keep_owner), .fallback = "false",
     .help = "keep the owners of objects; their roles must exist on the target", .example = "true"},
    {.option = "no-owner", .type = KEY_BOOL, .commands = FOR_SWAP, .at = AT(keep_owner),
     .set_to = "false", .help = "let the target's user own everything"},
    {.pointer = "/options/acl", .type = KEY_BOOL, .at = AT(keep_acl), .fallback = "false",
     .help = "keep privileges (GRANT); the roles must exist on the target", .example = "true"},
    {.option = "no-acl", .type = KEY_BOOL, .commands = FOR_SWAP, .at = AT(keep_acl),
     .set_to = "false", .help = "leave privileges out"},
    {.pointer = "/options/large_objects", .type = KEY_BOOL, .at = AT(large_objects), .fallback = "true",
     .help = "copy large objects", .example = "true"},
    {.pointer = "/options/comments", .type = KEY_BOOL, .at = AT(comments), .fallback = "true",
     .help = "copy comments", .example = "true"},
    {.pointer = "/options/publications", .type = KEY_BOOL, .at = AT(publications), .fallback = "false",
     .help = "copy publications", .example = "false"},
    {.pointer = "/options/subscriptions", .type = KEY_BOOL, .at = AT(subscriptions), .fallback = "false",
     .help = "copy subscriptions (never connected)", .example = "false"},
    {.pointer = "/options/analyze", .type = KEY_BOOL, .at = AT(analyze), .fallback = "true",
     .help = "gather planner statistics before the swap", .example = "true"},
    {.option = "no-analyze", .type = KEY_BOOL, .commands = FOR_SWAP, .at = AT(analyze), .set_to = "false",
     .help = "leave planner statistics to autovacuum"},
    {.pointer = "/options/deadline", .option = "deadline", .type = KEY_DURATION, .at = AT(deadline_ms),
     .hi = DAYS(365), .fallback = "0", .metavar = "TIME",
     .help = "end the run cleanly (exit 124) after this time; 0: never", .example = "\"5h\""},
    {.pointer = "/options/lock_wait", .option = "lock-wait", .type = KEY_DURATION, .at = AT(lock_wait_ms),
     .hi = DAYS(365), .fallback = "0", .metavar = "TIME",
     .help = "wait this long for another run to end before giving up (exit 75)", .example = "\"10m\""},
    {.pointer = "/options/retries", .option = "retries", .type = KEY_INT, .at = AT(retries), .hi = 100,
     .fallback = "2", .metavar = "N", .help = "how often to try again after a failure that may pass",
     .example = "2"},
    {.pointer = "/options/retry_backoff", .type = KEY_DURATION, .at = AT(retry_backoff_ms), .hi = DAYS(1),
     .fallback = "30s", .help = "pause before the first retry; doubled each time", .example = "\"30s\""},
    {.pointer = "/options/jitter", .option = "jitter", .type = KEY_DURATION, .at = AT(jitter_ms), .hi = DAYS(1),
     .fallback = "0", .metavar = "TIME", .help = "wait up to this long before starting, fixed per host and job",
     .example = "\"10m\""},

    /* ---- mirror ---- */
    {.option = "schema-only", .type = KEY_ENUM, .values = section_values, .commands = FOR_SWAP,
     .at = AT(section), .set_to = "schema", .fallback = "all", .help = "definitions, no rows"},
    {.option = "data-only", .type = KEY_ENUM, .values = section_values, .commands = FOR_SWAP,
     .at = AT(section), .set_to = "data", .help = "rows, into definitions that are there already"},
    {.option = "keep-dump", .type = KEY_PATH, .commands = FOR_CLONE | CMD_ARCHIVE, .at = AT(keep_dump),
     .metavar = "DIR", .help = "keep the dump of a run that succeeded in this directory"},
    {.option = "skip-checks", .type = KEY_BOOL, .commands = FOR_SWAP, .at = AT(skip_checks),
     .set_to = "true", .fallback = "false", .help = "skip the preflight probes, never the safety guards"},

    /* ---- filters ---- */
    {.pointer = "/filters/include_schemas", .type = KEY_LIST, .at = AT(include_schemas),
     .help = "only these schemas; psql-style patterns, as for all filters", .example = "[\"public\"]"},
    {.pointer = "/filters/exclude_schemas", .type = KEY_LIST, .at = AT(exclude_schemas),
     .help = "not these schemas", .example = "[\"tmp_*\"]"},
    {.pointer = "/filters/include_tables", .type = KEY_LIST, .at = AT(include_tables),
     .help = "only these tables", .example = "[\"public.*\"]"},
    {.pointer = "/filters/exclude_tables", .type = KEY_LIST, .at = AT(exclude_tables),
     .help = "not these tables", .example = "[\"public.audit_*\"]"},
    {.pointer = "/filters/exclude_table_data", .type = KEY_LIST, .at = AT(exclude_table_data),
     .help = "these tables without their rows", .example = "[\"public.job_queue\"]"},
    {.pointer = "/filters/strict", .type = KEY_BOOL, .at = AT(filters_strict), .fallback = "true",
     .help = "a pattern that matches nothing is an error", .example = "true"},

    /* ---- verify, retention, safety, files ---- */
    {.pointer = "/verify/max_shrink", .type = KEY_NUMBER, .at = AT(max_shrink), .hi = 1, .fallback = "0",
     .help = "refuse a copy with less than this share of the old rows; 0: off", .example = "0.5"},
    {.pointer = "/retention/keep_previous", .option = "keep-previous", .type = KEY_INT,
     .commands = FOR_SWAP | CMD_PRUNE, .at = AT(keep_previous), .hi = 1000, .fallback = "1", .metavar = "N",
     .help = "how many replaced databases to keep", .example = "1"},
    {.pointer = "/safety/protected", .type = KEY_LIST, .flags = KEY_GUARD, .at = AT(protected_targets),
     .help = "targets that are never written to: globs over host/database",
     .example = "[\"prod*.example.org/*\", \"*/billing\"]"},
    {.pointer = "/status_file", .type = KEY_PATH, .flags = KEY_PATTERNS, .at = AT(status_file),
     .check = key_check_job_path, .help = "JSON file with the last result, read by status",
     .example = "\"/var/lib/pg_mirror/{job}.json\""},
    {.pointer = "/log_file", .option = "log-file", .type = KEY_PATH, .flags = KEY_PATTERNS, .at = AT(log_file),
     .metavar = "FILE", .check = key_check_job_path, .help = "append log lines to this file as well",
     .example = "\"/var/log/pg_mirror/{job}.log\""},
    {.pointer = "/lock_file", .type = KEY_PATH, .flags = KEY_PATTERNS, .at = AT(lock_file),
     .check = key_check_job_path,
     .fallback_note = "one per job and target in $XDG_RUNTIME_DIR, /run/pg_mirror or /tmp",
     .help = "file that keeps two runs of a job apart", .example = "\"/run/pg_mirror/{job}.lock\""},

    /* ---- check ---- */
    {.option = "only", .type = KEY_LIST, .commands = CMD_CHECK, .at = AT(cmd.only), .metavar = "ID,...",
     .help = "run only these probes"},
    {.option = "skip", .type = KEY_LIST, .commands = CMD_CHECK, .at = AT(cmd.skip), .metavar = "ID,...",
     .help = "leave these probes out"},
    {.option = "timeout", .type = KEY_DURATION, .commands = CMD_CHECK, .at = AT(cmd.timeout_ms), .lo = 1000,
     .hi = 3600000, .fallback = "10s", .metavar = "TIME", .help = "limit for each connection of the check"},
    {.option = "source-only", .type = KEY_BOOL, .commands = CMD_CHECK, .at = AT(cmd.source_only),
     .set_to = "true", .fallback = "false", .help = "look at the source alone"},
    {.option = "target-only", .type = KEY_BOOL, .commands = CMD_CHECK, .at = AT(cmd.target_only),
     .set_to = "true", .fallback = "false", .help = "look at the target alone"},

    /* ---- status, rollback, plan, validate ---- */
    {.option = "max-age", .type = KEY_DURATION, .commands = CMD_STATUS, .at = AT(cmd.max_age_ms),
     .hi = DAYS(3650), .fallback = "0", .metavar = "TIME",
     .help = "exit 1 if the last success is older than this; 0: any age will do"},
    {.option = "live", .type = KEY_BOOL, .commands = CMD_STATUS, .at = AT(cmd.live), .set_to = "true",
     .fallback = "false", .help = "ask the target as well"},
    {.option = "history", .type = KEY_INT, .commands = CMD_STATUS, .at = AT(cmd.history), .hi = 30,
     .fallback = "0", .metavar = "N", .help = "show the last N runs"},
    {.option = "to", .type = KEY_STRING, .commands = CMD_ROLLBACK, .at = AT(cmd.to), .metavar = "NAME",
     .fallback_note = "the newest", .help = "the previous copy to go back to"},
    {.option = "sql", .type = KEY_BOOL, .commands = CMD_PLAN, .at = AT(cmd.sql), .set_to = "true",
     .fallback = "false", .help = "print the statements as well"},
    {.option = "show", .type = KEY_BOOL, .commands = CMD_VALIDATE, .at = AT(cmd.show), .set_to = "true",
     .fallback = "false", .help = "print the effective configuration, secrets masked"},

    /* ---- consent and output: never in a file ---- */
    {.option = "dry-run", .letter = 'n', .type = KEY_BOOL, .commands = CMD_MIRROR | CMD_PLAN | CMD_PRUNE | CMD_ROLLBACK,
     .at = AT(dry_run), .set_to = "true", .fallback = "false", .help = "change nothing, print what would happen"},
    {.option = "yes", .letter = 'y', .type = KEY_BOOL, .at = AT(yes), .set_to = "true", .fallback = "false",
     .help = "consent to replacing what exists"},
    {.option = "no-input", .type = KEY_BOOL, .at = AT(no_input), .set_to = "true", .fallback = "false",
     .help = "never ask, even on a terminal"},
    {.option = "no-password", .letter = 'w', .type = KEY_BOOL, .at = AT(cmd.no_password), .set_to = "true",
     .fallback = "true", .help = "never ask for a password; always on, accepted for habit"},
    {.option = "strict", .type = KEY_BOOL, .at = AT(strict), .set_to = "true", .fallback = "false",
     .help = "exit 2 when the clone is live but something secondary failed"},
    {.option = "lenient", .type = KEY_BOOL, .at = AT(lenient), .set_to = "true", .fallback = "false",
     .help = "unknown keys in the file are warnings"},
    {.option = "quiet", .letter = 'q', .type = KEY_COUNT, .at = AT(verbosity), .set_to = "-1", .fallback = "0",
     .help = "errors only"},
    {.option = "verbose", .letter = 'v', .type = KEY_COUNT, .at = AT(verbosity), .set_to = "1",
     .help = "more messages; twice: SQL, three times: everything"},
    {.option = "output", .type = KEY_ENUM, .values = output_values, .at = AT(output), .fallback = "text",
     .metavar = "FORMAT", .help = "of the result: text, json, or nagios (check and status)"},
    {.option = "progress", .type = KEY_ENUM, .values = tristate_values, .at = AT(progress), .fallback = "auto",
     .metavar = "WHEN", .help = "progress line on standard error: auto, always or never"},
    {.option = "color", .type = KEY_ENUM, .values = tristate_values, .at = AT(color), .fallback = "auto",
     .metavar = "WHEN", .help = "colours: auto, always or never"},
    {.option = "log-format", .type = KEY_CHOICE, .values = log_format_values, .at = AT(log_format),
     .fallback = "auto", .metavar = "FORMAT", .help = "of log lines: auto, text, json or journal"},
    {.option = "log-level", .type = KEY_CHOICE, .values = log_level_values, .at = AT(log_level),
     .metavar = "LEVEL", .fallback_note = "info on a terminal, else warning",
     .help = "least level shown: error, warning, info, debug or trace"},
    {.option = "help", .letter = 'h', .letter2 = '?', .type = KEY_BOOL, .flags = KEY_NO_ENV, .at = AT(cmd.help),
     .set_to = "true", .fallback = "false", .help = "show help"},
    {.option = "version", .letter = 'V', .type = KEY_BOOL, .flags = KEY_NO_ENV, .at = AT(cmd.version),
     .set_to = "true", .fallback = "false", .help = "show versions"},
};
// clang-format on

const size_t key_count = ARRAY_LEN(key_table);

static_assert(ARRAY_LEN(key_table) <= CONFIG_KEYS_MAX, "origins in struct config are too few");

const struct key *key_by_pointer(const char *pointer)
{
    for (size_t i = 0; i < key_count; i++) {
        if (key_table[i].pointer && strcmp(key_table[i].pointer, pointer) == 0)
            return &key_table[i];
    }
    return NULL;
}

const struct key *key_by_option(const char *option)
{
    for (size_t i = 0; i < key_count; i++) {
        if (key_table[i].option && strcmp(key_table[i].option, option) == 0)
            return &key_table[i];
    }
    return NULL;
}

const struct key *key_by_letter(char letter)
{
    for (size_t i = 0; i < key_count && letter; i++) {
        if (key_table[i].letter == letter || key_table[i].letter2 == letter)
            return &key_table[i];
    }
    return NULL;
}

size_t key_index(const struct key *k)
{
    return (size_t)(k - key_table);
}

bool key_takes_value(const struct key *k)
{
    return !k->set_to;
}

const char *key_env_name(const struct key *k, struct arena *a)
{
    char *name;

    if (k->env)
        return k->env;
    if (!k->option || (k->flags & KEY_NO_ENV))
        return NULL;
    name = arena_printf(a, "PG_MIRROR_%s", k->option);
    for (char *p = name; *p; p++)
        *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    return name;
}

static void describe_values(const struct key *k, struct buf *b)
{
    buf_addstr(b, "one of ");
    for (size_t i = 0; k->values[i]; i++)
        buf_printf(b, "%s\"%s\"", i ? ", " : "", k->values[i]);
}

static void describe_int(const struct key *k, struct buf *b)
{
    buf_printf(b, "an integer from %.0f to %.0f", k->lo, k->hi);
}

void key_describe_type(const struct key *k, struct buf *b)
{
    switch (k->type) {
    case KEY_CHOICE:
    case KEY_ENUM:
        describe_values(k, b);
        break;
    case KEY_INT:
    case KEY_PORT:
        describe_int(k, b);
        break;
    case KEY_NUMBER:
        buf_printf(b, "a number from %g to %g", k->lo, k->hi);
        break;
    case KEY_BOOL:
        buf_addstr(b, "true or false");
        break;
    case KEY_DURATION:
        buf_addstr(b, "a duration such as \"90s\", \"15m\", \"6h\" or \"0\"");
        break;
    case KEY_LIST:
        buf_addstr(b, "an array of strings");
        break;
    case KEY_ARGV:
        buf_addstr(b, "an array of strings, the program first");
        break;
    case KEY_SETTINGS:
        buf_addstr(b, "an object of setting names and values");
        break;
    case KEY_URI:
        buf_addstr(b, "a libpq URI or keyword string");
        break;
    case KEY_COUNT:
        buf_addstr(b, "a number from 0 to 3");
        break;
    case KEY_STRING:
    case KEY_PATH:
    case KEY_SECRET:
        buf_addstr(b, "a string");
        break;
    }
}
