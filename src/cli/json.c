#include "cli/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/io.h"
#include "common/str.h"

static void add_clean(struct buf *b, const char *s)
{
    size_t left = strlen(s);

    while (left > 0) {
        size_t good = str_utf8_valid_prefix(s, left);

        buf_add(b, s, good);
        s += good;
        left -= good;
        if (left > 0) {
            buf_addch(b, '?');
            s++;
            left--;
        }
    }
}

void json_add_text(struct cJSON *object, const char *key, const char *value)
{
    AUTO_BUF struct buf clean = BUF_INIT(BUF_TEXT_MAX);

    if (!value || !value[0]) {
        (void)cJSON_AddNullToObject(object, key);
        return;
    }
    add_clean(&clean, value);
    (void)cJSON_AddStringToObject(object, key, buf_str(&clean));
}

void json_add_u64(struct cJSON *object, const char *key, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    (void)cJSON_AddRawToObject(object, key, text);
}

void json_add_time(struct cJSON *object, const char *key, time_t t)
{
    char text[IO_TIME_MAX];

    json_add_text(object, key, t ? io_format_utc(text, t) : NULL);
}

bool json_print(const struct cJSON *document, struct err *e)
{
    char *text = cJSON_Print(document);
    bool ok;

    if (!text)
        return err_set(e, E_SYSTEM, "out of memory while printing JSON");
    ok = io_write_full(STDOUT_FILENO, text, strlen(text)) && io_write_full(STDOUT_FILENO, "\n", 1);
    free(text);
    if (!ok && errno != EPIPE)
        return err_sys(e, E_IO, "cannot write to standard output");
    return true;
}
