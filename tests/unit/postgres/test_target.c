/* The decisions about a target that need no server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/identity.h"
#include "postgres/runlock.h"
#include "postgres/target.h"

static void glob_names_host_and_database(void **state)
{
    (void)state;
    assert_true(target_glob_matches("prod*.db/*", "prod1.db", "app"));
    assert_true(target_glob_matches("*/billing", "x", "billing"));
    assert_true(target_glob_matches("PROD.Example.org/*", "prod.example.ORG", "app"));
    assert_true(target_glob_matches("/run/postgresql/app", "/run/postgresql", "app"));
    assert_true(target_glob_matches("*/a/b", "h", "a/b"));
    assert_false(target_glob_matches("prod*.db/*", "staging.db", "app"));
    assert_false(target_glob_matches("*/billing", "billing", "app"));
    assert_false(target_glob_matches("*/Billing", "x", "billing"));
    assert_false(target_glob_matches("h/app", "h", "app2"));
}

static void glob_without_a_slash_protects_either(void **state)
{
    (void)state;
    assert_true(target_glob_matches("billing", "h", "billing"));
    assert_true(target_glob_matches("prod*", "prod1.db", "app"));
    assert_false(target_glob_matches("billing", "h", "billing2"));
}

static void existing_data_is_replaced_only_when_asked(void **state)
{
    struct target_facts f = {.exists = true, .bytes = 8 * 1024 * 1024, .sessions = 1};
    enum target_action action;
    struct err e = {0};

    (void)state;
    assert_false(target_decide(&f, POLICY_ERROR, "h:5432", "app", &action, &e));
    assert_int_equal(e.code, E_REFUSED);
    assert_string_equal(e.text, "the target database 'h:5432/app' exists and is not empty");
    assert_string_equal(e.detail, "it has 8.0 MiB, and 1 session");
    assert_non_null(strstr(e.hint, "--if-exists replace"));
    assert_true(target_decide(&f, POLICY_REPLACE, "h", "app", &action, &e));
    assert_int_equal(action, TARGET_ACTION_REPLACE);
    assert_true(target_decide(&f, POLICY_IN_PLACE, "h", "app", &action, &e));
    assert_int_equal(action, TARGET_ACTION_IN_PLACE);
}

static void empty_or_absent_target_needs_no_policy(void **state)
{
    struct target_facts f = {.exists = true, .empty = true};
    enum target_action action;
    struct err e = {0};

    (void)state;
    for (int p = POLICY_ERROR; p <= POLICY_IN_PLACE; p++) {
        f.exists = true;
        assert_true(target_decide(&f, (enum target_policy)p, "h", "app", &action, &e));
        assert_int_equal(action, TARGET_ACTION_USE_EMPTY);
        f.exists = false;
        assert_true(target_decide(&f, (enum target_policy)p, "h", "app", &action, &e));
        assert_int_equal(action, TARGET_ACTION_CREATE);
    }
}

static void same_identifier_and_oid_are_the_same_database(void **state)
{
    struct db_identity a = {.system = "71", .started = "1 5432", .database_oid = 7};
    struct db_identity b = {.system = "71", .started = "2 5433", .database_oid = 7};
    struct err e = {0};

    (void)state;
    b.in_recovery = true;
    assert_int_equal(identity_compare(&a, &b), IDENTITY_SAME_DATABASE);
    assert_false(identity_refuse_same(&a, &b, "x", "y", NULL, &e));
    assert_int_equal(e.code, E_REFUSED);
    assert_string_equal(e.text, "source 'x' and target 'y' are the same database");
    assert_string_equal(e.detail, "both have system identifier 71 and database OID 7; one is a "
                                  "standby of the other");
    b.database_oid = 8;
    assert_int_equal(identity_compare(&a, &b), IDENTITY_SAME_CLUSTER);
    a.database_oid = b.database_oid = 0;
    assert_int_equal(identity_compare(&a, &b), IDENTITY_SAME_CLUSTER);
    memcpy(b.system, "72", 3);
    assert_int_equal(identity_compare(&a, &b), IDENTITY_OTHER_CLUSTER);
    assert_true(identity_refuse_same(&a, &b, "x", "y", NULL, &e));
}

static void without_identifiers_the_start_time_recognises_a_server(void **state)
{
    struct db_identity a = {.system = "71", .started = "1 5432", .database_oid = 7};
    struct db_identity b = {.system = "", .started = "1 5432", .database_oid = 7};

    (void)state;
    assert_int_equal(identity_compare(&a, &b), IDENTITY_SAME_DATABASE);
    memcpy(b.started, "2", 1);
    assert_int_equal(identity_compare(&a, &b), IDENTITY_NOT_SURE);
}

/* Other versions and other hosts must come to the same key. */
static void key_of_the_run_lock_never_changes(void **state)
{
    (void)state;
    assert_int_equal(run_lock_key("app"), INT64_C(-7036397993398591805));
    assert_int_not_equal(run_lock_key("app"), run_lock_key("app2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(glob_names_host_and_database),
        cmocka_unit_test(glob_without_a_slash_protects_either),
        cmocka_unit_test(existing_data_is_replaced_only_when_asked),
        cmocka_unit_test(empty_or_absent_target_needs_no_policy),
        cmocka_unit_test(same_identifier_and_oid_are_the_same_database),
        cmocka_unit_test(without_identifiers_the_start_time_recognises_a_server),
        cmocka_unit_test(key_of_the_run_lock_never_changes),
    };

    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
