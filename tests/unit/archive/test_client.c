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

#include "archive/client.h"
#include "common/io.h"
#include "common/stop.h"

static char root[64];
static char pattern[96];
static char os_release[96];
static const char *search[2];

static void write_file(const char *path, mode_t mode, const char *text)
{
    struct err e = {0};

    assert_true(io_replace_file(path, mode, text, strlen(text), &e));
}

static const char *bin_path(char dst[160], const char *sub, const char *file)
{
    (void)snprintf(dst, 160, "%s/%s/%s", root, sub, file);
    return dst;
}

static void make_program(const char *sub, const char *program, const char *version)
{
    char path[160];
    char script[200];

    (void)snprintf(path, sizeof path, "%s/%s", root, sub);
    (void)mkdir(path, 0755);
    (void)snprintf(script, sizeof script, "#!/bin/sh\necho '%s (PostgreSQL) %s'\n", program,
                   version);
    write_file(bin_path(path, sub, program), 0755, script);
}

static void make_pair(const char *sub, const char *version)
{
    make_program(sub, "pg_dump", version);
    make_program(sub, "pg_restore", version);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/pgm_client_XXXXXX");
    assert_non_null(mkdtemp(root));
    (void)snprintf(pattern, sizeof pattern, "%s/bin*", root);
    (void)snprintf(os_release, sizeof os_release, "%s/os-release", root);
    search[0] = pattern;
    write_file(os_release, 0644, "NAME=x\nID=debian\nVERSION_ID=\"12\"\n");
    return 0;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"pg_dump", "pg_restore", "link"};
    static const char *const dirs[] = {"bin1", "bin2", "bin3", "bin4"};
    char path[160];

    (void)state;
    for (size_t d = 0; d < 4; d++) {
        for (size_t f = 0; f < 3; f++)
            (void)unlink(bin_path(path, dirs[d], files[f]));
        (void)snprintf(path, sizeof path, "%s/%s", root, dirs[d]);
        (void)unlink(path);
        (void)rmdir(path);
    }
    (void)unlink(bin_path(path, ".", "pg_wrapper"));
    (void)unlink(os_release);
    return rmdir(root);
}

static struct client_options between(int source, int target)
{
    return (struct client_options){.source_version = source,
                                   .target_version = target,
                                   .search = search,
                                   .os_release = os_release};
}

static void assert_chosen(const struct client_options *o, int version, const char *warning_part)
{
    struct client_tools t;
    struct err e = {0};

    if (!client_find(&t, o, &e))
        fail_msg("%s (%s)", e.text, e.detail);
    assert_int_equal(t.version, version);
    if (warning_part)
        assert_non_null(strstr(t.warning, warning_part));
    else
        assert_string_equal(t.warning, "");
}

static void version_lines_of_real_programs_are_read(void **state)
{
    static const struct {
        const char *line;
        int version;
        const char *text;
    } cases[] = {
        {"pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n", 150020,
         "15.20 (Debian 15.20-0+deb12u1)"},
        {"pg_restore (PostgreSQL) 17.12\n", 170012, "17.12"},
        {"pg_dump (EnterpriseDB) 16.4.0\n", 160004, "16.4.0"},
        {"pg_dump (PostgreSQL) 19beta2\n", 190000, "19beta2"},
        {"pg_dump (PostgreSQL) 10.23", 100023, "10.23"},
    };
    char text[CLIENT_VERSION_TEXT_MAX];
    int v;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(client_parse_version(cases[i].line, &v, text));
        assert_int_equal(v, cases[i].version);
        assert_string_equal(text, cases[i].text);
    }
}

static void version_lines_of_other_things_are_refused(void **state)
{
    static const char *const cases[] = {"",
                                        "pg_dump",
                                        "pg_dump (PostgreSQL) ",
                                        "pg_dump (x) 9.6.24",
                                        "pg_dump (x) 123456",
                                        "pg_dump (x) 15.",
                                        "x) -15.3"};
    int v;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_false(client_parse_version(cases[i], &v, NULL));
}

