#!/bin/bash
# DDL, TRUNCATE and CLUSTER under way on the source when a run starts. pg_dump alone loses every
# row of such a table without a word (shown first); a run waits, and clones one consistent state, or
# says who holds the lock.
# shellcheck disable=SC2034,SC2154 # variables of write_config, and of lib.sh
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"
. "$ROOT/tests/support/faults.sh"

programs_make
cluster_start src
cluster_start dst
sql src postgres 'create database app' && sql src postgres 'create role owner'
fill() { # afresh: 50,000 rows in orders, and what depends on it
    PGOPTIONS='-c client_min_messages=error' sql src app "drop table if exists first, orders, fresh cascade;
        drop sequence if exists counter; create table first(i int); insert into first values (1);
        create table orders(id int primary key, v text, note text); create index by_v on orders(v);
        insert into orders select i, md5(i::text) from generate_series(1, 50000) i; analyze;
        create sequence counter; create view recent as select * from first where i > 0;
        create materialized view totals as select count(*) from first"
}
fill
sql dst postgres 'create database app' && sql dst app 'create table old(i int)'

# job NAME LOCK-TIMEOUT RETRIES
job() {
    source_extra="\"lock_timeout\": \"$2\"" write_config "$T/$1.json" src app dst \
        "\"options\": {\"drop_existing\": true, \"jobs\": 2, \"retries\": $3, \"retry_backoff\": \"100ms\", $bin_dir}"
}
job waits 60s 0
job short 300ms 1
start() { pgm_start -c "$T/$1.json" --output json -v; }
waiting() { [[ $(sql src app "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and $1") -ge 1 ]]; }
leader_waits() { waiting "application_name = 'pg_mirror'"; }
dump_waits() { waiting "application_name like 'pg_mirror %'"; }
rows() { sql "$1" app 'select count(*) from orders'; }

# ---- the hole ---------------------------------------------------------------------------------

session_open other src app
session_say other 'begin'
session_say other 'lock table first'
as_user "$(pg_bin)/pg_dump" -Fc -f "$T/tmp/hole" -d "$(conninfo src app)" 2>"$T/hole.err" &
dump=$!
wait_until 20 waiting "application_name = 'pg_dump'" || die 'pg_dump does not wait'
sql src app "truncate orders; insert into orders select i, 'new' from generate_series(1, 50000) i"
session_say other 'commit'
wait "$dump" && rc=0 || rc=$?
lost=$(as_user "$(pg_bin)/pg_restore" -a -t orders -f - "$T/tmp/hole" | grep -cE '^[0-9]+	')
note "pg_dump alone: exit status $rc, $lost of $(rows src) rows"
is "$rc-$lost" 0-0 'pg_dump alone loses 50,000 rows and says 0'
rm "$T/tmp/hole"

# ---- committed while the run waits ------------------------------------------------------------

while IFS='|' read -r name ddl; do
    fill
    session_say other 'begin'
    session_say other "$ddl"
    start waits
    ok "$name: the run waits for it" wait_until 20 leader_waits
    session_say other 'commit'
    pgm_wait 60
    pgm_rc_is 0 "$name: and goes on"
    is "$(rows dst)" "$(rows src)" "$name: every row is there"
    is_clone src app dst app "$name"
done <<'END'
TRUNCATE and INSERT|truncate orders; insert into orders select i, 'x' from generate_series(1, 50000) i
a rewriting ALTER|alter table orders alter id type bigint
CLUSTER|cluster orders using by_v
dropped and created again|drop table orders cascade; create table orders as select 1 as id
a new table|lock table first; create table fresh as select 7 as i
END
fill
session_say other 'begin'
session_say other 'truncate orders'
start waits
ok 'a TRUNCATE: the run waits for it' wait_until 20 leader_waits
session_say other 'rollback'
pgm_wait 60
pgm_rc_is 0 'when it is rolled back the run goes on'
is "$(rows dst)" 50000 'with all rows'

# ---- never committed --------------------------------------------------------------------------

before=$(data_digest dst app)
session_say other "set application_name = 'migrate'"
pid=$(session_backend other)
for ddl in 'truncate orders' 'alter table orders alter id type bigint' 'cluster orders using by_v'; do
    session_say other 'begin'
    session_say other "$ddl"
    pgm -c "$T/short.json" --output json -v
    failed 76 unchanged "cannot lock table public.orders within 0.3s.*held by pid $pid .app=migrate.*: $ddl.*pg_terminate_backend.$pid." \
        "$ddl never ends"
    is "$(report attempts)" 2 "$ddl never ends: tried as often as asked"
    is "$(data_digest dst app)" "$before" "$ddl never ends: the target is as it was"
    ok "$ddl never ends: nothing is left" clean dst app
    ok "$ddl never ends: nothing is left on the source" wait_until 15 no_session src
    session_say other 'rollback'
done

# ---- behind our own locks ---------------------------------------------------------------------

# What comes after the leader's locks waits for the run; pg_dump would wait for it in turn.
hold pg_dump && start short
held pg_dump
session_start other "set application_name = 'migrate'; alter table orders add column late int default 1"
ok 'an ALTER waits for the run' wait_until 20 waiting "query ~ '^alter table orders'"
release pg_dump
pgm_wait 60
pgm_rc_is 0 'it is no deadlock: the run tries again'
has "$err" "queued for by pid $pid (app=migrate" 'and says what was in the way'
is "$(report attempts)" 2 'the second attempt did it'
session_say other 'select 1'
is_clone src app dst app 'with the column that came late'
hold pg_dump && start waits
held pg_dump
sql src app 'truncate orders' 2>/dev/null &
ok 'a TRUNCATE waits for the run' wait_until 20 waiting "query ~ '^truncate orders'"
sql src postgres "select pg_cancel_backend(pid) from pg_stat_activity where query ~ '^truncate'" >/dev/null
wait "$!"
release pg_dump
pgm_wait 60
is "$rc $(rows dst)" '0 50000' 'rows are as of the snapshot'

# ---- objects that cannot be locked beforehand -------------------------------------------------

session_close other
before=$(data_digest dst app)
while IFS='|' read -r object ddl; do
    session_open other src app
    session_say other "set application_name = 'migrate'; begin"
    session_say other "$ddl"
    start short
    ok "$ddl: pg_dump waits for it" wait_until 20 dump_waits
    pgm_wait 60
    failed 76 unchanged "cannot lock .*$object within 0.3s.*held by pid [0-9]+ .app=migrate.*: ${ddl%% *}" "$ddl"
    is "$(data_digest dst app)" "$before" "$ddl: the target is as it was"
    start waits
    ok "$ddl: pg_dump waits again" wait_until 20 dump_waits
    session_say other 'commit'
    pgm_wait 60
    pgm_rc_is 0 "$ddl: once committed the run goes on"
    session_close other
done <<'END'
public.totals|refresh materialized view totals
public.counter|alter sequence counter owner to owner
public.recent|create or replace view recent as select * from first where i > 1
END
done_testing
