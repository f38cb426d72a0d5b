/* test_load.c - files, environment and command line become one configuration, or a list of errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io.h"
#include "config/load.h"
#include "config/perms.h"

enum { OPTIONS_MAX = 8 };

/* One call of config_load(): up to two texts, options as "name=value" or "name". */
struct call {
    const char *text;
    const char *text2;
    const char *options[OPTIONS_MAX];
    unsigned command; /* 0: mirror */
    unsigned needs;   /* 0: both */
    bool no_needs;
};

struct outcome {
    struct config c;
    struct config_report report;
    struct err e;
    bool ok;
};

static size_t split_options(const struct call *call, struct config_option *out, char names[][64])
{
    size_t n = 0;

    for (; n < OPTIONS_MAX && call->options[n]; n++) {
        const char *equals = strchr(call->options[n], '=');
        size_t len = equals ? (size_t)(equals - call->options[n]) : strlen(call->options[n]);

        (void)snprintf(names[n], 64, "--%.*s", (int)len, call->options[n]);
        out[n] = (struct config_option){.key = key_by_option(names[n] + 2),
                                        .text = equals ? equals + 1 : NULL,
                                        .shown = names[n]};
        assert_non_null(out[n].key);
    }
    return n;
}

static void load(struct outcome *o, const struct call *call)
{
    struct config_option options[OPTIONS_MAX];
    char names[OPTIONS_MAX][64];
    struct config_text texts[2] = {
        {"job.json", call->text, call->text ? strlen(call->text) : 0},
        {"over.json", call->text2, call->text2 ? strlen(call->text2) : 0},
    };
    struct config_request rq = {
        .command = call->command ? call->command : CMD_MIRROR,
        .needs = call->no_needs ? CONFIG_NEEDS_NONE
                 : call->needs  ? call->needs
                                : CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
        .options = options,
        .option_count = split_options(call, options, names),
        .texts = texts,
        .text_count = call->text2  ? 2
                      : call->text ? 1
                                   : 0,
    };

    *o = (struct outcome){0};
    o->ok = config_load(&o->c, &rq, &o->report, &o->e);
}

static void outcome_release(struct outcome *o)
{
    config_release(&o->c);
    config_report_release(&o->report);
}

static void load_good(struct outcome *o, const struct call *call)
{
    load(o, call);
    assert_string_equal(o->e.text, "");
    assert_true(o->ok);
}

/* Every problem's line, warnings with a "W ", joined by newlines. */
static void assert_problems(const struct call *call, enum err_code code, const char *expected)
{
    AUTO_BUF struct buf b = BUF_INIT(65536);
    struct outcome o;

    load(&o, call);
    for (size_t i = 0; i < o.report.count; i++)
        buf_printf(&b, "%s%s%s", i ? "\n" : "", o.report.items[i].warning ? "W " : "",
                   o.report.items[i].text);
    assert_string_equal(buf_str(&b), expected);
    assert_int_equal(o.e.code, code);
    assert_int_equal(o.ok, code == E_NONE);
    outcome_release(&o);
}

#define SOURCE "\"source\": {\"host\": \"prod\", \"database\": \"app\", \"user\": \"ro\"}"
#define TARGET "\"target\": {\"host\": \"stage\", \"user\": \"ci\"}"
#define BASE   SOURCE ", " TARGET

/* ---- the seed's files ---- */

static void the_smallest_file_has_every_default(void **state)
{
    struct outcome o;

    (void)state;
    load_good(&o, &(struct call){.text = "{" BASE "}"});
    assert_string_equal(o.c.name, "job");
    assert_string_equal(o.c.files, "job.json");
    assert_string_equal(o.c.source.side, "source");
    assert_string_equal(o.c.source.host, "prod");
    assert_null(o.c.source.port);
    assert_null(o.c.target.database);
    assert_string_equal(config_target_database(&o.c), "app");
    assert_int_equal(o.c.jobs, 4);
    assert_int_equal(o.c.if_exists, IF_EXISTS_ERROR);
    assert_int_equal(o.c.swap, SWAP_RENAME);
    assert_int_equal(o.c.properties_from, PROPERTIES_TARGET);
    assert_string_equal(o.c.shadow_name, "{database}__new");
    assert_string_equal(o.c.compression, "auto");
    assert_null(o.c.bin_dir);
    assert_false(o.c.keep_owner || o.c.keep_acl);
    assert_true(o.c.large_objects && o.c.comments);
    assert_false(o.c.publications || o.c.subscriptions);
    assert_true(o.c.analyze && o.c.filters_strict);
    assert_int_equal(o.c.retries, 2);
    assert_int_equal(o.c.retry_backoff_ms, 30000);
    assert_int_equal(o.c.source.lock_timeout_ms, 5000);
    assert_int_equal(o.c.target.connect_timeout_ms, 10000);
    assert_int_equal(o.c.source.statement_timeout_ms, 0);
    assert_int_equal(o.c.keep_previous, 1);
    assert_int_equal(o.c.deadline_ms, 0);
    assert_true(o.c.max_shrink == 0.0);
    assert_null(o.c.source.maintenance_database);
    assert_null(o.c.status_file);
    assert_non_null(o.c.lock_file);
    assert_int_equal(o.c.verbosity, 0);
    assert_int_equal(o.c.output, OUTPUT_TEXT);
    outcome_release(&o);
}

static void files_of_the_predecessor_work_unchanged(void **state)
{
    struct outcome o;

    (void)state;
    load_good(&o, &(struct call){.text = "{\"source\":{\"host\":\"a\",\"port\":5432,\"database\":"
                                         "\"app\",\"user\":\"u\",\"password\":\"p1\"},\"target\":"
                                         "{\"host\":\"b\",\"port\":5433,\"user\":\"v\","
                                         "\"password\":\"p2\"},\"options\":{\"drop_existing\":"
                                         "true,\"parallel_jobs\":8}}"});
    assert_string_equal(o.c.source.port, "5432");
    assert_int_equal(o.c.jobs, 8);
    assert_int_equal(o.c.if_exists, IF_EXISTS_REPLACE);
    assert_true(o.c.drop_existing_in_file);
    assert_string_equal(secret_get(&o.c.target_secret.value), "p2");
    assert_false(secret_is_set(&o.c.target.password)); /* not before config_read_secrets() */
    assert_true(config_read_secrets(&o.c, &o.e));
    assert_string_equal(secret_get(&o.c.source.password), "p1");
    outcome_release(&o);

    load_good(&o, &(struct call){.text = "{" BASE ", \"options\": {\"drop_existing\": false}}"});
    assert_int_equal(o.c.if_exists, IF_EXISTS_ERROR);
    assert_false(o.c.drop_existing_in_file);
    outcome_release(&o);
}

