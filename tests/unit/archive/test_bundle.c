#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/bundle.h"
#include "common/buf.h"
#include "common/io.h"
#include "common/stop.h"

static char dir[64];
static struct arena *arena;
static int dump_fd;
static const char *path; /* of a good bundle */
static struct buf good = BUF_INIT(10000000);

static const char database_json[] = "{\"owner\": \"app\"}\n";
static const char dump[] = "PGDMP not a real dump, but long enough to have some bytes to change";

static const struct manifest_table tables[] = {{"public", "t", 3}};

static struct manifest sample(void)
{
    return (struct manifest){
        .tool_version = "0.1.0",
        .job = "night/ly",
        .run = "a1b2",
        .created = 1795000000,
        .source_database = "../a b",
        .section = "all",
        .tables = tables,
        .table_count = 1,
    };
}

static int memory_file(const void *data, size_t len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0 && io_write_full(fd, data, len));
    return fd;
}

static bool write_bundle(const char *in, const char **ret_path, struct err *e)
{
    struct manifest m = sample();
    const struct bundle_write_options o = {
        .dir = in,
        .manifest = &m,
        .database_json = database_json,
        .dump_fd = dump_fd,
        .dump_size_bytes = sizeof dump - 1,
    };

    return bundle_write(&o, arena, ret_path, e);
}

static unsigned files_in_dir(void)
{
    DIR *d = opendir(dir);
    unsigned n = 0;

    while (readdir(d))
        n++;
    (void)closedir(d);
    return n - 2;
}

static int set_up(void **state)
{
    struct err e = {0};

    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/pgm_bundle_XXXXXX");
    assert_non_null(mkdtemp(dir));
    arena = arena_new();
    dump_fd = memory_file(dump, sizeof dump - 1);
    if (!write_bundle(dir, &path, &e))
        fail_msg("%s", e.text);
    buf_clear(&good);
    return io_read_file(path, &good, &e) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    arena_free(arena);
    io_close(&dump_fd);
    buf_release(&good);
    return rmdir(dir);
}

/* Would this file be restored? */
static bool is_accepted(const char *file, struct err *e)
{
    AUTO_BUNDLE struct bundle b = BUNDLE_INIT;

    return bundle_open(&b, file, e) && bundle_verify(&b, NULL, e);
}

static void put_file(const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    assert_true(fd >= 0 && io_write_full(fd, data, len));
    (void)close(fd);
}

static void a_bundle_is_read_back_as_it_was_written(void **state)
{
    AUTO_BUNDLE struct bundle b = BUNDLE_INIT;
    AUTO_BUF struct buf copy = BUF_INIT(100000);
    AUTO_FD int out = memory_file("", 0);
    struct err e = {0};

    (void)state;
    if (!bundle_open(&b, path, &e) || !bundle_verify(&b, NULL, &e))
        fail_msg("%s", e.text);
    assert_string_equal(b.database_json, database_json);
    assert_string_equal(b.manifest.source_database, "../a b");
    assert_int_equal(b.manifest.tables[0].rows, 3);
    assert_int_equal(b.dump_size_bytes, sizeof dump - 1);
    assert_memory_equal(good.data + b.dump_offset, dump, sizeof dump - 1);
    assert_true(bundle_extract(&b, out, NULL, &e));
    assert_int_equal(lseek(out, 0, SEEK_SET), 0);
    assert_true(io_read_fd(out, "copy", &copy, &e));
    assert_string_equal(buf_str(&copy), dump);
}

