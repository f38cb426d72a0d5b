/*
 * dumpls.c - look at a dump with our own reader, for the integration tests.
 *
 *   dumpls list FILE              what pg_restore -l prints, without its header
 *   dumpls facts FILE             header, one fact a line
 *   dumpls rows FILE              "schema.table<TAB>rows" in the order of the contents, then
 * objects dumpls hop FILE               the walk without decoding: only the verdict dumpls speed
 * FILE             seconds and MB/s of three walks dumpls cuts FILE SEED COUNT   cut at every block
 * and at COUNT random places: who is accepted dumpls flips FILE SEED COUNT  one bit flipped in the
 * data, COUNT times: who is accepted
 *
 * Exit status: 0 fine, 1 refused (message on stderr) or, for cuts and flips, something accepted.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "archive/dump_toc.h"
#include "archive/dump_walk.h"
#include "common/arena.h"
#include "common/io.h"

struct input {
    const char *path;
    struct dump_source src;
    unsigned seed;
    long count;
    struct arena *a;
};

static int refused(const struct err *e)
{
    (void)fprintf(stderr, "dumpls: %s\n", e->text);
    if (e->detail[0])
        (void)fprintf(stderr, "detail: %s\n", e->detail);
    if (e->hint[0])
        (void)fprintf(stderr, "hint: %s\n", e->hint);
    return 1;
}

static bool read_all(const struct dump_source *src, const struct dump_walk_options *o,
                     struct dump_report *r, struct arena *a, struct err *e)
{
    struct dump_toc toc;

    return dump_toc_read(&toc, src, a, e) && dump_walk(r, src, &toc, o, a, e);
}

static int cmd_list(const struct input *in)
{
    struct dump_toc toc;
    struct err e = {0};

    if (!dump_toc_read(&toc, &in->src, in->a, &e))
        return refused(&e);
    for (size_t i = 0; i < toc.entry_count; i++) {
        AUTO_BUF struct buf line = BUF_INIT(BUF_TEXT_MAX);

        if (!dump_entry_is_listed(&toc.entries[i]))
            continue;
        dump_entry_list(&line, &toc.entries[i]);
        (void)puts(buf_str(&line));
    }
    return 0;
}

static int cmd_facts(const struct input *in)
{
    struct dump_toc toc;
    const struct dump_header *h = &toc.header;
    struct err e = {0};
    char when[64];

    if (!dump_toc_read(&toc, &in->src, in->a, &e))
        return refused(&e);
    (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &h->created);
    (void)printf("version 1.%d\ncompression %s\ncreated %s\ndatabase %s\nserver %s\npg_dump %s\n"
                 "entries %zu\nblocks %zu\n",
                 h->minor, dump_compression_name(h->compression), when, h->dbname,
                 h->server_version, h->dump_version, toc.entry_count, toc.data_count);
    return 0;
}

static int cmd_rows(const struct input *in)
{
    static const struct dump_walk_options decode;
    struct dump_report r;
    struct err e = {0};

    if (!read_all(&in->src, &decode, &r, in->a, &e))
        return refused(&e);
    for (size_t i = 0; i < r.table_count; i++) {
        const struct dump_table *t = &r.tables[i];

        (void)printf("%s.%s\t", t->namespace ? t->namespace : "", t->tag);
        if (t->rows_known)
            (void)printf("%" PRIu64 "%s\n", t->rows, t->via_root ? " (via root)" : "");
        else
            (void)printf("?%s\n", t->via_root ? " (via root)" : "");
    }
    (void)printf("objects\t%zu\nobject bytes\t%" PRIu64 "\n", r.object_count, r.object_bytes);
    (void)printf("verdict\t%s%s\n", r.verdict == DUMP_COMPLETE ? "complete" : "tail cut",
                 r.has_tail ? " (tail)" : "");
    return 0;
}

static int cmd_hop(const struct input *in)
{
    static const struct dump_walk_options hop = {.without_decoding = true};
    struct dump_report r;
    struct err e = {0};

    if (!read_all(&in->src, &hop, &r, in->a, &e))
        return refused(&e);
    (void)puts(r.verdict == DUMP_COMPLETE ? "complete" : "tail cut");
    return 0;
}

static int cmd_speed(const struct input *in)
{
    const struct dump_walk_options walks[] = {{0}, {0}, {.without_decoding = true}};
    static const char *const names[] = {"full", "full", "hop"};

    for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
        uint64_t start = io_now_ms();
        struct dump_report r;
        struct err e = {0};
        double ms;

        if (!read_all(&in->src, &walks[i], &r, in->a, &e))
            return refused(&e);
        ms = (double)(io_now_ms() - start) + 0.5;
        (void)printf("%s: %.0f ms, file %.0f MB/s, decoded %.0f MB/s, %" PRIu64 " rows\n", names[i],
                     ms, (double)in->src.size_bytes / 1e3 / ms, (double)r.data_bytes / 1e3 / ms,
                     r.rows);
    }
    return 0;
}

/* A source whose byte `flip_at` reads differently. */
static struct {
    struct dump_source inner;
    uint64_t at;
    unsigned char mask;
} flip;

