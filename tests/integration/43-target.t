#!/bin/bash
# Who may be a target: guards, what is there already, the run lock, source = target.
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/swapdrive.sh"

swapdrive_build
cluster_start dst
cluster_start other
sql dst postgres 'create database app template template0'

# ---- empty or not ----
probe_is() { # WANT-EMPTY NAME [SQL in app]...
    local want=$1 name=$2; shift 2
    sql dst postgres 'drop database if exists app with (force)'
    sql dst postgres 'create database app template template0'
    while [[ $# -gt 0 ]]; do sql dst app "$1" >/dev/null 2>&1 || die "$1"; shift; done
    sd dst probe app 1
    like "$out" "^exists 1 empty $want " "$name"
}
probe_is 1 'a new database is empty'
probe_is 1 'without the schema public too' 'drop schema public'
probe_is 1 'with public and plpgsql made again' 'drop schema public; create schema public; drop extension plpgsql; create extension plpgsql'
probe_is 1 'after a temporary table' 'create temp table x(i int)'
while IFS='|' read -r what statement; do
    probe_is 0 "$what makes it not empty" "$statement"
done <<'END'
a table|create table t(i int)
a schema|create schema s
a function|create function f() returns int language sql as 'select 1'
a type|create type e as enum ('a')
an extension|create extension pg_trgm
a sequence|create sequence s
a large object|select lo_create(0)
a publication|create publication p
a foreign server|create foreign data wrapper w; create server s foreign data wrapper w
default privileges|alter default privileges grant select on tables to public
a cast|create type a1 as (i int); create cast (a1 as text) with inout
an event trigger|create function f() returns event_trigger language plpgsql as 'begin end'; create event trigger e on ddl_command_end execute function f()
END
sql dst postgres 'drop database app'
sql dst postgres 'create database app template template0'
sql dst app 'create table t as select * from generate_series(1, 1000) i; analyze t'
sd dst probe app 1
is "$out" $'exists 1 empty 0 rows 1000 sessions \nreplace' 'rows are estimated from statistics'
sd_is 1 'if_exists error' dst probe app 0
has "$out" $'code: refused\nstate: \ntext: the target database '"'here/app' exists and is not empty" 'refuses'
has "$out" 'hint: to replace it by the clone: --if-exists replace --yes' 'with the way out'
sd dst probe app 2
has "$out" 'in place' 'if_exists in_place'
sd dst probe absent 0
has "$out" 'create' 'an absent one is created'

# ---- guards ----
guard_refuses() { # NAME TEXT ARG...
    local name=$1 text=$2; shift 2
    sd dst guard "$@"
    is "$rc/${out%%$'\n'*}" '1/code: refused' "$name"
    has "$out" "text: $text" '  and says so'
}
sd_is 0 'an ordinary target passes' dst guard app 'prod*/*' '*/billing' 'x.example.org/app'
guard_refuses 'a protected database' "the target '$T/dst/sock/app' is protected" app '*/app'
guard_refuses 'a protected host' "the target 'localhost/app' is protected" app 'LocalHost/*'
guard_refuses 'host and port' "the target '$T/dst/sock:${cluster_port[dst]}/app' is protected" app "*:${cluster_port[dst]}/app"
guard_refuses 'a pattern without host' "the target '$T/dst/sock/app' is protected" app 'ap?'
guard_refuses postgres "the target 'postgres' is a template or maintenance database" postgres
guard_refuses template1 "the target 'template1' is a template or maintenance database" template1
sql dst postgres "create database tpl is_template true"
guard_refuses 'any template' "the target 'tpl' is a template or maintenance database" tpl
sd dst maintenance=app guard app
has "$out" "the target 'app' is the maintenance database" 'nor the database we work from'
sql dst postgres "comment on database app is 'keep out (pg_mirror:protected)'"
guard_refuses 'a comment' "the target database 'app' is protected by its comment" app
sql dst postgres 'comment on database app is null'
sql dst postgres 'alter database app set default_transaction_read_only = on'
sd_is 0 'a read-only setting of the database itself is a property' dst guard app
sql dst postgres 'alter role postgres set default_transaction_read_only = on'
guard_refuses 'one of the role' "the target server '$T/dst/sock:${cluster_port[dst]}' is set read-only" app
cluster_psql dst postgres -c 'set default_transaction_read_only = off' -c 'alter role postgres reset default_transaction_read_only'
sql dst postgres 'alter system set default_transaction_read_only = on'
sql dst postgres 'select pg_reload_conf()' >/dev/null
read_only() { [[ $(sql dst postgres 'show default_transaction_read_only') == on ]]; }
wait_until 10 read_only
guard_refuses 'one of the server' "the target server '$T/dst/sock:${cluster_port[dst]}' is set read-only" app
cluster_psql dst postgres -c 'set default_transaction_read_only = off' -c 'alter system reset default_transaction_read_only' -c 'select pg_reload_conf()' >/dev/null

# ---- source = target ----
export PGPASSWORD=$DB_PASSWORD
same_is() { # WANT NAME DB1 CLUSTER2 HOST2 DB2
    sd dst same "$3" "${cluster_port[$4]}" "$5" "$6"
    has "$out" "$1" "$2"
}
AS_USER+=(env PGPASSWORD="$DB_PASSWORD")
refused="are the same database"
same_is "$refused" 'socket and 127.0.0.1 are recognised as one' app dst 127.0.0.1 app
has "$out" 'code: refused' 'class refused'
like "$out" 'both have system identifier [0-9]+ and database OID [0-9]+' 'with the evidence'
same_is "$refused" 'socket and localhost too' app dst localhost app
same_is 'same cluster' 'two databases of one cluster are not the same' app dst localhost tpl
same_is 'same cluster' 'nor one that does not exist' app dst localhost absent
same_is 'other cluster' 'the same name on another cluster is another' app other 127.0.0.1 app
sql dst postgres 'create role weak login'
sql other postgres 'create role weak login'
sql dst postgres 'revoke execute on function pg_control_system() from public'
sd_user=weak
sd dst same app "${cluster_port[dst]}" "$T/dst/sock" app
has "$out" "$refused" 'without pg_control_system() the same server is still recognised'
has "$out" 'started at the same microsecond' 'by other evidence'
sd dst same app "${cluster_port[other]}" "$T/other/sock" app
has "$out" 'not sure' 'and another one is not sure to be another cluster'
sd_user=
sql dst postgres 'grant execute on function pg_control_system() to public'

# A standby has its primary's identifier.
standby=$T/standby
as_user "$(pg_bin)/pg_basebackup" -D "$standby" -d "$(conninfo dst postgres)" -R -c fast -X stream >/dev/null 2>&1
as_user mkdir "$T/standby_sock"
port=$((cluster_port[dst] + 1))
as_user "$(pg_bin)/pg_ctl" -w -D "$standby" -l "$T/home.log" -o "-p $port -c unix_socket_directories='$T/standby_sock' -c listen_addresses=''" start >/dev/null 2>&1 || diag 'no standby'
sd dst same app "$port" "$T/standby_sock" app
has "$out" "$refused" 'a standby is recognised as its primary'
has "$out" 'one is a standby of the other' 'and called so'
rc=0
out=$(as_user "$T/swapdrive" host="$T/standby_sock" port="$port" user=postgres guard app) || rc=$?
has "$out" "is a standby"$'\n' 'a standby is refused as a target'
as_user "$(pg_bin)/pg_ctl" -D "$standby" -m immediate stop >/dev/null

# ---- run lock ----
"${AS_USER[@]}" "$T/swapdrive" host="$T/dst/sock" port="${cluster_port[dst]}" user=postgres application_name=holder lock app 0 600 >"$T/holder.out" 2>&1 &
holder=$!
remember_pid "$holder"
disown "$holder"
wait_until 20 grep -q locked "$T/holder.out"
sd_is 1 'a second run on the same target' dst lock app 0
like "$out" '^code: busy' 'is told that it is busy'
like "$out" "text: another run is working on the target '[^']+/app'" 'with the target'
like "$out" 'detail: held by pid [0-9]+ \(holder, postgres, since [0-9-]+T[0-9:]+Z\)' 'who holds it and since when'
sd_is 1 'also by way of another maintenance database' dst maintenance=template1 lock app 0
like "$out" '^code: busy' 'busy'
sd_is 0 'another target of the same server is free' dst lock app2 0
started=$SECONDS
(sleep 1; kill -KILL "$holder") &
sd_is 0 'waiting succeeds once the holder is gone, SIGKILL or not' dst lock app 30000
ok 'soon' test $((SECONDS - started)) -lt 20

done_testing
