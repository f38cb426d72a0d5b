#!/bin/bash
# The harness itself: clusters start apart from each other, and comparing sees differences.
. "$(dirname "$0")/../support/lib.sh"

cluster_start one
cluster_start two -- 'work_mem = 5MB'
id='select system_identifier from pg_control_system()'
isnt "$(sql one postgres "$id")" "$(sql two postgres "$id")" 'two clusters have two identities'
is "$(sql two postgres 'show work_mem')" 5MB 'a setting of the test is used'
ok 'TCP takes the password' env PGPASSWORD="$DB_PASSWORD" "$(pg_bin)/psql" -qAtX \
    -h 127.0.0.1 -p "${cluster_port[one]}" -U "$DB_USER" -c '' postgres
nok 'TCP refuses another password' env PGPASSWORD=wrong "$(pg_bin)/psql" -qAtX \
    -h 127.0.0.1 -p "${cluster_port[one]}" -U "$DB_USER" -c '' postgres 2>/dev/null

odd=$'o\'dd "x" = \\y'
sql one postgres "create database $(ident_quote "$odd")"
ok 'a database with an odd name is reached' database_exists one "$odd"
is "$(databases one)" "$odd" 'and listed'
sql one "$odd" "create table t (t int, b text); insert into t values (1, 'x'), (2, 'y'); create sequence s;
    create materialized view m as select 1 as one; select lo_from_bytea(4711, 'abc')" >/dev/null
before=$(data_digest one "$odd")
is "$(grep -c . <<<"$before")" 4 'digest: a line each for table, view, sequence, large object'
sql one "$odd" "update t set b = 'x' where t = 1"
is "$(data_digest one "$odd")" "$before" 'digest: the order of rows does not matter'
sql one "$odd" "update t set b = 'z' where t = 2"
isnt "$(data_digest one "$odd")" "$before" 'digest: a changed value shows'
like "$(schema_dump one "$odd")" 'CREATE TABLE public.t' 'schema dump has the table'
is "$(schema_dump one "$odd")" "$(schema_dump one "$odd")" 'schema dump is the same twice'
has "$(database_properties one "$odd")" 'encoding: 6' 'properties of the database are listed'

first=${cluster_pid[one]}
cluster_stop one
ok 'a stopped server is gone' pid_is_gone "$first"
cluster_start one
ok 'and comes back with its data' database_exists one "$odd"

sql one postgres "create role reader login"
sql one postgres "select pg_sleep(0)" >/dev/null
write_config "$T/job.json" one "$odd" two '"options": {"jobs": 2}'
ok 'a job file is JSON' python3 -m json.tool "$T/job.json" "$T/pretty.json"
is "$(stat -c '%a %U' "$T/job.json")" "600 $TEST_USER" 'a job file is private'

PGM_BIN=/bin/sh
pgm_start -c 'echo out; echo err >&2; kill -INT $$; exit 3'
pgm_wait 10
is "$rc" 130 'a background run can be interrupted'
is "$out/$err" out/err 'its output is kept apart'
pgm -c 'id -un'
is "$out" "$TEST_USER" 'the program runs as the unprivileged user'
done_testing
