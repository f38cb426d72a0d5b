#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>
#include <string.h>

#include "common/str.h"
#include "postgres/conn.h"
#include "postgres/conninfo_priv.h"

static void explicit_keys_win_over_the_uri(void **state)
{
    AUTO_CONNINFO struct conninfo ci = {0};
    struct endpoint ep = {.side = "source",
                          .uri =
                              "postgresql://u:p%40ss@h1:5433/db1?sslmode=require&hostaddr=1.2.3.4"
                              "&replication=database",
                          .host = "h2",
                          .sslmode = "verify-full"};
    struct err e = {0};

    (void)state;
    assert_true(conninfo_from_endpoint(&ci, &ep, "a=b", &e));
    assert_string_equal(conninfo_get(&ci, "user"), "u");
    assert_string_equal(conninfo_get(&ci, "password"), "p@ss");
    assert_string_equal(conninfo_get(&ci, "host"), "h2");
    assert_null(conninfo_get(&ci, "hostaddr"));
    assert_string_equal(conninfo_get(&ci, "port"), "5433");
    assert_string_equal(conninfo_get(&ci, "sslmode"), "verify-full");
    assert_string_equal(conninfo_get(&ci, "dbname"), "a=b");
    assert_null(conninfo_get(&ci, "replication"));
}

static void a_keyword_string_is_understood_too(void **state)
{
    AUTO_CONNINFO struct conninfo ci = {0};
    struct endpoint ep = {.side = "source", .uri = "host=/run/pg user='o''x' dbname=y"};
    struct err e = {0};

    (void)state;
    ep.uri = "host=/run/pg user='o\\'x' dbname=y";
    assert_true(conninfo_from_endpoint(&ci, &ep, NULL, &e));
    assert_string_equal(conninfo_get(&ci, "user"), "o'x");
    assert_string_equal(conninfo_get(&ci, "dbname"), "y");
}

static void a_malformed_uri_is_refused_without_quoting_it(void **state)
{
    AUTO_CONNINFO struct conninfo ci = {0};
    struct endpoint ep = {.side = "target", .uri = "postgresql://u:geheim%zz@h/d"};
    struct err e = {0};

    (void)state;
    assert_false(conninfo_from_endpoint(&ci, &ep, NULL, &e));
    assert_int_equal(e.code, E_CONFIG);
    assert_string_equal(e.text, "target: the connection string is malformed");
    assert_null(strstr(e.detail, "geheim"));
    assert_null(strstr(e.hint, "geheim"));
}

static void unset_keeps_the_list_terminated(void **state)
{
    AUTO_CONNINFO struct conninfo ci = {0};

    (void)state;
    conninfo_set(&ci, "host", "a");
    conninfo_set(&ci, "port", "1");
    conninfo_set(&ci, "user", NULL);
    conninfo_set(&ci, "host", "b");
    assert_int_equal(ci.count, 2);
    conninfo_unset(&ci, "host");
    conninfo_unset(&ci, "nothing");
    assert_int_equal(ci.count, 1);
    assert_string_equal(ci.keys[0], "port");
    assert_null(ci.keys[1]);
    assert_null(ci.values[1]);
    assert_null(conninfo_get(&ci, "host"));
}

