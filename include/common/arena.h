/*
 * arena.h - memory for things that die together.
 *
 * Allocation never fails: running out of memory aborts the program, so sizes that come from a
 * file or a peer must be checked against a cap before they get here. Zero-filled. Not thread-safe:
 * an arena has one owner.
 */
#ifndef PGM_COMMON_ARENA_H
#define PGM_COMMON_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "common/macros.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine */
void arena_wipe(struct arena *a); /* overwrite everything, then free: it held secrets */
void arena_clear(struct arena *a);

void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size); /* aborts on overflow */
char *arena_strdup(struct arena *a, const char *s);            /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Room for one more element in a growing array of `*count` used elements; the old one is copied. */
void *arena_grow(struct arena *a, const void *array, size_t count, size_t *cap, size_t size);

void arena_cleanup_(struct arena **a);
#define AUTO_ARENA CLEANUP(arena_cleanup_)

/* malloc, calloc, realloc, strdup that abort instead of returning NULL; free() releases. */
void *mem_alloc(size_t size);
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);

void mem_cleanup_(char **p);
#define AUTO_FREE CLEANUP(mem_cleanup_) /* for char * */

#endif
