/*
 * fuzz_num.c - numbers, durations, sizes, timestamps and UTF-8 from arbitrary text.
 *
 * Beyond "does not crash": what is taken stays within its bounds, and written back it reads the
 * same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"
#include "common/num.h"
#include "common/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int good)
{
    if (!good)
        abort();
}

static void check_numbers(const char *s)
{
    char text[64];
    uint64_t u;
    int64_t i;

    if (num_parse_u64(s, 10, 1000, &u))
        expect(u >= 10 && u <= 1000);
    if (num_parse_i64(s, -10, 1000, &i))
        expect(i >= -10 && i <= 1000);
    if (num_parse_u64(s, 0, UINT64_MAX, &u)) {
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)u);
        expect(strcmp(s + strspn(s, "0"), text) == 0 || u == 0);
    }
    if (num_parse_duration_ms(s, &u)) {
        uint64_t again;

        (void)snprintf(text, sizeof text, "%llums", (unsigned long long)u);
        expect(num_parse_duration_ms(text, &again) && again == u);
        (void)num_format_duration(text, u);
    }
    if (num_parse_size(s, &u))
        (void)num_format_bytes(text, u);
}

static void check_time(const char *s)
{
    char text[IO_TIME_MAX];
    time_t t;
    time_t again;

    if (io_parse_utc(s, &t)) {
        (void)io_format_utc(text, t);
        expect(io_parse_utc(text, &again) && again == t);
    }
}

static void check_text(const char *s, size_t len)
{
    size_t good = str_utf8_valid_prefix(s, len);
    size_t half = strlen(s) / 2;
    char *front = strndup(s, half);

    expect(good <= len && str_utf8_valid_prefix(s, good) == good);
    expect(str_glob_match("*", s));
    (void)str_glob_match(front, s + half);
    expect(str_edit_distance(front, s + half) == str_edit_distance(s + half, front));
    (void)str_is_likely_typo(front, s + half);
    free(front);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *s;

    if (size > 300)
        return 0;
    s = malloc(size + 1);
    memcpy(s, data, size);
    s[size] = '\0';
    check_numbers(s);
    check_time(s);
    check_text(s, size);
    free(s);
    return 0;
}
