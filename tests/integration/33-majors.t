#!/bin/bash
# Across majors: the right programs are chosen each time, and going down is told before.
. "$(dirname "$0")/../support/lib.sh"

old=$(pg_major)
new=17
if ((old >= new)); then skip_all "PostgreSQL $old is already here"; fi
need_major "$new"
PATH=$(pg_bin "$new"):$PATH # where pg_mirror looks after the versioned directories

cluster_start old
cluster_start new "$new"
cluster_start new2 "$new"
for c in new new2; do cluster_psql $c postgres -f "$ROOT/tests/sample/roles.sql"; done
sample_load old sample

# What both majors write alike: from 16 on views are printed otherwise, 17 has a privilege more.
plain_schema() {
    DUMP_MAJOR=$new schema_dump "$1" "$2" --no-owner --no-acl --no-publications --no-subscriptions |
        awk '/^CREATE (MATERIALIZED |RECURSIVE )?VIEW/ { skip = 1 } !skip { print } /;$/ { skip = 0 }'
}

write_config "$T/up.json" old sample new '"options": {"jobs": 2}'
pgm_is 0 "$old to $new: cloned" mirror -c "$T/up.json" --output json
is "$(data_digest new sample)" "$(data_digest old sample)" "$old to $new: same rows"
is "$(plain_schema new sample)" "$(plain_schema old sample)" "$old to $new: same schema but for views"
is "$(sql new sample 'select count(*) from pg_views where schemaname = '\''harbour'\''')" \
    "$(sql old sample 'select count(*) from pg_views where schemaname = '\''harbour'\''')" "$old to $new: as many views"

sample_load new sample17
write_config "$T/same.json" new sample17 new2 '"options": {"jobs": 2}'
pgm_is 0 "$new to $new: cloned" mirror -c "$T/same.json" --output json
is_clone new sample17 new2 sample17 "$new to $new"

# Down: told by check, and refused before anything is read.
sql old postgres 'create database unrelated'
write_config "$T/down.json" new sample17 old
pgm_is 1 "$new to $old: check says no" check -c "$T/down.json"
has "$out" 'transaction_timeout' 'and why'
pgm_is 76 "$new to $old: refused" mirror -c "$T/down.json"
nok 'without leaving a target' database_exists old sample17

# Only programs older than the source: refused with the package to install.
write_config "$T/none.json" new sample17 new2 "\"options\": {\"bin_dir\": \"$(pg_bin "$old")\", \"drop_existing\": true}"
pgm_is 72 "programs older than the source are refused" mirror -c "$T/none.json"
like "$err" "postgresql-client-$new" 'with a hint to install newer ones'
ok 'the target still has its clone' database_exists new2 sample17
done_testing
