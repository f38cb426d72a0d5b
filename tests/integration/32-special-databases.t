#!/bin/bash
# Databases that are special in one way each.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst

# clone DB NAME [MEMBER...]: a run that must succeed, and both ends the same.
clone() {
    local db=$1 name=$2; shift 2
    write_config "$T/$db.json" src "$db" dst "$@"
    pgm_is 0 "$name: cloned" mirror -c "$T/$db.json" --output json || return
    is_clone src "$db" dst "$db" "$name"
    ok "$name: nothing is left" nothing_left_of "$db"
}
nothing_left_of() { [[ -z $(ls -A "$TMPDIR") ]] && ! databases dst | grep -qF "${1}__"; }

sql src postgres 'create database empty'
clone empty 'an empty database'
sql src postgres 'create database onto_empty'; sql dst postgres 'create database onto_empty'
sql src onto_empty 'create table t as select generate_series(1, 10) i'
clone onto_empty 'an existing empty target'

sql src postgres 'create database many'
sql src many "do \$\$ begin for i in 1..500 loop
    execute format('create table t%s (id int primary key, v text); insert into t%s select g, g::text from generate_series(1, %s) g', i, i, i % 20);
    end loop; end \$\$"
clone many '500 small tables' '"options": {"jobs": 4}'
is "$(report_rows | wc -l)" 500 '500 small tables: all reported'

sql src postgres 'create database los'
sql src los "select count(lo_from_bytea(0, decode(repeat(md5(i::text), i), 'hex'))) from generate_series(1, 400) i" >/dev/null
sql src los "select lo_from_bytea(4294967295, decode(repeat('00', 300000), 'hex'))" >/dev/null
clone los 'large objects'

# An index that is left invalid by a failed concurrent build is no part of a dump.
sql src postgres 'create database invalid'
sql src invalid "create table t (i int); insert into t values (1), (1)"
sql src invalid 'create unique index concurrently t_i on t (i)' 2>/dev/null
is "$(sql src invalid 'select indisvalid from pg_index where indexrelid = '\''t_i'\''::regclass')" f 'invalid index: the source has one'
clone invalid 'invalid index'

# Encodings and locales.
sql src postgres "create database latin template template0 encoding LATIN1 locale 'C'"
sql src latin "create table \"t\u00e4\" (v text); insert into \"t\u00e4\" select chr(i) from generate_series(160, 255) i" 2>/dev/null ||
    sql src latin "create table t (v text); insert into t select chr(i) from generate_series(160, 255) i"
clone latin 'LATIN1'
is "$(sql dst latin 'show server_encoding')" LATIN1 'LATIN1: the clone is LATIN1'
sql src postgres "create database bytes template template0 encoding SQL_ASCII locale 'C'"
PGCLIENTENCODING=SQL_ASCII sql src bytes $'create table t (v text); insert into t values (\'\xff\xfe\'), (\'\xc3\xa4\')'
clone bytes 'SQL_ASCII with bytes of no encoding'
if [[ $(sql src postgres "select count(*) > 0 from pg_collation where collprovider = 'i'") == t && ${cluster_major[src]} -ge 15 ]]; then
    sql src postgres "create database icu template template0 encoding UTF8 locale_provider icu icu_locale 'de-DE-u-co-phonebk' locale 'C.UTF-8'"
    sql src icu "create table t (v text primary key); insert into t values ('Äpfel'), ('Zebra'), ('apfel')"
    clone icu 'ICU locale'
    is "$(database_properties dst icu)" "$(database_properties src icu)" 'ICU locale: the clone has it'
else
    skip 'ICU locale: this server has no ICU databases'
fi
sql src postgres 'create database client'
sql src client "create table t (v text); insert into t values ('ä船')"
sql src postgres "alter database client set client_encoding = 'SQL_ASCII'"
clone client 'client_encoding set on the database'

# Settings of a database that reach every session there, ours too.
sql src postgres 'create database settings'
sql src settings "create schema pub; create table pub.t (v timestamptz, f float8, b bytea);
    insert into pub.t values ('2024-01-02 03:04:05.678+09', 0.1 + 0.2, '\\x00ff'); create function pub.count(int) returns int language sql as 'select 1'"
for s in "default_transaction_read_only = on" "statement_timeout = '1s'" "lock_timeout = '1ms'" "search_path = pub" "datestyle = 'German'" \
    "extra_float_digits = -10" "bytea_output = escape" "timezone = 'Asia/Tokyo'" "row_security = off" "idle_in_transaction_session_timeout = '100ms'" \
    "default_tablespace = ''" "standard_conforming_strings = off" "check_function_bodies = on" "default_table_access_method = heap"; do
    sql src postgres "alter database settings set $s"
done
clone settings 'settings on the database'
is "$(database_properties dst settings)" "$(database_properties src settings)" 'settings on the database: carried over'

# Row security: whole for who may see all, refused for who may not; never smaller.
sql src postgres "create role app login password 'app' createdb"
sql dst postgres "create role app login password 'app' createdb"
sql src postgres 'create database rls owner app'
sql src rls "set role app; create schema s; create table s.t (i int, who text default 'x');
    insert into s.t select generate_series(1, 100); alter table s.t enable row level security; create policy p on s.t using (i <= 10)"
clone rls 'row security, as superuser'
is "$(sql dst rls 'select count(*) from s.t')" 100 'row security: all rows, not those of the policy'
sql src rls 'alter table s.t force row level security'
DB_USER=app DB_PASSWORD=app auth=password target_db=rls_app write_config "$T/app.json" src rls dst
pgm mirror -c "$T/app.json"
isnt "$rc" 0 'row security, as an owner who does not see all: refused'
like "$out$err" 's\.t' 'row security: the table is named'
nok 'row security: no target appeared' database_exists dst rls_app
sql src rls 'alter table s.t no force row level security'
pgm_is 0 'row security: an owner who sees all gets the clone' mirror -c "$T/app.json"
is "$(sql dst rls_app 'select count(*) from s.t')" 100 'row security: with all rows'

# The user of a clone owns just the database and is nothing more.
is "$(sql dst postgres "select pg_get_userbyid(datdba) from pg_database where datname = 'rls_app'")" app 'the clone belongs to its user'

# A foreign key that its rows have outlived.
sql src postgres 'create database broken'
sql src broken "create table a (i int primary key); create table b (i int references a);
    insert into a values (1); insert into b values (1); set session_replication_role = replica; delete from a"
write_config "$T/broken.json" src broken dst
pgm mirror -c "$T/broken.json"
isnt "$rc" 0 'a foreign key that the rows contradict is no silent success'
nok 'and leaves no target behind' database_exists dst broken
done_testing