static void the_name_is_safe_and_the_mode_0600(void **state)
{
    struct stat st;

    (void)state;
    assert_string_equal(path + strlen(dir), "/night_ly-_._a_b-20261118T110640Z-a1b2.pgmirror.tar");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void an_existing_bundle_is_not_replaced(void **state)
{
    struct err e = {0};
    const char *again;

    (void)state;
    assert_false(write_bundle(dir, &again, &e));
    assert_int_equal(e.code, E_CREATE);
    assert_non_null(strstr(e.text, "keep the dump: cannot create '"));
    assert_true(is_accepted(path, &e));
    assert_int_equal(files_in_dir(), 1); /* no temporary is left */
}

static void a_missing_directory_is_told(void **state)
{
    struct err e = {0};
    const char *again;

    (void)state;
    assert_false(write_bundle("/nonexistent", &again, &e));
    assert_int_equal(e.code, E_CREATE);
    assert_string_equal(e.text, "keep the dump: cannot create a file in '/nonexistent': No such "
                                "file or directory");
}

static void a_dump_that_is_shorter_than_said_is_not_kept(void **state)
{
    AUTO_FD int fd = memory_file(dump, 10);
    struct manifest m = sample();
    const struct bundle_write_options o = {
        .dir = dir, .manifest = &m, .database_json = "{}", .dump_fd = fd, .dump_size_bytes = 11};
    const char *again;
    struct err e = {0};

    (void)state;
    m.run = "other";
    assert_false(bundle_write(&o, arena, &again, &e));
    assert_int_equal(e.code, E_IO);
    assert_string_equal(e.text, "keep the dump: the dump became shorter while it was read");
}

static void without_room_nothing_is_kept(void **state)
{
    struct rlimit old;
    struct rlimit small;
    struct err e = {0};
    const char *again;

    (void)state;
    (void)unlink(path);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (small = old, small.rlim_cur = 0; small.rlim_cur < good.len; small.rlim_cur += 512) {
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_false(write_bundle(dir, &again, &e));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(e.code, E_IO);
        assert_non_null(strstr(e.text, "keep the dump: cannot write '"));
        assert_int_equal(files_in_dir(), 0);
    }
    (void)signal(SIGXFSZ, SIG_DFL);
}

static void what_a_killed_run_left_is_removed_by_the_next(void **state)
{
    char left[200];
    struct err e = {0};

    (void)state;
    (void)unlink(path);
    (void)snprintf(left, sizeof left, "%s/.pg_mirror-dead-17-abcdef.part", dir);
    (void)close(open(left, O_CREAT | O_WRONLY, 0600));
    assert_true(write_bundle(dir, &path, &e));
    assert_int_equal(files_in_dir(), 1);
}

static void a_stopped_run_keeps_nothing(void **state)
{
    struct err e = {0};
    const char *again;

    (void)state;
    assert_true(stop_init(&e));
    stop_request(STOP_SIGNAL, 15);
    (void)unlink(path);
    assert_false(write_bundle(dir, &again, &e));
    assert_int_equal(e.code, E_CANCELLED);
    stop_reset();
}

static void every_changed_byte_is_noticed(void **state)
{
    int fd = open(path, O_WRONLY);

    (void)state;
    assert_true(fd >= 0);
    for (size_t i = 0; i < good.len; i++) {
        const unsigned char flips[] = {(unsigned char)(1U << (i % 8)), 0x20, 0xff};

        for (size_t f = 0; f < sizeof flips; f++) {
            char c = (char)((unsigned char)good.data[i] ^ flips[f]);
            struct err e = {0};

            assert_int_equal(pwrite(fd, &c, 1, (off_t)i), 1);
            if (is_accepted(path, &e))
                fail_msg("byte %zu xor %02x goes unnoticed", i, flips[f]);
            assert_int_equal(e.code, E_DATA);
        }
        assert_int_equal(pwrite(fd, good.data + i, 1, (off_t)i), 1);
    }
    (void)close(fd);
    assert_true(is_accepted(path, NULL));
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    for (size_t n = 0; n < good.len; n += n % 512 ? 1 : 37) {
        struct err e = {0};

        put_file(good.data, n);
        assert_false(is_accepted(path, &e));
        assert_int_equal(e.code, E_DATA);
    }
    for (size_t n = 0; n < good.len; n += 512) {
        put_file(good.data, n);
        assert_false(is_accepted(path, NULL));
    }
}

static void anything_appended_is_noticed(void **state)
{
    AUTO_BUF struct buf b = BUF_INIT(10000000);
    static const char zeros[10240];

    (void)state;
    for (size_t n = 1; n <= sizeof zeros; n += n < 16 ? 1 : n < 512 ? 496 : 512) {
        struct err e = {0};

        buf_clear(&b);
        buf_add(&b, good.data, good.len);
        buf_add(&b, zeros, n);
        put_file(b.data, b.len);
        assert_false(is_accepted(path, &e));
        assert_int_equal(e.code, E_DATA);
        assert_non_null(strstr(e.text, "is damaged"));
    }
    buf_clear(&b); /* a second bundle behind the first */
    buf_add(&b, good.data, good.len);
    buf_add(&b, good.data, good.len);
    put_file(b.data, b.len);
    assert_false(is_accepted(path, NULL));
}

static void a_changed_dump_is_told_with_a_hint(void **state)
{
    AUTO_BUNDLE struct bundle b = BUNDLE_INIT;
    AUTO_FD int out = memory_file("", 0);
    struct err e = {0};
    char text[300];

    (void)state;
    assert_true(bundle_open(&b, path, &e));
    good.data[b.dump_offset + 20] ^= 1;
    put_file(good.data, good.len);
    assert_false(bundle_extract(&b, out, NULL, &e));
    assert_int_equal(e.code, E_DATA);
    (void)snprintf(text, sizeof text, "kept dump '%s' is damaged: the digest of the dump differs",
                   path);
    assert_string_equal(e.text, text);
    assert_non_null(strstr(e.hint, "pg_mirror archive verify"));
}

static void what_is_no_bundle_is_told(void **state)
{
    struct err e = {0};
    char text[300];

    (void)state;
    put_file("PGDMP", 5);
    assert_false(is_accepted(path, &e));
    assert_int_equal(e.code, E_DATA);
    (void)snprintf(text, sizeof text, "'%s' is not a dump that pg_mirror kept", path);
    assert_string_equal(e.text, text);
    assert_false(is_accepted("/nonexistent/x.tar", &e));
    assert_int_equal(e.code, E_NOINPUT);
    assert_string_equal(e.text, "cannot open '/nonexistent/x.tar': No such file or directory");
    assert_false(is_accepted(dir, &e));
    assert_int_equal(e.code, E_NOINPUT);
    (void)snprintf(text, sizeof text, "'%s' is not a file", dir);
    assert_string_equal(e.text, text);
}

/* ---- tar files made by somebody else ---- */

struct other_member {
    const char *name;
    const char *link; /* of a symbolic link */
    unsigned type;
    const char *text;
};

static void make_tar(const struct other_member *m, size_t n, bool gzip)
{
    struct archive *tar = archive_write_new();

    archive_write_set_format_pax_restricted(tar);
    if (gzip)
        archive_write_add_filter_gzip(tar);
    archive_write_set_bytes_in_last_block(tar, 1);
    assert_int_equal(archive_write_open_filename(tar, path), ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *entry = archive_entry_new();

        archive_entry_set_pathname(entry, m[i].name);
        archive_entry_set_filetype(entry, m[i].type ? m[i].type : AE_IFREG);
        archive_entry_set_perm(entry, 0600);
        if (m[i].link)
            archive_entry_set_symlink(entry, m[i].link);
        archive_entry_set_size(entry, (la_int64_t)(m[i].text ? strlen(m[i].text) : 0));
        assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
        if (m[i].text)
            (void)archive_write_data(tar, m[i].text, strlen(m[i].text));
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(tar), ARCHIVE_OK);
    archive_write_free(tar);
}

#define REFUSES(members_text, ...)                     \
    do {                                               \
        const struct other_member m[] = {__VA_ARGS__}; \
        struct err e = {0};                            \
        make_tar(m, sizeof m / sizeof *m, false);      \
        assert_false(is_accepted(path, &e));           \
        assert_int_equal(e.code, E_DATA);              \
        if (!strstr(e.text, members_text))             \
            fail_msg("%s", e.text);                    \
    } while (0)

#define M(n)                      \
    {                             \
        .name = (n), .text = "{}" \
    }
#define MANIFEST M("manifest.json")
#define DATABASE M("database.json")
#define DUMP     M("dump.pgc")
#define SUMS     M("SHA256SUMS")
#define NOT_THEM "its members are not as they should be"
#define NOT_OURS "is not a dump that pg_mirror kept"

static void other_members_are_refused(void **state)
{
    (void)state;
    REFUSES(NOT_THEM, MANIFEST, DUMP, DATABASE, SUMS);
    REFUSES(NOT_THEM, MANIFEST, MANIFEST, DATABASE, DUMP, SUMS);
    REFUSES(NOT_THEM, MANIFEST, DATABASE, DUMP);
    REFUSES(NOT_THEM, MANIFEST, DATABASE, M("../dump.pgc"), SUMS);
    REFUSES(NOT_THEM, MANIFEST, DATABASE, M("/dump.pgc"), SUMS);
    REFUSES(NOT_THEM, MANIFEST, DATABASE, M("./dump.pgc"), SUMS);
    REFUSES(NOT_THEM, MANIFEST, DATABASE, M("DUMP.PGC"), SUMS);
    REFUSES("something follows its last member", MANIFEST, DATABASE, DUMP, SUMS, M("x"));
    REFUSES(NOT_OURS, DATABASE, MANIFEST, DUMP, SUMS);
    REFUSES(NOT_OURS, M("x/manifest.json"), DATABASE, DUMP, SUMS);
}

static void links_directories_and_devices_are_refused(void **state)
{
    (void)state;
    REFUSES(NOT_THEM, MANIFEST, {.name = "database.json", .type = AE_IFLNK, .link = "/etc/passwd"},
            DUMP, SUMS);
    REFUSES(NOT_THEM, MANIFEST, DATABASE, {.name = "dump.pgc", .type = AE_IFDIR}, SUMS);
    REFUSES(NOT_THEM, MANIFEST, DATABASE, {.name = "dump.pgc", .type = AE_IFIFO}, SUMS);
}

static void right_members_with_wrong_digests_are_refused(void **state)
{
    char sums[400];

    (void)state;
    memset(sums, '0', sizeof sums);
    sums[323] = '\0';
    REFUSES("the digests of its small parts differ", MANIFEST, DATABASE, DUMP,
            {.name = "SHA256SUMS", .text = sums});
    REFUSES("its length is wrong", MANIFEST, DATABASE, DUMP, SUMS);
}

static void a_compressed_tar_is_no_bundle(void **state)
{
    const struct other_member m[] = {MANIFEST, DATABASE, DUMP, SUMS};
    struct err e = {0};

    (void)state;
    make_tar(m, 4, true);
    assert_false(is_accepted(path, &e));
    assert_non_null(strstr(e.text, NOT_OURS));
}

/* Write an octal or base-256 size into a header and mend its checksum. */
static void set_size(char *header, const char *octal, uint64_t binary)
{
    unsigned sum = 0;

    if (octal) {
        (void)snprintf(header + 124, 12, "%s", octal);
    } else {
        memset(header + 124, 0, 12);
        header[124] = (char)0x80;
        for (int i = 0; i < 8; i++)
            header[128 + i] = (char)(binary >> (56 - 8 * i));
    }
    memset(header + 148, ' ', 8);
    for (int i = 0; i < 512; i++)
        sum += (unsigned char)header[i];
    (void)snprintf(header + 148, 8, "%06o", sum);
}

static void sizes_that_lie_are_refused(void **state)
{
    static const uint64_t sizes[] = {1ULL << 62, (1ULL << 63) - 1, 1ULL << 40,
                                     1ULL << 63, UINT64_MAX - 1,   4096};
    AUTO_BUNDLE struct bundle b = BUNDLE_INIT;
    struct err e = {0};

    (void)state;
    assert_true(bundle_open(&b, path, &e));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        put_file(good.data, good.len);
        {
            AUTO_FREE char *copy = malloc(good.len);

            memcpy(copy, good.data, good.len);
            set_size(copy + b.dump_offset - 512, NULL, sizes[i]);
            put_file(copy, good.len);
            assert_false(is_accepted(path, &e));
            assert_int_equal(e.code, E_DATA);
            memcpy(copy, good.data, good.len);
            set_size(copy, NULL, sizes[i]); /* the manifest */
            put_file(copy, good.len);
            assert_false(is_accepted(path, &e));
            assert_int_equal(e.code, E_DATA);
        }
    }
}

