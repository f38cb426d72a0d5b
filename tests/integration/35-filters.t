#!/bin/bash
# Parts of a database: every kind of pattern, and what depends on what was left out.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst
sql src postgres 'create database app'
cluster_psql src app >/dev/null <<'END'
create schema sales; create schema tmp_a; create schema tmp_b; create schema "Mixed Case"; create schema "a.b";
create table public.orders (id int primary key, v text);
create table public.order_items (id int primary key, order_id int references public.orders);
create table public.audit_2023 (i int); create table public.audit_2024 (i int);
create view public.order_view as select * from public.orders;
create materialized view public.order_sum as select count(*) n from public.orders;
create sequence public.ticket start 100;
create table public.serials (id serial primary key);
create table sales.orders (id int primary key);
create table tmp_a.t (i int); create table tmp_b.t (i int);
create table "Mixed Case"."Table 1" (i int); create table "Mixed Case".table1 (i int);
create table "a.b"."c*d" (i int); create table "a.b"."cxd" (i int);
create table public.events (at int) partition by range (at);
create table public.events_1 partition of public.events for values from (0) to (10);
create table public.events_2 partition of public.events for values from (10) to (20);
create function public.f() returns int language sql as 'select 1';
insert into public.orders select i, 'o' from generate_series(1, 50) i;
insert into public.order_items select i, i from generate_series(1, 40) i;
insert into public.audit_2023 values (1); insert into public.audit_2024 values (1), (2);
insert into sales.orders values (1), (2), (3);
insert into tmp_a.t values (1); insert into tmp_b.t values (1);
insert into "Mixed Case"."Table 1" values (1), (2); insert into "Mixed Case".table1 values (1);
insert into "a.b"."c*d" values (1); insert into "a.b"."cxd" values (1), (2);
insert into public.events select generate_series(0, 19);
insert into public.serials default values;
refresh materialized view public.order_sum;
select nextval('public.ticket');
select lo_from_bytea(4711, 'large');
END
all='Mixed Case.Table 1 2|Mixed Case.table1 1|a.b.c*d 1|a.b.cxd 2|public.audit_2023 1|public.audit_2024 2|public.events_1 10|public.events_2 10|public.order_items 40|public.orders 50|public.serials 1|sales.orders 3|tmp_a.t 1|tmp_b.t 1'

# filtered CODE NAME FILTERS [ARG...]
filtered() {
    local want=$1 name=$2 filters=$3; shift 3
    write_config "$T/job.json" src app dst "\"filters\": {$filters}" '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}'
    pgm_is "$want" "$name" mirror -c "$T/job.json" --output json "$@"
}
rows() { report_rows | paste -sd'|'; }
# gives NAME FILTERS ROWS: what the report says, and that the target agrees: what it has of each
# table is what the source has, or nothing; no others are there.
gives() {
    filtered 0 "$1" "$2" || return
    is "$(rows)" "$3" "$1: these tables and rows"
    is "$(target_rows)" "$3" "$1: the target has them"
}
target_rows() {
    cluster_psql dst app -F ' ' <<<"select format('select %L, count(*) from only %s', nspname || '.' || relname, c.oid::regclass)
        from pg_class c join pg_namespace n on n.oid = relnamespace where relkind = 'r' and nspname !~ '^(pg_|information)' order by 1 \\gexec" |
        LC_ALL=C sort | paste -sd'|'
}
without() { tr '|' '\n' <<<"$all" | grep -vE "$1" | paste -sd'|'; }
only() { tr '|' '\n' <<<"$all" | grep -E "$1" | paste -sd'|'; }

gives 'no filter' '' "$all"

# ---- schemas ----
gives 'a schema' '"include_schemas": ["sales"]' 'sales.orders 3'
is "$(sql dst app 'select count(*) from pg_largeobject_metadata')" 1 'a schema: large objects belong to none and come along'
gives 'schemas by wildcard' '"include_schemas": ["tmp_*"]' 'tmp_a.t 1|tmp_b.t 1'
gives 'schemas left out' '"exclude_schemas": ["tmp_?"]' "$(without '^tmp_')"
gives 'a quoted dot is no separator' '"exclude_schemas": ["\"a.b\""]' "$(without '^a\.b')"
gives 'upper case in quotes' '"include_schemas": ["\"Mixed Case\""]' "$(only '^Mixed')"
filtered 78 'upper case without quotes is folded' '"include_schemas": ["Sales", "Mixed"]'
has "$(report error message)" 'Mixed' 'upper case without quotes is folded: what does not exist then is named'
unlike "$(report error message)" "'Sales'" 'upper case without quotes is folded: what does exist is not'
gives 'both lists' '"include_schemas": ["tmp_*", "sales"], "exclude_schemas": ["tmp_b"]' 'sales.orders 3|tmp_a.t 1'
gives 'character classes and alternatives' '"include_schemas": ["tmp_[ac]|sales"]' 'sales.orders 3|tmp_a.t 1'

