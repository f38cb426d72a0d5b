/*
 * banned.h - libc calls that this program does not make; using one is a compile error.
 *
 * Include it last, after the system headers.
 */
#ifndef PGM_COMMON_BANNED_H
#define PGM_COMMON_BANNED_H

/* clang takes glibc's fortified versions as macros, and those can't be poisoned. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gmtime localtime ctime asctime
#pragma GCC poison atoi atol atoll system popen gets tmpnam mktemp setenv putenv

#endif