static void libpqs_own_ways_work(void **state)
{
    struct outcome o;

    (void)state;
    load_good(&o,
              &(struct call){.text = "{\"source\": {\"uri\": \"postgresql://ro@prod/app?sslmode="
                                     "verify-full\"}, \"target\": {\"service\": \"staging\"}}"});
    assert_string_equal(o.c.source.database, "app");
    assert_null(o.c.source.host);
    assert_string_equal(o.c.target.service, "staging");
    assert_string_equal(config_target_database(&o.c), "app");
    outcome_release(&o);

    load_good(&o, &(struct call){.text = "{\"source\": {\"service\": \"prod\"}, " TARGET "}"});
    assert_null(config_target_database(&o.c));
    outcome_release(&o);

    load_good(&o,
              &(struct call){.text = "{\"source\": {\"host\": \"/run/postgresql\", "
                                     "\"database\": \"a=b c\"}, \"target\": {\"host\": "
                                     "\"127.0.0.1\", \"passfile\": \"/p\", \"sslmode\": "
                                     "\"require\", \"sslcert\": \"/c\", \"sslkey\": \"/k\", "
                                     "\"sslrootcert\": \"/r\", \"maintenance_database\": "
                                     "\"template1\", \"settings\": {\"work_mem\": \"64MB\"}}}"});
    assert_string_equal(o.c.source.database, "a=b c");
    assert_string_equal(o.c.target.passfile, "/p");
    assert_string_equal(o.c.target.sslmode, "require");
    assert_int_equal(o.c.target.setting_count, 1);
    assert_string_equal(o.c.target.settings[0].value, "64MB");
    outcome_release(&o);
}

/* ---- errors, with places ---- */

static void nonsense_types_are_all_refused_at_once(void **state)
{
    (void)state;
    assert_problems(
        &(struct call){.text = "{\n"
                               "  \"source\": {\"host\": \"a\", \"port\": \"not-a-port\", "
                               "\"databse\": \"app\"},\n"
                               "  " TARGET ",\n"
                               "  \"options\": {\"drop_existing\": \"no\", \"jobs\": \"four\"}\n"
                               "}"},
        E_CONFIG,
        "job.json:2:35 /source/port: expected an integer from 1 to 65535, got the string "
        "\"not-a-port\" (default: what libpq uses: PGPORT, else 5432)\n"
        "job.json:2:49 /source/databse: unknown key (did you mean \"database\"?)\n"
        "job.json:4:32 /options/drop_existing: expected true or false, got the string \"no\" "
        "(default false)\n"
        "job.json:4:46 /options/jobs: expected an integer from 1 to 256, got the string \"four\" "
        "(default 4)");
}

static void several_errors_are_counted_and_the_first_is_the_detail(void **state)
{
    struct outcome o;

    (void)state;
    load(&o, &(struct call){.text = "{" BASE ", \"a\": 1, \"b\": 2}"});
    assert_false(o.ok);
    assert_int_equal(o.e.code, E_CONFIG);
    assert_string_equal(o.e.text, "the configuration has 2 errors");
    assert_string_equal(o.e.detail, "the first is job.json:1:106 /a: unknown key");
    assert_int_equal(o.report.errors, 2);
    outcome_release(&o);
}

static void a_single_error_is_the_message(void **state)
{
    struct outcome o;

    (void)state;
    load(&o, &(struct call){.text = "{" BASE ", \"optoins\": {}}"});
    assert_string_equal(o.e.text,
                        "job.json:1:106 /optoins: unknown key (did you mean \"options\"?)");
    assert_string_equal(o.e.detail, "");
    outcome_release(&o);
}

static const struct {
    const char *text;
    const char *expected;
} bad_files[] = {
    {"[]", "job.json:1:1: expected an object: {\"source\": ...}"},

    {"{" SOURCE "}", "job.json:1:1 /target: is missing: the server to clone to (host, user)"},
    {"{" TARGET "}",
     "job.json:1:1 /source: is missing: which database to clone (host, database, user)"},
    {"{\"source\": {\"host\": \"a\"}, " TARGET "}",
     "job.json:1:12 /source/database: is missing: the name of the database to clone"},
    {"{" SOURCE ", \"target\": []}", "job.json:1:73 /target: expected an object"},
    {"{" BASE ", \"jobs\": 4}", "job.json:1:106 /jobs: unknown key (did you mean /options/jobs?)"},
    {"{" BASE ", \"options\": {\"jobs\": 4, \"jobs\": 4}}",
     "job.json:1:129 /options/jobs: duplicate key, already at line 1 column 118"},
    {"{" BASE ", \"options\": {\"jobs\": 4, \"parallel_jobs\": 8}}",
     "job.json:1:146 /options/parallel_jobs: is another name of /options/jobs, which is 4 at "
     "1:126; give one of them"},
    {"{" SOURCE ", \"target\": {\"host\": \"b\", \"if_exists\": \"error\"}, \"options\": "
     "{\"drop_existing\": true}}",
     "job.json:1:139 /options/drop_existing: true contradicts /target/if_exists \"error\" at "
     "1:100"},
    {"{" SOURCE ", \"target\": {\"host\": \"b\", \"if_exists\": \"replace\"}, \"options\": "
     "{\"drop_existing\": false}}",
     "job.json:1:141 /options/drop_existing: false contradicts /target/if_exists \"replace\" at "
     "1:100"},
    {"{\"source\": {\"uri\": \"postgresql:///app\", \"host\": \"a\", \"port\": 1, \"user\": \"u\", "
     "\"service\": \"s\"}, " TARGET "}",
     "job.json:1:49 /source/host: cannot be given together with /source/uri at 1:20\n"
     "job.json:1:62 /source/port: cannot be given together with /source/uri at 1:20\n"
     "job.json:1:73 /source/user: cannot be given together with /source/uri at 1:20\n"
     "job.json:1:89 /source/service: cannot be given together with /source/uri at 1:20"},
    {"{" SOURCE ", \"target\": {\"host\": \"b\", \"password\": \"x\", \"password_file\": \"/f\", "
     "\"password_command\": [\"c\"]}}",
     "job.json:1:121 /target/password_file: a second source of the password, besides "
     "/target/password at 1:99; give one\n"
     "job.json:1:147 /target/password_command: a second source of the password, besides "
     "/target/password at 1:99; give one"},
    {"{" SOURCE ", \"target\": {\"uri\": \"postgresql://u:pw@b\", \"password\": \"x\"}}",
     "job.json:1:81 /target/uri: a second source of the password, besides /target/password at "
     "1:116; give one"},
    /* keys whose features do not exist yet are unknown, never ignored */
    {"{" BASE ", \"hooks\": {}}", "job.json:1:106 /hooks: unknown key"},
    {"{" BASE ", \"options\": {\"method\": \"stream\"}}",
     "job.json:1:128 /options/method: expected one of \"archive\", got the string \"stream\" "
     "(default archive)"},
    {"{" BASE ", \"target\": {}}",
     "job.json:1:106 /target: duplicate key, already at line 1 column 63"},
};

