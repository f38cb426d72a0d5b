#!/bin/bash
# Our reader of pg_dump's custom format against the real one: real dumps, the listing of
# pg_restore -l, count(*) of every table, and dumps that were cut or changed.
# shellcheck disable=SC2317 # functions are called through ok
. "$(dirname "$0")/../support/lib.sh"

DUMPLS=${PGM_DUMPLS:-$ROOT/build/release/tests/support/dumpls}
[[ -x $DUMPLS ]] || make -C "$ROOT" -s build/release/tests/support/dumpls >&2 || die "cannot build dumpls"
SEED=${PGM_SEED:-$RANDOM}
note "seed $SEED"

cluster_start db
sql db postgres 'create database app template template0'
cluster_psql db app >/dev/null <<'END'
create schema "Odd ""schema
line";
create table plain (id int primary key, name text not null, note text);
insert into plain select i, md5(i::text), case when i % 3 = 0 then null else repeat('x', i % 50) end
    from generate_series(1, 20000) i;
create table empty (a int, b text);
create table no_columns ();
insert into no_columns default values;
insert into no_columns default values;
insert into no_columns select from plain limit 98;
create table only_generated (g int generated always as (1) stored);
insert into only_generated select from plain limit 7;
create table nasty (id int, t text, b bytea);
insert into nasty values (1, E'line\nline\r\n', '\x000a0d5c'), (2, '\.', '\x'), (3, E'\\.\n', null),
    (4, '', '\x0a0a0a'), (5, '\N', null), (6, null, null), (7, E'a\tb\\c\b\f\v', null),
    (8, E'\n\n\n', null), (9, '\.' || E'\n\n\n', null);
create table "Odd ""schema
line"."Odd ""table
	name" ("Col ""x
y" int);
insert into "Odd ""schema
line"."Odd ""table
	name" select generate_series(1, 13);
create table wide (a text);
insert into wide select repeat(chr(64 + i), 3000000) || E'\n' from generate_series(1, 4) i;
create table parent (id int, v text);
create table child (extra int) inherits (parent);
insert into parent select i, 'p' from generate_series(1, 11) i;
insert into child select i, 'c', i from generate_series(1, 17) i;
create table parts (id int, v text) partition by range (id);
create table parts_low partition of parts for values from (0) to (500);
create table parts_high partition of parts for values from (500) to (2000);
insert into parts select i, 'v' || i from generate_series(1, 1500) i;
create unlogged table unlogged as select generate_series(1, 5) as n;
create materialized view mv as select count(*) from plain;
create view v as select * from plain;
create sequence s start 42;
create index on plain (name);
comment on table plain is 'two
lines';
create function f() returns int language sql as 'select 1';
select lo_create(4000000000), lo_create(4294967295), lo_create(77);
select lo_from_bytea(0, convert_to(repeat('large', 100000), 'UTF8'));
select lo_from_bytea(123456, 'a');
comment on large object 77 is 'empty';
grant select on large object 123456 to public;
END

# Own rows of every table with data, as the dump should have them.
expected_rows() {
    sql db app "select format('select %L, count(*) from only %I.%I;', n.nspname || '.' || c.relname,
            n.nspname, c.relname)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')" >"$T/counts.sql"
    cluster_psql db app -F $'\t' -f "$T/counts.sql" | LC_ALL=C sort
}
expected_rows >"$T/rows.want"

# dump NAME MAJOR PG_DUMP-ARG...: into $T/NAME.dump
dump() {
    local name=$1 major=$2; shift 2
    as_user "$(pg_bin "$major")/pg_dump" -Fc -f "$T/$name.dump" "$@" -d "$(conninfo db app)" || die "pg_dump $name"
}

# The header lines of pg_restore -l start with ';'.
same_list() {
    "$DUMPLS" list "$T/$1.dump" >"$T/list.got" || return 1
    as_user "$(pg_bin "$2")/pg_restore" -l "$T/$1.dump" | grep -v '^;' >"$T/list.want"
    diff "$T/list.want" "$T/list.got" >&2
}
same_rows() {
    "$DUMPLS" rows "$T/$1.dump" >"$T/rows.raw" || return 1
    grep -vE '^(objects|object bytes|verdict)	' "$T/rows.raw" | LC_ALL=C sort >"$T/rows.got"
    diff "$T/rows.want" "$T/rows.got" >&2
}

# check_dump NAME MAJOR: everything that must hold for a good dump.
check_dump() {
    local bytes
    ok "$1: the listing is that of pg_restore -l" same_list "$1" "$2"
    ok "$1: rows of every table are count(*)" same_rows "$1"
    bytes=$(sql db app "select count(*) || ' ' || (select sum(length(data)) from pg_largeobject) from pg_largeobject_metadata")
    is "$(awk -F'\t' '/^object/ { printf "%s ", $2 }' "$T/rows.raw")" "$bytes " "$1: large objects and their bytes"
    has "$(cat "$T/rows.raw")" $'verdict\tcomplete' "$1: is complete"
    is "$("$DUMPLS" hop "$T/$1.dump")" complete "$1: hopping over the data finds it complete too"
}
check_cuts() {
    ok "$1: cut at every block and at 200 random bytes it is always refused" \
        run_quiet "$DUMPLS" cuts "$T/$1.dump" "$SEED" 200
}
run_quiet() { "$@" >"$T/quiet" 2>&1 || { diag "$(tail -n 20 "$T/quiet")"; return 1; }; }