# ---- tables ----
gives 'a table' '"include_tables": ["sales.orders"]' 'sales.orders 3'
gives 'tables by wildcard' '"include_tables": ["public.audit_*"]' 'public.audit_2023 1|public.audit_2024 2'
gives 'a table without a schema, on the search path' '"include_tables": ["orders"]' 'public.orders 50'
gives 'any schema' '"include_tables": ["*.orders"]' 'public.orders 50|sales.orders 3'
gives 'tables left out' '"exclude_tables": ["public.audit_*", "tmp_*.t"]' "$(without 'audit|tmp_')"
gives 'odd names in quotes' '"include_tables": ["\"Mixed Case\".\"Table 1\"", "\"a.b\".\"c*d\""]' 'Mixed Case.Table 1 2|a.b.c*d 1'
gives 'a partitioned table by wildcard' '"exclude_tables": ["public.events*"]' "$(without 'events')"
gives 'one partition' '"exclude_tables": ["public.events_1"]' "$(without 'events_1')"
is "$(sql dst app 'select count(*) from events')" 10 'one partition: the root has the others'
gives 'a view' '"exclude_tables": ["public.order_view", "public.order_sum"]' "$all"
is "$(sql dst app "select to_regclass('order_view'), to_regclass('order_sum')")" '|' 'a view: it is not there'
gives 'a sequence' '"exclude_tables": ["public.ticket"]' "$all"
is "$(sql dst app "select to_regclass('ticket')")" '' 'a sequence: it is not there'
gives 'a sequence alone' '"include_tables": ["public.ticket"]' ''
is "$(sql dst app "select nextval('ticket')")" 101 'a sequence alone: with its value'

# ---- rows ----
filtered 0 'rows left out' '"exclude_table_data": ["public.audit_*", "\"Mixed Case\".*"]'
is "$(rows)" "$(without 'audit|Mixed')" 'rows left out: the report has the others'
is "$(target_rows)" "$(sed -E 's/(audit_[0-9]+|Table 1|table1) [0-9]+/\1 0/g' <<<"$all")" 'rows left out: the tables are there and empty'
filtered 0 'rows of a partition left out' '"exclude_table_data": ["public.events_2"]'
is "$(sql dst app 'select count(*) from events')" 10 'rows of a partition left out: the others are there'
filtered 0 'rows of a root left out' '"exclude_table_data": ["public.events"]'
is "$(sql dst app 'select count(*) from events')" "$(as_user "$(pg_bin)/pg_dump" -a -t 'public.events*' --exclude-table-data=public.events -d "$(conninfo src app)" | grep -cE '^[0-9]+$')" \
    'rows of a root left out: as pg_dump has it'
filtered 0 'rows of a materialized view left out' '"exclude_table_data": ["public.order_sum"]'
is "$(sql dst app "select relispopulated from pg_class where relname = 'order_sum'")" f 'rows of a materialized view left out: it is not populated'

# ---- what depends on what is not there ----
before=$(databases dst; sql dst postgres "select oid from pg_database where datname = 'app'")
filtered 76 'a foreign key to a table that is left out' '"exclude_tables": ["public.orders"]'
has "$(report error message)$(report error detail)" 'orders' 'a foreign key to a table that is left out: is named'
filtered 76 'rows that foreign keys refer to left out' '"exclude_table_data": ["public.orders"]'
like "$(report error message)" 'order_items' 'rows that foreign keys refer to left out: the constraint is named'
filtered 76 'a view of a table that is left out' '"exclude_tables": ["public.orders", "public.order_items"]'
is "$(report target_state)" unchanged 'the target is as it was'
is "$(databases dst; sql dst postgres "select oid from pg_database where datname = 'app'")" "$before" 'really'
gives 'all that depends left out, too' '"exclude_tables": ["public.order*"]' "$(without 'public.order')"

# ---- patterns that match nothing ----
filtered 78 'a pattern that matches nothing' '"exclude_tables": ["public.ordrs"], "exclude_schemas": ["tmp_zz*"], "exclude_table_data": ["public.orders", "audit"]'
like "$(report error message)" "exclude_schemas 'tmp_zz\\*'.*exclude_tables 'public.ordrs'.*exclude_table_data 'audit'" 'all of them are named'
has "$(report error hint)" "did you mean 'public.orders'" 'with what was meant'
is "$(report target_state)" unchanged 'nothing was done'
pgm 'plan' -c "$T/job.json"
is "$rc" 78 'plan says the same'
pgm check -c "$T/job.json"
is "$rc" 1 'and check finds it'
has "$out" 'ordrs' 'by name'
filtered 0 'strict: false' '"exclude_tables": ["public.ordrs", "public.audit_2023"], "strict": false'
is "$(rows)" "$(without audit_2023)" 'strict: false: the other patterns work'
filtered 78 'a pattern that is none' '"include_tables": ["a.b.c.d"]'
filtered 78 'a pattern of another database' '"include_tables": ["other.public.orders"]'
filtered 78 'a pattern that includes nothing, without strict' '"include_tables": ["public.ordrs"], "strict": false'

# ---- plan shows it ----
write_config "$T/job.json" src app dst '"filters": {"exclude_tables": ["public.audit_*"], "exclude_table_data": ["sales.*"]}' '"options": {"drop_existing": true}'
pgm_is 0 'plan' plan -c "$T/job.json"
unlike "$out" 'audit' 'leaves out what is left out'
like "$out" 'sales\.orders  \(no rows\)' 'and marks what comes without rows'
done_testing