static void contradictions_and_gaps_are_told_with_their_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_files); i++)
        assert_problems(&(struct call){.text = bad_files[i].text}, E_CONFIG, bad_files[i].expected);
}

static void without_a_file_the_missing_ends_are_named(void **state)
{
    (void)state;
    assert_problems(&(struct call){.options = {"source=dbname=a"}}, E_CONFIG,
                    "/target: is missing: the server to clone to (host, user)");
}

static void without_anything_there_is_one_error(void **state)
{
    struct config_request rq = {.command = CMD_MIRROR,
                                .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET};
    struct outcome o = {0};

    (void)state;
    (void)setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    assert_false(config_load(&o.c, &rq, &o.report, &o.e));
    assert_int_equal(o.e.code, E_NOINPUT);
    assert_string_equal(o.e.text,
                        "no configuration file was found, and no --source and --target given");
    assert_string_equal(o.e.hint, "name a file: pg_mirror -c FILE; or write one: pg_mirror init "
                                  "--source URI --target URI FILE");
    outcome_release(&o);
}

static void annotations_are_allowed_anywhere(void **state)
{
    struct outcome o;

    (void)state;
    load_good(&o,
              &(struct call){
                  .text = "{\"$schema\": \"x\", \"$comment\": [1], \"x-team\": "
                          "{\"a\": \"${NOT_SET_AT_ALL}\"}, \"source\": "
                          "{\"$comment\": \"c\", \"database\": \"app\", \"x-1\": 2}, " TARGET "}"});
    outcome_release(&o);
}

static void lenient_turns_unknown_keys_into_warnings(void **state)
{
    (void)state;
    assert_problems(&(struct call){.text = "{" BASE ", \"hooks\": {}}", .options = {"lenient"}},
                    E_NONE, "W job.json:1:106 /hooks: unknown key, ignored");
}

/* ---- ${VAR} ---- */

static void variables_are_expanded_in_strings(void **state)
{
    struct outcome o;

    (void)state;
    (void)setenv("T_HOST", "db7", 1);
    (void)setenv("T_PORT", "6543", 1);
    (void)setenv("T_BOOL", "yes", 1);
    (void)setenv("T_EMPTY", "", 1);
    load_good(&o,
              &(struct call){.text = "{\"source\": {\"host\": \"${T_HOST}.example.org\", \"port\": "
                                     "\"${T_PORT}\", \"database\": \"$${x}$y\", \"user\": "
                                     "\"${T_NONE:-nobody}${T_EMPTY:-!}\"}, " TARGET
                                     ", \"options\": {\"drop_existing\": \"${T_BOOL}\", "
                                     "\"jobs\": \"${T_JOBS:-12}\"}}"});
    assert_string_equal(o.c.source.host, "db7.example.org");
    assert_string_equal(o.c.source.port, "6543");
    assert_string_equal(o.c.source.database, "${x}$y");
    assert_string_equal(o.c.source.user, "nobody!");
    assert_true(o.c.drop_existing_in_file);
    assert_int_equal(o.c.jobs, 12);
    outcome_release(&o);
}

static void the_result_of_an_expansion_is_not_expanded_again(void **state)
{
    struct outcome o;

    (void)state;
    (void)setenv("T_HOST", "${T_PORT}", 1);
    load_good(&o, &(struct call){.text = "{\"source\": {\"host\": \"${T_HOST}\", \"database\": "
                                         "\"a\"}, " TARGET "}"});
    assert_string_equal(o.c.source.host, "${T_PORT}");
    outcome_release(&o);
}

static void an_unset_variable_is_an_error_with_its_place(void **state)
{
    (void)state;
    (void)unsetenv("T_NONE");
    (void)setenv("T_BAD", "\xff", 1);
    (void)setenv("T_PORT", "6543x", 1);
    assert_problems(
        &(struct call){.text =
                           "{\"source\": {\"host\": \"a${T_NONE}\", \"database\": \"${T_BAD}\", "
                           "\"port\": \"${T_PORT}\",\n\"user\": \"${T-X}\", \"passfile\": "
                           "\"${T_NONE\"}, \"filters\": {\"include_tables\": [\"a\", "
                           "\"${T_NONE}\"]}, " TARGET "}"},
        E_CONFIG,
        "job.json:1:21 /source/host: environment variable 'T_NONE' is not set\n"
        "job.json:1:47 /source/database: environment variable 'T_BAD' is not valid UTF-8\n"
        "job.json:1:67 /source/port: expected an integer from 1 to 65535, got the string "
        "\"6543x\" (default: what libpq uses: PGPORT, else 5432)\n"
        "job.json:2:9 /source/user: '${...}' needs the name of a variable; write '$${' for a "
        "literal '${'\n"
        "job.json:2:31 /source/passfile: '${' has no '}'\n"
        "job.json:2:80 /filters/include_tables: environment variable 'T_NONE' is not set");
}

