/* packages_priv.h - the command that installs an extension's package, by distribution. Pure. */
#ifndef PGM_CHECK_PACKAGES_PRIV_H
#define PGM_CHECK_PACKAGES_PRIV_H

#include "common/macros.h"

enum os_family { OS_OTHER, OS_DEBIAN, OS_REDHAT, OS_ALPINE };
enum { PACKAGE_MAX = 256 };

/* Of this machine, and of the text of an os-release file. */
enum os_family os_family(void);
enum os_family os_family_of(const char *text);

/* The package that holds an extension for one major; in dst. */
const char *extension_package(char dst[PACKAGE_MAX], const char *extension, int major,
                              enum os_family family);
/* "sudo apt-get install postgresql-15-postgis-3"; in dst. */
const char *package_install(char dst[PACKAGE_MAX], const char *package, enum os_family family);

#endif
