/* version.h - the one place that names the program's version. */
#ifndef PGM_COMMON_VERSION_H
#define PGM_COMMON_VERSION_H

#define PGM_VERSION "0.1.0"

#endif
