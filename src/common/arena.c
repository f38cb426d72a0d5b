/*
 * Blocks of ARENA_BLOCK bytes in a list, newest first; a request too large for a block gets one of
 * its own, put behind the head so that the head's free space stays in use.
 */
#include "common/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK = 16 * 1024, ARENA_ALIGN = 16 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    size_t pad_; /* keeps data 16-byte aligned */
    char data[];
};

struct arena {
    struct block *head;
};

static void NORETURN out_of_memory(size_t size)
{
    (void)fprintf(stderr, "pg_mirror: out of memory (%zu bytes)\n", size);
    abort();
}

void *mem_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);

    if (!p)
        out_of_memory(size);
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    void *grown = realloc(p, size ? size : 1);

    if (!grown)
        out_of_memory(size);
    return grown;
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;

    return memcpy(mem_alloc(n), s, n);
}

void mem_cleanup_(char **p)
{
    free(*p);
}

struct arena *arena_new(void)
{
    return mem_alloc(sizeof(struct arena));
}

void arena_clear(struct arena *a)
{
    for (struct block *b = a->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    a->head = NULL;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_clear(a);
    free(a);
}

void arena_wipe(struct arena *a)
{
    for (struct block *b = a ? a->head : NULL; b; b = b->next)
        explicit_bzero(b->data, b->used);
    arena_free(a);
}

void arena_cleanup_(struct arena **a)
{
    arena_free(*a);
}

static struct block *block_new(size_t size)
{
    struct block *b = mem_alloc(sizeof *b + size);

    b->size = size;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct block *b = a->head;
    void *p;

    if (size > SIZE_MAX - ARENA_BLOCK)
        out_of_memory(size);
    size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (size > ARENA_BLOCK / 4) {
        b = block_new(size);
        if (a->head) {
            b->next = a->head->next;
            a->head->next = b;
        } else {
            a->head = b;
        }
    } else if (!b || b->size - b->used < size) {
        b = block_new(ARENA_BLOCK);
        b->next = a->head;
        a->head = b;
    }
    p = b->data + b->used;
    b->used += size;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory(SIZE_MAX);
    return arena_alloc(a, total);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, n + 1);

    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    int n;
    char *p;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    p = arena_alloc(a, (size_t)n + 1);
    va_start(ap, fmt);
    (void)vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void *arena_grow(struct arena *a, const void *array, size_t count, size_t *cap, size_t size)
{
    void *grown;
    size_t want;

    if (count < *cap)
        return (void *)(uintptr_t)array;
    want = *cap ? *cap * 2 : 8;
    grown = arena_array(a, want, size);
    if (count)
        memcpy(grown, array, count * size);
    *cap = want;
    return grown;
}
