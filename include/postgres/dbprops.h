/*
 * dbprops.h - what belongs to a database itself and not to anything in it.
 *
 * pg_restore carries none of this over unless it may also create the database under its old name,
 * so it is read from the catalogs and applied to the new database under whatever name it has.
 * Plain data in an arena; reading and applying are separate, with JSON in between for kept dumps.
 */
#ifndef PGM_POSTGRES_DBPROPS_H
#define PGM_POSTGRES_DBPROPS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/err.h"
#include "model/report.h"

struct pgconn;
struct cJSON;

struct dbprops_grant {
    const char *grantor;
    const char *grantee;   /* NULL: PUBLIC */
    const char *privilege; /* CREATE, TEMPORARY, CONNECT */
    bool grantable;
};

struct dbprops_setting {
    const char *role; /* NULL: ALTER DATABASE SET, else ALTER ROLE IN DATABASE SET */
    const char *name;
    const char *value; /* as pg_db_role_setting has it: lists such as search_path are quoted */
};

struct dbprops_label {
    const char *provider;
    const char *label;
};

struct database_properties {
    unsigned oid; /* 0 when read from JSON */
    const char *name;
    const char *owner;
    const char *encoding;
    const char *collate;
    const char *ctype;
    char provider;           /* 'c' libc, 'i' ICU, 'b' builtin */
    const char *locale;      /* of ICU or builtin; NULL for libc */
    const char *icu_rules;   /* NULL: none */
    const char *collversion; /* recorded version of the collation library; NULL: none */
    const char *tablespace;
    const char *comment;  /* the owner's own: what pg_mirror wrote around it is taken off */
    int connection_limit; /* -1: none */
    bool allow_connections;
    bool is_template;
    bool acl_is_default; /* no GRANT or REVOKE ever; grants then holds the defaults */
    struct dbprops_grant *grants;
    size_t grant_count;
    struct dbprops_setting *settings;
    size_t setting_count;
    struct dbprops_label *labels;
    size_t label_count;
};

/* E_NO (and text) if there is no such database. */
bool dbprops_read(struct pgconn *c, const char *database, struct arena *a,
                  struct database_properties *ret, struct err *e) MUST_USE;

/* Another owner: the old one's privileges become the new one's, as ALTER DATABASE does it. */
void dbprops_set_owner(struct database_properties *p, const char *owner);

/* For manifest and bundle. The caller deletes the object. */
struct cJSON *dbprops_to_json(const struct database_properties *p);
/* Strict: E_DATA for anything missing, unknown or of another type. */
bool dbprops_from_json(const struct cJSON *j, struct arena *a, struct database_properties *ret,
                       struct err *e) MUST_USE;

/* How a database is created: what the source has, unless told otherwise. */
struct dbprops_create {
    const char *name;
    const char *encoding;   /* NULL: the source's */
    const char *locale;     /* NULL: the source's, whatever its provider; else a libc locale */
    const char *tablespace; /* NULL: the server's default */
    int connection_limit;
    bool allow_connections;
    int server_version;
};

/*
 * CREATE DATABASE from template0. E_CREATE where the server's version does not know the locale
 * provider.
 */
bool dbprops_create_sql(const struct database_properties *p, const struct dbprops_create *how,
                        struct arena *a, const char **ret_sql, struct err *e) MUST_USE;

/* What to apply. */
enum dbprops_part {
    DBPROPS_OWNER = 1u << 0,
    DBPROPS_ACL = 1u << 1,
    DBPROPS_SETTINGS = 1u << 2,
    DBPROPS_COMMENT = 1u << 3,
    DBPROPS_LIMITS = 1u << 4, /* connection limit, allow_connections, is_template */
    DBPROPS_ALL = (1u << 5) - 1,
};

struct dbprops_statement {
    const char *sql;
    const char *role; /* run as this role: a grant by somebody else than the owner; NULL: as is */
    const char *code; /* of the warning, when this fails on an optional one */
    const char *what; /* "owner 'app'", for the warning */
    const char *hint; /* may be NULL */
    bool optional;
    bool of_owner; /* about the owner's own privileges: no use when the owner is missing */
};

struct dbprops_statements {
    struct dbprops_statement *items;
    size_t count;
    size_t cap;
};

/*
 * The statements that make a freshly created database `name` (owned by the session's user, with
 * default privileges or without PUBLIC's CONNECT) what p says. Pure.
 */
void dbprops_apply_sql(const struct database_properties *p, const char *name, unsigned parts,
                       struct arena *a, struct dbprops_statements *ret);

/*
 * Run them inside the caller's transaction. Best-effort ones run in savepoints; what the server
 * refuses (a missing role, a setting that only a superuser may make) becomes a warning in the
 * report.
 */
bool dbprops_apply(struct pgconn *c, const struct database_properties *p, const char *name,
                   unsigned parts, struct report *report, struct err *e) MUST_USE;

#endif