static void standard_tools_can_check_it(void **state)
{
    AUTO_BUNDLE struct bundle b = BUNDLE_INIT;
    struct err e = {0};
    const char *sums = good.data + good.len - 1024 - 512;
    char line[100];

    (void)state;
    assert_true(bundle_open(&b, path, &e));
    (void)snprintf(line, sizeof line, "%s  dump.pgc\n", b.manifest.dump.sha256);
    assert_memory_equal(sums + 160, line, strlen(line));
    assert_memory_equal(sums + 160 + 75, "# ", 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_is_read_back_as_it_was_written),
        TEST(the_name_is_safe_and_the_mode_0600),
        TEST(an_existing_bundle_is_not_replaced),
        TEST(a_missing_directory_is_told),
        TEST(a_dump_that_is_shorter_than_said_is_not_kept),
        TEST(without_room_nothing_is_kept),
        TEST(what_a_killed_run_left_is_removed_by_the_next),
        TEST(a_stopped_run_keeps_nothing),
        TEST(every_changed_byte_is_noticed),
        TEST(every_cut_is_noticed),
        TEST(anything_appended_is_noticed),
        TEST(a_changed_dump_is_told_with_a_hint),
        TEST(what_is_no_bundle_is_told),
        TEST(other_members_are_refused),
        TEST(links_directories_and_devices_are_refused),
        TEST(right_members_with_wrong_digests_are_refused),
        TEST(a_compressed_tar_is_no_bundle),
        TEST(sizes_that_lie_are_refused),
        TEST(standard_tools_can_check_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
