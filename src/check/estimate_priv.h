/* estimate_priv.h - how large a dump gets and how long a run takes. Pure. */
#ifndef PGM_CHECK_ESTIMATE_PRIV_H
#define PGM_CHECK_ESTIMATE_PRIV_H

#include <stdint.h>

#include "check/facts.h"

/* Share of the heap that the dump takes: "auto" falls back to gzip where space is short. */
double estimate_ratio(const char *compression);
/* Fill the seconds from bytes and jobs. */
void estimate_time(struct copy_facts *f);

/* The day support for a server version ended, if it has by `now` (seconds since 1970); else NULL.
 */
const char *version_end_of_life(int version, int64_t now);

#endif
