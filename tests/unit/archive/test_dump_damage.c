/* Every way to break a dump that we know, one line each: what is done and what must be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dump_read.h"

struct damage {
    const char *name;
    struct made_options o;
    void (*mutilate)(struct made *m);
    const char *expected; /* part of the message; NULL: the dump is good */
};

/* ---- header ---- */

static void empty(struct made *m)
{
    made_cut(m, 0);
}

static void only_magic(struct made *m)
{
    made_cut(m, 5);
}

static void version_17(struct made *m)
{
    m->data[6] = 17;
}

static void version_2(struct made *m)
{
    m->data[5] = 2;
    m->data[6] = 0;
}

static void version_11(struct made *m)
{
    m->data[6] = 11;
}

static void revision_255(struct made *m)
{
    m->data[7] = 255;
}

static void ints_of_0(struct made *m)
{
    m->data[8] = 0;
}

static void ints_of_33(struct made *m)
{
    m->data[8] = 33;
}

static void offsets_of_9(struct made *m)
{
    m->data[9] = 9;
}

static void format_tar(struct made *m)
{
    m->data[10] = 3;
}

static void format_7(struct made *m)
{
    m->data[10] = 7;
}

static void algorithm_4(struct made *m)
{
    m->data[11] = 4;
}

static void level_77(struct made *m)
{
    made_set_int(m, 11, 77);
}

static void month_12(struct made *m)
{
    made_set_int(m, 12 + 4 * 5, 12);
}

static void sign_byte_2(struct made *m)
{
    m->data[12] = 2;
}

static void minus_zero(struct made *m)
{
    m->data[12] = 1;
    m->data[13] = 0;
}

static void plain_sql(struct made *m)
{
    static const char text[] = "--\n-- PostgreSQL database dump\n--\n";

    m->len = 0;
    made_bytes(m, text, sizeof text - 1);
}

static void tar_file(struct made *m)
{
    memset(m->data, 0, 512);
    memcpy(m->data, "toc.dat", 7);
    memcpy(m->data + 257, "ustar", 5);
    m->len = 1024;
}

static void gzip_file(struct made *m)
{
    made_insert(m, 0, "\x1f\x8b\x08", 3);
}

static void zstd_file(struct made *m)
{
    made_insert(m, 0, "\x28\xb5\x2f\xfd", 4);
}

static void lz4_file(struct made *m)
{
    made_insert(m, 0, "\x04\x22\x4d\x18", 4);
}

static void other_file(struct made *m)
{
    m->data[3] = 'X';
}

/* ---- contents ---- */

static void cut_in_header(struct made *m)
{
    made_cut(m, 40);
}

static void cut_before_count(struct made *m)
{
    made_cut(m, m->count_at);
}

static void cut_in_contents(struct made *m)
{
    made_cut(m, m->entry[M_INDEX].deps);
}

static void count_minus_1(struct made *m)
{
    made_set_int(m, m->count_at, -1);
}

static void count_huge(struct made *m)
{
    made_set_int(m, m->count_at, INT32_MAX);
}

static void count_too_large(struct made *m)
{
    made_set_int(m, m->count_at, 5000);
}

static void count_one_more(struct made *m)
{
    made_set_int(m, m->count_at, MADE_ENTRIES + 1);
    made_bytes(m, m->data, 200); /* room enough that the promise is plausible */
}

static void count_one_less(struct made *m)
{
    made_set_int(m, m->count_at, MADE_ENTRIES - 1);
}

static void id_twice(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].start, 219);
}

static void id_zero(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].start, 0);
}

static void had_dumper_2(struct made *m)
{
    made_set_int(m, m->entry[M_T].had, 2);
}

static void section_9(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].section, 9);
}

static void section_258(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].section, 258);
}

static void desc_null(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].desc, NULL);
}

static void tag_null(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].tag, NULL);
}

static void tableoid_null(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].tableoid, NULL);
}

static void oid_null(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].oid, NULL);
}

static void with_oids_null(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].with_oids, NULL);
}

static void oid_xyz(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].oid, "xyz");
}

static void oid_too_large(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].oid, "4294967296");
}

