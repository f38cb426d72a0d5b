#!/bin/bash
# The sample database loads, is the same every time, and PostgreSQL's own programs can clone it:
# what a comparison later says against pg_mirror is then pg_mirror's fault.
. "$(dirname "$0")/../support/lib.sh"

cluster_start one
ok 'the sample database loads' sample_load one sample
ok 'and once more beside itself' sample_load one again
is_clone one sample one again 'two loads'

rows=$(data_digest one sample | awk -F'|' '/^[rmp] / { n += $2 } END { print (n >= 40000 && n < 100000) }')
is "$rows" 1 'it has a few 10,000 rows'
kinds=$(sql one sample "select count(distinct (classid, relkind)) from pg_depend left join pg_class on oid = objid and classid = 'pg_class'::regclass
    where objid >= 16384")
ok "it has most kinds of objects ($kinds catalogs and relation kinds)" test "$kinds" -ge 30

as_user "$(pg_bin)/pg_dump" -Fc -f "$T/plain.dump" -d "$(conninfo one sample)"
sql one postgres 'create database plain template template0'
ok 'pg_restore takes its dump' as_user "$(pg_bin)/pg_restore" -j 2 -d "$(conninfo one plain)" "$T/plain.dump"
is_clone one sample one plain 'pg_dump and pg_restore by hand'
is_clone one sample one plain 'the same with owners, privileges and publications' --no-subscriptions

cluster_start two
as_user "$(pg_bin)/pg_restore" -d "$(conninfo two postgres)" -C "$T/plain.dump" 2>"$T/errors"
isnt "$(database_properties two sample)" "$(database_properties one sample)" 'properties need the roles'
cluster_psql two postgres -q -c 'drop database sample' -f "$ROOT/tests/sample/roles.sql"
ok 'with the roles it restores elsewhere' as_user "$(pg_bin)/pg_restore" -C -d "$(conninfo two postgres)" "$T/plain.dump"
is "$(database_properties two sample)" "$(database_properties one sample)" 'properties come along'
done_testing
