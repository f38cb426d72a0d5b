#!/bin/bash
# Kept dumps from end to end: made by a run, restored without the source, refused when damaged.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst
cluster_psql src postgres -c 'create role boss' && cluster_psql dst postgres -c 'create role boss'
sql src postgres 'create database app owner boss'
cluster_psql src app >/dev/null <<'END'
create extension citext;
create schema "Größe";
create table "Größe"."naïve table" (id int primary key, v citext);
insert into "Größe"."naïve table" select i, md5(i::text) from generate_series(1, 3000) i;
create table child (id int references "Größe"."naïve table");
insert into child select i from generate_series(1, 100) i;
create table parts (i int) partition by range (i);
create table p1 partition of parts for values from (0) to (10);
create table p2 partition of parts for values from (10) to (1000);
insert into parts select i from generate_series(0, 99) i;
create materialized view sums as select count(*) n from parts;
create sequence s start 7;
alter table child owner to boss;
select nextval('s');
select lo_from_bytea(4711, 'large');
alter database app set work_mem = '7MB';
alter database app connection limit 33;
comment on database app is 'of the source';
END
# The same database as is_clone sees it, for later, when the source is gone.
picture() { schema_dump "$@" --no-publications --no-subscriptions && data_digest "$@"; }
wanted=$(picture src app)
properties=$(database_properties src app)
mkdir "$T/kept" && own "$T/kept"
write_config "$T/job.json" src app dst '"options": {"drop_existing": true, "jobs": 2, "owner": true}' '"retention": {"keep_previous": 0}'
kept() { find "$T/kept" -mindepth 1 "$@" | LC_ALL=C sort; }

# ---- made ----
pgm_is 0 'a run keeps its dump' -c "$T/job.json" --keep-dump "$T/kept" --output json
file=$(kept)
is "$(report kept_dump)" "$file" 'the report names it'
like "$file" "^$T/kept/job-app-[0-9]{8}T[0-9]{6}Z-$(report run_id)\\.pgmirror\\.tar$" 'job, database, time and run are in its name'
is "$(stat -c '%a %U' "$file")" "600 $TEST_USER" 'nobody else may read it'
snapshot="$(report snapshot_lsn) $(report snapshot_time)"
pgm_is 0 'a second run keeps another' -c "$T/job.json" --keep-dump "$T/kept"
is "$(kept | wc -l)" 2 'beside the first'
pgm_is 64 'a relative name of nothing' -c "$T/job.json" --keep-dump ''
pgm_is 73 'a directory that is not there' -c "$T/job.json" --keep-dump "$T/nowhere" --output json
is "$(report target_state)" unchanged 'is found before anything is done'
has "$(report error message)" "$T/nowhere" 'and named'
if ((EUID == 0)) && mkdir "$T/small" && mount -t tmpfs -o size=64k,mode=777 none "$T/small" 2>/dev/null; then
    pgm -c "$T/job.json" --keep-dump "$T/small" --output json
    is "$rc $(report target_state) $(report warnings 0 code)" '0 replaced keep.failed' 'a full disk is a warning'
    has "$(report warnings 0 msg)" 'No space left' 'that says so'
    is "$(ls -A "$T/small")" '' 'and leaves no half a file'
    pgm_is 2 'with --strict that is not quite a success' -c "$T/job.json" --keep-dump "$T/small" --strict --output json
    is "$(report target_state) $(report error class)" 'replaced secondary' 'and the document says what happened'
    umount "$T/small"
else
    skip 'a full disk: nothing can be mounted here'
fi
sql src postgres 'create database slow'
sql src slow "create function nap(int) returns int immutable language plpgsql as 'begin perform pg_sleep(30); return \$1; end';
    create table t (i int); create index nap on t (nap(i)) where i > 0"
sql src slow 'alter table t disable trigger all; insert into t values (-1)'
write_config "$T/fails.json" src slow dst '"options": {"drop_existing": true}' '"verify": {"max_shrink": 1}'
pgm_is 0 'a target' -c "$T/fails.json"
sql src slow 'truncate t' && sql dst slow 'analyze'
pgm_is 81 'a run that fails' -c "$T/fails.json" --keep-dump "$T/kept"
is "$(kept | wc -l)" 2 'keeps nothing'
big() { sql src postgres 'create database big' && sql src big "create table t as select md5(i::text) || md5((-i)::text) v from generate_series(1, 400000) i"; }
big
write_config "$T/big.json" src big dst '"options": {"drop_existing": true, "compression": "none"}'
pgm_start -c "$T/big.json" --keep-dump "$T/kept"
until compgen -G "$T/kept/.pg_mirror*" >/dev/null || pid_is_gone "$pgm_pid"; do :; done
kill -KILL "$pgm_pid"
pgm_wait 60 2>/dev/null
is "$(kept | wc -l)" 3 'a run is killed while it keeps its dump'
is "$(kept -name '*.pgmirror.tar' | wc -l)" 2 'which leaves nothing by the name of one'
pgm_is 0 'the next one' -c "$T/big.json" --keep-dump "$T/kept"
is "$(kept | wc -l)" 3 'has removed what was half made'
rm "$(kept -name 'big-*')"

