/*
 * client.h - find the pg_dump and pg_restore that fit a pair of servers.
 *
 * Versions are numbers as PQserverVersion() gives them: 150020 is 15.20. Looking costs one short
 * process per program found; nothing is cached. One thread.
 */
#ifndef PGM_ARCHIVE_CLIENT_H
#define PGM_ARCHIVE_CLIENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum { CLIENT_VERSION_TEXT_MAX = 96, CLIENT_WARNING_MAX = 300 };

struct client_options {
    const char *bin_dir;       /* NULL or "auto": versioned directories, then PATH */
    int source_version;        /* of the server to dump, or of the pg_dump that wrote a kept dump */
    int target_version;        /* 0: unknown or none */
    bool restore_only;         /* a kept dump: pg_dump is not needed and minors do not matter */
    const char *const *search; /* for tests: glob patterns of directories, NULL-terminated */
    const char *os_release;    /* for tests: instead of /etc/os-release */
};

struct client_tools {
    char pg_dump[PATH_MAX]; /* "" if restore_only */
    char pg_restore[PATH_MAX];
    int version;
    char version_text[CLIENT_VERSION_TEXT_MAX]; /* "15.20 (Debian 15.20-0+deb12u1)" */
    char warning[CLIENT_WARNING_MAX];           /* "" if there is nothing to say */
};

/*
 * Choose: a major that can read the source, the nearest to the target's and not above it if
 * possible, with the newest minor of it; both programs from one directory. E_TOOL with a hint that
 * installs the right package on this distribution when nothing fits.
 */
bool client_find(struct client_tools *ret, const struct client_options *o, struct err *e) MUST_USE;

/*
 * "pg_dump (PostgreSQL) 17.12 (Debian 17.12-1)" gives 170012, and the text from the number on if
 * ret_text is not NULL. "19beta1" gives 190000.
 */
bool client_parse_version(const char *line, int *ret_version,
                          char ret_text[CLIENT_VERSION_TEXT_MAX]) MUST_USE;

/*
 * The release round a minor version belongs to: equal for versions published together, larger for
 * later ones, 0 for November 2025 (18.1, 17.7, 16.11, 15.15). See client_rule.c.
 */
int client_generation(int version);

/* Would this pg_dump write settings of a newer server's catalog that it should hide? */
bool client_is_stale(int client_version, int server_version);

/* The command that installs (or, with upgrade, updates) the programs of a major version here. */
const char *client_install_hint(char *dst, size_t cap, int major, bool upgrade,
                                const char *os_release);

#endif