static void releases_of_one_day_are_one_generation(void **state)
{
    static const int days[][5] = {
        {180001, 170007, 160011, 150015, 140020}, {180004, 170010, 160014, 150018, 140023},
        {180006, 170011, 160015, 150019, 140024}, {180007, 170012, 160016, 150020, 140025},
        {170001, 160005, 150009, 140014, 130017},
    };

    (void)state;
    for (size_t d = 0; d < 5; d++) {
        for (size_t i = 1; i < 5; i++)
            assert_int_equal(client_generation(days[d][i]), client_generation(days[d][0]));
    }
    assert_true(client_generation(180006) < client_generation(150020));
    assert_true(client_generation(200000) > client_generation(150020));
    assert_true(client_generation(90624) < client_generation(120000));
}

static void programs_before_pg_attver_are_stale_for_servers_that_have_it(void **state)
{
    (void)state;
    assert_true(client_is_stale(180006, 150020));
    assert_true(client_is_stale(170011, 170012));
    assert_true(client_is_stale(150019, 150020));
    assert_false(client_is_stale(170012, 150020));
    assert_false(client_is_stale(150020, 150021));
    assert_false(client_is_stale(150017, 150018));
}

static void the_major_nearest_to_the_targets_is_chosen(void **state)
{
    struct client_options o = between(150020, 170012);

    (void)state;
    make_pair("bin1", "14.25");
    make_pair("bin2", "17.12");
    make_pair("bin3", "15.20 (Debian 15.20-1)");
    assert_chosen(&o, 170012, NULL);
    o = between(150020, 150020);
    assert_chosen(&o, 150020, NULL);
    o = between(150020, 160010);
    assert_chosen(&o, 150020, NULL);
    o = between(150020, 0);
    assert_chosen(&o, 150020, NULL);
}

static void of_one_major_the_newest_minor_is_chosen(void **state)
{
    struct client_options o = between(150004, 150004);

    (void)state;
    make_pair("bin1", "15.6");
    make_pair("bin2", "15.9");
    make_pair("bin3", "15.8");
    assert_chosen(&o, 150009, NULL);
}

static void a_newer_major_of_an_older_round_gives_way_to_a_fresh_one(void **state)
{
    struct client_options o = between(150020, 180006);

    (void)state;
    make_pair("bin1", "15.19");
    make_pair("bin2", "17.12");
    make_pair("bin3", "18.6");
    assert_chosen(&o, 170012, NULL);
}

static void an_older_minor_gives_way_to_a_fresh_newer_major(void **state)
{
    struct client_options o = between(150010, 170012);

    (void)state;
    make_pair("bin1", "15.9");
    make_pair("bin2", "16.6");
    make_pair("bin3", "16.5");
    assert_chosen(&o, 160006, NULL);
}

static void programs_newer_than_the_target_are_used_with_a_warning(void **state)
{
    struct client_options o = between(150010, 150010);

    (void)state;
    make_pair("bin1", "17.12");
    assert_chosen(&o, 170012, "pg_restore 17 is newer than the target (15)");
}

static void an_older_minor_that_does_no_harm_is_used_with_a_warning(void **state)
{
    struct client_options o = between(150010, 150010);

    (void)state;
    make_pair("bin1", "15.8");
    assert_chosen(&o, 150008, "pg_dump 15.8 is an older minor release than the source server");
}

static void only_stale_programs_are_refused_with_the_update_command(void **state)
{
    struct client_options o = between(150020, 150020);
    struct client_tools t;
    struct err e = {0};

    (void)state;
    make_pair("bin1", "15.19");
    assert_false(client_find(&t, &o, &e));
    assert_int_equal(e.code, E_TOOL);
    assert_string_equal(e.text, "no pg_dump that is recent enough for PostgreSQL 15.20");
    assert_non_null(strstr(e.detail, "found 15.19 in '"));
    assert_string_equal(e.hint, "sudo apt-get update && sudo apt-get install postgresql-client-15");
}