static void oid_with_nul(struct made *m)
{
    m->data[m->entry[M_T].oid + 5 + 2] = 0;
}

static void oid_too_long(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].oid, "00000000001");
}

static void dependency_x(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].deps, "x");
}

static void dependency_too_large(struct made *m)
{
    made_set_str(m, m->entry[M_INDEX].deps, "2147483648");
}

static void nul_in_tag(struct made *m)
{
    m->data[m->entry[M_INDEX].tag + 5] = 0;
}

static void nul_in_defn(struct made *m)
{
    m->data[m->entry[M_INDEX].defn + 5] = 0;
}

static void nul_in_skipped_defn(struct made *m)
{
    m->data[m->entry[M_OBJECT].defn + 9] = 0;
}

static void string_huge(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].defn, INT32_MAX);
}

static void string_past_end(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].defn, 1000000);
}

static void tag_too_long(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].tag, 65537);
}

static void string_minus_2(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].defn, -2);
}

static void state_3_with_data(struct made *m)
{
    made_set_offset(m, m->entry[M_T].offset, 3, 0);
}

static void state_1_without_data(struct made *m)
{
    made_set_offset(m, m->entry[M_INDEX].offset, 1, 0);
}

static void state_0(struct made *m)
{
    made_set_offset(m, m->entry[M_T].offset, 0, 0);
}

static void state_4(struct made *m)
{
    made_set_offset(m, m->entry[M_T].offset, 4, 0);
}

static void position_without_state(struct made *m)
{
    made_set_offset(m, m->entry[M_T].offset, 1, 5);
}

static void position_5(struct made *m)
{
    made_set_offset(m, m->entry[M_T].offset, 2, 5);
}

static void position_far(struct made *m)
{
    made_set_offset(m, m->entry[M_T].offset, 2, UINT64_C(1) << 40);
}

static void position_negative(struct made *m)
{
    made_set_offset(m, m->entry[M_T].offset, 2, (UINT64_C(1) << 63) + 5);
}

static void position_of_another(struct made *m)
{
    made_set_offset(m, m->entry[M_T].offset, 2, m->block[1]);
}

static void had_dumper_0(struct made *m)
{
    made_set_int(m, m->entry[M_T].had, 0);
    made_set_offset(m, m->entry[M_T].offset, 3, 0);
}

static void had_dumper_1_for_index(struct made *m)
{
    made_set_int(m, m->entry[M_INDEX].had, 1);
    made_set_offset(m, m->entry[M_INDEX].offset, 1, 0);
}

/* ---- blocks ---- */

static void no_blocks(struct made *m)
{
    made_cut(m, m->block[0]);
}

static void cut_at_second_block(struct made *m)
{
    made_cut(m, m->block[1]);
}

static void cut_at_last_block(struct made *m)
{
    made_cut(m, m->block[2]);
}

static void cut_in_block_id(struct made *m)
{
    made_cut(m, m->block[0] + 3);
}

static void cut_in_chunk(struct made *m)
{
    made_cut(m, m->stream[0] + 7);
}

static void cut_in_chunk_length(struct made *m)
{
    made_cut(m, m->stream[0] + 2);
}

static void last_byte_missing(struct made *m)
{
    made_cut(m, m->len - 1);
}

static void last_int_missing(struct made *m)
{
    made_cut(m, m->len - 5);
}

static void cut_after_object(struct made *m)
{
    made_cut(m, m->len - 10);
}

static void type_0(struct made *m)
{
    m->data[m->block[0]] = 0;
}

static void type_2(struct made *m)
{
    m->data[m->block[0]] = 2;
}

static void type_4(struct made *m)
{
    m->data[m->block[0]] = 4;
}

static void type_3_for_table(struct made *m)
{
    m->data[m->block[0]] = 3;
}

static void type_1_for_objects(struct made *m)
{
    m->data[m->block[2]] = 1;
}

static void unknown_id(struct made *m)
{
    made_set_int(m, m->block[0] + 1, 3333);
}

static void block_twice(struct made *m)
{
    made_set_int(m, m->block[1] + 1, ID_T);
}

static void block_removed(struct made *m)
{
    made_remove(m, m->block[0], m->block[1] - m->block[0]);
}