static void a_number_is_not_taken_from_part_of_a_string(void **state)
{
    (void)state;
    (void)setenv("T_PORT", "54", 1);
    assert_problems(&(struct call){.text = "{\"source\": {\"database\": \"a\", \"port\": "
                                           "\"${T_PORT}32\"}, " TARGET "}"},
                    E_CONFIG,
                    "job.json:1:38 /source/port: expected an integer from 1 to 65535, got the "
                    "string \"5432\" (default: what libpq uses: PGPORT, else 5432)");
}

/* ---- layers ---- */

static void the_command_line_beats_the_environment_beats_the_file(void **state)
{
    const char *text = "{" BASE ", \"options\": {\"jobs\": 2, \"retries\": 5, \"jitter\": \"1m\"}}";
    struct outcome o;

    (void)state;
    (void)setenv("PG_MIRROR_JOBS", "3", 1);
    (void)setenv("PG_MIRROR_RETRIES", "7", 1);
    load_good(&o, &(struct call){.text = text, .options = {"jobs=4"}});
    assert_int_equal(o.c.jobs, 4);
    assert_int_equal(o.c.retries, 7);
    assert_int_equal(o.c.jitter_ms, 60000);
    assert_string_equal(o.c.origins[key_index(key_by_option("jobs"))], "--jobs");
    assert_string_equal(o.c.origins[key_index(key_by_option("retries"))], "PG_MIRROR_RETRIES");
    assert_string_equal(o.c.origins[key_index(key_by_option("jitter"))], "job.json:1:153");
    assert_null(o.c.origins[key_index(key_by_option("deadline"))]);
    outcome_release(&o);
    (void)unsetenv("PG_MIRROR_JOBS");
    (void)unsetenv("PG_MIRROR_RETRIES");
}

static void flags_have_boolean_twins_for_their_commands_only(void **state)
{
    struct outcome o;

    (void)state;
    (void)setenv("PG_MIRROR_NO_OWNER", "yes", 1);
    (void)setenv("PG_MIRROR_NO_ACL", "0", 1);
    (void)setenv("PG_MIRROR_DROP_EXISTING", "true", 1);
    (void)setenv("PG_MIRROR_VERBOSE", "2", 1);
    load_good(&o,
              &(struct call){.text = "{" BASE ", \"options\": {\"owner\": true, \"acl\": true}}"});
    assert_false(o.c.keep_owner);
    assert_true(o.c.keep_acl); /* "0" asks for nothing */
    assert_int_equal(o.c.if_exists, IF_EXISTS_REPLACE);
    assert_false(o.c.drop_existing_in_file); /* asks for it, does not consent */
    assert_int_equal(o.c.verbosity, 2);
    outcome_release(&o);
    load_good(&o, &(struct call){.text = "{" BASE ", \"options\": {\"owner\": true}}",
                                 .command = CMD_STATUS});
    assert_true(o.c.keep_owner);
    outcome_release(&o);
    (void)setenv("PG_MIRROR_NO_OWNER", "maybe", 1);
    assert_problems(&(struct call){.text = "{" BASE "}"}, E_CONFIG,
                    "PG_MIRROR_NO_OWNER: expected true or false, got the string \"maybe\"");
    (void)unsetenv("PG_MIRROR_NO_OWNER");
    (void)unsetenv("PG_MIRROR_NO_ACL");
    (void)unsetenv("PG_MIRROR_DROP_EXISTING");
    (void)unsetenv("PG_MIRROR_VERBOSE");
}

static void passwords_from_one_layer_contradict_each_other(void **state)
{
    (void)state;
    (void)setenv("PG_MIRROR_SOURCE", "postgresql://u:pw@h/d", 1);
    (void)setenv("PG_MIRROR_SOURCE_PASSWORD_FILE", "/f", 1);
    assert_problems(&(struct call){.text = "{" BASE "}"}, E_CONFIG,
                    "/source/uri: a second source of the password, besides /source/password_file; "
                    "give one");
    (void)unsetenv("PG_MIRROR_SOURCE");
    (void)unsetenv("PG_MIRROR_SOURCE_PASSWORD_FILE");
    assert_problems(&(struct call){.text = "{" BASE "}", .options = {"set=/source/password=x"}},
                    E_NONE,
                    "W --set: a password here can be read by everybody with ps; use "
                    "password_file");
}

static void an_unknown_variable_of_ours_is_a_warning(void **state)
{
    (void)state;
    (void)setenv("PG_MIRROR_JOBBS", "3", 1);
    assert_problems(&(struct call){.text = "{" BASE "}"}, E_NONE,
                    "W PG_MIRROR_JOBBS: unknown environment variable, ignored");
    (void)unsetenv("PG_MIRROR_JOBBS");
}

static void a_wrong_option_is_a_usage_error(void **state)
{
    (void)state;
    assert_problems(&(struct call){.text = "{" BASE "}", .options = {"jobs=four"}}, E_USAGE,
                    "--jobs: expected an integer from 1 to 256, got the string \"four\" (default "
                    "4)");
    assert_problems(&(struct call){.text = "{" BASE "}", .options = {"log-file=\xff"}}, E_USAGE,
                    "--log-file: not valid UTF-8");
    assert_problems(&(struct call){.text = "{" BASE "}", .options = {"output=nagios"}}, E_USAGE,
                    "--output: nagios is for check and status only");
    assert_problems(&(struct call){.text = "{" BASE "}", .options = {"schema-only", "data-only"}},
                    E_USAGE, "--schema-only: cannot be given together with --data-only");
}

static void set_does_not_take_a_guard_away(void **state)
{
    struct call guarded = {.text = "{" BASE ", \"safety\": {\"protected\": [\"*/app\"]}}",
                           .options = {"set=/safety/protected=[]"}};
    struct call bare = {.text = "{" BASE "}", .options = {"set=/safety/protected=[\"*/app\"]"}};

    (void)state;
    assert_problems(&guarded, E_USAGE,
                    "--set: /safety/protected is in the file, and there is no override");
    assert_problems(&bare, E_NONE, "");
    guarded.options[0] = NULL;
    (void)setenv("PG_MIRROR_SET", "/safety/protected=[]", 1);
    assert_problems(&guarded, E_CONFIG,
                    "PG_MIRROR_SET: /safety/protected is in the file, and there is no override");
    (void)unsetenv("PG_MIRROR_SET");
}

