/* preflight_priv.h - the checks that a run makes before it starts; --skip-checks leaves them out.
 */
#ifndef PGM_CLONE_PREFLIGHT_PRIV_H
#define PGM_CLONE_PREFLIGHT_PRIV_H

#include "clone_priv.h"

/* The guards are elsewhere and cannot be skipped. Warnings go to the report. */
bool preflight(struct clone_run *r, struct err *e) MUST_USE;

#endif
