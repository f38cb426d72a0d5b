/* render.c - the report as text for people, JSON for programs and one line for nagios. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

#include "check/check.h"
#include "common/num.h"
#include "common/str.h"

enum { NAME_WIDTH = 12, SIDES = 4 };

static const char *color_of(enum check_level level)
{
    static const char *const colors[] = {"\033[32m", "\033[33m", "\033[1;31m", "\033[2m"};

    return colors[level];
}

static const char *word_of(enum check_level level)
{
    static const char *const words[] = {"ok", "warn", "FAIL", "skip"};

    return words[level];
}

/* "src.priv" is shown as "priv": the heading above names the side. */
static const char *short_name(const char *id)
{
    const char *dot = strchr(id, '.');

    return dot ? dot + 1 : id;
}

static void hint_render(struct buf *b, const char *hint)
{
    const char *lead = "        hint: ";

    while (*hint) {
        size_t len = strcspn(hint, "\n");

        buf_printf(b, "%s%.*s\n", lead, (int)len, hint);
        hint += len + (hint[len] == '\n');
        lead = "              ";
    }
}

static void result_render(struct buf *b, const struct probe_result *r, const struct check_render *o)
{
    const char *text = r->message[0] ? r->message : r->value;

    buf_printf(b, "  %s%-4s%s  %-*s%s%s\n", o->color ? color_of(r->level) : "", word_of(r->level),
               o->color ? "\033[0m" : "", NAME_WIDTH, short_name(r->id),
               strlen(short_name(r->id)) >= NAME_WIDTH ? " " : "", text);
    hint_render(b, r->hint);
}

static void server_heading(struct buf *b, const char *side, const struct check_server *s,
                           const struct check_database *db, const char *tls)
{
    buf_addstr(b, side);
    if (s->known) {
        buf_printf(b, "  %s/%s  PostgreSQL %s", s->where, db->name ? db->name : "",
                   s->version_text);
        if (s->in_recovery)
            buf_addstr(b, " (standby)");
        if (tls[0])
            buf_printf(b, "  %s", tls);
    }
    buf_addch(b, '\n');
}

static const char *tls_value(const struct check_report *r, const char *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->results[i].id, id) == 0)
            return r->results[i].value;
    return "";
}

static void heading_render(struct buf *b, const struct check_report *r, enum check_side side)
{
    const struct check_facts *f = &r->facts;

    if (side == CHECK_SOURCE)
        server_heading(b, "source", &f->source_server, &f->source_db, tls_value(r, "src.tls"));
    else if (side == CHECK_TARGET)
        server_heading(b, "target", &f->target_server, &f->target_db, tls_value(r, "tgt.tls"));
    else
        buf_printf(b, "%s\n", check_side_name(side));
}

static bool result_shown(const struct probe_result *r, const struct check_render *o)
{
    return o->verbose || r->level == CHECK_WARN || r->level == CHECK_FAIL;
}

static void side_render(struct buf *b, const struct check_report *r, enum check_side side,
                        const struct check_render *o)
{
    bool asked = false, headed = false;

    for (size_t i = 0; i < r->count; i++) {
        const struct probe_result *p = &r->results[i];

        if (p->side != side)
            continue;
        asked = true;
        if (!result_shown(p, o))
            continue;
        if (!headed)
            heading_render(b, r, side);
        headed = true;
        result_render(b, p, o);
    }
    if (asked && !headed && (side == CHECK_SOURCE || side == CHECK_TARGET))
        heading_render(b, r, side);
}

static void estimate_render(struct buf *b, const struct copy_facts *c)
{
    char size[NUM_TEXT_MAX], low[NUM_TEXT_MAX], high[NUM_TEXT_MAX], temp[NUM_TEXT_MAX],
        target[NUM_TEXT_MAX];

    if (!c->known)
        return;
    buf_printf(b, "estimate  %s, ", num_format_bytes(size, c->heap_bytes + c->index_bytes));
    num_format_duration(low, c->seconds_low * 1000);
    num_format_duration(high, c->seconds_high * 1000);
    if (strcmp(low, high) == 0)
        buf_addstr(b, high);
    else
        buf_printf(b, "%s to %s", low, high);
    buf_printf(b, " with %u job%s, needs %s in %s", c->jobs, c->jobs == 1 ? "" : "s",
               num_format_bytes(temp, c->dump_bytes), c->temp_dir ? c->temp_dir : "temp_dir");
    if (c->target_bytes)
        buf_printf(b, ", %s on target while both copies exist",
                   num_format_bytes(target, c->target_bytes));
    buf_addch(b, '\n');
}