static void set_overrides_any_key_through_the_same_checks(void **state)
{
    struct outcome o;

    (void)state;
    load_good(&o, &(struct call){.text = "{" BASE "}",
                                 .options = {"set=/options/jobs=16", "set=/source/host=x=y",
                                             "set=/filters/include_tables=[\"a,b\", \"c\"]",
                                             "set=/source/settings={\"jit\": \"off\"}",
                                             "set=/source/settings/work_mem=1MB",
                                             "set=/options/drop_existing=true",
                                             "set=/safety/protected=a/*,b/*"}});
    assert_int_equal(o.c.jobs, 16);
    assert_string_equal(o.c.source.host, "x=y");
    assert_int_equal(o.c.include_tables.count, 2);
    assert_string_equal(o.c.include_tables.items[0], "a,b");
    assert_int_equal(o.c.source.setting_count, 2);
    assert_string_equal(o.c.source.settings[0].name, "jit");
    assert_string_equal(o.c.source.settings[1].value, "1MB");
    assert_int_equal(o.c.protected_targets.count, 2);
    assert_int_equal(o.c.if_exists, IF_EXISTS_REPLACE);
    outcome_release(&o);
    assert_problems(&(struct call){.text = "{" BASE "}",
                                   .options = {"set=/options/jobs=x", "set=/options/job=1",
                                               "set=jobs=1", "set=/options/jobs"}},
                    E_USAGE,
                    "--set /options/jobs: expected an integer from 1 to 256, got the string \"x\" "
                    "(default 4)\n"
                    "--set: unknown key '/options/job' (did you mean \"jobs\"?)\n"
                    "--set: expected /KEY=VALUE such as /options/jobs=8\n"
                    "--set: expected /KEY=VALUE such as /options/jobs=8");
}

static void set_has_a_twin_and_contradictions_are_noticed(void **state)
{
    struct outcome o;

    (void)state;
    (void)setenv("PG_MIRROR_SET", "/options/jobs=9", 1);
    load_good(&o, &(struct call){.text = "{" BASE "}"});
    assert_int_equal(o.c.jobs, 9);
    outcome_release(&o);
    (void)unsetenv("PG_MIRROR_SET");
    assert_problems(
        &(struct call){.text = "{" BASE "}",
                       .options = {"set=/options/drop_existing=true", "if-exists=error"}},
        E_USAGE, "/options/drop_existing: true contradicts if_exists \"error\"");
    assert_problems(
        &(struct call){.text = "{" BASE "}", .options = {"source=dbname=a", "set=/source/port=1"}},
        E_USAGE, "/source/port: cannot be given together with a URI");
    load_good(&o, &(struct call){.text = "{" BASE ", \"options\": {\"drop_existing\": true}}",
                                 .options = {"set=/options/drop_existing=false"}});
    assert_int_equal(o.c.if_exists, IF_EXISTS_ERROR);
    outcome_release(&o);
}

static void later_files_win_and_keep_their_places(void **state)
{
    const char *base = "{" BASE ", \"options\": {\"drop_existing\": true, \"parallel_jobs\": 2}, "
                       "\"filters\": {\"exclude_tables\": [\"a\", \"b\"]}}";
    struct outcome o;

    (void)state;
    load_good(&o,
              &(struct call){.text = base,
                             .text2 = "{\"options\": {\"jobs\": 6}, \"target\": {\"if_exists\": "
                                      "\"in_place\", \"user\": \"cd\"}, \"filters\": "
                                      "{\"exclude_tables\": [\"c\"]}}"});
    assert_int_equal(o.c.jobs, 6);
    assert_int_equal(o.c.if_exists, IF_EXISTS_IN_PLACE);
    assert_false(o.c.drop_existing_in_file); /* consent was for replacing */
    assert_string_equal(o.c.target.user, "cd");
    assert_string_equal(o.c.target.host, "stage");
    assert_int_equal(o.c.exclude_tables.count, 1);
    assert_string_equal(o.c.files, "job.json, over.json");
    outcome_release(&o);
    assert_problems(&(struct call){.text = base, .text2 = "{\n\"options\": {\"jobs\": 0}}"},
                    E_CONFIG,
                    "over.json:2:21 /options/jobs: expected an integer from 1 to 256, got the "
                    "number 0 (default 4)");
    load_good(&o, &(struct call){.text = "{" SOURCE ", \"target\": {\"host\": \"b\", \"password\": "
                                         "\"x\"}}",
                                 .text2 = "{\"target\": {\"uri\": \"postgresql://c\", "
                                          "\"password_file\": \"/f\"}}"});
    assert_null(o.c.target.host);
    assert_string_equal(o.c.target.uri, "postgresql://c");
    assert_false(secret_is_set(&o.c.target_secret.value));
    assert_string_equal(o.c.target_secret.file, "/f");
    outcome_release(&o);
}

static void a_uri_on_the_command_line_replaces_the_files_server_and_password(void **state)
{
    const char *text = "{\"source\": {\"host\": \"a\", \"port\": 1, \"database\": \"d\", \"user\": "
                       "\"u\", \"password\": \"p\", \"lock_timeout\": \"1s\"}, " TARGET "}";
    struct outcome o;

    (void)state;
    load_good(&o, &(struct call){.text = text, .options = {"source=postgresql://b/e"}});
    assert_string_equal(o.c.source.uri, "postgresql://b/e");
    assert_null(o.c.source.host);
    assert_null(o.c.source.port);
    assert_null(o.c.source.user);
    assert_string_equal(o.c.source.database, "e");
    assert_false(secret_is_set(&o.c.source_secret.value));
    assert_int_equal(o.c.source.lock_timeout_ms, 1000);
    assert_string_equal(o.c.target.host, "stage");
    outcome_release(&o);
    (void)setenv("PG_MIRROR_SOURCE_PASSWORD_FILE", "/run/secret", 1);
    load_good(&o, &(struct call){.text = text});
    assert_string_equal(o.c.source_secret.file, "/run/secret");
    assert_false(secret_is_set(&o.c.source_secret.value));
    outcome_release(&o);
    load_good(&o, &(struct call){.text = text, .options = {"source=postgresql://b/e"}});
    assert_string_equal(o.c.source_secret.file, "/run/secret");
    outcome_release(&o);
    (void)unsetenv("PG_MIRROR_SOURCE_PASSWORD_FILE");
}

