#!/bin/bash
# Whole databases, cloned and compared: schema, every row, what hangs on the database itself.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst
cluster_psql dst postgres -f "$ROOT/tests/sample/roles.sql"
sample_load src sample || bail_out 'the sample database does not load'

# Owners and privileges of objects stay behind, as is the default; the database keeps its own.
auth=password write_config "$T/sample.json" src sample dst '"options": {"jobs": 2}'
pgm_is 0 'the sample database is cloned' mirror -c "$T/sample.json"
is "$out$err" '' 'silently, as there is no terminal'
is_clone src sample dst sample 'sample'
is "$(database_properties dst sample)" "$(database_properties src sample)" 'properties of the database come along'
ok 'nothing is left behind' nothing_left dst sample

# Again, over the first one, with everything.
sql src sample "update harbour.cargo set remark = 'second run' where cargo_id % 7 = 0 and cargo_id < 10000"
write_config "$T/full.json" src sample dst \
    '"options": {"jobs": 2, "drop_existing": true, "owner": true, "acl": true, "publications": true}'
pgm_is 0 'and replaced, with owners, privileges and publications' mirror -c "$T/full.json" --output json
is "$(report result)/$(report target_state)" ok/replaced 'the report says so'
is_clone src sample dst sample 'all of the sample' --no-subscriptions
properties=$(database_properties src sample)
target_extra='"properties_from": "source"' write_config "$T/props.json" src sample dst \
    '"options": {"jobs": 2, "drop_existing": true, "owner": true, "acl": true}'
pgm_is 0 'and with the properties of the source' mirror -c "$T/props.json" --output json
is "$(database_properties dst sample)" "$properties" 'which the target then has'

counted=$(cluster_psql src sample -F ' ' <<<"select format('select %L, count(*) from only %s', nspname || '.' || relname, c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname in ('harbour', 'archive') and relname !~ '^weight_class' order by 1 \\gexec" | LC_ALL=C sort)
like "$counted" 'harbour.cargo 20000' 'rows of the source are counted'
is "$(report_rows | grep -E '^(harbour|archive)\.' | grep -v weight_class)" "$counted" 'the report counts the rows of every table'
ok 'nothing is left behind but one previous copy' nothing_left dst sample
is "$(databases dst | grep -c __prev_)" 1 'one previous copy is kept'

# A target that knows none of the roles: without owners and privileges only those that policies
# name are needed, and asked for.
cluster_start bare
auth=password write_config "$T/bare.json" src sample bare '"options": {"owner": true, "acl": true}'
pgm_is 73 'owners and grantees must be there' mirror -c "$T/bare.json"
has "$err" '"owner": false, "acl": false' 'or be left out'
auth=password write_config "$T/bare.json" src sample bare
pgm_is 73 'a role that a policy names must be there' mirror -c "$T/bare.json"
like "$err" 'hint: .*CREATE ROLE sample_reader' 'with the command that makes it'
unlike "$err" 'sample_writer' 'and no other'
sql bare postgres 'create role sample_reader'
pgm_is 0 'then a target without the other roles gets its clone' mirror -c "$T/bare.json"
is "$(data_digest bare sample)" "$(data_digest src sample)" 'with every row'

# Databases that others made, where they are at hand.
data=$PGM_TEST_DATA
for name in pagila chinook; do
    if [[ ! -r $data/$name.sql ]]; then
        skip "no $name.sql in $data"
        continue
    fi
    sql src postgres "create database $name"
    cluster_psql src "$name" <"$data/$name.sql" >/dev/null 2>"$T/load.err" || diag "$(tail -n 3 "$T/load.err")"
    write_config "$T/$name.json" src "$name" dst '"options": {"jobs": 2}'
    pgm_is 0 "$name is cloned" mirror -c "$T/$name.json"
    is_clone src "$name" dst "$name" "$name" --no-publications
done
done_testing
