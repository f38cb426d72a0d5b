/*
 * pg_mirror - clone a PostgreSQL database, exactly, from one JSON file and one command.
 */
#include "common/version.h"

#include <stdio.h>

int main(void)
{
    (void)puts("pg_mirror " PGM_VERSION);
    return 0;
}
