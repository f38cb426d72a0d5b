/* probe_target_state.c - room on the target's disk, what is in the way of a swap, its settings. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "lists_priv.h"
#include "server_priv.h"
#include "common/num.h"

static const uint64_t small_need =
    (uint64_t)1024 * 1024 * 1024; /* not worth a warning when unmeasured */

/* New copy beside old and previous ones. */
static uint64_t target_need(const struct check_facts *f)
{
    return f->copy.heap_bytes + f->copy.index_bytes;
}

/*
 * A server tells nothing about its disk over SQL. But if it runs here and lets us know where its
 * data is, statvfs() needs no more than the right to walk there.
 */
static bool local_free(struct check *c, uint64_t *ret_free)
{
    AUTO_BUF struct buf dir = BUF_INIT(4096);
    struct statvfs fs;

    if (!c->f->target_server.local ||
        !pgconn_value(c->f->target,
                      "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'", 0,
                      NULL, &dir, NULL) ||
        statvfs(buf_str(&dir), &fs) != 0)
        return false;
    *ret_free = (uint64_t)fs.f_bavail * fs.f_frsize;
    return true;
}

bool probe_tgt_space(struct check *c, struct probe_result *r, struct err *e)
{
    char need_text[NUM_TEXT_MAX], free_text[NUM_TEXT_MAX];
    uint64_t need, unused;

    if (!copy_read(c, e))
        return false;
    need = target_need(c->f);
    num_format_bytes(need_text, need);
    check_threshold(c, r, "%s", need_text);
    if (!local_free(c, &unused)) {
        check_ok(c, r, "%s needed, free space unknown", need_text);
        if (need >= small_need) {
            check_warn(c, r, "the new copy needs %s; free space cannot be asked over SQL",
                       need_text);
            check_hint(c, r, "df -h on the target's data directory");
        }
        return true;
    }
    num_format_bytes(free_text, unused);
    check_ok(c, r, "%s needed, %s free", need_text, free_text);
    if (unused < need) {
        check_warn(c, r, "the new copy needs %s, the target's disk has %s free", need_text,
                   free_text);
        check_hint(c, r, "pg_mirror prune, or make room on the target");
    }
    return true;
}

/* ---- settings ---- */

static const char settings_sql[] =
    "SELECT pg_catalog.current_setting('maintenance_work_mem'),"
    " pg_catalog.current_setting('max_wal_size'),"
    " (SELECT setting::pg_catalog.int8 * 1048576 FROM pg_catalog.pg_settings"
    "  WHERE name = 'max_wal_size'),"
    " pg_catalog.current_setting('autovacuum'),"
    " pg_catalog.current_setting('synchronous_standby_names'),"
    " pg_catalog.current_setting('archive_mode'),"
    " pg_catalog.current_setting('fsync')";

bool probe_tgt_settings(struct check *c, struct probe_result *r, struct err *e)
{
    AUTO_PGRESULT PGresult *res = NULL;
    char need[NUM_TEXT_MAX];
    const uint64_t big = 8 * small_need;

    if (!pgconn_query(c->f->target, settings_sql, 0, NULL, &res, e))
        return false;
    check_ok(c, r, "maintenance_work_mem %s, max_wal_size %s", PQgetvalue(res, 0, 0),
             PQgetvalue(res, 0, 1));
    if (target_need(c->f) > big && cell_u64(res, 0, 2) < 4 * small_need) {
        check_warn(c, r, "max_wal_size %s makes many checkpoints while %s are loaded",
                   PQgetvalue(res, 0, 1), num_format_bytes(need, target_need(c->f)));
        check_hint(
            c, r, "%s",
            psql_command(c, &c->target, "postgres", "ALTER SYSTEM SET max_wal_size = '8GB'"));
    }
    if (target_need(c->f) > big && strcmp(PQgetvalue(res, 0, 5), "off") != 0) {
        check_warn(c, r, "archive_mode is %s: the clone's WAL, about its size, goes to the archive",
                   PQgetvalue(res, 0, 5));
        check_hint(c, r, "see that the archive has room for %s",
                   num_format_bytes(need, target_need(c->f)));
    }
    if (strcmp(PQgetvalue(res, 0, 3), "off") == 0) {
        check_warn(c, r, "autovacuum is off on the target");
        check_hint(c, r, "%s",
                   psql_command(c, &c->target, "postgres", "ALTER SYSTEM SET autovacuum = on"));
    }
    return true;
}
