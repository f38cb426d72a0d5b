#include "common/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Digits from *s on; false on none or on overflow. */
static bool take_digits(const char **s, uint64_t *ret_value)
{
    uint64_t v = 0;
    const char *p = *s;

    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(v, 10U, &v) ||
            __builtin_add_overflow(v, (unsigned)(*p - '0'), &v))
            return false;
    }
    *s = p;
    *ret_value = v;
    return true;
}

bool num_parse_u64(const char *s, uint64_t lo, uint64_t hi, uint64_t *ret_value)
{
    uint64_t v;

    if (!take_digits(&s, &v) || *s || v < lo || v > hi)
        return false;
    *ret_value = v;
    return true;
}

bool num_parse_i64(const char *s, int64_t lo, int64_t hi, int64_t *ret_value)
{
    bool negative = *s == '-';
    uint64_t v;
    int64_t n;

    s += negative;
    if (!take_digits(&s, &v) || *s || v > (uint64_t)INT64_MAX + negative)
        return false;
    n = negative ? (int64_t)(~v + 1) : (int64_t)v;
    if (n < lo || n > hi)
        return false;
    *ret_value = n;
    return true;
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* The unit whose name is the longest prefix of *s; *s moves behind it. */
static const struct unit *take_unit(const char **s, const struct unit *units)
{
    const struct unit *best = NULL;

    for (const struct unit *u = units; u->name; u++) {
        size_t n = strlen(u->name);

        if (strncmp(*s, u->name, n) == 0 && (!best || n > strlen(best->name)))
            best = u;
    }
    if (best)
        *s += strlen(best->name);
    return best;
}

bool num_parse_duration_ms(const char *s, uint64_t *ret_ms)
{
    static const struct unit units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
    uint64_t total = 0;
    uint64_t last_factor = UINT64_MAX;

    if (strcmp(s, "0") == 0) {
        *ret_ms = 0;
        return true;
    }
    do {
        const struct unit *u;
        uint64_t v;

        if (!take_digits(&s, &v))
            return false;
        u = take_unit(&s, units);
        if (!u || u->factor >= last_factor) /* units must fall: 1h30m, not 30m1h */
            return false;
        last_factor = u->factor;
        if (__builtin_mul_overflow(v, u->factor, &v) || __builtin_add_overflow(total, v, &total))
            return false;
    } while (*s);
    *ret_ms = total;
    return true;
}

bool num_parse_size(const char *s, uint64_t *ret_bytes)
{
    static const struct unit units[] = {{"B", 1},           {"kB", 1ULL << 10}, {"MB", 1ULL << 20},
                                        {"GB", 1ULL << 30}, {"TB", 1ULL << 40}, {NULL, 0}};
    const struct unit *u;
    uint64_t v;

    if (!take_digits(&s, &v))
        return false;
    if (*s) {
        u = take_unit(&s, units);
        if (!u || *s || __builtin_mul_overflow(v, u->factor, &v))
            return false;
    }
    *ret_bytes = v;
    return true;
}

bool num_add(size_t a, size_t b, size_t *ret_sum)
{
    return !__builtin_add_overflow(a, b, ret_sum);
}

bool num_mul(size_t a, size_t b, size_t *ret_product)
{
    return !__builtin_mul_overflow(a, b, ret_product);
}

/* value / step^n with one decimal and the n-th suffix; whole numbers below the first step. */
static const char *format_scaled(char *dst, uint64_t value, uint64_t step,
                                 const char *const *suffix)
{
    double v = (double)value;
    size_t i = 0;

    if (value < step) {
        (void)snprintf(dst, NUM_TEXT_MAX, "%" PRIu64 "%s", value, suffix[0]);
        return dst;
    }
    while (v >= (double)step && suffix[i + 1]) {
        v /= (double)step;
        i++;
    }
    (void)snprintf(dst, NUM_TEXT_MAX, "%.1f%s", v, suffix[i]);
    return dst;
}

const char *num_format_bytes(char dst[NUM_TEXT_MAX], uint64_t bytes)
{
    static const char *const suffix[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", NULL};

    return format_scaled(dst, bytes, 1024, suffix);
}

const char *num_format_count(char dst[NUM_TEXT_MAX], uint64_t count)
{
    static const char *const suffix[] = {"", "k", "M", "G", "T", NULL};

    return format_scaled(dst, count, 1000, suffix);
}

const char *num_format_duration(char dst[NUM_TEXT_MAX], uint64_t ms)
{
    uint64_t s = ms / 1000;

    if (ms < 10000)
        (void)snprintf(dst, NUM_TEXT_MAX, "%.1fs", (double)ms / 1000.0);
    else if (s < 60)
        (void)snprintf(dst, NUM_TEXT_MAX, "%" PRIu64 "s", s);
    else if (s < 3600)
        (void)snprintf(dst, NUM_TEXT_MAX, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
    else
        (void)snprintf(dst, NUM_TEXT_MAX, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
    return dst;
}
