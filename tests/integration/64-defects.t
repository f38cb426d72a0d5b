#!/bin/bash
# One test for each defect of the predecessor (D1 to D17) that concerns a mirror. Configuration (D7,
# D14, D17) is in 10-config.t and 11-manual.t, leaks by signals (D8) in 60-kill-loop.t, locks,
# deadlines and retries (D10) in 61 to 63, the progress line (D11) in 38-terminal.t.
# shellcheck disable=SC2034,SC2154 # variables of write_config, and of lib.sh
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"
. "$ROOT/tests/support/faults.sh"

programs_make
cluster_start src -- 'log_statement = all' 'log_connections = on'
cluster_start dst
sql src postgres 'create database app'
sql src app "create table t(i int primary key); insert into t select generate_series(1, 2000); create table s(v text); insert into s values ('new')"
sql dst postgres 'create database app' && sql dst app "create table s(v text); insert into s select 'old' from generate_series(1, 10)"
before=$(data_digest dst app)
job() { write_config "$T/$1.json" "${from:-src}" "${db:-app}" dst "\"options\": {\"drop_existing\": true, \"retries\": 0, $bin_dir}" "${@:2}"; }
job job
untouched() { is "$(data_digest dst app)" "$before" "$1: the target is as it was" && ok "$1: nothing is left" clean dst app; }

# D1: success is not the absence of a word in what pg_restore says.
sql dst postgres "create role few login createdb password 'few' connection limit 2" && sql dst postgres 'alter database app owner to few' && sql dst app 'alter table s owner to few'
hold pg_restore && pgm_start -c "$T/job.json" --output json --set /target/user=few --skip-checks -j 4
held pg_restore
sql dst postgres 'alter role few connection limit 1'
release pg_restore
pgm_wait 60
isnt "$rc" 0 'D1: a target that refuses sessions is a failure'
is "$(report result) $(report target_state)" 'failed unchanged' 'D1: and is called so'
untouched D1
sql dst postgres 'alter database app owner to postgres' && sql dst app 'alter table s owner to postgres'
locale=$(locale -a 2>/dev/null | grep -iE '^(de|fr|es)_.*utf-?8$' | head -n 1)
if [[ -n $locale ]]; then
    sql src postgres "create database broken template app"
    sql src broken "create table p(i int primary key); create table c(i int references p); alter table c disable trigger all; insert into c values (1); alter table c enable trigger all"
    sql dst postgres "alter role postgres set lc_messages = '$locale'"
    db=broken target_db=app job broken && pgm -c "$T/broken.json" --output json
    isnt "$rc" 0 "D1: nor is the failure a matter of language ($locale)"
    untouched 'D1, another language'
    sql dst postgres 'alter role postgres reset lc_messages'
else
    skip 'D1: no locale but C and English here, to have messages in another language'
fi

# D2: source = target under every name it goes by.
oid=$(sql src postgres "select oid from pg_database where datname = 'app'")
source_side=("$T/src/sock" 127.0.0.1 localhost)
for a in "${source_side[@]}"; do
    for b in "${source_side[@]}"; do
        write_config "$T/same.json" src app src '"options": {"drop_existing": true}'
        pgm -c "$T/same.json" --output json --yes --skip-checks --set "/source/host=$a" --set "/target/host=$b" \
            --set "/source/password=$DB_PASSWORD" --set "/target/password=$DB_PASSWORD"
        failed 80 unchanged 'same database.*OID' "D2: '${a##*/}' and '${b##*/}'"
    done
done
is "$(sql src postgres "select oid from pg_database where datname = 'app'")" "$oid" 'D2: the database is still the same one'

# D3: never rows on top of rows.
write_config "$T/plain.json" src app dst
for more in '' --yes --skip-checks '--if-exists error'; do
    # shellcheck disable=SC2086 # words
    pgm -c "$T/plain.json" --output json $more
    failed 80 unchanged "'[^']*app' exists and is not empty.*(--if-exists replace|--drop-existing) --yes" "D3: refused, $more"
    untouched "D3, $more"
done

# D4: the old database is there as long as the new one is not whole.
hold pg_restore && pgm_start -c "$T/job.json" --output json
held pg_restore
is "$(data_digest dst app)" "$before" 'D4: while it is restored the old database serves'
kill -KILL "$held_pid" && release pg_restore
pgm_wait 60
failed 76 unchanged 'not complete' 'D4: a restore that fails'
untouched D4

