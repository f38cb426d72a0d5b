/* dump_read.h - read a made dump with our reader and keep what came of it, for the unit tests. */
#ifndef PGM_TESTS_DUMP_READ_H
#define PGM_TESTS_DUMP_READ_H

#include "archive/dump_toc.h"
#include "archive/dump_walk.h"
#include "common/arena.h"
#include "dump_build.h"

struct reading {
    struct arena *a;
    struct dump_source src;
    struct dump_toc toc;
    struct dump_report report;
    struct err e;
    bool ok;
};

/* The bytes are copied so that the address sanitizer sees a read past their end. */
HELPER void read_with(struct reading *r, const void *data, size_t len,
                      const struct dump_walk_options *o)
{
    unsigned char *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    memcpy(copy, data, len);
    *r = (struct reading){.a = arena_new()};
    dump_source_memory(&r->src, copy, len);
    r->ok = dump_toc_read(&r->toc, &r->src, r->a, &r->e) &&
            dump_walk(&r->report, &r->src, &r->toc, o, r->a, &r->e);
    free(copy);
}

HELPER void read_made(struct reading *r, const struct made *m)
{
    static const struct dump_walk_options decode;

    read_with(r, m->data, m->len, &decode);
}

HELPER void reading_release(struct reading *r)
{
    arena_free(r->a);
    r->a = NULL;
}

#endif