static ssize_t read_flipped(const struct dump_source *s, void *dst, size_t len, uint64_t offset)
{
    ssize_t n = flip.inner.read_at(&flip.inner, dst, len, offset);

    (void)s;
    if (n > 0 && flip.at >= offset && flip.at < offset + (uint64_t)n)
        ((unsigned char *)dst)[flip.at - offset] ^= flip.mask;
    return n;
}

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* A checksum of everything that is decoded, and where it belongs. */
static bool sum_object(void *arg, uint32_t oid, struct err *e)
{
    uLong *sum = arg;

    (void)e;
    *sum = crc32(*sum, (const Bytef *)&oid, sizeof oid);
    return true;
}

static bool sum_table(void *arg, const struct dump_entry *t, struct err *e)
{
    return sum_object(arg, (uint32_t)t->dump_id, e);
}

static bool sum_data(void *arg, const unsigned char *data, size_t len, struct err *e)
{
    uLong *sum = arg;

    (void)e;
    *sum = crc32_z(*sum, data, len);
    return true;
}

/* Is it refused, and as a damaged dump? If not, *ret_sum is the checksum of what was read. */
static bool is_refused(const struct dump_source *src, uint64_t at, uLong *ret_sum)
{
    const struct dump_sink sink = {
        .table_begin = sum_table, .object_begin = sum_object, .data = sum_data, .arg = ret_sum};
    const struct dump_walk_options decode = {.sink = &sink};
    AUTO_ARENA struct arena *a = arena_new();
    struct dump_report r;
    struct err e = {0};

    *ret_sum = 0;
    if (read_all(src, &decode, &r, a, &e))
        return false;
    if (e.code == E_DATA)
        return true;
    (void)printf("at byte %" PRIu64 ": error %d: %s\n", at, (int)e.code, e.text);
    return false;
}

static bool cut_is_refused(const struct input *in, uint64_t at)
{
    struct dump_source cut = in->src;
    uLong sum;

    cut.size_bytes = at;
    if (is_refused(&cut, at, &sum))
        return true;
    (void)printf("accepted: cut at byte %" PRIu64 "\n", at);
    return false;
}

static int cmd_cuts(const struct input *in)
{
    static const struct dump_walk_options decode;
    uint64_t state = in->seed;
    struct dump_report whole;
    struct dump_toc toc;
    struct err e = {0};
    long tried = 0;
    long good = 0;

    if (!dump_toc_read(&toc, &in->src, in->a, &e) ||
        !dump_walk(&whole, &in->src, &toc, &decode, in->a, &e))
        return refused(&e);
    for (size_t i = 0; i < whole.table_count; i++, tried++)
        good += cut_is_refused(in, whole.tables[i].position);
    for (size_t i = 0; i < toc.entry_count; i++) {
        if (toc.entries[i].offset_state != DUMP_OFFSET_SET)
            continue;
        good += cut_is_refused(in, toc.entries[i].position); /* of large objects too */
        tried++;
    }
    for (long i = 0; i < in->count; i++, tried++)
        good += cut_is_refused(in, next_random(&state) % in->src.size_bytes);
    (void)printf("%ld of %ld refused\n", good, tried);
    return good == tried ? 0 : 1;
}

static int cmd_flips(const struct input *in)
{
    struct dump_source src = in->src;
    uint64_t state = in->seed;
    struct dump_toc toc;
    struct err e = {0};
    uLong want;
    uLong got;
    long good = 0;
    long harmless = 0;

    if (!dump_toc_read(&toc, &in->src, in->a, &e))
        return refused(&e);
    (void)is_refused(&in->src, 0, &want);
    src.read_at = read_flipped;
    flip.inner = in->src;
    for (long i = 0; i < in->count; i++) {
        flip.at = toc.data_at + next_random(&state) % (in->src.size_bytes - toc.data_at);
        flip.mask = (unsigned char)(1 + next_random(&state) % 255);
        if (is_refused(&src, flip.at, &got))
            good++;
        else if (got == want)
            harmless++;
        else
            (void)printf("accepted: byte %" PRIu64 " changed by %02x\n", flip.at, flip.mask);
    }
    (void)printf("%ld refused, %ld harmless, of %ld\n", good, harmless, in->count);
    return good + harmless == in->count ? 0 : 1;
}

static const struct {
    const char *name;
    int (*run)(const struct input *in);
} commands[] = {
    {"list", cmd_list},   {"facts", cmd_facts}, {"rows", cmd_rows},   {"hop", cmd_hop},
    {"speed", cmd_speed}, {"cuts", cmd_cuts},   {"flips", cmd_flips},
};

int main(int argc, char **argv)
{
    AUTO_ARENA struct arena *a = arena_new();
    AUTO_FD int fd = -1;
    struct input in = {.a = a};
    struct err e = {0};

    if (argc != 3 && argc != 5) {
        (void)fprintf(stderr,
                      "usage: dumpls list|facts|rows|hop|speed|cuts|flips FILE [SEED COUNT]\n");
        return 64;
    }
    in.path = argv[2];
    in.seed = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1;
    in.count = argc > 4 ? strtol(argv[4], NULL, 10) : 100;
    fd = open(in.path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !dump_source_fd(&in.src, fd, &e)) {
        (void)fprintf(stderr, "dumpls: cannot open '%s'\n", in.path);
        return 66;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(&in);
    }
    return 64;
}
