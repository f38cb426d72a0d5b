/* consent.h - asking a person, at a terminal, whether a database may be replaced. */
#ifndef PGM_CLI_CONSENT_H
#define PGM_CLI_CONSENT_H

#include <stdbool.h>

#include "common/err.h"

/*
 * As clone_job.consent, with a const struct config * as arg: the person types host/database.
 * E_REFUSED without a terminal, with --no-input, or for any other answer.
 */
bool consent_ask(void *arg, const char *where, const char *database, struct err *e) MUST_USE;

#endif
