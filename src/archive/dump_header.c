/*
 * The first bytes of a dump: what wrote it, when, and how its data is compressed.
 *
 * People hand over the wrong file more often than a damaged one, so a file that is not a custom
 * dump is named for what it is.
 */
#include "dump_priv.h"

#include <inttypes.h>
#include <string.h>

enum {
    FORMAT_CUSTOM = 1,
    FORMAT_TAR = 3, /* also what toc.dat of a directory says */
    MINOR_MIN = 12,
    MINOR_MAX = 16,
    MINOR_ALGORITHM = 15, /* from here on the algorithm instead of the level */
    NAME_MAX_BYTES = 64 * 1024,
    TAR_MAGIC_AT = 257,
    TAR_HEADER = 512,
};

static const char magic[] = "PGDMP";

struct lookalike {
    size_t at;
    const char *bytes;
    size_t len;
    const char *text;
    const char *hint;
};

#define LIKE_CUSTOM "make the dump with 'pg_dump -Fc'"
static const struct lookalike lookalikes[] = {
    {0, "--\n-- PostgreSQL database", 25, "a plain SQL dump",
     "restore it with 'psql -f FILE', or " LIKE_CUSTOM},
    {TAR_MAGIC_AT, "ustar", 5, "a tar file", LIKE_CUSTOM},
    {0, "\x1f\x8b", 2, "a gzip file", "unpack it first: 'gzip -d FILE'"},
    {0, "\x28\xb5\x2f\xfd", 4, "a zstd file", "unpack it first: 'zstd -d FILE'"},
    {0, "\x04\x22\x4d\x18", 4, "an lz4 file", "unpack it first: 'lz4 -d FILE'"},
};
#undef LIKE_CUSTOM

const char *dump_compression_name(enum dump_compression c)
{
    static const char *const names[] = {"none", "gzip", "lz4", "zstd"};

    return names[c];
}

static bool not_custom(const struct dump_source *src, struct err *e)
{
    unsigned char head[TAR_HEADER];
    ssize_t got = src->read_at(src, head, sizeof head, 0);

    for (size_t i = 0; i < ARRAY_LEN(lookalikes); i++) {
        const struct lookalike *l = &lookalikes[i];

        if (got >= (ssize_t)(l->at + l->len) && memcmp(head + l->at, l->bytes, l->len) == 0) {
            (void)err_set(e, E_DATA, "not a dump in custom format but %s", l->text);
            return err_hint(e, "%s", l->hint);
        }
    }
    return err_set(e, E_DATA, "not a dump of pg_dump: it does not start with '%s'", magic);
}

static bool magic_read(struct dump_in *in, struct err *e)
{
    char head[sizeof magic - 1] = "";
    uint64_t size = in->src->size_bytes;
    size_t len = size < sizeof head ? (size_t)size : sizeof head;

    if (size == 0)
        return err_set(e, E_DATA, "dump is truncated: the file is empty");
    dump_in_copy(in, head, len);
    if (in->fault != DUMP_OK)
        return dump_in_report(in, "the header", e);
    if (memcmp(head, magic, len) != 0)
        return not_custom(in->src, e);
    return true;
}

static bool version_read(struct dump_in *in, struct dump_header *h, struct err *e)
{
    unsigned major = dump_in_byte(in);
    unsigned minor = dump_in_byte(in);
    unsigned revision = dump_in_byte(in);

    if (in->fault != DUMP_OK)
        return dump_in_report(in, "the header", e);
    if (major != 1 || minor < MINOR_MIN || minor > MINOR_MAX || revision != 0) {
        (void)err_set(e, E_DATA, "unsupported archive version %u.%u.%u", major, minor, revision);
        return err_detail(e, "versions 1.%d.0 to 1.%d.0 are known (PostgreSQL 9.0 to 18)",
                          MINOR_MIN, MINOR_MAX);
    }
    h->minor = (int)minor;
    return true;
}

static bool layout_read(struct dump_in *in, struct dump_header *h, struct err *e)
{
    unsigned int_size = dump_in_byte(in);
    unsigned offset_size = dump_in_byte(in);
    unsigned format = dump_in_byte(in);

    if (in->fault != DUMP_OK)
        return dump_in_report(in, "the header", e);
    if (int_size != 4)
        return err_set(e, E_DATA, "dump is damaged: integers of %u bytes", int_size);
    if (offset_size != 4 && offset_size != 8)
        return err_set(e, E_DATA, "dump is damaged: offsets of %u bytes", offset_size);
    if (format == FORMAT_TAR) {
        (void)err_set(e, E_DATA, "not a dump in custom format but in tar or directory format");
        return err_hint(e, "make the dump with 'pg_dump -Fc'");
    }
    if (format != FORMAT_CUSTOM)
        return err_set(e, E_DATA, "dump is damaged: unknown format %u", format);
    h->offset_size = (int)offset_size;
    return true;
}

static bool compression_read(struct dump_in *in, struct dump_header *h, struct err *e)
{
    int value;

    if (h->minor >= MINOR_ALGORITHM) {
        value = (int)dump_in_byte(in);
        h->level = DUMP_LEVEL_UNKNOWN;
        if (value > DUMP_ZSTD)
            return err_set(e, E_DATA, "unknown compression %d in the header of the dump", value);
        h->compression = (enum dump_compression)value;
        return true;
    }
    value = dump_in_int(in);
    if (value < -1 || value > 9)
        return err_set(e, E_DATA, "dump is damaged: compression level %d", value);
    h->level = value;
    h->compression = value == 0 ? DUMP_NONE : DUMP_GZIP;
    return true;
}

static int ranged(struct dump_in *in, int lo, int hi)
{
    int v = dump_in_int(in);

    if (v < lo || v > hi)
        dump_in_bad(in, "an impossible time of creation");
    return v;
}

static void created_read(struct dump_in *in, struct tm *tm)
{
    tm->tm_sec = ranged(in, 0, 61);
    tm->tm_min = ranged(in, 0, 59);
    tm->tm_hour = ranged(in, 0, 23);
    tm->tm_mday = ranged(in, 0, 31); /* a fault yields 0 */
    tm->tm_mon = ranged(in, 0, 11);
    tm->tm_year = ranged(in, 0, 10000);
    tm->tm_isdst = ranged(in, -1, 1);
}

bool dump_header_read(struct dump_in *in, struct dump_header *h, struct arena *a, struct err *e)
{
    *h = (struct dump_header){0};
    if (!magic_read(in, e) || !version_read(in, h, e) || !layout_read(in, h, e) ||
        !compression_read(in, h, e))
        return false;
    created_read(in, &h->created);
    h->dbname = dump_in_string(in, a, NAME_MAX_BYTES, NULL);
    h->server_version = dump_in_string(in, a, NAME_MAX_BYTES, NULL);
    h->dump_version = dump_in_string(in, a, NAME_MAX_BYTES, h->server_version);
    return in->fault == DUMP_OK ? true : dump_in_report(in, "the header", e);
}
