#!/bin/bash
# pg_dump into a spool file without a name and pg_restore -j from it, with real programs: which
# are chosen, what others can see meanwhile, and what happens when there is no room.
# shellcheck disable=SC2317 # functions are called through ok
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"

bin=build/${PGM_CONFIG:-release}/tests/support/tooldrive
make -s -C "$ROOT" ${PGM_CONFIG:+CONFIG=$PGM_CONFIG} "$bin" >"$T/make.log" 2>&1 ||
    die "cannot build tooldrive: $(cat "$T/make.log")"
cp "$ROOT/$bin" "$T/tooldrive" && chmod 755 "$T/tooldrive"

# tool KEY=VALUE...: leaves rc and out
tool() {
    rc=0
    out=$(as_user timeout 120 "$T/tooldrive" temp="$T/tmp" "$@" 2>&1) || rc=$?
}
version_num() { sql "$1" postgres 'show server_version_num'; }
temp_is_empty() { [[ -z $(ls -A "$T/tmp") ]]; }

cluster_start src
sql src postgres 'create database app'
sql src app "create table big(id int primary key, v text);
    insert into big select i, repeat(md5(i::text), 4) from generate_series(1, 20000) i;
    create table small(id int primary key references big); insert into small select generate_series(1, 500);
    create function gate_ok(i int) returns boolean language sql as
        'select pg_catalog.pg_advisory_xact_lock_shared(4711) is not null';
    create table gate(i int check (public.gate_ok(i))); insert into gate values (1), (2);
    select lo_from_bytea(0, 'large object')" >/dev/null
before=$(data_digest src app)

# ---- the round trip, with every major that is here ------------------------------------------

sql src postgres 'create database round'
tool bin="$(pg_bin)" source="$(conninfo src app)" target="$(conninfo src round)" jobs=3 \
    source_version="$(version_num src)" target_version="$(version_num src)"
is "$rc" 0 "pg_dump and pg_restore -j 3 of PostgreSQL $(pg_major) work on a file without a name" || diag "$out"
is "$(data_digest src round)" "$before" 'and the rows are the same'
ok 'nothing is left in the temporary directory' temp_is_empty

for major in 17 18; do
    if ((major <= $(pg_major))) || ! newer=$(pg_bin "$major"); then
        skip "PostgreSQL $major cannot be had: its spool run"
        continue
    fi
    version=$("$newer/pg_dump" --version | sed 's/.*) \([0-9.]*\).*/\1/')
    sql src postgres "create database round$major"
    tool bin="$newer" source="$(conninfo src app)" target="$(conninfo src "round$major")" jobs=3 compression=lz4 \
        source_version="$(version_num src)" target_version="$(version_num src)"
    if [[ $rc == 72 ]]; then
        like "$out" "error no pg_dump that is recent enough.*detail found $version" \
            "pg_dump $version is refused: it was published before the server"
        continue
    fi
    like "$out" "found $version.*warning pg_restore $major is newer than the target" "pg_dump $version is used"
    like "$out" "dumped [0-9]+" "pg_dump $version works on a file without a name, with lz4"
    is "$(data_digest src "round$major")" "$before" "and so does pg_restore -j 3"
done

# ---- as of the snapshot ---------------------------------------------------------------------

session_open leader src app
session_say leader 'begin isolation level repeatable read'
session_say leader 'select pg_export_snapshot()'
snapshot=$(grep -E '^[0-9A-F]+-[0-9A-F]+-[0-9]+$' "$T/session.leader.out")
sql src app 'delete from small'
sql src postgres 'create database asof'
tool bin="$(pg_bin)" source="$(conninfo src app)" target="$(conninfo src asof)" jobs=2 snapshot="$snapshot" \
    source_version="$(version_num src)"
is "$(sql src asof 'select count(*) from small')" 500 'the dump is of the exported snapshot, not of now'
session_close leader

tool bin="$(pg_bin)" source="$(conninfo src app)" snapshot=00000000-00000000-1 source_version="$(version_num src)"
is "$rc" 76 'a snapshot that is gone is a server error'
like "$out" 'error pg_dump failed \(exit status 1\)' 'told by the exit status'

# ---- a list ---------------------------------------------------------------------------------

as_user "$(pg_bin)/pg_dump" -Fc -f "$T/tmp/listed" -d "$(conninfo src app)"
as_user "$(pg_bin)/pg_restore" -l "$T/tmp/listed" | grep -E 'TABLE( DATA)? public small ' >"$T/list"
rm "$T/tmp/listed"
sql src postgres 'create database listed'
tool bin="$(pg_bin)" source="$(conninfo src app)" target="$(conninfo src listed)" jobs=2 list="$T/list" \
    source_version="$(version_num src)"
is "$rc" 0 'pg_restore takes the list from memory' || diag "$out"
is "$(sql src listed "select string_agg(relname, ',') from pg_class where relnamespace = 'public'::regnamespace")" \
    small 'and restores what it names only'