static void older_majors_are_refused_with_the_install_command(void **state)
{
    struct client_options o = between(170012, 170012);
    struct client_tools t;
    struct err e = {0};

    (void)state;
    make_pair("bin1", "15.20");
    assert_false(client_find(&t, &o, &e));
    assert_int_equal(e.code, E_TOOL);
    assert_string_equal(e.text, "no pg_dump that is recent enough for PostgreSQL 17.12");
    assert_non_null(strstr(e.hint, "sudo apt-get install postgresql-client-17 "));
}

static void the_hint_speaks_the_distributions_language(void **state)
{
    static const struct {
        const char *os;
        const char *hint;
    } cases[] = {
        {"ID=ubuntu\nID_LIKE=debian\n",
         "sudo apt-get update && sudo apt-get install postgresql-client-16"},
        {"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "sudo dnf upgrade postgresql16"},
        {"ID=fedora\n", "sudo dnf upgrade postgresql16"},
        {"ID=alpine\n", "apk add --upgrade postgresql16-client"},
        {"ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\n", "sudo zypper update postgresql16"},
        {"ID=slackware\n",
         "update the client programs of PostgreSQL 16 to their newest minor release"},
    };
    char hint[400];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(os_release, 0644, cases[i].os);
        assert_string_equal(client_install_hint(hint, sizeof hint, 16, true, os_release),
                            cases[i].hint);
    }
    assert_string_equal(client_install_hint(hint, sizeof hint, 16, false, "/nonexistent"),
                        "install the client programs of PostgreSQL 16 and name their directory in "
                        "'bin_dir'");
}

static void pg_restore_comes_from_the_same_directory(void **state)
{
    struct client_options o = between(150004, 0);
    struct client_tools t;
    struct err e = {0};
    char path[160];

    (void)state;
    make_program("bin1", "pg_dump", "15.4");
    make_pair("bin2", "16.4");
    assert_true(client_find(&t, &o, &e));
    assert_string_equal(t.pg_dump, bin_path(path, "bin2", "pg_dump"));
    assert_string_equal(t.pg_restore, bin_path(path, "bin2", "pg_restore"));
}

static void a_link_to_a_versioned_directory_is_followed(void **state)
{
    struct client_options o = between(150004, 0);
    struct client_tools t;
    struct err e = {0};
    char from[160];
    char to[160];

    (void)state;
    make_pair("bin2", "15.4");
    (void)snprintf(from, sizeof from, "%s/bin1", root);
    assert_int_equal(mkdir(from, 0755), 0);
    assert_int_equal(symlink(bin_path(to, "bin2", "pg_dump"), bin_path(from, "bin1", "pg_dump")),
                     0);
    (void)snprintf(pattern, sizeof pattern, "%s/bin1", root);
    assert_true(client_find(&t, &o, &e));
    assert_string_equal(t.pg_restore, bin_path(to, "bin2", "pg_restore"));
}

static void debians_wrapper_is_passed_over(void **state)
{
    struct client_options o = between(150004, 0);
    struct client_tools t;
    struct err e = {0};
    char wrapper[160];
    char path[160];

    (void)state;
    make_pair("bin1", "15.4");
    (void)unlink(bin_path(path, "bin1", "pg_dump"));
    write_file(bin_path(wrapper, ".", "pg_wrapper"), 0755, "#!/bin/sh\nexit 1\n");
    assert_int_equal(symlink(wrapper, bin_path(path, "bin1", "pg_dump")), 0);
    assert_false(client_find(&t, &o, &e));
    assert_int_equal(e.code, E_TOOL);
}

