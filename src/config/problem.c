#include "problem_priv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 8 * 1024 };

static struct problem *problem_new(struct problems *p, const char *pointer, const char *fmt,
                                   va_list ap) PRINTF_LIKE(3, 0);
static struct problem *problem_new(struct problems *p, const char *pointer, const char *fmt,
                                   va_list ap)
{
    AUTO_BUF struct buf text = BUF_INIT(MESSAGE_MAX);
    struct problem *item;

    buf_vprintf(&text, fmt, ap);
    if (text.failed)
        buf_addstr(&text, "(the message is too long to show)");
    p->items = arena_grow(p->arena, p->items, p->count, &p->cap, sizeof *p->items);
    item = &p->items[p->count++];
    *item = (struct problem){0};
    item->public.code = E_CONFIG;
    item->public.pointer = arena_strdup(p->arena, pointer);
    item->public.message = arena_strdup(p->arena, buf_str(&text));
    return item;
}

static void problem_place(struct problem *item, const struct place *at)
{
    item->at = *at;
    item->public.file = at->file;
    item->public.line = at->line;
    item->public.column = at->column;
}

void problem_add(struct problems *p, const struct place *at, const char *pointer, const char *fmt,
                 ...)
{
    va_list ap;

    va_start(ap, fmt);
    problem_place(problem_new(p, pointer, fmt, ap), at);
    va_end(ap);
    p->errors++;
}

void problem_warn(struct problems *p, const struct place *at, const char *pointer, const char *fmt,
                  ...)
{
    struct problem *item;
    va_list ap;

    va_start(ap, fmt);
    item = problem_new(p, pointer, fmt, ap);
    va_end(ap);
    problem_place(item, at);
    item->public.warning = true;
}

void problem_option(struct problems *p, enum err_code code, const char *where, const char *fmt, ...)
{
    struct problem *item;
    va_list ap;

    va_start(ap, fmt);
    item = problem_new(p, where, fmt, ap);
    va_end(ap);
    item->public.code = code;
    item->at.order = UINT32_MAX; /* after all files */
    item->at.line = (unsigned)p->count;
    p->errors++;
}

static int by_place(const void *left, const void *right)
{
    const struct place *a = &((const struct problem *)left)->at;
    const struct place *b = &((const struct problem *)right)->at;

    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->column < b->column ? -1 : a->column > b->column;
}

static const char *whole_line(struct arena *a, const struct config_problem *p)
{
    AUTO_BUF struct buf b = BUF_INIT((size_t)MESSAGE_MAX * 2);

    if (p->file)
        buf_addstr(&b, p->file);
    if (p->file && p->line)
        buf_printf(&b, ":%u:%u", p->line, p->column);
    if (p->pointer && p->pointer[0])
        buf_printf(&b, "%s%s", p->file ? " " : "", p->pointer);
    buf_printf(&b, "%s%s", b.len ? ": " : "", p->message);
    return arena_strdup(a, buf_str(&b));
}

static void hand_over_one(struct config_report *report, const struct config_problem *from)
{
    struct config_problem *to = &report->items[report->count++];

    *to = *from;
    to->file = arena_strdup(report->arena, from->file);
    to->pointer = arena_strdup(report->arena, from->pointer);
    to->message = arena_strdup(report->arena, from->message);
    to->text = whole_line(report->arena, from);
    report->errors += !to->warning;
}

static bool report_error(const struct config_report *report, struct err *e)
{
    const struct config_problem *first = NULL;

    for (size_t i = 0; i < report->count && !first; i++) {
        if (!report->items[i].warning)
            first = &report->items[i];
    }
    if (!first)
        return true;
    if (report->errors == 1)
        return err_set(e, first->code, "%s", first->text);
    err_set_(e, first->code, "the configuration has %zu errors", report->errors);
    return err_detail(e, "the first is %s", first->text);
}

bool problems_hand_over(struct problems *p, struct config_report *report, struct err *e)
{
    if (p->count)
        qsort(p->items, p->count, sizeof *p->items, by_place);
    if (!report->arena)
        report->arena = arena_new();
    report->items = arena_array(report->arena, p->count + 1, sizeof *report->items);
    for (size_t i = 0; i < p->count; i++)
        hand_over_one(report, &p->items[i].public);
    return report_error(report, e);
}

void config_report_release(struct config_report *report)
{
    arena_free(report->arena);
    *report = (struct config_report){0};
}
