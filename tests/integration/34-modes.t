#!/bin/bash
# Every way a mirror can treat its target, and every choice of what is carried over.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst -- 'wal_level = logical'
for c in src dst; do
    cluster_psql $c postgres -c 'create role boss' -c 'create role other' -c "create role maker login createdb password 'm'"
done

sql src postgres 'create database app'
cluster_psql src app >/dev/null 2>&1 <<'END'
create extension citext;
comment on extension citext is 'text without case';
create extension pgcrypto;
create table a (id int primary key, v text);
create table b (id int primary key, a int references a);
create view va as select * from a;
create sequence s start 41;
insert into a select i, 'row ' || i from generate_series(1, 1000) i;
insert into b select i, i from generate_series(1, 300) i;
select nextval('s');
comment on table a is 'the first one';
alter table b owner to boss;
grant select on a to other;
alter default privileges grant select on tables to other;
create publication pub for table a;
create subscription sub connection 'dbname=nowhere' publication p with (connect = false, slot_name = none);
select lo_from_bytea(4711, 'large');
analyze;
END
sql src postgres "alter database app owner to boss"
sql src postgres "alter database app set work_mem = '7MB'"
sql src postgres "alter database app connection limit 33"
sql src postgres "comment on database app is 'of the source'"

# mirror TEXT CODE [ARG...]: a run of $T/job.json with JSON on stdout.
run() { local want=$1 name=$2; shift 2; pgm_is "$want" "$name" mirror -c "$T/job.json" --output json "$@"; }
job() { write_config "$T/job.json" src app dst "$@"; }
dst() { sql dst "${2:-app}" "$1"; }
oid() { sql dst postgres "select oid from pg_database where datname = 'app'"; }
copies() { databases dst | grep -c 'app__prev_'; }
all_of_app() { data_digest dst "${1:-app}" && schema_dump dst "${1:-app}" --no-comments; }
unchanged() { is "$(oid; all_of_app)" "$before" "$1"; }
remember() { before=$(oid; all_of_app); }

# ---- a target that is missing, empty, or not ----
job
run 0 'a missing target is created' --no-owner --no-acl
is "$(report target_state) $(report previous) $(report rows)" 'replaced null 1300' 'and the report says so'
is "$(database_properties dst app)" "$(database_properties src app)" 'a new database has the properties of the source'
is "$(dst "select nextval('s')")" 42 'sequences go on where they were'
dst 'create table mine as select 7 x' >/dev/null
remember
run 80 'a target with something in it is refused'
is "$(report error class) $(report target_state)" 'refused unchanged' 'by that name'
has "$(report error hint)" '--drop-existing --yes' 'saying what to pass'
unchanged 'and left as it is'
run 80 'replace needs consent' --if-exists replace
has "$(report error hint)" '--yes' 'and says how to give it'
unchanged 'without it nothing happens'
run 0 'replace with consent' --if-exists replace --yes
is "$(dst "select to_regclass('mine')")" '' 'brings a database as the source has it'
is "$(report previous | sed 's/_[0-9].*//')" app__prev 'and names the copy that it kept'
is "$(dst 'select x from mine' "$(report previous)")" 7 'which holds what was there'
sql dst postgres 'create database vacant'
old=$(sql dst postgres "select oid from pg_database where datname = 'vacant'")
target_db=vacant job
run 0 'an existing empty database is simply used'
is "$(report previous) $(databases dst | grep -c '^vacant')" 'null 1' 'and no copy of nothing is kept'
sql dst postgres 'drop database vacant'

