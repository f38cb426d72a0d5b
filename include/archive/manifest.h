/*
 * manifest.h - what a kept dump says about itself: manifest.json as plain data.
 *
 * Strings live in an arena. Names that are not valid UTF-8 (of databases in other encodings)
 * travel as "\x" and hexadecimal digits in JSON and are plain bytes here. Numbers of 64 bits and
 * LSNs are JSON strings, because readers of JSON round large numbers.
 */
#ifndef PGM_ARCHIVE_MANIFEST_H
#define PGM_ARCHIVE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "archive/dump_walk.h"
#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"

enum {
    MANIFEST_VERSION = 1,
    MANIFEST_SIZE_MAX = 64 * 1024 * 1024,
    MANIFEST_TABLES_MAX = 1000000,
    SHA256_HEX_SIZE = 65,
};

struct manifest_table {
    const char *schema;
    const char *name;
    uint64_t rows;
};

struct manifest_member {
    uint64_t size_bytes;
    char sha256[SHA256_HEX_SIZE]; /* lower case */
};

struct manifest {
    const char *tool_version; /* of pg_mirror */
    const char *job;
    const char *run;
    time_t created;

    const char *source_host; /* where the server was reached; never a secret */
    const char *source_port;
    const char *source_database;
    const char *source_user;
    const char *source_version; /* "15.20 (Debian ...)" */
    int source_version_num;     /* 150020 */
    const char *source_system_id;
    const char *encoding; /* of the dump */

    const char *client_version; /* of pg_dump */
    int client_version_num;

    const char *snapshot_lsn; /* "0/16B3740", "" when the server would not tell */
    time_t snapshot_time;

    const char *section;        /* "all", "schema_only", "data_only" */
    const char *const *filters; /* "exclude_table=public.log": what was left out, for people */
    size_t filter_count;

    const struct manifest_table *tables; /* those with data in the dump, in its order */
    size_t table_count;
    uint64_t large_objects;

    struct manifest_member database; /* database.json */
    struct manifest_member dump;     /* dump.pgc */
};

/* Append the JSON text. NULL strings are written as "". */
bool manifest_write(const struct manifest *m, struct buf *json, struct err *e) MUST_USE;

/* Read exactly what manifest_write() writes, keys in any order; anything else is E_DATA. */
bool manifest_parse(struct manifest *ret, const char *json, size_t len, struct arena *a,
                    struct err *e) MUST_USE;

/* Does the dump hold what the manifest says, table by table? E_DATA names the first difference. */
bool manifest_check_counts(const struct manifest *m, const struct dump_report *r,
                           struct err *e) MUST_USE;

uint64_t manifest_rows(const struct manifest *m); /* of all tables */

/*
 * A name as JSON text can hold it: itself if it is valid UTF-8, else "\x" and its bytes in
 * hexadecimal; a name that begins with "\x" is spelled so too, which keeps the two apart.
 */
const char *manifest_name_encode(const char *name, struct arena *a);
/* NULL if that is no such spelling. */
const char *manifest_name_decode(const char *text, struct arena *a);

#endif