static void a_named_directory_is_the_only_one_looked_at(void **state)
{
    struct client_options o = between(150004, 0);
    struct client_tools t;
    struct err e = {0};
    char dir[160];

    (void)state;
    make_pair("bin1", "15.9");
    make_pair("bin2", "16.1");
    o.bin_dir = bin_path(dir, "bin2", "");
    assert_chosen(&o, 160001, NULL);
    o.bin_dir = "/nonexistent";
    assert_false(client_find(&t, &o, &e));
    assert_int_equal(e.code, E_TOOL);
    assert_string_equal(e.text, "no pg_dump and pg_restore in '/nonexistent'");
    assert_string_equal(e.hint, "\"bin_dir\": \"auto\" looks in all usual places");
    o.bin_dir = "auto";
    assert_chosen(&o, 150009, NULL);
}

static void a_pair_of_two_versions_in_a_named_directory_is_refused(void **state)
{
    struct client_options o = between(150004, 0);
    struct client_tools t;
    struct err e = {0};
    char dir[160];

    (void)state;
    make_program("bin1", "pg_dump", "15.9");
    make_program("bin1", "pg_restore", "15.8");
    o.bin_dir = bin_path(dir, "bin1", "");
    assert_false(client_find(&t, &o, &e));
    assert_non_null(strstr(e.text, "pg_dump (15.9) and pg_restore (15.8) in '"));
}

static void programs_that_tell_no_version_are_refused(void **state)
{
    struct client_options o = between(150004, 0);
    struct client_tools t;
    struct err e = {0};
    char dir[160];
    char path[160];

    (void)state;
    make_pair("bin1", "15.9");
    write_file(bin_path(path, "bin1", "pg_restore"), 0755, "#!/bin/sh\nexit 3\n");
    o.bin_dir = bin_path(dir, "bin1", "");
    assert_false(client_find(&t, &o, &e));
    assert_int_equal(e.code, E_TOOL);
    assert_non_null(strstr(e.text, "pg_restore --version' does not tell a version"));
}

static void a_kept_dump_needs_pg_restore_of_its_major_only(void **state)
{
    struct client_options o = between(150020, 150020);
    struct client_tools t;
    struct err e = {0};

    (void)state;
    o.restore_only = true;
    make_program("bin1", "pg_restore", "15.3");
    assert_chosen(&o, 150003, NULL);
    o.source_version = 170001;
    assert_false(client_find(&t, &o, &e));
    assert_string_equal(e.text, "no pg_restore that is recent enough for PostgreSQL 17.1");
}

static void searching_stops_when_the_run_is_stopped(void **state)
{
    struct client_options o = between(150020, 0);
    struct client_tools t;
    struct err e = {0};

    (void)state;
    make_pair("bin1", "15.20");
    assert_true(stop_init(&e));
    stop_request(STOP_SIGNAL, 15);
    assert_false(client_find(&t, &o, &e));
    assert_int_equal(e.code, E_CANCELLED);
    stop_reset();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(version_lines_of_real_programs_are_read),
        TEST(version_lines_of_other_things_are_refused),
        TEST(releases_of_one_day_are_one_generation),
        TEST(programs_before_pg_attver_are_stale_for_servers_that_have_it),
        TEST(the_major_nearest_to_the_targets_is_chosen),
        TEST(of_one_major_the_newest_minor_is_chosen),
        TEST(a_newer_major_of_an_older_round_gives_way_to_a_fresh_one),
        TEST(an_older_minor_gives_way_to_a_fresh_newer_major),
        TEST(programs_newer_than_the_target_are_used_with_a_warning),
        TEST(an_older_minor_that_does_no_harm_is_used_with_a_warning),
        TEST(only_stale_programs_are_refused_with_the_update_command),
        TEST(older_majors_are_refused_with_the_install_command),
        TEST(the_hint_speaks_the_distributions_language),
        TEST(pg_restore_comes_from_the_same_directory),
        TEST(a_link_to_a_versioned_directory_is_followed),
        TEST(debians_wrapper_is_passed_over),
        TEST(a_named_directory_is_the_only_one_looked_at),
        TEST(a_pair_of_two_versions_in_a_named_directory_is_refused),
        TEST(programs_that_tell_no_version_are_refused),
        TEST(a_kept_dump_needs_pg_restore_of_its_major_only),
        TEST(searching_stops_when_the_run_is_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