static void blocks_swapped(struct made *m)
{
    unsigned char first[512];
    size_t n = m->block[1] - m->block[0];

    memcpy(first, m->data + m->block[0], n);
    made_remove(m, m->block[0], n);
    made_insert(m, m->block[2] - n, first, n);
}

static void chunk_minus_1(struct made *m)
{
    made_set_int(m, m->stream[0], -1);
}

static void chunk_huge(struct made *m)
{
    made_set_int(m, m->stream[0], INT32_MAX);
}

/* The last chunk of the first stream is not there, but the 0 that ends it is. */
static void last_chunk_removed(struct made *m)
{
    size_t at = m->stream[0];

    for (;;) {
        size_t n = 5 + (m->data[at + 1] | (size_t)m->data[at + 2] << 8);

        if (at + n == m->last_stream_end)
            break;
        at += n;
    }
    made_remove(m, at, m->last_stream_end - at);
}

static void all_chunks_removed(struct made *m)
{
    made_remove(m, m->stream[0], m->last_stream_end - m->stream[0]);
}

static void bytes_behind_in_chunk(struct made *m)
{
    made_insert(m, m->last_stream_end, "abcde", 5);
    made_set_int(m, m->stream[0], (int64_t)(m->last_stream_end - m->stream[0]));
}

static void bytes_behind_as_chunk(struct made *m)
{
    made_insert(m, m->last_stream_end, "\0\5\0\0\0abcde", 10);
}

static void content_changed(struct made *m)
{
    m->data[m->last_stream_end - 2] ^= 0x10;
}

static void not_compressed(struct made *m)
{
    memset(m->data + m->stream[0] + 5, 'x', 6);
}

static void skippable_frame(struct made *m)
{
    memcpy(m->data + m->stream[0] + 5, "\x50\x2a\x4d\x18\1\0\0\0", 8);
}

static void marker_damaged(struct made *m)
{
    m->data[m->last_stream_end - 5] = '/';
}

static void marker_without_newline(struct made *m)
{
    m->data[m->last_stream_end - 6] = 'q';
}

static void insert_marker_damaged(struct made *m)
{
    m->data[m->last_stream_end - 1] = ';';
}

static void object_twice(struct made *m)
{
    made_set_int(m, m->stream[2] + 12, 24425);
}

static void object_unknown(struct made *m)
{
    made_set_int(m, m->stream[2] - 5, 24424);
}

static void object_missing(struct made *m)
{
    made_remove(m, m->stream[2] + 12, 10); /* behind int, "z\n" and int */
}

static void objects_undeclared(struct made *m)
{
    made_set_str(m, m->entry[M_OBJECT].desc, "COMMENT");
}

static void objects_declared_badly(struct made *m)
{
    made_set_str(m, m->entry[M_OBJECT].defn, "24425\n");
}

/* ---- behind the data ---- */

static void one_byte_more(struct made *m)
{
    made_bytes(m, "x", 1);
}

static void zeros_behind(struct made *m)
{
    memset(m->data + m->len, 0, 4096);
    m->len += 4096;
}

static void twice_in_file(struct made *m)
{
    made_bytes(m, m->data, m->len);
}

static void tail_cut(struct made *m)
{
    made_cut(m, m->len - 20);
}

static void tail_changed(struct made *m)
{
    m->data[m->len - 40] ^= 1;
}

static void tail_byte_more(struct made *m)
{
    made_bytes(m, "\0", 1);
}

static void nothing(struct made *m)
{
    (void)m;
}

// clang-format off
#define OLD    {.minor = 12}
#define MID    {.minor = 14}
#define LEVEL  {.minor = 14, .compression = 1}
#define NEW    {.minor = 16}
#define FILED  {.minor = 16, .offsets = 1}
#define GZIP   {.minor = 16, .compression = 1}
#define GZIP8  {.minor = 16, .compression = 1, .chunk = 8}
#define LZ4    {.minor = 16, .compression = 2}
#define LZ4_8  {.minor = 16, .compression = 2, .chunk = 8}
#define ZSTD   {.minor = 16, .compression = 3}
#define ROWS8  {.minor = 16, .chunk = 4}
#define TAIL   {.minor = 16, .tail = 1}
#define STATS  {.minor = 16, .tail = 1, .statistics = 1}

