#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/packages_priv.h"

static char dst[PACKAGE_MAX];

static void os_release_tells_the_family(void **state)
{
    (void)state;
    assert_int_equal(os_family_of("NAME=\"Debian\"\nID=debian\n"), OS_DEBIAN);
    assert_int_equal(os_family_of("ID=ubuntu\nID_LIKE=debian\n"), OS_DEBIAN);
    assert_int_equal(os_family_of("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), OS_REDHAT);
    assert_int_equal(os_family_of("ID=fedora"), OS_REDHAT);
    assert_int_equal(os_family_of("ID=alpine\n"), OS_ALPINE);
}

static void a_part_of_a_word_is_no_family(void **state)
{
    (void)state;
    assert_int_equal(os_family_of("ID=debianish\n"), OS_OTHER);
    assert_int_equal(os_family_of("VARIANT_ID=debian\n"), OS_OTHER);
    assert_int_equal(os_family_of("NAME=debian\nID=\n"), OS_OTHER);
    assert_int_equal(os_family_of(""), OS_OTHER);
}

static void packages_that_are_called_otherwise_are_known(void **state)
{
    (void)state;
    assert_string_equal(extension_package(dst, "postgis", 15, OS_DEBIAN),
                        "postgresql-15-postgis-3");
    assert_string_equal(extension_package(dst, "postgis", 15, OS_REDHAT), "postgis34_15");
    assert_string_equal(extension_package(dst, "vector", 17, OS_DEBIAN), "postgresql-17-pgvector");
}

static void contrib_comes_with_the_server_on_debian(void **state)
{
    (void)state;
    assert_string_equal(extension_package(dst, "hstore", 15, OS_DEBIAN), "postgresql-15");
    assert_string_equal(extension_package(dst, "hstore", 15, OS_REDHAT), "postgresql15-contrib");
}

static void the_others_are_called_after_the_extension(void **state)
{
    (void)state;
    assert_string_equal(extension_package(dst, "my_ext", 16, OS_DEBIAN), "postgresql-16-my-ext");
    assert_string_equal(extension_package(dst, "my_ext", 16, OS_REDHAT), "my_ext_16");
}

static void the_command_is_that_of_the_distribution(void **state)
{
    (void)state;
    assert_string_equal(package_install(dst, "p", OS_DEBIAN), "sudo apt-get install p");
    assert_string_equal(package_install(dst, "p", OS_REDHAT), "sudo dnf install p");
    assert_string_equal(package_install(dst, "p", OS_ALPINE), "sudo apk add p");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(os_release_tells_the_family),
        cmocka_unit_test(a_part_of_a_word_is_no_family),
        cmocka_unit_test(packages_that_are_called_otherwise_are_known),
        cmocka_unit_test(contrib_comes_with_the_server_on_debian),
        cmocka_unit_test(the_others_are_called_after_the_extension),
        cmocka_unit_test(the_command_is_that_of_the_distribution),
    };

    return cmocka_run_group_tests_name("packages", tests, NULL, NULL);
}