# ---- how many copies are kept ----
job '"options": {"drop_existing": true, "jobs": 1}' '"retention": {"keep_previous": 3}'
for n in 1 2 3; do run 0 "keep_previous 3, run $n"; done
is "$(copies)" 3 'three copies at most'
run 0 'keep_previous 1' --keep-previous 1
is "$(copies)" 1 'prunes the older ones'
run 0 'keep_previous 0' --keep-previous 0
is "$(copies) $(report previous)" '0 null' 'keeps none'
dst "update a set v = 'yesterday'"
run 0 'once more' --keep-previous 2
dst "update a set v = 'between'"
first=$(report previous)
run 0 'and once more' --keep-previous 2
pgm_is 0 'rollback' rollback -c "$T/job.json"
is "$(dst 'select distinct v from a')" between 'brings back the copy before'
pgm_is 0 'rollback --to' rollback -c "$T/job.json" --to "$first"
is "$(dst 'select distinct v from a')" yesterday 'brings back the copy named'
pgm_is 0 'prune' prune -c "$T/job.json" --keep-previous 0

# ---- no swap ----
run 0 'replaced again' --keep-previous 0
remember
run 0 '--no-swap' --no-swap
is "$(report shadow) $(report target_state)" 'app__new unchanged' 'leaves the copy under its own name'
unchanged 'and the target alone'
is "$(data_digest dst app__new)" "$(data_digest src app)" 'the copy is whole'
run 73 'the next run' --keep-previous 0
is "$(report error message)" "target: database 'app__new' exists: left by --no-swap, or somebody else's" 'leaves it alone'
has "$(report error hint)" 'DROP DATABASE "app__new"' 'and says what to do'
is "$(report phases | grep -c dump) $(report warnings)" '0 []' 'before the source is read'
sql dst postgres 'drop database app__new'
target_db=fresh target_extra='"swap": "none"' job
run 0 'swap none in the file, for a target that is missing'
is "$(databases dst | grep fresh)" fresh__new 'makes only the new copy'
sql dst postgres 'drop database fresh__new'

# ---- names ----
target_db=named target_extra='"shadow_name": "{database}.next", "previous_name": "{time}-{database} of old"' \
    job '"options": {"drop_existing": true}'
run 0 'shadow_name' --no-swap
is "$(report shadow)" named.next 'names the new copy'
sql dst postgres 'drop database "named.next"'
run 0 'a first run' && run 0 'previous_name'
like "$(report previous)" '^[0-9]{8}T[0-9]{6}Z-named of old$' 'names the previous copy'
pgm_is 0 'rollback finds it by that pattern' rollback -c "$T/job.json"
is "$(databases dst | grep -c named)" 2 'there are two of them'
pgm_is 0 'and prune, too' prune -c "$T/job.json" --keep-previous 0
is "$(databases dst | grep named)" named 'only the target stays'
sql dst postgres 'drop database named'

# ---- properties ----
sql dst postgres "alter database app owner to other"
sql dst postgres "alter database app set work_mem = '9MB'"
sql dst postgres "alter database app connection limit 44"
sql dst postgres "comment on database app is 'of the target'"
sql dst postgres "revoke connect on database app from public"
had=$(database_properties dst app)
job '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}'
run 0 'properties_from target'
is "$(database_properties dst app)" "$had" 'an existing target keeps its own properties'
target_extra='"properties_from": "source"' job '"options": {"drop_existing": true, "owner": true, "acl": true}' '"retention": {"keep_previous": 0}'
run 0 'properties_from source'
is "$(database_properties dst app)" "$(database_properties src app)" 'has those of the source'
target_extra='"owner": "other"' job '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}'
run 0 'target.owner'
is "$(dst "select pg_get_userbyid(datdba) from pg_database where datname = 'app'")" other 'names the owner'
target_db=french target_extra='"encoding": "LATIN1", "locale": "C"' job '"options": {"drop_existing": true}'
run 0 'encoding and locale of ones own'
is "$(dst "select pg_encoding_to_char(encoding), datcollate from pg_database where datname = 'french'" french)" 'LATIN1|C' 'are those of the clone'
as_user mkdir "$T/space"
sql dst postgres "create tablespace spare location '$T/space'"
target_db=spaced target_extra='"tablespace": "spare"' job
run 0 'a tablespace'
is "$(sql dst postgres "select spcname from pg_database d join pg_tablespace t on t.oid = dattablespace where datname = 'spaced'")" spare 'holds the clone'

