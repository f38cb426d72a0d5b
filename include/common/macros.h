/* macros.h - attributes and small macros that every other header may use. */
#ifndef PGM_COMMON_MACROS_H
#define PGM_COMMON_MACROS_H

#include <stddef.h>

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define NORETURN          __attribute__((noreturn))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define PGM_STRINGIFY_(x) #x
#define PGM_STRINGIFY(x)  PGM_STRINGIFY_(x)

/* Hand a pointer over: yields *pp and leaves NULL behind, so a cleanup attribute lets go. */
#define steal_ptr(pp)                               \
    __extension__({                                 \
        __typeof__(*(pp)) steal_ptr_value_ = *(pp); \
        *(pp) = NULL;                               \
        steal_ptr_value_;                           \
    })

#endif