# ---- read without us ----
as_user mkdir "$T/x"
is "$(as_user tar tf "$file" | tr '\n' ' ')" 'manifest.json database.json dump.pgc SHA256SUMS ' 'tar lists it'
as_user tar xf "$file" -C "$T/x"
# shellcheck disable=SC2016 # the inner shell expands
ok 'sha256sum -c agrees' bash -c 'cd "$0" && sha256sum --quiet --strict -c SHA256SUMS' "$T/x"
like "$(as_user "$(pg_bin)/pg_restore" -l "$T/x/dump.pgc")" 'TABLE DATA Größe naïve table' 'pg_restore lists its dump'
sql dst postgres 'create database by_hand'
ok 'and restores it' as_user "$(pg_bin)/pg_restore" -d "$(conninfo dst by_hand)" --no-owner "$T/x/dump.pgc"
is "$(sql dst by_hand 'select count(*) from "Größe"."naïve table"')" 3000 'with all rows'
sql dst postgres 'drop database by_hand'

# ---- listed and verified ----
pgm_is 0 'archive list' archive list --keep-dump "$T/kept"
is "$(grep -c 'app .* 3200 ' <<<"${out//3.2k/3200}")" 2 'has a line for each, with its rows'
pgm_is 0 'archive list as JSON' archive list "$file" --output json
is "$(report dumps 0 file) $(report dumps 0 database) $(report dumps 0 rows) $(report dumps 0 ok)" "$file app 3200 true" 'has the same'
is "$(python3 -c 'import json, sys; m = json.load(open(sys.argv[1])); s = m["source"] if isinstance(m["source"], dict) else m
print(m["snapshot"]["lsn"] if "snapshot" in m else m["snapshot_lsn"])' "$T/x/manifest.json")" "${snapshot% *}" 'the manifest has the snapshot'
pgm_is 0 'archive verify' archive verify "$file"
like "$out" '^ok +.*: 4 tables, 3200 rows' 'says what it read'
pgm_is 0 'archive verify as JSON' archive verify "$T/kept" --output json
is "$(report dumps 0 ok) $(report dumps 1 ok)" 'true true' 'has the same'

# ---- restored, and the source is gone ----
cluster_stop src
sql dst app 'drop table child'
target_db=elsewhere write_config "$T/other.json" src app dst '"options": {"jobs": 2, "owner": true}'
pgm_is 0 'restore to another name' restore -c "$T/other.json" "$file" --output json
is "$(picture dst elsewhere)" "$wanted" 'brings schema, rows, sequences and large objects'
is "$(database_properties dst elsewhere)" "$properties" 'and the properties of the database'
is "$(report source database) $(report target database) $(report rows)" 'app elsewhere 3200' 'the report has both ends'
is "$(report snapshot_lsn) $(report snapshot_time)" "$snapshot" 'and the snapshot'
is "$(report_rows | grep -v naïve)" $'public.child 100\npublic.p1 10\npublic.p2 90' 'and the rows of every table'
pgm_is 80 'again' restore -c "$T/other.json" "$file"
has "$err" 'exists and is not empty' 'it is refused'
sql dst elsewhere 'create table mine ()'
pgm_is 0 'unless replacing is meant' restore -c "$T/other.json" "$file" --if-exists replace --yes --keep-previous 1 --output json
is "$(sql dst "$(report previous)" "select to_regclass('mine')")" mine 'and then the old one is kept'
is "$(picture dst elsewhere)" "$wanted" 'the new one is whole'
pgm_is 0 'rollback' rollback -c "$T/other.json" --yes
is "$(sql dst elsewhere "select to_regclass('mine')")" mine 'works after a restore as well'
pgm_is 0 'restore --no-swap' restore -c "$T/other.json" "$file" --no-swap --if-exists replace --yes --output json
is "$(report shadow) $(report target_state)" 'elsewhere__new unchanged' 'leaves the copy beside the target'
sql dst postgres 'drop database elsewhere__new'
pgm_is 0 'restore in place' restore -c "$T/other.json" "$file" --if-exists in_place --yes
is "$(sql dst elsewhere "select to_regclass('mine'), count(*) from child")" 'mine|100' 'keeps what the dump does not know'
target_db=schema write_config "$T/schema.json" src app dst
pgm_is 0 'restore --schema-only' restore -c "$T/schema.json" "$file" --schema-only
is "$(sql dst schema 'select count(*) from child')" 0 'brings no rows'
pgm_is 0 'restore --data-only' restore -c "$T/schema.json" "$file" --data-only --if-exists in_place --yes
is "$(data_digest dst schema | grep -v '^m')" "$(data_digest dst elsewhere | grep -v '^[mr] public.mine' | grep -v '^m')" 'fills it'
pgm_is 80 'but not twice' restore -c "$T/schema.json" "$file" --data-only --if-exists in_place --yes
pgm_is 80 'nor a protected one' restore -c "$T/other.json" "$file" --if-exists replace --yes --set '/safety/protected=["*/elsewhere"]'

# ---- damaged ----
before=$(picture dst elsewhere; databases dst)
size=$(stat -c %s "$file")
dump_at=$(grep -abo -m1 PGDMP "$file" | head -n 1 | cut -d: -f1)
RANDOM=4711
places=(0 100 148 156 257 512 700 "$dump_at" $((dump_at + 5)) $((dump_at + 300)) $((dump_at - 512)) $((dump_at - 1)) $((size - 1)) $((size - 1024)) $((size - 1100)) $((size - 1700)))
while ((${#places[@]} < 30)); do places+=($(((RANDOM * 32768 + RANDOM) % size))); done
survived=
for at in "${places[@]}"; do
    cp "$file" "$T/kept/changed" && own "$T/kept/changed"
    byte=$(od -An -tu1 -j "$at" -N 1 "$file")
    printf '%b' "\\x$(printf %02x $((byte ^ (1 << (at % 8)))))" | dd of="$T/kept/changed" bs=1 seek="$at" conv=notrunc status=none
    pgm restore -c "$T/other.json" "$T/kept/changed" --if-exists replace --yes --skip-checks
    [[ $rc == 65 && $err == *ERROR* ]] || survived+=" $at:$rc"
done
is "$survived" '' "one changed byte at any of ${#places[@]} places: exit 65"
cut_ok=
for at in 0 1 511 512 1024 $((dump_at + 10)) $((size / 2)) $((size - 2048)) $((size - 1024)) $((size - 1)); do
    head -c "$at" "$file" >"$T/kept/changed" && own "$T/kept/changed"
    pgm restore -c "$T/other.json" "$T/kept/changed" --if-exists replace --yes --skip-checks
    [[ $rc == 65 ]] || cut_ok+=" $at:$rc"
done
is "$cut_ok" '' 'cut anywhere: exit 65'
{ cat "$file"; echo more; } >"$T/kept/changed" && own "$T/kept/changed"
pgm_is 65 'something behind its end' restore -c "$T/other.json" "$T/kept/changed" --if-exists replace --yes
pgm_is 65 'something that is no tar' restore -c "$T/other.json" "$T/job.json" --if-exists replace --yes
has "$err" "'$T/job.json' is not a dump that pg_mirror kept" 'is named'
as_user tar cf "$T/x/foreign.tar" -C "$T/x" manifest.json dump.pgc
pgm_is 65 'a tar of somebody else' restore -c "$T/other.json" "$T/x/foreign.tar" --if-exists replace --yes
pgm_is 66 'a file that is not there' restore -c "$T/other.json" "$T/none.tar" --if-exists replace --yes
is "$(picture dst elsewhere; databases dst)" "$before" 'after all of these the target is as it was'
is "$(ls -A "$TMPDIR")" '' 'and nothing is left in the temporary directory'

# ---- of another major ----
if PGM_NO_FETCH=1 pg_bin 17 >/dev/null 2>&1; then
    cluster_start new 17
    cluster_start target 17
    sql new postgres 'create database app'
    sql new app "create table t as select i, md5(i::text) from generate_series(1, 500) i"
    write_config "$T/17.json" new app target "\"options\": {\"bin_dir\": \"$(pg_bin 17)\"}"
    pgm_is 0 'PostgreSQL 17: kept' -c "$T/17.json" --keep-dump "$T/kept" --set /target/database=first
    pgm_is 0 'PostgreSQL 17: restored' restore -c "$T/17.json" "$(kept -name '17-*')"
    is_clone new app target app 'PostgreSQL 17'
else
    skip 'PostgreSQL 17 is not here'
fi
done_testing
