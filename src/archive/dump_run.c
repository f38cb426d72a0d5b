#include "archive/dump_run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/num.h"

#include "client_run_priv.h"

#include "common/banned.h"

enum { VERSION_METHODS = 160000 }; /* pg_dump learned --compress=METHOD:LEVEL here */

struct compression {
    const char *method;
    int level; /* -1: the method's default */
};

/* "lz4:3", "gzip", "6", "none". */
static bool compression_parse(const char *spec, struct compression *ret)
{
    static const struct {
        const char *name;
        uint64_t max_level;
    } methods[] = {{"none", 0}, {"gzip", 9}, {"lz4", 12}};
    uint64_t level;

    if (num_parse_u64(spec, 0, 9, &level)) {
        *ret = (struct compression){.method = level ? "gzip" : "none", .level = (int)level};
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        size_t n = strlen(methods[i].name);

        if (strncmp(spec, methods[i].name, n) != 0)
            continue;
        *ret = (struct compression){.method = methods[i].name, .level = -1};
        if (spec[n] == '\0')
            return true;
        if (spec[n] != ':' || !num_parse_u64(spec + n + 1, 1, methods[i].max_level, &level))
            return false;
        ret->level = (int)level;
        return true;
    }
    return false;
}

bool dump_compression_arg(char dst[DUMP_COMPRESSION_MAX], const char *spec, int version,
                          struct err *e)
{
    struct compression c;

    if (!compression_parse(spec, &c)) {
        err_set_(e, E_CONFIG, "compression '%s' is not supported", spec);
        return err_hint(e, "%s", "use none, gzip:1 to gzip:9, or lz4");
    }
    if (version >= VERSION_METHODS) {
        if (strcmp(c.method, "none") == 0 || c.level < 0)
            (void)snprintf(dst, DUMP_COMPRESSION_MAX, "%s", c.method);
        else
            (void)snprintf(dst, DUMP_COMPRESSION_MAX, "%s:%d", c.method, c.level);
        return true;
    }
    if (strcmp(c.method, "lz4") == 0) {
        err_set_(e, E_CONFIG, "pg_dump %d cannot compress with lz4", version / 10000);
        return err_hint(e, "%s",
                        "use gzip:1, or install the client programs of PostgreSQL 16 or later");
    }
    (void)snprintf(dst, DUMP_COMPRESSION_MAX, "%d",
                   strcmp(c.method, "none") == 0 ? 0
                   : c.level < 0                 ? 6
                                                 : c.level);
    return true;
}

static void add_patterns(struct client_args *args, const char *option,
                         const struct dump_patterns *p)
{
    for (size_t i = 0; i < p->count; i++)
        client_args_add(args, "--%s=%s", option, p->items[i]);
}

static void add_selection(struct client_args *args, const struct dump_run_options *o)
{
    bool all_objects = o->include_schemas.count + o->include_tables.count == 0;

    client_args_flag(args, o->section == CLIENT_SCHEMA_ONLY, "--schema-only");
    client_args_flag(args, o->section == CLIENT_DATA_ONLY, "--data-only");
    add_patterns(args, "schema", &o->include_schemas);
    add_patterns(args, "exclude-schema", &o->exclude_schemas);
    add_patterns(args, "table", &o->include_tables);
    add_patterns(args, "exclude-table", &o->exclude_tables);
    add_patterns(args, "exclude-table-data", &o->exclude_table_data);
    /* The letters mean the same in all majors, the long names were changed. */
    client_args_flag(args, o->no_large_objects, "-B");
    client_args_flag(args, !o->no_large_objects && !all_objects && o->section != CLIENT_SCHEMA_ONLY,
                     "-b");
}

static bool build_args(struct client_args *args, const struct dump_run_options *o, struct err *e)
{
    char compression[DUMP_COMPRESSION_MAX];

    if (!dump_compression_arg(compression, o->compression, o->tools->version, e))
        return false;
    client_args_add(args, "%s", o->tools->pg_dump);
    client_args_add(args, "--format=custom");
    client_args_add(args, "--file=%s", o->spool->path);
    client_args_add(args, "--compress=%s", compression);
    client_args_add(args, "--no-password");
    client_args_add(args, "--no-sync"); /* the file has no name to sync, and need not survive */
    if (o->encoding)
        client_args_add(args, "--encoding=%s", o->encoding);
    if (o->snapshot)
        client_args_add(args, "--snapshot=%s", o->snapshot);
    if (o->lock_timeout_ms)
        client_args_add(args, "--lock-wait-timeout=%" PRIu64, o->lock_timeout_ms);
    client_args_flag(args, o->no_acl, "--no-privileges");
    client_args_flag(args, o->no_comments, "--no-comments");
    client_args_flag(args, o->no_publications, "--no-publications");
    client_args_flag(args, o->no_subscriptions, "--no-subscriptions");
    client_args_flag(args, o->no_security_labels, "--no-security-labels");
    client_args_flag(args, o->load_via_root, "--load-via-partition-root");
    client_args_flag(args, o->quote_identifiers, "--quote-all-identifiers");
    add_selection(args, o);
    client_args_add(args, "--dbname=%s", o->login.conninfo);
    return true;
}

/* The failure is told by the spool's state where it can be, by the exit status otherwise. */
static bool explain_failure(const struct dump_run_options *o, const struct client_end *end,
                            const struct buf *messages, struct err *e)
{
    char size[NUM_TEXT_MAX];
    bool full = (!end->proc.exited && end->proc.status == SIGXFSZ) || spool_is_full(o->spool);

    client_failed("pg_dump", end, messages, e);
    if (!full)
        return false;
    e->code = E_IO;
    err_in_(e, "no space left in '%s' after %s", o->spool->dir,
            num_format_bytes(size, spool_size(o->spool)));
    return err_hint(e, "free space there, name another directory with --set "
                       "/options/temp_dir=DIR, or compress with --set /options/compression=gzip:1");
}

bool dump_run(const struct dump_run_options *o, struct err *e)
{
    AUTO_ARENA struct arena *a = arena_new();
    AUTO_BUF struct buf messages = BUF_INIT((size_t)2 * PROC_STDERR_MAX);
    struct client_args args = {.arena = a};
    struct client_end end = {0};

    if (!build_args(&args, o, e) || !spool_reset(o->spool, e))
        return false;
    args.fds = (const int[]){o->spool->fd, -1};
    if (!client_run(&args, &o->login, &o->io, &end, &messages, e))
        return err_in(e, "pg_dump");
    return end.ok ? true : explain_failure(o, &end, &messages, e);
}
