#!/bin/bash
# The leader session against DDL, TRUNCATE and CLUSTER that are under way when it starts.
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"

drive_build
cluster_start a
sql a postgres 'create database app'
sql a app 'create table t(id int primary key, v text);
    insert into t select i, md5(i::text) from generate_series(1, 5000) i; create table other(i int)'
mapfile -t keys < <(at a app)

# leader_start [KEY=VALUE|LIST=PATTERN...]: in the background, until leader_stop.
leader_start() {
    rm -f "$T/leader.in" "$T/leader.out"
    mkfifo "$T/leader.in" && own "$T/leader.in"
    : >"$T/leader.out"
    "${AS_USER[@]}" "$T/pgdrive" "${keys[@]}" application_name=leader "$@" \
        <"$T/leader.in" >"$T/leader.out" 2>&1 &
    leader_pid=$!
    remember_pid "$leader_pid"
    exec {leader_fd}<>"$T/leader.in"
}
leader_stop() {
    echo quit >&"$leader_fd"
    exec {leader_fd}>&-
    rc=0
    wait "$leader_pid" || rc=$?
    out=$(<"$T/leader.out")
}
leader_ready() { wait_until 20 grep -q '^ready ' "$T/leader.out" || die "no leader: $(<"$T/leader.out")"; }
leader_snapshot() { sed -n 's/^ready \([^ ]*\) .*/\1/p' "$T/leader.out"; }
leader_tables() { sed -n 's/^ready [^ ]* \([^ ]*\) .*/\1/p' "$T/leader.out"; }
leader_waits() {
    [[ $(sql a app "select count(*) from pg_locks l join pg_stat_activity a using (pid)
        where not l.granted and a.application_name = 'leader'") -gt 0 ]]
}
leader_is_waiting() { wait_until 20 leader_waits || die 'the leader does not wait'; }
# rows a dump under the leader's snapshot has for table t
dumped_rows() {
    as_user "$(pg_bin)/pg_dump" --snapshot="$(leader_snapshot)" -a -t t -d "$(conninfo a app)" 2>&1 |
        sed -n '/^COPY /,/^\\\.$/p' | sed '1d;$d' | wc -l
}

leader_start leader
leader_ready
is "$(leader_tables)" 2 'an idle database is locked at once'
is "$(dumped_rows)" 5000 'pg_dump works under the snapshot'
is "$(sql a app "select count(*) from pg_locks join pg_stat_activity using (pid) where mode = 'AccessShareLock'
    and granted and relation in ('t'::regclass, 'other'::regclass) and application_name = 'leader'")" 2 'both tables are locked'
echo 'select count(*) from public.t' >&"$leader_fd"
echo 'show statement_timeout' >&"$leader_fd"
echo 'show lock_timeout' >&"$leader_fd"
echo 'alive' >&"$leader_fd"
echo 'blockers' >&"$leader_fd"
leader_stop
is "$rc" 0 'the leader ends well'
is "$(tail -n +2 <<<"$out")" $'5000\n0\n0\nnobody' 'it answers under its snapshot, without limits'
is "$(sql a app "select count(*) from pg_stat_activity where application_name = 'leader'")" 0 \
    'closing it ends the session'

# Each of these makes pg_dump alone lose all rows without a word.
while IFS='|' read -r name ddl rows; do
    session_open s a app
    session_say s "begin; $ddl"
    leader_start lock_timeout=20000 leader
    leader_is_waiting
    session_say s commit
    leader_ready
    is "$(dumped_rows)" "$rows" "$name in flight: every row of the new state is dumped"
    leader_stop
    session_close s
done <<'END'
rewriting ALTER|alter table t alter id type bigint|5000
TRUNCATE and INSERT|truncate t; insert into t select i, 'x' from generate_series(1, 7000) i|7000
CLUSTER|cluster t using t_pkey|7000
END

session_open s a app
session_say s 'begin; alter table t add column c int default 5; create table fresh(i int);
    drop table other; alter table t rename to t_old; create table t as select generate_series(1, 10)'
leader_start lock_timeout=20000 leader
leader_is_waiting
session_say s commit
session_close s
leader_ready
is "$(leader_tables)" 3 'tables created, dropped and renamed meanwhile: the new set is locked'
is "$(dumped_rows)" 10 'and a name means the table that has it now'
leader_stop

session_open s a app
session_say s 'begin; lock table t_old; create table newer(i int)'
leader_start lock_timeout=20000 leader
leader_is_waiting
session_say s commit
session_close s
leader_ready
is "$(sql a app "select count(*) from pg_locks where relation = 'newer'::regclass and granted")" 1 \
    'a table that appeared while another was waited for is locked, too'
leader_stop
sql a app 'drop table newer'

session_open s a app
session_say s 'begin; lock table t_old'
leader_start lock_timeout=20000 leader
leader_is_waiting
session_say s 'drop table t_old; commit'
session_close s
leader_ready
is "$(leader_tables)" 2 'a table that vanishes while it is waited for is no error'
leader_stop

session_open s a app
session_say s "set application_name = migrate"
pid=$(session_backend s)
session_say s 'begin; alter table t add column d int'
drive "${keys[@]}" lock_timeout=300 leader
is "$rc" 1 'a lock that is not released is an error'
like "$(field text)" '^cannot lock table public\.t within ' 'it names the table and the time'
like "$(field detail)" "^held by pid $pid \(app=migrate, idle in transaction, .*\): alter table t add column d int" \
    'and who holds it since when'
has "$(field hint)" "pg_terminate_backend($pid)" 'the hint can be pasted'
is "$(field state) $(field retry) $(field code)" '55P03 yes server' 'it is worth another try'

session_open r a app
session_say r 'begin; select count(*) from fresh'
session_open q a app
session_start q "set application_name = queuer; alter table fresh add column z int"
wait_until 20 eval "[[ \$(sql a app \"select count(*) from pg_locks where not granted\") == 1 ]]"
session_say s rollback
drive "${keys[@]}" lock_timeout=300 leader
like "$(field detail)" '^queued for by pid [0-9]+ \(app=queuer, active, .*\) that waits for pid [0-9]+: alter table fresh' \
    'whoever queues in front of us is named with whom they wait for'
session_say r commit

# pg_dump failed while the leader lives: who was it?
leader_start leader include_tables=fresh
leader_ready
session_start s 'truncate fresh'
wait_until 20 eval "[[ \$(sql a app \"select count(*) from pg_locks where not granted\") == 1 ]]"
echo 'blockers' >&"$leader_fd"
leader_stop
has "$out" 'text: cannot lock table public.fresh' 'a queue behind the leader is seen'
session_say s 'select 1'

leader_start leader
leader_ready
sql a postgres "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leader'" >/dev/null
echo 'alive' >&"$leader_fd"
leader_stop
is "$rc" 1 'a leader whose session was ended notices it'
is "$(field code)" unreachable 'as a lost connection'
has "$(field text)" 'the session that holds locks and snapshot ended: ' 'and says what that means'

sql a postgres 'create role ro login; alter database app owner to postgres' >/dev/null
sql a app 'create schema closed; create table closed.c(i int); grant select on fresh to ro'
drive "${keys[@]}" user=ro leader
is "$(field code) $(field state)" 'auth 42501' 'a missing privilege is told as one'
is "$(field text)" 'role ro may not read 2 of 3 tables: closed.c, public.t' 'every table is named'
like "$(field hint)" '^GRANT USAGE ON SCHEMA closed TO ro; GRANT SELECT ON ALL TABLES IN SCHEMA closed TO ro;$' \
    'with the GRANT to paste'
drive "${keys[@]}" user=ro leader exclude_schemas=closed </dev/null
is "$(field hint)" 'GRANT SELECT ON TABLE public.t TO ro;' 'one table, one GRANT'
drive "${keys[@]}" user=ro leader include_tables=fresh </dev/null
is "$rc" 0 'a filter that leaves the readable ones is fine'

# stopping while waiting for a lock
session_say s 'begin; lock table t'
leader_start lock_timeout=0 leader
leader_is_waiting
kill -TERM "$leader_pid"
leader_stop
is "$(field code) $(field text)" 'cancelled interrupted by SIGTERM' 'SIGTERM ends the wait for a lock'
is "$(sql a app "select count(*) from pg_locks where not granted")" 0 'and the server waits no longer'
session_say s rollback
session_close s; session_close r; session_close q

# more tables than the server has room for locks
cluster_start small -- 'max_connections = 12' 'max_locks_per_transaction = 10' 'max_wal_senders = 0'
for i in {1..25}; do
    echo "do \$\$ begin for j in 1..100 loop execute format('create table t_%s_%s(i int)', $i, j); end loop; end \$\$;"
done | cluster_psql small postgres
mapfile -t keys < <(at small)
drive "${keys[@]}" leader </dev/null
is "$(field state) $(field text)" '53200 lock 2500 tables: out of shared memory' 'a full lock table'
has "$(field hint)" 'raise max_locks_per_transaction on the source server' 'names its setting'
cluster_stop small

# a hot standby
as_user "$(pg_bin)/pg_basebackup" -D "$T/sb/data" -R -c fast -X stream -d "$(conninfo a postgres)" \
    >"$T/basebackup.log" 2>&1 || die "$(cat "$T/basebackup.log")"
as_user mkdir "$T/sb/sock"
cluster_start sb -- "unix_socket_directories = '$T/sb/sock'"
mapfile -t keys < <(at sb app)
leader_start leader
leader_ready
is "$(leader_tables)" 3 'a standby can lead'
like "$(<"$T/leader.out")" ' [0-9A-F]+/[0-9A-F]+$' 'with the LSN it has replayed'
leader_stop
cluster_stop sb

done_testing