# ---- secrets, and death ---------------------------------------------------------------------

# A password that no other test on this machine has in a command line.
password="needle-$RANDOM$RANDOM$RANDOM"
sql src postgres "create role tool superuser login password '$password'"
printf '%s' "$password" >"$T/needle"
tcp() { printf "host=127.0.0.1 port=%s user=tool dbname='%s'" "${cluster_port[$1]}" "$2"; }

# start_tool KEY=VALUE...: in the background, through TCP with passwords
start_tool() {
    SOURCE_PASSWORD=$password TARGET_PASSWORD=$password "${AS_USER[@]}" \
        "$T/tooldrive" temp="$T/tmp" bin="$(pg_bin)" source_version="$(version_num src)" "$@" >"$T/tool.out" 2>&1 &
    tool_pid=$!
    remember_pid "$tool_pid"
}
# pids of a program that our run started
children() { pgrep -f "^$(pg_bin)/$1 .*/proc/self/fd/" 2>/dev/null; }
has_children() { [[ $(children "$1" | wc -l) -ge ${2:-1} ]]; }
has_none() { ! has_children "$1"; }
backend_waits() {
    [[ $(sql src postgres "select count(*) from pg_stat_activity where datname = '$1' and wait_event_type = 'Lock'") -ge ${2:-1} ]]
}
# Is the password in any command line of this machine? In the environment of every PROGRAM?
in_any_argv() { grep -qaFf "$T/needle" /proc/[0-9]*/cmdline 2>/dev/null; }
environ_has() {
    local pid
    for pid in $(children "$1"); do
        as_user tr '\0' '\n' <"/proc/$pid/environ" | grep -qxF "PGPASSWORD=$password" || return 1
    done
}

tail -f /dev/null -- "$password" 2>/dev/null &
finder=$!
remember_pid "$finder"
ok 'a password in a command line would be found' wait_until 10 in_any_argv
stop_pid "$finder"

session_open blocker src app
session_say blocker 'begin'
session_say blocker 'lock table big'
sql src postgres 'create database secret'
start_tool source="$(tcp src app)" target="$(tcp src secret)" jobs=3
ok 'pg_dump waits for a lock' wait_until 30 backend_waits app
nok 'the password is in no command line while pg_dump runs' in_any_argv
ok 'it is in the environment of pg_dump' wait_until 10 environ_has pg_dump
ok 'the dump has no name' temp_is_empty
session_open gate src secret
session_say gate 'select pg_advisory_lock(4711)'
session_say blocker 'rollback'
ok 'pg_restore waits in the target' wait_until 30 backend_waits secret
ok 'pg_restore works in parallel' wait_until 20 has_children pg_restore 2
nok 'the password is in no command line while pg_restore runs' in_any_argv
ok 'it is in the environment of each pg_restore' wait_until 10 environ_has pg_restore
session_say gate 'select pg_advisory_unlock(4711)'
ok 'the run ends' wait_until 30 pid_is_gone "$tool_pid"
like "$(<"$T/tool.out")" 'dumped [0-9]+.*restored' 'and was good'
session_close gate

session_say blocker 'begin'
session_say blocker 'lock table big'
start_tool source="$(tcp src app)"
ok 'another pg_dump waits' wait_until 30 backend_waits app
kill -KILL "$tool_pid"
ok 'SIGKILL of the run ends pg_dump as well' wait_until 20 has_none pg_dump
ok 'and nothing is left in the temporary directory' temp_is_empty
session_close blocker

# ---- no room --------------------------------------------------------------------------------

tool_limited() {
    rc=0
    out=$(as_user bash -c "ulimit -f 300; exec \"\$@\"" bash "$T/tooldrive" temp="$T/tmp" bin="$(pg_bin)" \
        source="$(conninfo src app)" source_version="$(version_num src)" compression=none 2>&1) || rc=$?
}
tool_limited
is "$rc" 74 'a file size limit ends in "disk full"'
like "$out" "error no space left in '$T/tmp' after [0-9.]+ KiB: pg_dump failed" 'told with place and size'

mkdir "$T/small"
if mount -t tmpfs -o size=1m,mode=1777 tmpfs "$T/small" 2>/dev/null; then
    out=$(as_user "$T/tooldrive" temp="$T/small" bin="$(pg_bin)" source="$(conninfo src app)" \
        source_version="$(version_num src)" compression=none 2>&1) && rc=0 || rc=$?
    used=$(df --output=used "$T/small" | tail -n 1)
    umount "$T/small"
    is "$rc" 74 'a full file system ends in "disk full"'
    like "$out" "error no space left in '$T/small' after [0-9.]+ [KM]iB: pg_dump failed \(exit status 1\)" \
        'told with place and size'
    like "$out" 'hint free space there, name another directory' 'and with a way out'
    is "$((used))" 0 'and the space is free again'
else
    skip 'no right to mount a small file system'
fi

done_testing
