/*
 * dump_run.h - run pg_dump -Fc into a spool file.
 *
 * Everything borrowed must live until the call returns. One thread at a time per spool.
 */
#ifndef PGM_ARCHIVE_DUMP_RUN_H
#define PGM_ARCHIVE_DUMP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/client.h"
#include "archive/client_run.h"
#include "archive/spool.h"
#include "common/err.h"

enum client_section { CLIENT_SECTION_ALL, CLIENT_SCHEMA_ONLY, CLIENT_DATA_ONLY };

/* pg_dump's own patterns, given to it as they are. */
struct dump_patterns {
    const char *const *items;
    size_t count;
};

struct dump_run_options {
    const struct client_tools *tools;
    struct client_login login;
    struct spool *spool;      /* emptied first */
    const char *snapshot;     /* id exported by the leader; NULL: pg_dump takes its own */
    const char *encoding;     /* of the dump: the source database's */
    const char *compression;  /* see dump_compression_arg() */
    uint64_t lock_timeout_ms; /* 0: wait for ever */
    enum client_section section;
    struct dump_patterns include_schemas, exclude_schemas;
    struct dump_patterns include_tables, exclude_tables, exclude_table_data;
    bool no_acl, no_comments, no_publications, no_subscriptions, no_security_labels;
    bool no_large_objects;
    bool load_via_root;     /* rows of partitions name the root table */
    bool quote_identifiers; /* for servers of different majors */
    struct client_io io;
};

/*
 * Run pg_dump to its end. True only if it ended with status 0. E_IO when the spool can't grow,
 * E_SERVER otherwise; the caller knows whether the source is still there and who holds locks.
 */
bool dump_run(const struct dump_run_options *o, struct err *e) MUST_USE;

enum { DUMP_COMPRESSION_MAX = 32 };

/*
 * pg_dump's argument for "none", "0".."9", "gzip", "gzip:N", "lz4" or "lz4:N" in dst. E_CONFIG
 * for what this version of pg_dump or our reader can't do.
 */
bool dump_compression_arg(char dst[DUMP_COMPRESSION_MAX], const char *spec, int version,
                          struct err *e) MUST_USE;

#endif
