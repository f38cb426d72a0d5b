#include "key_check_priv.h"

#include <string.h>

#include "common/num.h"

enum { NAME_MAX_BYTES = 63 }; /* NAMEDATALEN - 1: PostgreSQL would cut the rest off */

bool key_check_name(const char *value, struct buf *why)
{
    if (strchr(value, '/') || value[0] == '.') {
        buf_addstr(why, "a job's name becomes part of file names: no '/' and no '.' at its start");
        return false;
    }
    return true;
}

bool key_check_database(const char *value, struct buf *why)
{
    if (strlen(value) <= NAME_MAX_BYTES)
        return true;
    buf_printf(why, "a database name has at most %d bytes, this one has %zu", NAME_MAX_BYTES,
               strlen(value));
    return false;
}

/* Every {word} in value must be one of `known`, and each of `needed` must be there. */
static bool check_placeholders(const char *value, const char *const *known, size_t needed,
                               struct buf *why)
{
    for (const char *p = strchr(value, '{'); p; p = strchr(p + 1, '{')) {
        bool found = false;

        for (size_t i = 0; known[i] && !found; i++)
            found = strncmp(p, known[i], strlen(known[i])) == 0;
        if (found)
            continue;
        buf_printf(why, "unknown placeholder at '%.16s'; known here: ", p);
        for (size_t i = 0; known[i]; i++)
            buf_printf(why, "%s%s", i ? " " : "", known[i]);
        return false;
    }
    for (size_t i = 0; i < needed; i++) {
        if (!strstr(value, known[i])) {
            buf_printf(why, "the placeholder %s is missing", known[i]);
            return false;
        }
    }
    return true;
}

bool key_check_shadow_name(const char *value, struct buf *why)
{
    static const char *const known[] = {"{database}", NULL};

    if (!check_placeholders(value, known, 1, why))
        return false;
    if (strcmp(value, "{database}") != 0)
        return true;
    buf_addstr(why, "the new database needs a name other than the target's");
    return false;
}

bool key_check_previous_name(const char *value, struct buf *why)
{
    static const char *const known[] = {"{database}", "{time}", NULL};

    return check_placeholders(value, known, 2, why);
}

bool key_check_job_path(const char *value, struct buf *why)
{
    static const char *const known[] = {"{job}", NULL};

    return check_placeholders(value, known, 0, why);
}

/* ":N" behind a method, N at most `max`; "" will do. */
static bool level_is_valid(const char *s, uint64_t max)
{
    uint64_t level;

    return *s == '\0' || (*s == ':' && num_parse_u64(s + 1, 0, max, &level));
}

bool key_check_compression(const char *value, struct buf *why)
{
    if (strncmp(value, "zstd", 4) == 0) {
        buf_addstr(why, "zstd dumps cannot be checked by this program; use \"lz4\" or \"auto\"");
        return false;
    }
    if (strcmp(value, "auto") == 0 || strcmp(value, "none") == 0 ||
        (value[0] >= '0' && value[0] <= '9' && value[1] == '\0') ||
        (strncmp(value, "gzip", 4) == 0 && level_is_valid(value + 4, 9)) ||
        (strncmp(value, "lz4", 3) == 0 && level_is_valid(value + 3, 12)))
        return true;
    buf_addstr(why,
               "expected \"auto\", \"none\", \"0\" to \"9\", \"gzip[:1-9]\" or \"lz4[:1-12]\"");
    return false;
}

bool key_check_bin_dir(const char *value, struct buf *why)
{
    if (strcmp(value, "auto") == 0 || value[0] == '/')
        return true;
    buf_addstr(why, "expected \"auto\" or an absolute path");
    return false;
}
