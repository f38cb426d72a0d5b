#!/bin/bash
# What belongs to the database itself goes along: compared by catalog rows and by pg_dump -C.
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/swapdrive.sh"

swapdrive_build
cluster_start dst

sql dst postgres 'create role owner_1 login; create role dba login; create role app login; create role "Odd ""r'"'"'" login'
sql dst postgres "create database src template template0 locale_provider icu icu_locale 'de-u-co-phonebk' lc_collate 'C' lc_ctype 'C.UTF-8' connection limit 33"
sql dst postgres "alter database src owner to owner_1;
    comment on database src is E'line one\nit''s \"two\" \\\\ ü';
    revoke all on database src from public;
    grant temporary on database src to public;
    grant connect, create on database src to dba with grant option;
    grant connect on database src to \"Odd \"\"r'\";
    alter database src set search_path = \"\$user\", public, \"a, b\", \"C\"\"d\", 'it''s';
    alter database src set datestyle = 'SQL, DMY';
    alter database src set \"app.motd\" = 'a=b, \"c\", it''s';
    alter database src set temp_tablespaces = '';
    alter database src set default_transaction_read_only = on;
    alter role dba in database src set search_path = 'x y', z;
    alter role \"Odd \"\"r'\" in database src set work_mem = '7MB';
    alter role app in database src set log_statement = 'all'"
cluster_psql dst postgres -c 'set session authorization dba' -c 'grant connect on database src to app with grant option'

# dump_of DB: the database-level part of pg_dump -C, under one name.
dump_of() {
    schema_dump dst "$1" -C | grep -E '^(CREATE DATABASE|ALTER DATABASE|ALTER ROLE|COMMENT ON DATABASE|GRANT|REVOKE|SET SESSION AUTH|RESET SESSION)' |
        sed "s/\\b$1\\b/DB/g" | sort
}

sd_is 0 'a database with every property is swapped in where none was' dst swap copy src 'select 1'
nok 'without a warning' grep warning <<<"$out"
is "$(database_properties dst copy)" "$(database_properties dst src)" 'its catalog rows are equal'
is "$(dump_of copy)" "$(dump_of src)" 'and pg_dump -C says the same'
# shellcheck disable=SC2016 # the dollar is the setting's
has "$(database_properties dst copy)" 'search_path="$user", public, "a, b", "C""d", "it'"'"'s"' 'lists keep their quoting'
has "$(dump_of copy)" 'ALTER DATABASE DB SET' 'and the dump was not empty'
has "$(database_properties dst copy)" 'app=c*/dba' 'a grant keeps its grantor and option'
has "$(database_properties dst copy)" 'de-u-co-phonebk' 'the ICU locale is there'
sd dst props src; src_json=${out/\"name\":\"src\"/}
sd dst props copy
is "${out/\"name\":\"copy\"/}" "$src_json" 'and through JSON too'

sd_is 0 'replacing it gives the same' dst swap copy src 'select 1'
is "$(database_properties dst copy)" "$(database_properties dst src)" 'catalog rows equal'
prev=$(sql dst postgres "select datname from pg_database where datname like 'copy\_\_prev%'")
is "$(database_properties dst "$prev" | grep -v "^comment\|^it's")" "$(database_properties dst src | grep -v "^comment\|^it's")" 'the copy keeps its own'
sd_is 0 'a previous copy as the model' dst swap third "$prev" 'select 1'
is "$(database_properties dst third)" "$(database_properties dst src)" 'has the comment of its owner, not ours'

# ---- defaults, and roles that are missing ----
sql dst postgres 'create database bare template template0'
sd_is 0 'a database without any' dst swap bare2 bare 'select 1'
is "$(database_properties dst bare2)" "$(database_properties dst bare)" 'stays without (default privileges included)'

sql dst postgres "create role plain_user login createdb"
sql dst postgres "alter database bare owner to plain_user; alter database bare set log_min_messages = 'panic'; grant connect on database bare to dba"
sd_user=plain_user
sd_is 0 'a role that is no superuser swaps' dst swap bare3 bare 'select 1'
sd_user=
has "$out" "warning database.setting: the database's setting 'log_min_messages' was not carried over: permission denied" 'a setting it may not make is a warning'
is "$(sql dst postgres "select pg_get_userbyid(datdba), datacl from pg_database where datname = 'bare3'")" \
    'plain_user|{=Tc/plain_user,plain_user=CTc/plain_user,dba=c/plain_user}' 'the rest is there'
sql dst postgres 'alter database bare owner to owner_1'
sd_user=plain_user
sd_is 0 'an owner that cannot be given' dst swap bare4 bare 'select 1'
sd_user=
has "$out" "warning database.owner: the database's owner 'owner_1' was not carried over" 'is a warning'
is "$(grep -c '^warning database.acl' <<<"$out")" 0 'and the owner'"'"'s privileges are not reported as well'
is "$(sql dst postgres "select datacl from pg_database where datname = 'bare4'")" \
    '{plain_user=CTc/plain_user,=Tc/plain_user,dba=c/plain_user}' 'other privileges are there'

# ---- the shadow while it is filled ----
sd_is 0 'a shadow' dst create copy src 'select 1'
is "$(sql dst postgres "select datconnlimit, has_database_privilege('app', oid, 'connect') from pg_database where datname = 'copy__new'")" \
    '5|f' 'is limited and closed to others'
unlike "$(sql dst postgres "select setconfig from pg_db_role_setting join pg_database d on d.oid = setdatabase where datname = 'copy__new'")" . 'and has no settings that would hit the load'
sd dst drop copy

# ---- a tablespace the target does not have, templates ----
as_user mkdir "$T/space"
sql dst postgres "create tablespace space location '$T/space'"
sql dst postgres 'create database roomy template template0 tablespace space'
sd_is 0 'the tablespace goes along' dst swap roomy2 roomy 'select 1'
is "$(sql dst postgres "select spcname from pg_database d join pg_tablespace t on t.oid = dattablespace where datname = 'roomy2'")" space 'where it exists'
sql dst postgres 'alter database bare is_template true'
sd_is 0 'a template' dst swap bare5 bare 'select 1'
is "$(sql dst postgres "select datistemplate from pg_database where datname = 'bare5'")" t 'becomes a template'

# ---- latin1 and libc locale ----
sql dst postgres "create database latin template template0 encoding 'LATIN1' locale 'C'"
sd_is 0 'another encoding' dst swap latin2 latin "create table public.\"t\"(x text)"
is "$(database_properties dst latin2)" "$(database_properties dst latin)" 'is kept'

# ---- what only newer majors have ----
if pg_bin 17 >/dev/null; then
    cluster_start new 17
    sql new postgres "create database built template template0 locale_provider builtin builtin_locale 'C.UTF-8' lc_collate 'C' lc_ctype 'C'"
    sql new postgres "create database ruled template template0 locale_provider icu icu_locale 'und' icu_rules '&a < g' locale 'C'"
    for db in built ruled; do
        sd_is 0 "17: a database of the kind '$db'" new swap "${db}2" "$db" 'select 1'
        is "$(database_properties new "${db}2")" "$(database_properties new "$db")" 'keeps provider, locale and rules'
        sd new props "$db"; json=${out/\"name\":\"$db\"/}
        sd new props "${db}2"; out=${out/\"default_privileges\":false/\"default_privileges\":true}
        is "${out/\"name\":\"${db}2\"/}" "$json" 'through JSON too (default privileges are written out now)'
    done
else
    skip 'PostgreSQL 17 is not here'
fi

done_testing