static const struct damage damages[] = {
    {"a dump of 9.0 is read", OLD, nothing, NULL},
    {"a dump of 11 is read", {.minor = 13}, nothing, NULL},
    {"a dump of 15 is read", MID, nothing, NULL},
    {"a dump of 15 with zlib is read", LEVEL, nothing, NULL},
    {"a dump of 16 is read", {.minor = 15}, nothing, NULL},
    {"a dump of 16 with lz4 is read", {.minor = 15, .compression = 2}, nothing, NULL},
    {"a dump of 17 is read", NEW, nothing, NULL},
    {"a dump of 17 with positions is read", FILED, nothing, NULL},
    {"a dump with offsets of 4 bytes is read", {.offset_size = 4, .offsets = 1}, nothing, NULL},
    {"gzip is read", GZIP, nothing, NULL},
    {"gzip in chunks of a byte is read", {.compression = 1, .chunk = 1}, nothing, NULL},
    {"lz4 is read", LZ4, nothing, NULL},
    {"lz4 in chunks of a byte is read", {.compression = 2, .chunk = 1}, nothing, NULL},
    {"zstd is refused", ZSTD, nothing, "the dump is compressed with zstd, which cannot be read here"},

    {"an empty file is refused", NEW, empty, "dump is truncated: the file is empty"},
    {"the magic alone is refused", NEW, only_magic, "dump is truncated: the header is cut off by the end of the file at byte 5"},
    {"version 1.17 is refused", NEW, version_17, "unsupported archive version 1.17.0"},
    {"version 2.0 is refused", NEW, version_2, "unsupported archive version 2.0.0"},
    {"version 1.11 is refused", NEW, version_11, "unsupported archive version 1.11.0"},
    {"revision 255 is refused", NEW, revision_255, "unsupported archive version 1.16.255"},
    {"integers of 0 bytes are refused", NEW, ints_of_0, "dump is damaged: integers of 0 bytes"},
    {"integers of 33 bytes are refused", NEW, ints_of_33, "dump is damaged: integers of 33 bytes"},
    {"offsets of 9 bytes are refused", NEW, offsets_of_9, "dump is damaged: offsets of 9 bytes"},
    {"tar or directory format is named", NEW, format_tar, "not a dump in custom format but in tar or directory format"},
    {"an unknown format is refused", NEW, format_7, "dump is damaged: unknown format 7"},
    {"an unknown compression is refused", NEW, algorithm_4, "unknown compression 4 in the header of the dump"},
    {"a wild compression level is refused", MID, level_77, "dump is damaged: compression level 77"},
    {"a thirteenth month is refused", NEW, month_12, "dump is damaged: the header has an impossible time of creation"},
    {"a sign byte of 2 is refused", NEW, sign_byte_2, "the header has a number with a wrong sign byte at byte 12"},
    {"minus zero is refused", NEW, minus_zero, "the header has a number that is minus zero at byte 12"},
    {"a plain dump is named", NEW, plain_sql, "not a dump in custom format but a plain SQL dump"},
    {"a tar file is named", NEW, tar_file, "not a dump in custom format but a tar file"},
    {"a gzip file is named", NEW, gzip_file, "not a dump in custom format but a gzip file"},
    {"a zstd file is named", NEW, zstd_file, "not a dump in custom format but a zstd file"},
    {"an lz4 file is named", NEW, lz4_file, "not a dump in custom format but an lz4 file"},
    {"any other file is refused", NEW, other_file, "not a dump of pg_dump: it does not start with 'PGDMP'"},

    {"a cut in the header is found", NEW, cut_in_header, "dump is truncated: the header is cut off by the end of the file at byte 40"},
    {"a cut before the contents is found", NEW, cut_before_count, "dump is truncated: the table of contents is cut off"},
    {"a cut in the contents is found", NEW, cut_in_contents, "dump is truncated: entry 8 of 8 of the contents is cut off"},
    {"a count of -1 is refused", NEW, count_minus_1, "dump is damaged: its contents promise -1 entries"},
    {"a count of 2^31-1 is refused", NEW, count_huge, "dump is damaged: its contents promise 2147483647 entries"},
    {"a count past the end is refused", NEW, count_too_large, "dump is truncated: its contents promise 5000 entries, but"},
    {"a count one too large is refused", NEW, count_one_more, "dump is damaged: entry 9 of 9 of the contents has"},
    {"a count one too small is refused", NEW, count_one_less, "dump is damaged: no data block starts at byte"},
    {"a dump id used twice is refused", NEW, id_twice, "dump is damaged: two entries have the dump id 219"},
    {"a dump id of 0 is refused", NEW, id_zero, "has a dump id that is not positive"},
    {"a flag of 2 is refused", NEW, had_dumper_2, "entry 3 of 8 of the contents has a flag that is neither 0 nor 1"},
    {"section 9 is refused", NEW, section_9, "has an unknown section"},
    {"section 258 is not taken for 2", NEW, section_258, "has an unknown section"},
    {"a missing kind is refused", NEW, desc_null, "has an object without a name or kind"},
    {"a missing tag is refused", NEW, tag_null, "has an object without a name or kind"},
    {"a missing tableoid is refused", NEW, tableoid_null, "has an object without an OID"},
    {"a missing oid is refused", NEW, oid_null, "has an object without an OID"},
    {"a missing OIDs flag is refused", NEW, with_oids_null, "has an object without its OIDs flag"},
    {"an oid that is no number is refused", NEW, oid_xyz, "has an identifier that is not a number"},
    {"an oid of 2^32 is refused", NEW, oid_too_large, "has an identifier that is not a number"},
    {"an oid with a zero byte is refused", NEW, oid_with_nul, "has an identifier that is not a number"},
    {"an oid of 11 digits is refused", NEW, oid_too_long, "has a string that is too long"},
    {"a dependency that is no number is refused", NEW, dependency_x, "has an identifier that is not a number"},
    {"a dependency of 2^31 is refused", NEW, dependency_too_large, "has an identifier that is not a number"},
    {"a zero byte in a tag is refused", NEW, nul_in_tag, "has a string with a zero byte in it"},
    {"a zero byte in a definition is refused", NEW, nul_in_defn, "has a string with a zero byte in it"},
    {"a zero byte in a skipped definition is refused", OLD, nul_in_skipped_defn, "has a string with a zero byte in it"},
    {"a string of 2^31-1 bytes is refused", NEW, string_huge, "has a string that is too long"},
    {"a string past the end is refused", NEW, string_past_end, "dump is truncated: entry 8 of 8 of the contents is cut off"},
    {"a tag of 64 kB is refused", NEW, tag_too_long, "has a string that is too long"},
    {"a string of -2 bytes is refused", NEW, string_minus_2, "has a string with a negative length"},
    {"no data for an entry with data is refused", NEW, state_3_with_data, "has an object whose data is both promised and denied"},
    {"data for an entry without is refused", NEW, state_1_without_data, "has an object whose data is both promised and denied"},
    {"state 0 is refused", NEW, state_0, "has an unknown state of a data position"},
    {"state 4 is refused", NEW, state_4, "has an unknown state of a data position"},
    {"a position that is not set is refused", NEW, position_without_state, "has a data position where there should be none"},
    {"a position in the header is refused", FILED, position_5, "dump is damaged: table 'public.t' is said to be at byte 5, but data starts at byte"},
    {"a position past the end is refused", FILED, position_far, "dump is truncated: table 'public.t' is at byte 1099511627776, but the file ends at byte"},
    {"a negative position is refused", FILED, position_negative, "dump is damaged: table 'public.t' is said to be at byte 9223372036854775813, but"},
    {"another table's position is refused", FILED, position_of_another, "(dump id 3470) is not where the contents say"},
    {"a block of an entry without data is refused", NEW, had_dumper_0, "(dump id 3470) belongs to an entry without data"},
    {"an entry without its block is refused", NEW, had_dumper_1_for_index, "dump is incomplete: 1 of 4 data blocks are missing, the first is of table 'public.t_idx'"},

    {"a dump without its data is refused", NEW, no_blocks, "dump is incomplete: 3 of 3 data blocks are missing, the first is of table 'public.t'"},
    {"a cut at the second block is found", NEW, cut_at_second_block, "dump is incomplete: 2 of 3 data blocks are missing, the first is of table 'public.u?v'"},
    {"a cut at the last block is found", NEW, cut_at_last_block, "dump is incomplete: 1 of 3 data blocks are missing, the first is of large objects '24425..4294967295'"},
    {"a cut with positions is found", FILED, cut_at_last_block, "dump is truncated: large objects '24425..4294967295' is at byte"},
    {"a cut in the id of a block is found", NEW, cut_in_block_id, "dump is truncated: a data block is cut off by the end of the file"},
    {"a cut in a chunk is found", NEW, cut_in_chunk, "dump is truncated: table 'public.t' ends inside its data (block at byte"},
    {"a cut in a length is found", NEW, cut_in_chunk_length, "dump is truncated: table 'public.t' ends inside its data (block at byte"},
    {"a missing last byte is found", NEW, last_byte_missing, "dump is truncated: large objects '24425..4294967295' ends inside its data"},
    {"five missing bytes are found", NEW, last_int_missing, "dump is truncated: large objects '24425..4294967295' ends inside its data"},
    {"a cut after an object's OID is found", NEW, cut_after_object, "dump is truncated: large object 4294967295 ends inside its data"},
    {"a block of type 0 is refused", NEW, type_0, "dump is damaged: no data block starts at byte"},
    {"a block of type 2 is refused", NEW, type_2, "dump is damaged: no data block starts at byte"},
    {"a block of type 4 is refused", NEW, type_4, "dump is damaged: no data block starts at byte"},
    {"large objects in place of a table are refused", NEW, type_3_for_table, "(dump id 3470) has the wrong type"},
    {"a table in place of large objects is refused", NEW, type_1_for_objects, "(dump id 3480) has the wrong type"},
    {"a block of an unknown id is refused", NEW, unknown_id, "(dump id 3333) has an unknown dump id"},
    {"a second block of a table is refused", NEW, block_twice, "(dump id 3470) is the second one of its entry"},
    {"a removed block is found", NEW, block_removed, "dump is incomplete: 1 of 3 data blocks are missing, the first is of table 'public.t'"},
    {"swapped blocks do no harm", NEW, blocks_swapped, NULL},
    {"swapped blocks with positions are refused", FILED, blocks_swapped, "is not where the contents say"},
    {"a chunk of -1 bytes is refused", NEW, chunk_minus_1, "dump is damaged: table 'public.t' has a chunk with a negative length"},
    {"a chunk of 2^31-1 bytes is refused", NEW, chunk_huge, "dump is truncated: table 'public.t' ends inside its data"},

    {"a removed last chunk is found", ROWS8, last_chunk_removed, "dump is damaged: table 'public.t' lacks the end marker of its data, after 12 bytes"},
    {"a removed last chunk of gzip is found", GZIP8, last_chunk_removed, "table 'public.t' has bad compressed data (compressed data that does not end properly)"},
    {"a removed last chunk of lz4 is found", LZ4_8, last_chunk_removed, "table 'public.t' has bad compressed data (compressed data that does not end properly)"},
    {"removed chunks are found", NEW, all_chunks_removed, "dump is damaged: table 'public.t' lacks the end marker of its data, after 0 bytes"},
    {"removed chunks of gzip are found", GZIP, all_chunks_removed, "has bad compressed data (compressed data that does not end properly)"},
    {"removed chunks of lz4 are found", LZ4, all_chunks_removed, "has bad compressed data (compressed data that does not end properly)"},
    {"bytes behind the end of gzip are refused", GZIP, bytes_behind_in_chunk, "has bad compressed data (bytes behind the end of its compressed data)"},
    {"a chunk behind the end of gzip is refused", GZIP, bytes_behind_as_chunk, "has bad compressed data (bytes behind the end of its compressed data)"},
    {"bytes behind the end of lz4 are refused", LZ4, bytes_behind_in_chunk, "has bad compressed data (bytes behind the end of its compressed data)"},
    {"a chunk behind the end of lz4 is refused", LZ4, bytes_behind_as_chunk, "has bad compressed data (bytes behind the end of its compressed data)"},
    {"bytes behind the end marker are refused", NEW, bytes_behind_as_chunk, "lacks the end marker of its data"},
    {"a flipped bit in gzip is found", GZIP, content_changed, "has bad compressed data (incorrect data check)"},
    {"rubbish instead of gzip is refused", GZIP, not_compressed, "has bad compressed data (incorrect header check)"},
    {"rubbish instead of lz4 is refused", LZ4, not_compressed, "has bad compressed data (compressed data that is not an lz4 frame)"},
    {"a frame that lz4 would skip is refused", LZ4, skippable_frame, "has bad compressed data (compressed data that is not an lz4 frame)"},
    {"a damaged end marker is found", NEW, marker_damaged, "dump is damaged: table 'public.t' lacks the end marker of its data, after 14 bytes"},
    {"an end marker inside a row is none", NEW, marker_without_newline, "lacks the end marker of its data"},
    {"inserts without their end are found", {.inserts = 1}, insert_marker_damaged, "lacks the end marker of its data"},
    {"an object that is there twice is refused", NEW, object_twice, "dump is damaged: large object 24425 is in it twice"},
    {"an object that nobody declared is refused", NEW, object_unknown, "dump is damaged: large object 24424 is not in its table of contents"},
    {"an object that nobody declared is refused in 15", MID, object_unknown, "dump is damaged: large object 24424 is not in its table of contents"},
    {"a missing object is found", NEW, object_missing, "dump is damaged: large object 4294967295 has no data"},
    {"a missing object is found in 15", MID, object_missing, "dump is damaged: large object 4294967295 has no data"},
    {"objects without any declaration are read", NEW, objects_undeclared, NULL},
    {"an object missing in its group is found", NEW, objects_declared_badly, "dump is damaged: large object 4294967295 is not in its table of contents"},

    {"a byte behind the end is refused", NEW, one_byte_more, "dump is damaged: trailing data after its end at byte"},
    {"a byte behind the end is refused with positions", FILED, one_byte_more, "dump is damaged: trailing data after its end at byte"},
    {"a zero byte behind positions is no cut tail", FILED, tail_byte_more, "dump is damaged: trailing data after its end at byte"},
    {"4,096 zeros behind the end are refused", NEW, zeros_behind, "dump is damaged: trailing data after its end at byte"},
    {"two dumps in one file are refused", NEW, twice_in_file, "dump is damaged: trailing data after its end at byte"},
    {"a second contents is read", TAIL, nothing, NULL},
    {"a second contents without statistics is read", STATS, nothing, NULL},
    {"a cut second contents is read", TAIL, tail_cut, NULL},
    {"a cut second contents without statistics is read", STATS, tail_cut, NULL},
    {"a changed second contents is refused", TAIL, tail_changed, "dump is damaged: trailing data after its end at byte"},
    {"a changed second contents without statistics is refused", STATS, tail_changed, "dump is damaged: trailing data after its end at byte"},
    {"a byte behind the second contents is refused", TAIL, tail_byte_more, "dump is damaged: trailing data after its end at byte"},
};
// clang-format on

static void run_damage(void **state)
{
    const struct damage *d = *state;
    struct made *m = dump_make(d->o);
    struct reading r;

    d->mutilate(m);
    read_made(&r, m);
    if (d->expected && (r.ok || r.e.code != E_DATA || !strstr(r.e.text, d->expected)))
        fail_msg("%s: '%s' (code %d), not '%s'", r.ok ? "accepted" : "refused", r.e.text,
                 (int)r.e.code, d->expected);
    if (!d->expected && !r.ok)
        fail_msg("refused: '%s'", r.e.text);
    reading_release(&r);
    free(m);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(damages)];

    for (size_t i = 0; i < ARRAY_LEN(damages); i++)
        tests[i] = (struct CMUnitTest){.name = damages[i].name,
                                       .test_func = run_damage,
                                       .initial_state = (void *)(uintptr_t)&damages[i]};
    return _cmocka_run_group_tests("damage", tests, ARRAY_LEN(damages), NULL, NULL);
}
