/* print.h - documents made from the key table: effective configuration, JSON Schema, starter file.
 */
#ifndef PGM_CONFIG_PRINT_H
#define PGM_CONFIG_PRINT_H

#include <stdbool.h>

#include "common/macros.h"
#include "config/config.h"

struct cJSON;

/*
 * {"config": what a file would have to say, secrets as "***"; "command_line": options that no file
 * can hold; "origins": pointer or option -> where a value that is not built in came from}. The
 * caller deletes it.
 */
struct cJSON *config_show(const struct config *c);

/* JSON Schema draft-07 of the configuration file. The caller deletes it. */
struct cJSON *config_schema(void);

/* A starter file for the two ends that --source and --target named. The caller deletes it. */
struct cJSON *config_starter(const struct config *c);

#endif
