/*
 * identity.h - are two connections the same database, whatever the hosts are called?
 *
 * A cluster has a system identifier from initdb on; a standby has its primary's. With the
 * database's OID it tells a database apart from every other. Where the identifier may not be read
 * (EXECUTE on pg_control_system() revoked), the postmaster's start time in microseconds and the
 * port stand in: they recognise the same server, but not a standby of it, and the report says so.
 */
#ifndef PGM_POSTGRES_IDENTITY_H
#define PGM_POSTGRES_IDENTITY_H

#include <stdbool.h>

#include "common/err.h"

struct pgconn;

enum { IDENTITY_TEXT_MAX = 64 };

struct db_identity {
    char system[IDENTITY_TEXT_MAX];  /* "7433...": decimal; "" if it may not be read */
    char started[IDENTITY_TEXT_MAX]; /* of the postmaster, and its port */
    unsigned database_oid;           /* 0: no such database there */
    bool in_recovery;
};

/* For any database of the server that c is connected to. */
bool identity_read(struct pgconn *c, const char *database, struct db_identity *ret,
                   struct err *e) MUST_USE;

enum identity_match {
    IDENTITY_OTHER_CLUSTER,
    IDENTITY_SAME_CLUSTER, /* another database of it, or of its primary or standby */
    IDENTITY_SAME_DATABASE,
    IDENTITY_NOT_SURE, /* different servers; a standby and its primary are not ruled out */
};

enum identity_match identity_compare(const struct db_identity *a, const struct db_identity *b);

/*
 * E_REFUSED if source and target are one database. There is no override. *ret_match (may be NULL)
 * lets the caller warn about IDENTITY_NOT_SURE.
 */
bool identity_refuse_same(const struct db_identity *source, const struct db_identity *target,
                          const char *source_name, const char *target_name,
                          enum identity_match *ret_match, struct err *e) MUST_USE;

#endif