static void summary_render(struct buf *b, const struct check_summary *s)
{
    const char *comma = "";

    if (s->fail) {
        buf_printf(b, "%zu failed", s->fail);
        comma = ", ";
    }
    if (s->warn) {
        buf_printf(b, "%s%zu warning%s", comma, s->warn, s->warn == 1 ? "" : "s");
        comma = ", ";
    }
    if (s->skip) {
        buf_printf(b, "%s%zu skipped", comma, s->skip);
        comma = ", ";
    }
    buf_printf(b, "%s%zu ok\n", comma, s->ok);
}

void check_render_text(struct buf *b, const struct check_report *r, const struct check_render *o)
{
    struct check_summary s = check_summarize(r);

    for (int side = 0; side < SIDES; side++)
        side_render(b, r, (enum check_side)side, o);
    estimate_render(b, &r->facts.copy);
    summary_render(b, &s);
}

/*
 * "CRITICAL - 1 failed: tgt.extensions | failed=1 warn=2 est_seconds=1020". The bar separates
 * performance data, so names only, no messages that might hold one.
 */
void check_render_nagios(struct buf *b, const struct check_report *r)
{
    struct check_summary s = check_summarize(r);
    const char *lead = ": ";

    if (s.fail)
        buf_printf(b, "CRITICAL - %zu failed", s.fail);
    else if (s.warn)
        buf_printf(b, "WARNING - %zu warning%s", s.warn, s.warn == 1 ? "" : "s");
    else
        buf_printf(b, "OK - %zu checks passed", s.ok);
    for (size_t i = 0; i < r->count && (s.fail || s.warn); i++) {
        if (r->results[i].level != (s.fail ? CHECK_FAIL : CHECK_WARN))
            continue;
        buf_printf(b, "%s%s", lead, r->results[i].id);
        lead = ", ";
    }
    buf_printf(b, " | failed=%zu warn=%zu", s.fail, s.warn);
    if (r->facts.copy.known)
        buf_printf(b, " est_seconds=%" PRIu64, r->facts.copy.seconds_high);
    buf_addch(b, '\n');
}

/* Server messages may come in any encoding when a login fails; JSON is UTF-8. */
static void json_add_text(struct cJSON *o, const char *key, const char *value)
{
    AUTO_FREE char *copy = mem_strdup(value);
    size_t len = strlen(copy), at;

    while ((at = str_utf8_valid_prefix(copy, len)) < len)
        copy[at] = '?';
    cJSON_AddStringToObject(o, key, copy);
}

static struct cJSON *result_json(const struct probe_result *p)
{
    struct cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "id", p->id);
    cJSON_AddStringToObject(o, "side", check_side_name(p->side));
    cJSON_AddStringToObject(o, "level", check_level_name(p->level));
    json_add_text(o, "value", p->value);
    json_add_text(o, "threshold", p->threshold);
    json_add_text(o, "message", p->message);
    json_add_text(o, "hint", p->hint);
    cJSON_AddNumberToObject(o, "ms", (double)(uint64_t)(p->ms * 1000.0 + 0.5) / 1000.0);
    return o;
}

static void summary_json(struct cJSON *parent, const struct check_report *r)
{
    struct check_summary s = check_summarize(r);
    struct cJSON *o = cJSON_AddObjectToObject(parent, "summary");

    cJSON_AddNumberToObject(o, "ok", (double)s.ok);
    cJSON_AddNumberToObject(o, "warn", (double)s.warn);
    cJSON_AddNumberToObject(o, "fail", (double)s.fail);
    cJSON_AddNumberToObject(o, "skip", (double)s.skip);
}

static void estimate_json(struct cJSON *parent, const struct copy_facts *c)
{
    struct cJSON *o = cJSON_AddObjectToObject(parent, "estimate");

    cJSON_AddNumberToObject(o, "tables", (double)c->tables);
    cJSON_AddNumberToObject(o, "bytes", (double)(c->heap_bytes + c->index_bytes));
    cJSON_AddNumberToObject(o, "dump_bytes", (double)c->dump_bytes);
    cJSON_AddNumberToObject(o, "target_bytes", (double)c->target_bytes);
    cJSON_AddNumberToObject(o, "seconds_low", (double)c->seconds_low);
    cJSON_AddNumberToObject(o, "seconds_high", (double)c->seconds_high);
    cJSON_AddNumberToObject(o, "jobs", c->jobs);
}

void check_render_json(struct cJSON *object, const struct check_report *r)
{
    struct cJSON *checks = cJSON_AddArrayToObject(object, "checks");

    for (size_t i = 0; i < r->count; i++)
        cJSON_AddItemToArray(checks, result_json(&r->results[i]));
    summary_json(object, r);
    if (r->facts.copy.known)
        estimate_json(object, &r->facts.copy);
}
