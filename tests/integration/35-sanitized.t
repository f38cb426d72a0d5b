#!/bin/bash
# The program of the ASan and UBSan tree through every way a run can take: it must end as the
# ordinary one does, and neither sanitizer may have a word to say.
. "$(dirname "$0")/../support/lib.sh"

PGM_BIN=$ROOT/build/asan/pg_mirror
[[ -x $PGM_BIN ]] || skip_all 'build/asan/pg_mirror is not built (make test builds it)'
PGM_BIN=$(reachable "$PGM_BIN")
export ASAN_OPTIONS=exitcode=99:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1:exitcode=99

clean() { # clean CODE NAME ARG...
    pgm_is "$@" || return
    unlike "$err" 'Sanitizer|runtime error' "$2: nothing from the sanitizers"
}

cluster_start src
cluster_start dst
cluster_psql dst postgres -f "$ROOT/tests/sample/roles.sql"
sample_load src sample
status=", \"status_file\": \"$T/status.json\""
auth=password write_config "$T/job.json" src sample dst "\"options\": {\"jobs\": 2, \"drop_existing\": true}$status"
auth=password write_config "$T/plain.json" src sample dst
write_config "$T/full.json" src sample dst '"options": {"drop_existing": true, "owner": true, "acl": true, "compression": "gzip:1"}' \
    '"filters": {"exclude_tables": ["harbour.scratch"], "exclude_table_data": ["harbour.cargo_audit"]}'

mkdir "$T/kept" && own "$T/kept"

clean 0 'version' --version
clean 0 'help' --help
clean 64 'no arguments'
clean 64 'a bad option' mirror --drop-existin
clean 0 'schema' schema
clean 0 'validate' validate --show -c "$T/job.json"
printf '{"source": {"host": 7, "databse": "x"}, "source": {}, "target": {"port": "no"}, "option": []}' >"$T/bad.json"
clean 78 'a bad configuration' validate -c "$T/bad.json"
clean 0 'check' check -c "$T/job.json"
clean 0 'check as JSON' check -c "$T/job.json" --output json
clean 0 'plan' plan -c "$T/job.json"
clean 0 'plan as JSON' plan -c "$T/job.json" --output json
clean 0 'the first clone' mirror -vvv -c "$T/job.json" --keep-dump "$T/kept"
clean 0 'a replacement' mirror -c "$T/job.json" --output json
clean 0 'owners, privileges, filters, gzip' mirror -c "$T/full.json" --output json
clean 80 'an existing target' mirror -c "$T/plain.json"
clean 0 'status' status -c "$T/job.json" --live
clean 0 'rollback' rollback -c "$T/job.json" --yes
clean 0 'prune' prune -c "$T/job.json" --yes
kept=$(find "$T/kept" -type f)
clean 0 'archive list' archive list "$kept"
clean 0 'archive verify' archive verify "$kept"
clean 0 'restore' restore "$kept" -c "$T/job.json" --yes
is_clone src sample dst sample 'after all that'

# Failures.
DB_PASSWORD=wrong auth=password write_config "$T/auth.json" src sample dst
clean 77 'a wrong password' mirror -c "$T/auth.json"
write_config "$T/gone.json" src no_such_database dst
clean 76 'a source that is not there' mirror -c "$T/gone.json"
cluster_port[nowhere]=1
write_config "$T/down.json" src sample nowhere '"options": {"retries": 0}'
clean 69 'a target that is down' mirror -c "$T/down.json"
head -c 100000 "$kept" >"$T/cut.tar" 2>/dev/null
pgm restore "$T/cut.tar" -c "$T/job.json" --yes
isnt "$rc" 0 'a cut dump is refused'
unlike "$err" 'Sanitizer|runtime error' 'a cut dump: nothing from the sanitizers'

# Signals in the middle of the restore.
for signal in TERM INT HUP; do
    pgm_start mirror -c "$T/job.json"
    ok "$signal: the shadow is being filled" wait_until 30 database_exists dst sample__new
    kill "-$signal" "$pgm_pid"
    pgm_wait 60
    pgm_rc_is $((128 + $(kill -l "$signal"))) "$signal: ends by it"
    unlike "$err" 'Sanitizer|runtime error' "$signal: nothing from the sanitizers"
    nok "$signal: the shadow is gone" database_exists dst sample__new
done
is_clone src sample dst sample 'the target after the signals'
done_testing