# ---- what is carried over ----
job '"options": {"drop_existing": true, "owner": false, "acl": false}' '"retention": {"keep_previous": 0}'
run 0 'without owners and privileges'
is "$(dst "select tableowner from pg_tables where tablename = 'b'")" postgres 'everything belongs to who restored it'
is "$(dst "select relacl is null from pg_class where relname = 'a'")" t 'nobody is granted anything'
is "$(dst 'select count(*) from pg_publication') $(dst 'select count(*) from pg_subscription')" '0 0' 'publications and subscriptions stay behind'
is "$(dst "select obj_description('a'::regclass)")" 'the first one' 'comments come along'
is "$(dst "select obj_description(oid) from pg_extension where extname = 'citext'")" 'text without case' 'those on extensions, too'
is "$(dst "select encode(lo_get(4711), 'escape')")" large 'and large objects'
job '"options": {"drop_existing": true, "owner": true, "acl": true, "publications": true, "subscriptions": true}' '"retention": {"keep_previous": 0}'
run 0 'with everything'
is_clone src app dst app 'with everything' --no-toast-compression
is "$(dst 'select count(*) from pg_publication') $(dst 'select count(*), bool_or(subenabled) from pg_subscription')" '1 1|f' 'the subscription is there and off'
pgm_is 80 'a target with a subscription is not replaced' mirror -c "$T/job.json"
has "$err" sub 'which the message names'
sql dst app 'alter subscription sub disable; alter subscription sub set (slot_name = none)'
sql dst app 'drop subscription sub'
job '"options": {"drop_existing": true, "comments": false, "large_objects": false}' '"retention": {"keep_previous": 0}'
run 0 'without comments and large objects'
is "$(dst "select obj_description('a'::regclass)") $(dst 'select count(*) from pg_largeobject_metadata')" ' 0' 'has neither'

# ---- a user who may do little ----
sql src app 'grant select on all tables in schema public to maker; grant select on all sequences in schema public to maker; grant pg_read_all_data to maker'
sql src app 'revoke all on b from other; grant select on large object 4711 to maker'
sql src app 'drop extension plpgsql; create extension plpgsql' # no longer the one of template0
DB_USER=maker DB_PASSWORD=m auth=password target_db=made write_config "$T/made.json" src app dst \
    '"options": {"owner": false, "acl": false}'
pgm_is 0 'a user with nothing but CREATEDB gets a clone' mirror -c "$T/made.json" --output json
is "$(dst "select string_agg(distinct tableowner, ',') from pg_tables where schemaname = 'public'" made)" maker 'and owns it'
is "$(dst "select pg_get_userbyid(datdba) from pg_database where datname = 'made'")" maker 'as well as the database'
is "$(dst "select count(*) from pg_extension where extname in ('citext', 'pgcrypto')" made)" 2 'trusted extensions are there'
is "$(report warnings 0 code)" restore.harmless 'what was refused is classed'
has "$(report warnings 0 msg)" 'COMMENT on EXTENSION plpgsql' 'and named'
pgm_is 2 'with --strict that is no quite success' mirror -c "$T/made.json" --if-exists replace --yes --strict
is "$(data_digest dst made)" "$(data_digest src app)" 'with all rows'
DB_USER=maker DB_PASSWORD=m auth=password target_db=owned write_config "$T/made.json" src app dst '"options": {"owner": true, "acl": false}'
pgm mirror -c "$T/made.json"
isnt "$rc" 0 'owners that it may not give away are an error'
like "$err" 'boss' 'which names the role'
nok 'and no target is left' database_exists dst owned