# D5, D9: the target comes first, and a wrong password is no missing database.
: >"$(cluster_log src)"
pgm -c "$T/job.json" --output json --set /target/host=127.0.0.1 --set /target/password=wrong
failed 77 unchanged 'password authentication failed.*target.password' 'D5: a wrong target password'
unlike "$err" 'does not exist' 'D5: is not called a missing database'
pgm -c "$T/job.json" --output json --set /target/host=127.0.0.1 --set /target/password=wrong --skip-checks
is "$rc" 77 'D9: the same without checks'
unlike "$(<"$(cluster_log src)")" 'LOCK TABLE|pg_export_snapshot|COPY ' 'D9: the source was not read'
untouched D5

# D6: names are data.
for name in "o'neil" "host=127.0.0.1 port=${cluster_port[dst]} dbname=app" 'postgresql://x@127.0.0.1:1/y' 'a"b'; do
    sql src postgres "create database $(ident_quote "$name") template app"
    db=$name job odd
    pgm_is 0 "D6: a database called $name" -c "$T/odd.json"
    is_clone src "$name" dst "$name" "D6: $name"
    pgm_is 0 "D6: $name, replaced" -c "$T/odd.json"
    sql dst postgres "select format('drop database %I;', datname) from pg_database where datname ~ '__prev_' or datname = $(literal_quote "$name")" |
        cluster_psql dst postgres
done
untouched D6

# D10: what is cloned is analyzed, and counted.
pgm_is 0 'D10: a run' -c "$T/job.json" --output json
is "$(report_rows)" $'public.s 1\npublic.t 2000' 'D10: rows are counted'
is "$(sql dst app "select reltuples from pg_class where relname = 't'")" 2000 'D10: and statistics are there'
before=$(data_digest dst app)

# D12: clients that come back at once.
client() { while [[ ! -e $T/enough ]]; do sql dst app 'select count(*) from s, pg_sleep(0.02)' >/dev/null 2>&1; done; }
clients_are_there() { [[ $(sql dst postgres "select count(*) from pg_stat_activity where datname = 'app'") -ge 1 ]]; }
clients=()
for _ in 1 2 3 4; do client & clients+=("$!"); done
for i in 1 2 3; do
    wait_until 20 clients_are_there
    pgm_is 0 "D12: swap $i against clients that reconnect" -c "$T/job.json"
done
touch "$T/enough"
wait "${clients[@]}"

# D13: what hangs on the database.
sql src postgres "create database latin template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' connection limit 7;" &&
    sql src postgres "comment on database latin is 'from the source'" && sql src postgres "alter database latin set work_mem = '7MB'"
sql src latin "create table u(v text); insert into u values (chr(228))"
db=latin job latin
pgm_is 0 'D13: another encoding' -c "$T/latin.json"
is "$(database_properties dst latin)" "$(database_properties src latin)" 'D13: a new target gets everything of the source'
sql dst postgres "create role boss; alter database latin owner to boss" && sql dst postgres "grant connect on database latin to few" &&
    sql dst postgres "alter database latin set work_mem = '9MB'" && sql dst postgres "comment on database latin is 'of the target'" &&
    sql dst postgres 'alter database latin connection limit 5' && sql dst postgres "alter role few in database latin set statement_timeout = '3s'"
properties=$(database_properties dst latin)
pgm_is 0 'D13: once more' -c "$T/latin.json"
is "$(database_properties dst latin)" "$properties" 'D13: a replaced one keeps its own'

# D15: no database postgres.
sql dst template1 'create database upkeep'
sql dst template1 'drop database postgres'
pgm_is 0 'D15: without a database postgres' -c "$T/job.json"
pgm_is 0 'D15: with another one' -c "$T/job.json" --set /target/maintenance_database=upkeep
pgm -c "$T/job.json" --output json --set /target/maintenance_database=nowhere
isnt "$rc" 0 'D15: one that does not exist is an error'
has "$(report error message)" nowhere 'D15: that names it'
sql dst template1 'create database postgres'

# D16: programs are chosen by their version.
mkdir "$T/old"
for p in pg_dump pg_restore; do printf '#!/bin/sh\necho "%s (PostgreSQL) 14.1"\n' $p >"$T/old/$p"; done
chmod 755 "$T/old" "$T/old"/* && own "$T/old"
pgm -c "$T/job.json" --output json --set "/options/bin_dir=$T/old"
failed 72 unchanged "pg_dump.*PostgreSQL $(pg_major).*14.1" 'D16: programs older than the server'
pgm -c "$T/job.json" --output json --set "/options/bin_dir=$T/tmp"
failed 72 unchanged "$T/tmp" 'D16: no programs at all'
done_testing