for level in 0 1 6; do
    dump "gzip$level" 15 -Z "$level"
    check_dump "gzip$level" 15
    check_cuts "gzip$level"
done
# Where data repeats itself, a match may point elsewhere and still yield the same bytes. Such a flip
# is no damage; everything else must be refused.
for level in 1 6; do
    ok "gzip$level: a changed byte in the data is refused or changes nothing that is read" \
        run_quiet "$DUMPLS" flips "$T/gzip$level.dump" "$SEED" 200
done

# Through a pipe no positions are stored.
as_user "$(pg_bin 15)/pg_dump" -Fc -Z1 -d "$(conninfo db app)" | cat >"$T/piped.dump"
check_dump piped 15
check_cuts piped

like "$("$DUMPLS" facts "$T/gzip6.dump" | tr '\n' ' ')" \
    '^version 1\.14 compression gzip created 20[0-9-]+ [0-9:]+ database app server 15\.[^ ]* .*pg_dump 15\.' \
    'the header names versions and database'

# Options that change which blocks exist.
dump inserts 15 --inserts
ok 'inserts: the listing is the same' same_list inserts 15
is "$("$DUMPLS" rows "$T/inserts.dump" | grep -c $'\t?$')" "$(grep -c ^select "$T/counts.sql")" \
    'inserts: rows are unknown, not guessed'
dump root 15 --load-via-partition-root
is "$("$DUMPLS" rows "$T/root.dump" | grep parts_low)" $'public.parts_low\t499 (via root)' \
    'a partition loaded through its root is recognised'
dump schema 15 -s
is "$("$DUMPLS" rows "$T/schema.dump")" $'objects\t0\nobject bytes\t0\nverdict\tcomplete' 'a dump without data is complete'
dump dataonly 15 -a
ok 'data only: rows of every table' same_rows dataonly
dump section 15 --section=data
ok 'section data: rows of every table' same_rows section
dump create 15 -C
ok 'with -C: the listing is the same' same_list create 15

# Other files that people have.
as_user "$(pg_bin 15)/pg_dump" -Fp -f "$T/plain.dump" -d "$(conninfo db app)"
like "$("$DUMPLS" rows "$T/plain.dump" 2>&1)" 'custom format but a plain SQL dump.*psql -f' 'a plain dump is named'
as_user "$(pg_bin 15)/pg_dump" -Ft -f "$T/tar.dump" -d "$(conninfo db app)"
like "$("$DUMPLS" rows "$T/tar.dump" 2>&1)" 'custom format but a tar file' 'a tar dump is named'
as_user "$(pg_bin 15)/pg_dump" -Fd -f "$T/dir.dump" -d "$(conninfo db app)"
like "$("$DUMPLS" rows "$T/dir.dump/toc.dat" 2>&1)" 'tar or directory format' 'the contents of a directory dump are named'
printf 'x' >>"$T/gzip1.dump"
like "$("$DUMPLS" rows "$T/gzip1.dump" 2>&1)" 'trailing data' 'a byte behind the end is refused'

# From 17 on the layout is 1.16, and redirected dumps have the contents a second time behind the
# data. 18 is looked at where somebody has fetched it.
check_newer() {
    local major=$1 method
    for method in none gzip:1 lz4 lz4:9; do
        dump "$major-$method" "$major" "--compress=$method"
        check_dump "$major-$method" "$major"
        check_cuts "$major-$method"
    done
    ok "$major-gzip:1: a changed byte in the data is refused or changes nothing that is read" \
        run_quiet "$DUMPLS" flips "$T/$major-gzip:1.dump" "$SEED" 100
    dump "$major-zstd" "$major" --compress=zstd
    ok "$major-zstd: the listing is that of pg_restore -l" same_list "$major-zstd" "$major"
    like "$("$DUMPLS" rows "$T/$major-zstd.dump" 2>&1)" 'compressed with zstd.*hint: .*--compress=gzip' \
        "$major-zstd: is refused with a way out"
    is "$("$DUMPLS" hop "$T/$major-zstd.dump")" complete "$major-zstd: hopping over the data works"
    as_user "$(pg_bin "$major")/pg_dump" -Fc --compress=gzip:1 -d "$(conninfo db app)" >"$T/$major-tail.dump"
    check_dump "$major-tail" "$major"
    has "$("$DUMPLS" rows "$T/$major-tail.dump")" $'verdict\tcomplete (tail)' \
        "$major: a second table of contents is recognised"
    truncate -s -10 "$T/$major-tail.dump"
    has "$("$DUMPLS" rows "$T/$major-tail.dump")" $'verdict\ttail cut (tail)' \
        "$major: when it is cut, that is said and the data stands"
}
if pg_bin 17 >/dev/null; then check_newer 17; else skip 'PostgreSQL 17 is not here'; fi
if PGM_NO_FETCH=1 pg_bin 18 >/dev/null; then
    check_newer 18
    sql db app analyze
    as_user "$(pg_bin 18)/pg_dump" -Fc --statistics -d "$(conninfo db app)" >"$T/18-statistics.dump"
    check_dump 18-statistics 18
    has "$("$DUMPLS" rows "$T/18-statistics.dump")" $'verdict\tcomplete (tail)' \
        '18: the second contents that lacks its statistics is recognised'
else
    skip 'PostgreSQL 18 is not here'
fi

done_testing
