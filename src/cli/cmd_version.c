#include <archive.h>
#include <cjson/cJSON.h>
#include <libpq-fe.h>
#include <lz4.h>
#include <stdio.h>
#include <zlib.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/result.h"
#include "common/version.h"

struct library {
    const char *name;
    char version[32];
};

/* libpq's number: 150018 is 15.18. */
static void libpq_version(char dst[32])
{
    int v = PQlibVersion();

    (void)snprintf(dst, 32, "%d.%d", v / 10000, v % 10000);
}

static size_t libraries(struct library out[5])
{
    int v = archive_version_number();

    out[0].name = "libpq";
    libpq_version(out[0].version);
    out[1].name = "cJSON";
    (void)snprintf(out[1].version, sizeof out[1].version, "%s", cJSON_Version());
    out[2].name = "libarchive";
    (void)snprintf(out[2].version, sizeof out[2].version, "%d.%d.%d", v / 1000000, v / 1000 % 1000,
                   v % 1000);
    out[3].name = "zlib";
    (void)snprintf(out[3].version, sizeof out[3].version, "%s", zlibVersion());
    out[4].name = "lz4";
    (void)snprintf(out[4].version, sizeof out[4].version, "%s", LZ4_versionString());
    return 5;
}

static bool print_json(const struct library *libs, size_t n, struct err *e)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *used;
    bool ok;

    (void)cJSON_AddStringToObject(o, "tool", "pg_mirror");
    (void)cJSON_AddStringToObject(o, "version", PGM_VERSION);
    used = cJSON_AddObjectToObject(o, "libraries");
    for (size_t i = 0; i < n; i++)
        (void)cJSON_AddStringToObject(used, libs[i].name, libs[i].version);
    ok = json_print(o, e);
    cJSON_Delete(o);
    return ok;
}

static bool version_run(struct invocation *inv, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT(4096);
    struct library libs[5];
    size_t n = libraries(libs);

    if (inv->config.output == OUTPUT_JSON)
        return print_json(libs, n, e);
    buf_addstr(&b, "pg_mirror " PGM_VERSION "\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s %s\n", libs[i].name, libs[i].version);
    return cli_print(buf_str(&b), e);
}

const struct command cmd_version = {
    .name = "version",
    .args = "",
    .summary = "print the version, and those of the libraries",
    .bit = CMD_VERSION,
    .needs = CONFIG_NEEDS_NONE,
    .run = version_run,
};