static void a_password_on_the_command_line_is_warned_about(void **state)
{
    (void)state;
    assert_problems(&(struct call){.options = {"source=postgresql://u:pw@b/e", "target=host=c"}},
                    E_NONE,
                    "W --source: the password in it can be read by everybody with ps; use a "
                    "passfile or PG_MIRROR_SOURCE_PASSWORD_FILE");
}

static void if_exists_on_the_command_line_beats_drop_existing_in_the_file(void **state)
{
    struct outcome o;

    (void)state;
    load_good(&o, &(struct call){.text = "{" BASE ", \"options\": {\"drop_existing\": true}}",
                                 .options = {"if-exists=error"}});
    assert_int_equal(o.c.if_exists, IF_EXISTS_ERROR);
    assert_false(o.c.drop_existing_in_file);
    outcome_release(&o);
    load_good(&o, &(struct call){.text = "{" BASE ", \"options\": {\"drop_existing\": true}}",
                                 .options = {"if-exists=replace"}});
    assert_true(o.c.drop_existing_in_file);
    outcome_release(&o);
    load_good(&o, &(struct call){.text = "{" BASE "}", .options = {"drop-existing"}});
    assert_int_equal(o.c.if_exists, IF_EXISTS_REPLACE);
    assert_false(o.c.drop_existing_in_file);
    outcome_release(&o);
}

static void options_of_single_commands_land_in_cmd(void **state)
{
    struct outcome o;

    (void)state;
    load_good(&o, &(struct call){
                      .text = "{" BASE "}",
                      .command = CMD_CHECK,
                      .options = {"only=a.b,c.d", "only=e", "timeout=3s", "verbose", "verbose"}});
    assert_int_equal(o.c.cmd.only.count, 3);
    assert_string_equal(o.c.cmd.only.items[2], "e");
    assert_int_equal(o.c.cmd.timeout_ms, 3000);
    assert_int_equal(o.c.verbosity, 2);
    outcome_release(&o);
    load_good(&o, &(struct call){
                      .text = "{" SOURCE "}", .command = CMD_CHECK, .options = {"source-only"}});
    outcome_release(&o);
}

static void commands_that_need_one_end_do_not_ask_for_the_other(void **state)
{
    struct outcome o;

    (void)state;
    load_good(&o, &(struct call){.text = "{\"target\": {\"database\": \"app\"}}",
                                 .command = CMD_ROLLBACK,
                                 .needs = CONFIG_NEEDS_TARGET});
    outcome_release(&o);
    assert_problems(&(struct call){.text = "{\"target\": {\"host\": \"b\"}}",
                                   .command = CMD_ROLLBACK,
                                   .needs = CONFIG_NEEDS_TARGET},
                    E_CONFIG,
                    "job.json:1:12 /target/database: is missing, and there is no source to take "
                    "it from");
    load_good(&o, &(struct call){.text = "{\"target\": {\"host\": \"b\"}}",
                                 .command = CMD_RESTORE,
                                 .needs = CONFIG_NEEDS_TARGET});
    outcome_release(&o);
    load_good(&o, &(struct call){.no_needs = true});
    outcome_release(&o);
}

static void paths_know_the_home_directory_and_the_job(void **state)
{
    struct outcome o;

    (void)state;
    (void)setenv("HOME", "/home/u", 1);
    (void)setenv("TMPDIR", "/scratch", 1);
    load_good(&o, &(struct call){.text = "{" BASE ", \"name\": \"night\", \"status_file\": "
                                         "\"~/s/{job}-{job}.json\", \"lock_file\": \"/l/{job}\"}"});
    assert_string_equal(o.c.status_file, "/home/u/s/night-night.json");
    assert_string_equal(o.c.lock_file, "/l/night");
    assert_string_equal(o.c.temp_dir, "/scratch");
    outcome_release(&o);
    (void)unsetenv("TMPDIR");
}

static void lock_files_of_different_targets_differ(void **state)
{
    struct outcome a;
    struct outcome b;

    (void)state;
    load_good(&a, &(struct call){.text = "{" BASE "}"});
    load_good(&b, &(struct call){.text = "{" SOURCE ", \"target\": {\"host\": \"other\"}}"});
    assert_string_not_equal(a.c.lock_file, b.c.lock_file);
    outcome_release(&b);
    load_good(&b, &(struct call){.text = "{" BASE ", \"options\": {\"jobs\": 1}}"});
    assert_string_equal(a.c.lock_file, b.c.lock_file);
    outcome_release(&a);
    outcome_release(&b);
}

/* ---- real files ---- */

struct place_to_work {
    char dir[64];
    char path[128];
};

