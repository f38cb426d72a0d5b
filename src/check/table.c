/*
 * table.c - every probe, in the order of the questions: a probe stands below what it depends on.
 *
 * The environment comes last because tools and space depend on what the servers said; the report
 * puts the sides in their own order.
 */
#include "check_priv.h"

// clang-format off
static const struct probe probes[] = {
    /* id               side          preflight code       depends on                      */
    /* a run has the loader's word for these */
    {"cfg.valid",       CHECK_CONFIG, false, E_CONFIG,  {NULL},                            probe_cfg_valid},
    {"cfg.perms",       CHECK_CONFIG, false, E_CONFIG,  {NULL},                            probe_cfg_perms},
    {"cfg.secrets",     CHECK_CONFIG, false, E_CONFIG,  {NULL},                            probe_cfg_secrets},
    /* the target first: what is wrong there must be found before the source is bothered */
    {"tgt.reach",       CHECK_TARGET, true,  E_CONNECT, {NULL},                            probe_tgt_reach},
    {"tgt.auth",        CHECK_TARGET, true,  E_AUTH,    {"tgt.reach"},                     probe_tgt_auth},
    {"tgt.pooler",      CHECK_TARGET, true,  E_CONFIG,  {"tgt.auth"},                      probe_tgt_pooler},
    {"tgt.tls",         CHECK_TARGET, false, E_CONFIG,  {"tgt.auth"},                      probe_tgt_tls},
    {"src.reach",       CHECK_SOURCE, true,  E_CONNECT, {NULL},                            probe_src_reach},
    {"src.auth",        CHECK_SOURCE, true,  E_AUTH,    {"src.reach"},                     probe_src_auth},
    {"src.db",          CHECK_SOURCE, true,  E_SERVER,  {"src.auth"},                      probe_src_db},
    {"src.pooler",      CHECK_SOURCE, true,  E_CONFIG,  {"src.db"},                        probe_src_pooler},
    {"src.tls",         CHECK_SOURCE, false, E_CONFIG,  {"src.db"},                        probe_src_tls},
    {"src.version",     CHECK_SOURCE, false, E_TOOL,    {"src.db"},                        probe_src_version},
    {"src.standby",     CHECK_SOURCE, false, E_SERVER,  {"src.db"},                        probe_src_standby},
    {"src.load",        CHECK_SOURCE, false, E_SERVER,  {"src.db"},                        probe_src_load},
    {"src.locks",       CHECK_SOURCE, false, E_SERVER,  {"src.db"},                        probe_src_locks},
    {"src.conn",        CHECK_SOURCE, true,  E_CONNECT, {"src.db"},                        probe_src_conn},
    {"src.filters",     CHECK_SOURCE, true,  E_CONFIG,  {"src.db"},                        probe_src_filters},
    {"src.priv",        CHECK_SOURCE, true,  E_AUTH,    {"src.filters"},                   probe_src_priv},
    {"src.rls",         CHECK_SOURCE, true,  E_AUTH,    {"src.filters"},                   probe_src_rls},
    {"src.objects",     CHECK_SOURCE, false, E_SERVER,  {"src.filters"},                   probe_src_objects},
    {"tgt.version",     CHECK_TARGET, true,  E_SERVER,  {"tgt.auth"},                      probe_tgt_version},
    {"tgt.distinct",    CHECK_TARGET, true,  E_REFUSED, {"tgt.auth", "src.db"},            probe_tgt_distinct},
    {"tgt.protected",   CHECK_TARGET, true,  E_REFUSED, {"tgt.auth"},                      probe_tgt_protected},
    {"tgt.readonly",    CHECK_TARGET, true,  E_REFUSED, {"tgt.auth"},                      probe_tgt_readonly},
    {"tgt.exists",      CHECK_TARGET, true,  E_REFUSED, {"tgt.auth"},                      probe_tgt_exists},
    {"tgt.createdb",    CHECK_TARGET, true,  E_AUTH,    {"tgt.auth"},                      probe_tgt_createdb},
    {"tgt.owner",       CHECK_TARGET, true,  E_AUTH,    {"tgt.auth"},                      probe_tgt_owner},
    {"tgt.signal",      CHECK_TARGET, false, E_AUTH,    {"tgt.auth"},                      probe_tgt_signal},
    {"tgt.conn",        CHECK_TARGET, true,  E_CONNECT, {"tgt.auth"},                      probe_tgt_conn},
    {"tgt.blockers",    CHECK_TARGET, false, E_REFUSED, {"tgt.auth"},                      probe_tgt_blockers},
    {"tgt.encoding",    CHECK_TARGET, true,  E_CREATE,  {"tgt.auth", "src.db"},            probe_tgt_encoding},
    {"tgt.locale",      CHECK_TARGET, true,  E_CREATE,  {"tgt.auth", "src.db"},            probe_tgt_locale},
    {"tgt.collation",   CHECK_TARGET, false, E_CREATE,  {"tgt.auth", "src.db"},            probe_tgt_collation},
    {"tgt.extensions",  CHECK_TARGET, true,  E_CREATE,  {"tgt.auth", "src.filters"},       probe_tgt_extensions},
    {"tgt.roles",       CHECK_TARGET, true,  E_CREATE,  {"tgt.auth", "src.filters"},       probe_tgt_roles},
    {"tgt.tablespaces", CHECK_TARGET, true,  E_CREATE,  {"tgt.auth", "src.filters"},       probe_tgt_tablespaces},
    {"tgt.space",       CHECK_TARGET, false, E_IO,      {"tgt.auth", "src.filters"},       probe_tgt_space},
    {"tgt.settings",    CHECK_TARGET, false, E_SERVER,  {"tgt.auth"},                      probe_tgt_settings},
    {"env.tools",       CHECK_ENV,    true,  E_TOOL,    {NULL},                            probe_env_tools},
    {"env.version",     CHECK_ENV,    true,  E_TOOL,    {"env.tools"},                     probe_env_version},
    {"env.tempspace",   CHECK_ENV,    true,  E_IO,      {"src.filters"},                   probe_env_tempspace},
    {"env.ulimit",      CHECK_ENV,    false, E_SYSTEM,  {NULL},                            probe_env_ulimit},
    {"env.clock",       CHECK_ENV,    false, E_SYSTEM,  {NULL},                            probe_env_clock},
    {"env.locale",      CHECK_ENV,    false, E_SYSTEM,  {NULL},                            probe_env_locale},
    {"env.lock",        CHECK_ENV,    false, E_BUSY,    {NULL},                            probe_env_lock},
    {"env.paths",       CHECK_ENV,    false, E_CREATE,  {NULL},                            probe_env_paths},
};
// clang-format on

const struct probe *probe_table(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(probes);
    return probes;
}
