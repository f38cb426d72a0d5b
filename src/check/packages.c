/*
 * packages.c - the command that installs an extension's package, by distribution.
 *
 * The target may be another machine with another distribution; ours is the best guess there is.
 * What PostgreSQL ships as contrib has its own rule, the rest is called after the extension unless
 * the table says otherwise.
 */
#include "packages_priv.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/io.h"

enum { OS_RELEASE_MAX = 64 * 1024 };

static const char *const contrib[] = {
    "adminpack",
    "amcheck",
    "autoinc",
    "bloom",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dblink",
    "dict_int",
    "dict_xsyn",
    "earthdistance",
    "file_fdw",
    "fuzzystrmatch",
    "hstore",
    "insert_username",
    "intagg",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "moddatetime",
    "old_snapshot",
    "pageinspect",
    "pg_buffercache",
    "pg_freespacemap",
    "pg_logicalinspect",
    "pg_overexplain",
    "pg_prewarm",
    "pg_stat_statements",
    "pg_surgery",
    "pg_trgm",
    "pg_visibility",
    "pg_walinspect",
    "pgcrypto",
    "pgrowlocks",
    "pgstattuple",
    "postgres_fdw",
    "refint",
    "seg",
    "sslinfo",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
    "xml2",
};

/* Extensions whose package is not called after them; %d is the server's major. */
static const struct {
    const char *extension;
    const char *deb;
    const char *rpm;
} named[] = {
    {"postgis", "postgresql-%d-postgis-3", "postgis34_%d"},
    {"postgis_raster", "postgresql-%d-postgis-3", "postgis34_%d"},
    {"postgis_topology", "postgresql-%d-postgis-3", "postgis34_%d"},
    {"postgis_sfcgal", "postgresql-%d-postgis-3", "postgis34_%d"},
    {"postgis_tiger_geocoder", "postgresql-%d-postgis-3", "postgis34_%d"},
    {"address_standardizer", "postgresql-%d-postgis-3", "postgis34_%d"},
    {"vector", "postgresql-%d-pgvector", "pgvector_%d"},
    {"pg_cron", "postgresql-%d-cron", "pg_cron_%d"},
    {"pg_partman", "postgresql-%d-partman", "pg_partman_%d"},
    {"pg_repack", "postgresql-%d-repack", "pg_repack_%d"},
    {"pg_hint_plan", "postgresql-%d-pg-hint-plan", "pg_hint_plan_%d"},
    {"plperl", "postgresql-plperl-%d", "postgresql%d-plperl"},
    {"plperlu", "postgresql-plperl-%d", "postgresql%d-plperl"},
    {"plpython3u", "postgresql-plpython3-%d", "postgresql%d-plpython3"},
    {"pltcl", "postgresql-pltcl-%d", "postgresql%d-pltcl"},
    {"pltclu", "postgresql-pltcl-%d", "postgresql%d-pltcl"},
    {"timescaledb", "timescaledb-2-postgresql-%d", "timescaledb-2-postgresql-%d"},
    {"citus", "postgresql-%d-citus", "citus_%d"},
    {"http", "postgresql-%d-http", "pgsql_http_%d"},
};

static bool is_contrib(const char *extension)
{
    for (size_t i = 0; i < ARRAY_LEN(contrib); i++)
        if (strcmp(contrib[i], extension) == 0)
            return true;
    return false;
}

/* Does the line for `key` (ID or ID_LIKE) of an os-release text hold this word? */
static bool os_line_has(const char *text, const char *key, const char *word)
{
    size_t key_len = strlen(key), word_len = strlen(word);

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *end = line + strcspn(line, "\n");

        if (strncmp(line, key, key_len) != 0 || line[key_len] != '=')
            continue;
        for (const char *at = line + key_len + 1; at + word_len <= end; at++) {
            bool starts = strchr("=\"' ", at[-1]) != NULL;

            if (starts && strncmp(at, word, word_len) == 0 && strchr("\"' \n", at[word_len]))
                return true;
        }
    }
    return false;
}

static bool os_is(const char *text, const char *word)
{
    return os_line_has(text, "ID", word) || os_line_has(text, "ID_LIKE", word);
}

enum os_family os_family_of(const char *text)
{
    if (os_is(text, "debian") || os_is(text, "ubuntu"))
        return OS_DEBIAN;
    if (os_is(text, "fedora") || os_is(text, "rhel") || os_is(text, "centos"))
        return OS_REDHAT;
    if (os_is(text, "alpine"))
        return OS_ALPINE;
    return OS_OTHER;
}

enum os_family os_family(void)
{
    AUTO_BUF struct buf b = BUF_INIT(OS_RELEASE_MAX);

    if (!io_read_file("/etc/os-release", &b, NULL))
        return OS_OTHER;
    return os_family_of(buf_str(&b));
}

/* A format of the table above with its one number. */
static void expand(char *dst, size_t cap, const char *format, int major)
{
    const char *at = strstr(format, "%d");

    (void)snprintf(dst, cap, "%.*s%d%s", (int)(at - format), format, major, at + 2);
}

static const char *named_package(const char *extension, enum os_family family)
{
    for (size_t i = 0; i < ARRAY_LEN(named); i++)
        if (strcmp(named[i].extension, extension) == 0)
            return family == OS_DEBIAN ? named[i].deb : named[i].rpm;
    return NULL;
}

/* postgresql-15-my-ext of my_ext */
static void debian_package(char *dst, size_t cap, const char *extension, int major)
{
    int n = snprintf(dst, cap, "postgresql-%d-", major);

    (void)snprintf(dst + n, cap - (size_t)n, "%s", extension);
    for (char *p = dst + n; *p; p++)
        if (*p == '_')
            *p = '-';
}

const char *extension_package(char dst[PACKAGE_MAX], const char *extension, int major,
                              enum os_family family)
{
    const char *format = named_package(extension, family);

    if (is_contrib(extension)) {
        if (family == OS_DEBIAN)
            (void)snprintf(dst, PACKAGE_MAX, "postgresql-%d", major);
        else
            (void)snprintf(dst, PACKAGE_MAX, "postgresql%d-contrib", major);
    } else if (format && (family == OS_DEBIAN || family == OS_REDHAT)) {
        expand(dst, PACKAGE_MAX, format, major);
    } else if (family == OS_DEBIAN) {
        debian_package(dst, PACKAGE_MAX, extension, major);
    } else {
        (void)snprintf(dst, PACKAGE_MAX, "%s_%d", extension, major);
    }
    return dst;
}

const char *package_install(char dst[PACKAGE_MAX], const char *package, enum os_family family)
{
    static const char *const commands[] = {
        [OS_DEBIAN] = "sudo apt-get install",
        [OS_REDHAT] = "sudo dnf install",
        [OS_ALPINE] = "sudo apk add",
        [OS_OTHER] = "install the package",
    };

    (void)snprintf(dst, PACKAGE_MAX, "%s %s", commands[family], package);
    return dst;
}
