/*
 * What version numbers say about client programs.
 *
 * Major versions decide whether pg_dump can talk to a server at all. Minor versions matter too:
 * servers from the round of November 2026 on (15.20, 17.12) keep a private setting, pg_attver, in
 * pg_attribute.attoptions. A pg_dump of that round or later hides it; an older one, even of a newer
 * major, writes it into the dump, and a server that doesn't know it refuses the table.
 *
 * So releases of different majors have to be put in order. All supported majors are released
 * together, four or five times a year, each counting its minor up by one, so within one major the
 * round is the minor minus a constant. Constants are moved where one major was released alone or
 * skipped a number:
 *
 *     round   2025-11   2026-02   2026-02   2026-05   2026-08   2026-11
 *               0          1         2         3         4         5
 *     18       .1         .2        .3        .4        .6 (!)    .7
 *     17       .7         .8        .9       .10       .11       .12
 *     16      .11        .12       .13       .14       .15       .16
 *     15      .15        .16       .17       .18       .19       .20
 *     14      .20        .21       .22       .23       .24       .25
 *
 * Before August 2022 the sums are off by one for 14 (14.4 came alone), which makes those old
 * versions look one round newer and matters to nobody. Majors not in the table are either long
 * dead, and then older than any rule here, or came out after all of them.
 */
#include "archive/client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/io.h"
#include "common/str.h"

#include "common/banned.h"

enum {
    ROUND_ATTVER = 5, /* servers keep pg_attver in attoptions from here on */
    ROUND_ANCIENT = -1000,
    ROUND_FUTURE = 1000,
    OS_RELEASE_MAX = 64 * 1024,
};

static const struct round_rule {
    int major;
    int from_minor;
    int base; /* the minor that round 0 would have */
} round_rules[] = {
    /* the last match counts */
    {12, 0, 27}, {13, 0, 23}, {14, 0, 20}, {15, 0, 15}, {16, 0, 11},
    {17, 0, 7},  {18, 0, 1},  {18, 5, 2},  {19, 0, -4},
};

int client_generation(int version)
{
    int major = version / 10000;
    int minor = version % 10000;
    int round = major < round_rules[0].major ? ROUND_ANCIENT : ROUND_FUTURE;

    for (size_t i = 0; i < ARRAY_LEN(round_rules); i++) {
        if (round_rules[i].major == major && minor >= round_rules[i].from_minor)
            round = minor - round_rules[i].base;
    }
    return round;
}

bool client_is_stale(int client_version, int server_version)
{
    return client_generation(server_version) >= ROUND_ATTVER &&
           client_generation(client_version) < ROUND_ATTVER;
}

/* Digits of at most four places; -1 if there are none or too many. */
static int take_number(const char **s)
{
    int v = 0;
    int digits = 0;

    for (; isdigit((unsigned char)**s); (*s)++) {
        if (++digits > 4)
            return -1;
        v = v * 10 + (**s - '0');
    }
    return digits ? v : -1;
}

bool client_parse_version(const char *line, int *ret_version,
                          char ret_text[CLIENT_VERSION_TEXT_MAX])
{
    const char *s = strstr(line, ") ");
    const char *number;
    int major;
    int minor = 0;

    if (!s)
        return false;
    number = s + 2;
    s = number;
    major = take_number(&s);
    if (major < 10) /* 9.6 counted otherwise, and nothing that old fits any server we serve */
        return false;
    if (*s == '.') {
        s++;
        minor = take_number(&s);
    }
    if (minor < 0)
        return false;
    *ret_version = major * 10000 + minor;
    if (ret_text)
        (void)snprintf(ret_text, CLIENT_VERSION_TEXT_MAX, "%.*s", (int)strcspn(number, "\r\n"),
                       number);
    return true;
}

/* Value of NAME=value or NAME="value" in os-release text; "" if it isn't there. */
static void os_release_get(const char *text, const char *name, char *dst, size_t cap)
{
    size_t n = strlen(name);

    dst[0] = '\0';
    for (const char *p = text; p; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (strncmp(p, name, n) == 0 && p[n] == '=') {
            p += n + 1;
            p += *p == '"' || *p == '\'';
            (void)snprintf(dst, cap, "%.*s", (int)strcspn(p, "\"'\n"), p);
            return;
        }
    }
}

/* Does ID or one word of ID_LIKE name this family? */
static bool os_is(const char *ids, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = strstr(ids, word); p; p = strstr(p + 1, word)) {
        if ((p == ids || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    }
    return false;
}

/* One line each: with %d the major version; `upgrade` is for a major that is already there. */
static const struct package_rule {
    const char *os;
    const char *install;
    const char *upgrade;
} package_rules[] = {
    {"debian",
     "sudo apt-get install postgresql-client-%d (not in your release? first: sudo apt-get install "
     "postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh)",
     "sudo apt-get update && sudo apt-get install postgresql-client-%d"},
    {"fedora", "sudo dnf install postgresql%d", "sudo dnf upgrade postgresql%d"},
    {"rhel", "sudo dnf install postgresql%d", "sudo dnf upgrade postgresql%d"},
    {"alpine", "apk add postgresql%d-client", "apk add --upgrade postgresql%d-client"},
    {"suse", "sudo zypper install postgresql%d", "sudo zypper update postgresql%d"},
    {"", "install the client programs of PostgreSQL %d and name their directory in 'bin_dir'",
     "update the client programs of PostgreSQL %d to their newest minor release"},
};

const char *client_install_hint(char *dst, size_t cap, int major, bool upgrade,
                                const char *os_release)
{
    AUTO_BUF struct buf text = BUF_INIT(OS_RELEASE_MAX);
    char id[64];
    char like[128];
    char ids[200];
    const struct package_rule *rule = package_rules;

    if (!io_read_file(os_release ? os_release : "/etc/os-release", &text, NULL))
        buf_clear(&text);
    os_release_get(buf_str(&text), "ID", id, sizeof id);
    os_release_get(buf_str(&text), "ID_LIKE", like, sizeof like);
    (void)snprintf(ids, sizeof ids, "%s %s", id, like);
    while (rule->os[0] && !os_is(ids, rule->os))
        rule++;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats are the table above */
    (void)snprintf(dst, cap, upgrade ? rule->upgrade : rule->install, major);
#pragma GCC diagnostic pop
    return dst;
}
