#!/bin/bash
# Counting and analyzing many tables at once.
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"

drive_build
cluster_start a
sql a postgres 'create database app'
sql a app "do \$\$ begin for i in 1..350 loop execute format('create table s%s(i int)', i);
    execute format('insert into s%s select generate_series(1, %s)', i, i % 7); end loop; end \$\$"
cluster_psql a app <<'END'
create table big1 as select i, repeat('x', 90) from generate_series(1, 120000) i;
create table big2 as select i, repeat('x', 90) from generate_series(1, 110000) i;
create table big3 as select i, repeat('x', 90) from generate_series(1, 100000) i;
create table parent(i int); create table child() inherits (parent);
insert into parent values (1), (2); insert into child values (3);
create schema "Odd ""x"; create table "Odd ""x"."t.t" as select 1 as one;
create table drop_me(i int);
create table part(i int) partition by range (i); create table part_1 partition of part for values from (0) to (10);
insert into part values (1), (2);
analyze;
END
mapfile -t keys < <(at a app)
rows=$(sql a app "select sum((i % 7)) + 330000 + 3 + 1 + 2 from generate_series(1, 350) i")

for jobs in 1 4; do
    sql a app 'set client_min_messages = warning; create table if not exists drop_me(i int); analyze drop_me'
    since=$(sql a app 'select clock_timestamp()')
    drive "${keys[@]}" count "$jobs"
    is "$(head -n 1 <<<"$out")" "359 tables, $rows rows" "$jobs session(s): every row is counted once"
    is "$(field code) $(field text)" 'mismatch 1 of 358 tables of the copy differ from the dump' 'a table that vanished differs'
    is "$(field detail)" 'public.drop_me is missing' 'and is named'
    is "$(sql a app "select count(*) from pg_stat_user_tables where last_analyze > '$since'")" 357 'every table with rows of its own was analyzed'
done

sql a app 'insert into big1 values (0), (0); delete from s13 where i = 1'
drive "${keys[@]}" count 4 exclude_tables=drop_me exclude_tables='nothing*' lenient
has "$(field detail)" 'public.big1 has 120002 rows instead of 120000' 'a surplus is told'
has "$(field detail)" 'public.s13 has 5 rows instead of 6' 'and a loss'

sql a app 'create role ro login'
drive "${keys[@]}" user=ro count 2 include_tables='s1*'
is "$(field code) $(field state)" 'auth 42501' 'a session that may not is an error'

session_open s a app
session_say s 'begin; lock table big2 in share mode'
"${AS_USER[@]}" "$T/pgdrive" "${keys[@]}" count 4 include_tables='big*' >"$T/count.out" 2>&1 &
pid=$!
remember_pid "$pid"
waiting() { [[ $(sql a app 'select count(*) from pg_locks where not granted') -gt 0 ]]; }
wait_until 20 waiting
kill -TERM "$pid"
rc=0; wait "$pid" || rc=$?
out=$(<"$T/count.out")
like "$(field text)" '^(count|analyze) .*: interrupted by SIGTERM$' 'it can be stopped while it waits'
nok 'no session is left waiting' waiting
session_say s rollback
session_close s

done_testing