# ---- sections ----
target_db=parts job
run 0 '--schema-only' --schema-only
is "$(dst 'select count(*) from a' parts)" 0 'brings definitions and no rows'
run 80 '--data-only wants tables that exist' --data-only
run 80 'and consent' --data-only --if-exists in_place
run 0 '--data-only in place' --data-only --if-exists in_place --yes
is "$(data_digest dst parts)" "$(data_digest src app)" 'fills them'
is "$(report target_state)" replaced 'the report says that the target changed'
before=$(data_digest dst parts)
run 80 '--data-only onto rows is refused' --data-only --if-exists in_place --yes
is "$(report target_state)" unchanged 'before anything was loaded'
like "$(report error message)$(report error detail)" 'public\.a.*public\.b' 'and the tables are named'
is "$(data_digest dst parts)" "$before" 'not a row is doubled'
dst 'truncate a, b; drop table b' parts
run 80 '--data-only into a missing table' --data-only --if-exists in_place --yes
has "$(report error message)$(report error detail)" 'public.b' 'names it'
target_db=nothing job
run 80 '--data-only without a target' --data-only
has "$(report error hint)" '--schema-only' 'says what comes first'
nok 'and makes none' database_exists dst nothing

target_db=fired job
run 0 'a target whose triggers write' --schema-only
dst "create function more() returns trigger language plpgsql as 'begin insert into public.a values (-new.id); return new; end';
    create trigger more after insert on b for each row execute function more()" fired
run 76 '--data-only with a trigger that adds rows' --data-only --if-exists in_place --yes
like "$(report error message)$(report error detail)" '^restored in place: target: 1 of 2 tables.*public.a' 'does not count as a clone'
is "$(report target_state)" replaced 'and the report does not say that nothing was changed'

# ---- in place ----
target_db=place job
run 0 'a target to restore into'
dst "create table mine as select 1 x; delete from a where id > 10 and id not in (select a from b); insert into b values (9999, 1); create schema extra" place >/dev/null
id=$(sql dst postgres "select oid from pg_database where datname = 'place'")
run 80 'in place needs consent' --if-exists in_place
run 0 'in place' --if-exists in_place --yes
is "$(sql dst postgres "select oid from pg_database where datname = 'place'")" "$id" 'keeps the database'
is "$(dst 'select count(*) from a' place)/$(dst 'select count(*) from b' place)" 1000/300 'and brings its tables to what the source has'
is "$(dst 'select x from mine' place)" 1 'what the dump does not know stays'
is "$(report previous) $(report target_state)" 'null replaced' 'no copy is kept'
nok 'and none is left' bash -c "grep -q '^place__' <<<'$(databases dst)'"
dst 'create view blocks as select * from a; delete from b' place
before=$(all_of_app place)
run 76 'what cannot be dropped fails the run' --if-exists in_place --yes
is "$(all_of_app place)" "$before" 'and everything is as it was'
is "$(report target_state)" unchanged 'the report says so'
has "$(report error detail)" 'blocks' 'and what was in the way'
run 64 '--no-swap in place is nonsense' --if-exists in_place --yes --no-swap

# ---- a copy that is much smaller ----
job '"options": {"drop_existing": true}' '"verify": {"max_shrink": 0.5}'
dst 'analyze'
sql src app 'delete from b; delete from a where id > 400'
remember
run 81 'a source that lost most of its rows'
has "$(report error message)" 'the copy has 400 rows, the target about 1300' 'is not swapped in'
unchanged 'the target stays'
run 81 'nor loaded in place' --if-exists in_place --set /options/drop_existing=false --yes
unchanged 'the target stays, too'
run 0 'unless it is meant' --set /verify/max_shrink=0.3

# ---- a source without public ----
sql src postgres 'create database nopublic'
sql src nopublic 'drop schema public; create schema lone; create table lone.t as select 1 i'
write_config "$T/job.json" src nopublic dst
run 0 'a source without a schema public'
is "$(sql dst nopublic "select string_agg(nspname, ',') from pg_namespace where nspname !~ '^pg_|^information'")" lone 'gets a clone without one'

done_testing