static void resolving_reads_service_files_and_connects_nowhere(void **state)
{
    AUTO_CONNINFO struct conninfo ci = {0};
    AUTO_CONNINFO struct conninfo all = {0};
    char path[] = "/tmp/pgm-service.XXXXXX";
    static const char text[] = "[svc]\nhost=sh\nport=77\npassword=sp\noptions=-c work_mem=3MB\n";
    int fd = mkstemp(path);
    struct err e = {0};

    (void)state;
    assert_true(fd >= 0);
    assert_true(write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    conninfo_set(&ci, "service", "svc");
    conninfo_set(&ci, "port", "88");
    setenv("PGSERVICEFILE", path, 1);
    assert_true(conninfo_resolve(&ci, &all, &e));
    assert_string_equal(conninfo_get(&all, "host"), "sh");
    assert_string_equal(conninfo_get(&all, "port"), "88");
    assert_string_equal(conninfo_get(&all, "password"), "sp");
    assert_string_equal(conninfo_get(&all, "options"), "-c work_mem=3MB");
    assert_null(conninfo_get(&all, "sslmode"));
    unsetenv("PGSERVICEFILE");
    (void)close(fd);
    (void)unlink(path);
}

static void an_undefined_service_is_a_configuration_error(void **state)
{
    AUTO_CONNINFO struct conninfo ci = {0};
    AUTO_CONNINFO struct conninfo all = {0};
    struct err e = {0};

    (void)state;
    setenv("PGSERVICEFILE", "/dev/null", 1);
    conninfo_set(&ci, "service", "nosuch");
    assert_false(conninfo_resolve(&ci, &all, &e));
    assert_int_equal(e.code, E_CONFIG);
    assert_string_equal(e.text, "definition of service \"nosuch\" not found");
    unsetenv("PGSERVICEFILE");
}

static void the_configured_database_is_found_wherever_it_is(void **state)
{
    AUTO_BUF struct buf b = BUF_INIT(1000);
    struct endpoint ep = {.side = "source", .uri = "postgresql://h/from%20uri"};
    struct err e = {0};

    (void)state;
    assert_true(pgconn_configured_database(&ep, &b, &e));
    assert_string_equal(buf_str(&b), "from uri");
    buf_clear(&b);
    ep.database = "postgresql://x=y";
    assert_true(pgconn_configured_database(&ep, &b, &e));
    assert_string_equal(buf_str(&b), "postgresql://x=y");
    buf_clear(&b);
    ep = (struct endpoint){.side = "source", .host = "h"};
    unsetenv("PGDATABASE");
    assert_false(pgconn_configured_database(&ep, &b, &e));
    assert_int_equal(e.code, E_CONFIG);
    assert_string_equal(e.text, "source: no database is named");
}

static void option_values_are_escaped_for_the_startup_packet(void **state)
{
    AUTO_BUF struct buf b = BUF_INIT(1000);

    (void)state;
    conninfo_add_option(&b, "search_path", "");
    conninfo_add_option(&b, "a.b", "x y\\z\tq");
    assert_string_equal(buf_str(&b), "-c search_path= -c a.b=x\\ y\\\\z\\\tq");
}

static void pairs_survive_a_trip_through_libpq(void **state)
{
    static const char *const names[] = {
        "a=b", "postgresql://x", "it's", "back\\slash", "two words", "", "\"q\"", "\xc3\xa4"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO_BUF struct buf b = BUF_INIT(1000);
        PQconninfoOption *o;

        conninfo_add_pair(&b, "user", "u");
        conninfo_add_pair(&b, "dbname", names[i]);
        o = PQconninfoParse(buf_str(&b), NULL);
        assert_non_null(o);
        for (PQconninfoOption *p = o; p->keyword; p++) {
            if (strcmp(p->keyword, "dbname") == 0)
                assert_string_equal(p->val, names[i]);
        }
        PQconninfoFree(o);
    }
}

static char dispchar_secret[] = "*";
static char dispchar_none[] = "";

static void children_inherit_no_password_and_no_place(void **state)
{
    AUTO_BUF struct buf b = BUF_INIT(1000);
    char kw[][24] = {"password", "sslpassword", "host",    "dbname", "service",
                     "options",  "sslmode",     "sslcert", "user",   "gssencmode"};
    char val[] = "v";
    char dflt[] = "v";
    PQconninfoOption o[ARRAY_LEN(kw) + 1] = {0};

    (void)state;
    unsetenv("PGSERVICE");
    for (size_t i = 0; i < ARRAY_LEN(kw); i++) {
        o[i].keyword = kw[i];
        o[i].val = val;
        o[i].dispchar = i < 2 ? dispchar_secret : dispchar_none;
    }
    o[ARRAY_LEN(kw) - 1].compiled = dflt; /* a default says nothing */
    conninfo_add_inherited(&b, o);
    assert_string_equal(buf_str(&b), "sslmode='v' sslcert='v' user='v'");
}

static void the_state_of_a_login_failure_is_found(void **state)
{
    static const struct {
        const char *message;
        const char *state;
        const char *text;
    } cases[] = {
        {"connection to server at \"h\" (1.2.3.4), port 5432 failed: FATAL:  28P01: password "
         "authentication failed for user \"x\"\nLOCATION:  auth_failed, auth.c:1\n",
         "28P01", "password authentication failed for user \"x\""},
        {"connection to server on socket \"/s\" failed: SCHWERWIEGEND:  3D000: Datenbank\n",
         "3D000", "Datenbank"},
        {"a failed: FATAL:  28000: no SSL\nb failed: FATAL:  28P01: no password\n", "28P01",
         "no password"},
        {"connection to server at \"h\", port 1 failed: Connection refused\n\tIs it?\n", "",
         "connection to server at \"h\", port 1 failed: Connection refused"},
        {"FATAL:  abcde: lower case is no state", "", "FATAL:  abcde: lower case is no state"},
        {"x:  28P0", "", "x:  28P0"},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char code[6];
        char text[200];

        assert_string_equal(conninfo_verbose_state(cases[i].message, code, text, sizeof text),
                            cases[i].state);
        assert_string_equal(text, cases[i].text);
    }
}

static void identifiers_and_literals_are_quoted(void **state)
{
    AUTO_BUF struct buf b = BUF_INIT(1000);

    (void)state;
    ident_quote_qualified(&b, "Sch\"ema", "ta ble");
    buf_addch(&b, ' ');
    literal_quote(&b, "it's");
    buf_addch(&b, ' ');
    literal_quote(&b, "a\\b'c");
    assert_string_equal(buf_str(&b), "\"Sch\"\"ema\".\"ta ble\" 'it''s'  E'a\\\\b''c'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explicit_keys_win_over_the_uri),
        cmocka_unit_test(a_keyword_string_is_understood_too),
        cmocka_unit_test(a_malformed_uri_is_refused_without_quoting_it),
        cmocka_unit_test(unset_keeps_the_list_terminated),
        cmocka_unit_test(resolving_reads_service_files_and_connects_nowhere),
        cmocka_unit_test(an_undefined_service_is_a_configuration_error),
        cmocka_unit_test(the_configured_database_is_found_wherever_it_is),
        cmocka_unit_test(option_values_are_escaped_for_the_startup_packet),
        cmocka_unit_test(pairs_survive_a_trip_through_libpq),
        cmocka_unit_test(children_inherit_no_password_and_no_place),
        cmocka_unit_test(the_state_of_a_login_failure_is_found),
        cmocka_unit_test(identifiers_and_literals_are_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
