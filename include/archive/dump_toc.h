/*
 * dump_toc.h - header and table of contents of a dump in pg_dump's custom format (-Fc).
 *
 * Reads what PostgreSQL 9.0 to 18 write (archive versions 1.12 to 1.16) and trusts nothing: every
 * length and count meets a cap before memory is taken. All strings are in the dump's own encoding,
 * may hold newlines and live in the caller's arena. A dump that cannot be read is E_DATA.
 */
#ifndef PGM_ARCHIVE_DUMP_TOC_H
#define PGM_ARCHIVE_DUMP_TOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "archive/dump_source.h"
#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"

enum dump_compression {
    DUMP_NONE,
    DUMP_GZIP, /* zlib streams */
    DUMP_LZ4,  /* lz4 frames */
    DUMP_ZSTD,
};

enum dump_section {
    DUMP_SECTION_NONE = 1,
    DUMP_SECTION_PRE_DATA,
    DUMP_SECTION_DATA,
    DUMP_SECTION_POST_DATA,
};

/* The state of an entry's position; other values are refused. */
enum dump_offset_state {
    DUMP_OFFSET_UNSET = 1, /* has data, but where was not written down */
    DUMP_OFFSET_SET,
    DUMP_OFFSET_NO_DATA,
};

enum {
    DUMP_LEVEL_UNKNOWN = -1000,
    DUMP_DEFN_MAX = 64 * 1024, /* longer definitions are read over, not kept */
};

#define DUMP_NO_DATA UINT32_MAX

struct dump_header {
    int minor; /* the archive version is 1.minor.0 */
    int offset_size;
    enum dump_compression compression;
    int level;          /* 0 to 9, -1 for the default; DUMP_LEVEL_UNKNOWN from 1.15 on */
    struct tm created;  /* local time of the client that dumped; its zone is not known */
    const char *dbname; /* the next three may be NULL */
    const char *server_version;
    const char *dump_version; /* of pg_dump: "17.12 (Debian 17.12-0+deb13u1)" */
};

struct dump_entry {
    int32_t dump_id;
    uint32_t tableoid;
    uint32_t oid;          /* of the table for TABLE DATA, of the object for BLOB */
    uint32_t data_no;      /* the n-th entry with data, from 0; DUMP_NO_DATA if it has none */
    uint8_t section;       /* enum dump_section */
    uint8_t offset_state;  /* enum dump_offset_state */
    bool had_dumper;       /* exactly one block of data belongs to it */
    const char *tag;       /* object name, not quoted */
    const char *desc;      /* object kind: "TABLE DATA" */
    const char *namespace; /* NULL if it lives in no schema, and so on */
    const char *tablespace;
    const char *owner;
    const char *copy_stmt; /* "COPY public.t (a) FROM stdin;\n", or NULL */
    const char *defn;      /* NULL when absent, longer than DUMP_DEFN_MAX, or of a BLOB */
    const int32_t *deps;   /* dump ids; may repeat and may be missing from the dump */
    size_t dep_count;
    uint64_t position; /* of the block, if offset_state is DUMP_OFFSET_SET */
    /* Where the entry and its definition (length included) are stored. */
    uint64_t toc_at;
    uint64_t defn_at;
    uint32_t defn_size_bytes;
};

struct dump_id_slot {
    int32_t dump_id;
    uint32_t index;
};

struct dump_toc {
    struct dump_header header;
    const struct dump_entry *entries; /* in file order, which is restore order */
    size_t entry_count;
    size_t data_count; /* entries with had_dumper */
    uint64_t toc_at;   /* of the entry count */
    uint64_t data_at;  /* the first byte behind the last entry */
    const struct dump_id_slot *by_id;
};

/* Says nothing about the data: a dump cut anywhere behind its contents passes. See dump_walk(). */
bool dump_toc_read(struct dump_toc *ret, const struct dump_source *src, struct arena *a,
                   struct err *e) MUST_USE;

/* NULL if there is no such entry. */
const struct dump_entry *dump_toc_find(const struct dump_toc *toc, int32_t dump_id);

/* "none", "gzip", "lz4", "zstd". */
const char *dump_compression_name(enum dump_compression c);

/* The data of a table, as opposed to large objects. */
bool dump_entry_is_table_data(const struct dump_entry *t);
/* Rows of a partition that are loaded through its root (--load-via-partition-root). */
bool dump_entry_is_via_root(const struct dump_entry *t);

/* For messages: "table 'public.t'", "entry 'x' (INDEX)"; control bytes become '?'. */
enum { DUMP_SUBJECT_MAX = 200 };
const char *dump_entry_subject(char dst[DUMP_SUBJECT_MAX], const struct dump_entry *t);

/* Does pg_restore -l (without -C) print this entry? And the line it prints, without newline. */
bool dump_entry_is_listed(const struct dump_entry *t);
void dump_entry_list(struct buf *b, const struct dump_entry *t);

#endif