static void workdir(struct place_to_work *w, const char *text, mode_t mode)
{
    struct err e = {0};

    (void)snprintf(w->dir, sizeof w->dir, "/tmp/pg_mirror_test.XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(w->path, sizeof w->path, "%s/night.json", w->dir);
    assert_true(io_replace_file(w->path, mode, text, strlen(text), &e));
}

static void workdir_remove(const struct place_to_work *w)
{
    (void)unlink(w->path);
    assert_int_equal(rmdir(w->dir), 0);
}

static void load_file(struct outcome *o, const char *path, bool strict)
{
    struct config_option options[] = {{key_by_option("config"), path, "-c"},
                                      {key_by_option("strict"), NULL, "--strict"}};
    struct config_request rq = {.command = CMD_MIRROR,
                                .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
                                .options = options,
                                .option_count = strict ? 2 : 1};

    *o = (struct outcome){0};
    o->ok = config_load(&o->c, &rq, &o->report, &o->e);
}

#define WITH_PASSWORD "{" SOURCE ", \"target\": {\"host\": \"b\", \"password\": \"x\"}}"

static void a_readable_file_with_a_password_is_a_warning(void **state)
{
    AUTO_BUF struct buf message = BUF_INIT(4096);
    AUTO_BUF struct buf hint = BUF_INIT(4096);
    char expected[512];
    struct place_to_work w;
    struct outcome o;

    (void)state;
    workdir(&w, WITH_PASSWORD, 0640);
    load_file(&o, w.path, false);
    assert_true(o.ok);
    assert_string_equal(o.c.name, "night");
    assert_int_equal(o.report.count, 1);
    (void)snprintf(expected, sizeof expected,
                   "%s:1:99 /target/password: a password in a file that others may read; run: "
                   "chmod 600 %s",
                   w.path, w.path);
    assert_string_equal(o.report.items[0].text, expected);
    assert_false(config_perms_ok(&o.c, &message, &hint));
    (void)snprintf(expected, sizeof expected, "chmod 600 %s", w.path);
    assert_string_equal(buf_str(&hint), expected);
    outcome_release(&o);

    load_file(&o, w.path, true);
    assert_false(o.ok);
    assert_int_equal(o.e.code, E_CONFIG);
    outcome_release(&o);

    assert_int_equal(chmod(w.path, 0600), 0);
    load_file(&o, w.path, true);
    assert_true(o.ok);
    assert_int_equal(o.report.count, 0);
    assert_true(config_perms_ok(&o.c, &message, &hint));
    outcome_release(&o);
    workdir_remove(&w);
}

static void a_password_from_the_environment_needs_no_secret_file(void **state)
{
    struct place_to_work w;
    struct outcome o;

    (void)state;
    (void)setenv("T_PW", "x", 1);
    workdir(&w, "{" SOURCE ", \"target\": {\"host\": \"b\", \"password\": \"${T_PW}\"}}", 0644);
    load_file(&o, w.path, false);
    assert_true(o.ok);
    assert_int_equal(o.report.count, 0);
    outcome_release(&o);
    workdir_remove(&w);
}

static void no_command_is_taken_from_a_file_that_everybody_may_write(void **state)
{
    struct place_to_work w;
    struct outcome o;
    char expected[512];

    (void)state;
    workdir(&w, "{" SOURCE ", \"target\": {\"host\": \"b\", \"password_command\": [\"id\"]}}",
            0600);
    load_file(&o, w.path, false);
    assert_true(o.ok);
    outcome_release(&o);
    assert_int_equal(chmod(w.path, 0602), 0);
    load_file(&o, w.path, false);
    (void)snprintf(expected, sizeof expected,
                   "%s:1:107 /target/password_command: no command is run from here: everybody may "
                   "change the file",
                   w.path);
    assert_string_equal(o.e.text, expected);
    outcome_release(&o);
    assert_int_equal(chmod(w.path, 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(w.path, 65534, 65534), 0);
        load_file(&o, w.path, false);
        assert_non_null(strstr(o.e.text, "the file belongs to somebody else"));
        outcome_release(&o);
        assert_int_equal(chown(w.path, 0, 0), 0);
    }
    assert_int_equal(chmod(w.dir, 0777), 0);
    load_file(&o, w.path, false);
    (void)snprintf(expected, sizeof expected,
                   "%s:1:107 /target/password_command: no command is run from here: everybody may "
                   "replace the file",
                   w.path);
    assert_string_equal(o.e.text, expected);
    outcome_release(&o);
    workdir_remove(&w);
}

static void a_missing_file_is_no_input(void **state)
{
    struct outcome o;

    (void)state;
    load_file(&o, "/nonexistent/x.json", false);
    assert_false(o.ok);
    assert_int_equal(o.e.code, E_NOINPUT);
    assert_string_equal(o.e.text, "cannot open configuration file '/nonexistent/x.json': No such "
                                  "file or directory");
    outcome_release(&o);
}

static void discovery_takes_the_first_level_that_has_a_file(void **state)
{
    AUTO_ARENA struct arena *a = arena_new();
    struct place_to_work w;
    struct err e = {0};
    const char *found;
    char sub[128];
    char file[160];

    (void)state;
    (void)unsetenv("PG_MIRROR_CONFIG");
    workdir(&w, "{}", 0600);
    assert_int_equal(chdir(w.dir), 0);
    (void)setenv("XDG_CONFIG_HOME", w.dir, 1);
    assert_true(config_discover(a, true, &found, &e));
    assert_null(found);

    (void)snprintf(sub, sizeof sub, "%s/pg_mirror", w.dir);
    (void)snprintf(file, sizeof file, "%s/config.json", sub);
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_true(io_replace_file(file, 0600, "{}", 2, &e));
    assert_true(config_discover(a, true, &found, &e));
    assert_string_equal(found, file);

    assert_true(io_replace_file("config.json", 0600, "{}", 2, &e));
    assert_true(config_discover(a, false, &found, &e)); /* no tty: not from here */
    assert_string_equal(found, file);
    assert_true(config_discover(a, true, &found, &e));
    assert_string_equal(found, "./config.json");

    assert_true(io_replace_file("pg_mirror.json", 0600, "{}", 2, &e));
    assert_false(config_discover(a, true, &found, &e));
    assert_int_equal(e.code, E_CONFIG);
    assert_string_equal(e.text, "both './pg_mirror.json' and './config.json' are here");

    (void)setenv("PG_MIRROR_CONFIG", "/x/y.json", 1);
    assert_true(config_discover(a, true, &found, &e));
    assert_string_equal(found, "/x/y.json");
    (void)unsetenv("PG_MIRROR_CONFIG");
    (void)unlink("pg_mirror.json");
    (void)unlink("config.json");
    (void)unlink(file);
    (void)rmdir(sub);
    assert_int_equal(chdir("/"), 0);
    workdir_remove(&w);
}

static void a_clone_between_two_uris_takes_nothing_from_a_found_file(void **state)
{
    struct config_option options[] = {{key_by_option("source"), "dbname=a", "--source"},
                                      {key_by_option("target"), "host=b", "--target"}};
    struct config_request rq = {.command = CMD_MIRROR,
                                .needs = CONFIG_NEEDS_SOURCE | CONFIG_NEEDS_TARGET,
                                .options = options,
                                .option_count = 2,
                                .discover_here = true};
    struct place_to_work w;
    struct outcome o = {0};

    (void)state;
    workdir(&w, "{}", 0600);
    assert_int_equal(chdir(w.dir), 0);
    assert_true(
        io_replace_file("config.json", 0600, "{\"options\": {\"drop_existing\": true}}", 36, &o.e));
    assert_true(config_load(&o.c, &rq, &o.report, &o.e));
    assert_null(o.c.files);
    assert_false(o.c.drop_existing_in_file);
    outcome_release(&o);
    rq.option_count = 1; /* with one end only, the file is asked for the other */
    o = (struct outcome){0};
    assert_false(config_load(&o.c, &rq, &o.report, &o.e));
    assert_string_equal(o.c.files, "./config.json");
    outcome_release(&o);
    (void)unlink("config.json");
    assert_int_equal(chdir("/"), 0);
    workdir_remove(&w);
}

/* ---- secrets ---- */

static void a_password_file_gives_its_first_line(void **state)
{
    struct place_to_work w;
    struct outcome o;
    char set[256];
    char expected[256];

    (void)state;
    workdir(&w, "hunter 2 \r\nsecond\n", 0600);
    (void)snprintf(set, sizeof set, "set=/target/password_file=%s", w.path);
    load_good(&o, &(struct call){.text = "{" BASE "}", .options = {set}});
    assert_true(config_read_secrets(&o.c, &o.e));
    assert_string_equal(secret_get(&o.c.target.password), "hunter 2 ");
    assert_null(secret_get(&o.c.source.password));
    assert_true(io_replace_file(w.path, 0600, "\nx\n", 3, &o.e));
    assert_false(config_read_secrets(&o.c, &o.e));
    (void)snprintf(expected, sizeof expected,
                   "target: the first line of password file '%s' is empty", w.path);
    assert_string_equal(o.e.text, expected);
    assert_int_equal(o.e.code, E_CONFIG);
    workdir_remove(&w);
    assert_false(config_read_secrets(&o.c, &o.e));
    (void)snprintf(expected, sizeof expected,
                   "target: cannot open password file '%s': No such file or directory", w.path);
    assert_string_equal(o.e.text, expected);
    assert_int_equal(o.e.code, E_NOINPUT);
    outcome_release(&o);
}

static const struct {
    const char *command;
    const char *password; /* NULL: an error */
    enum err_code code;
    const char *text;
} commands[] = {
    {"[\"printf\", \"%s\\\\n\", \"a b\"]", "a b", E_NONE, ""},
    {"[\"sh\", \"-c\", \"echo secret; echo noise >&2; exit 3\"]", NULL, E_AUTH,
     "source: password_command 'sh' failed: exit status 3"},
    {"[\"sh\", \"-c\", \"kill -9 $$\"]", NULL, E_AUTH,
     "source: password_command 'sh' failed: killed by SIGKILL"},
    {"[\"true\"]", NULL, E_AUTH, "source: password_command 'true' printed no password"},
    {"[\"no-such-program-here\"]", NULL, E_TOOL,
     "source: password_command 'no-such-program-here' is not in PATH"},
    {"[\"/nonexistent/x\"]", NULL, E_TOOL,
     "source: password_command: cannot run '/nonexistent/x': No such file or directory"},
};

static void a_password_command_gives_its_first_line_or_an_error_without_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        struct outcome o;
        char text[512];

        (void)snprintf(text, sizeof text,
                       "{\"source\": {\"database\": \"a\", \"password_command\": %s}, " TARGET "}",
                       commands[i].command);
        load_good(&o, &(struct call){.text = text});
        assert_int_equal(config_read_secrets(&o.c, &o.e), commands[i].password != NULL);
        assert_string_equal(o.e.text, commands[i].text);
        assert_int_equal(o.e.code, commands[i].code);
        assert_null(strstr(o.e.detail, "secret"));
        if (commands[i].password)
            assert_string_equal(secret_get(&o.c.source.password), commands[i].password);
        outcome_release(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_file_has_every_default),
        cmocka_unit_test(files_of_the_predecessor_work_unchanged),
        cmocka_unit_test(libpqs_own_ways_work),
        cmocka_unit_test(nonsense_types_are_all_refused_at_once),
        cmocka_unit_test(several_errors_are_counted_and_the_first_is_the_detail),
        cmocka_unit_test(a_single_error_is_the_message),
        cmocka_unit_test(contradictions_and_gaps_are_told_with_their_places),
        cmocka_unit_test(without_a_file_the_missing_ends_are_named),
        cmocka_unit_test(without_anything_there_is_one_error),
        cmocka_unit_test(a_clone_between_two_uris_takes_nothing_from_a_found_file),
        cmocka_unit_test(annotations_are_allowed_anywhere),
        cmocka_unit_test(lenient_turns_unknown_keys_into_warnings),
        cmocka_unit_test(variables_are_expanded_in_strings),
        cmocka_unit_test(the_result_of_an_expansion_is_not_expanded_again),
        cmocka_unit_test(an_unset_variable_is_an_error_with_its_place),
        cmocka_unit_test(a_number_is_not_taken_from_part_of_a_string),
        cmocka_unit_test(the_command_line_beats_the_environment_beats_the_file),
        cmocka_unit_test(flags_have_boolean_twins_for_their_commands_only),
        cmocka_unit_test(passwords_from_one_layer_contradict_each_other),
        cmocka_unit_test(an_unknown_variable_of_ours_is_a_warning),
        cmocka_unit_test(a_wrong_option_is_a_usage_error),
        cmocka_unit_test(set_overrides_any_key_through_the_same_checks),
        cmocka_unit_test(set_does_not_take_a_guard_away),
        cmocka_unit_test(set_has_a_twin_and_contradictions_are_noticed),
        cmocka_unit_test(later_files_win_and_keep_their_places),
        cmocka_unit_test(a_uri_on_the_command_line_replaces_the_files_server_and_password),
        cmocka_unit_test(a_password_on_the_command_line_is_warned_about),
        cmocka_unit_test(if_exists_on_the_command_line_beats_drop_existing_in_the_file),
        cmocka_unit_test(options_of_single_commands_land_in_cmd),
        cmocka_unit_test(commands_that_need_one_end_do_not_ask_for_the_other),
        cmocka_unit_test(paths_know_the_home_directory_and_the_job),
        cmocka_unit_test(lock_files_of_different_targets_differ),
        cmocka_unit_test(a_readable_file_with_a_password_is_a_warning),
        cmocka_unit_test(a_password_from_the_environment_needs_no_secret_file),
        cmocka_unit_test(no_command_is_taken_from_a_file_that_everybody_may_write),
        cmocka_unit_test(a_missing_file_is_no_input),
        cmocka_unit_test(discovery_takes_the_first_level_that_has_a_file),
        cmocka_unit_test(a_password_file_gives_its_first_line),
        cmocka_unit_test(a_password_command_gives_its_first_line_or_an_error_without_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
