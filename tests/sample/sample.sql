-- sample.sql - a harbour: one database with nearly every kind of object that a clone must carry.
--
-- Made up here, the same in every run (no random(), no clock). Used by the demo and the tests:
--     psql -d postgres -f roles.sql; createdb sample; psql -d sample -f sample.sql; psql -d sample -f database.sql
-- Needs a superuser (extensions, event trigger, foreign servers), PostgreSQL 13 or newer and contrib.
-- The servers it names for foreign tables do not exist, and nothing here contacts them.
\set ON_ERROR_STOP on
\set QUIET on
set client_encoding = 'UTF8';
set client_min_messages = warning;
set timezone = 'UTC';
set standard_conforming_strings = on;
select current_setting('server_version_num')::int >= 140000 as pg14,
       current_setting('server_version_num')::int >= 150000 as pg15,
       current_setting('server_version_num')::int >= 180000 as pg18,
       exists (select from pg_collation where collprovider = 'i' and collname = 'und-x-icu') as icu,
       getdatabaseencoding() = 'UTF8' as utf8 \gset

begin;

-- Schemas and extensions ---------------------------------------------------------------------

create schema harbour authorization sample_owner;
create schema archive authorization sample_owner;
create schema "Odd ""Names""";
create schema ext;
create schema empty_schema;
create extension hstore schema ext;
create extension citext schema ext;
create extension btree_gist schema ext;
create extension pg_trgm schema ext;
create extension pgcrypto schema ext;
create extension file_fdw;
create extension postgres_fdw;

-- Types --------------------------------------------------------------------------------------

create type harbour.vessel_kind as enum ('tug', 'ferry', 'container', 'tanker', 'it''s "odd"');
alter type harbour.vessel_kind add value 'sail' before 'ferry';
commit; -- a new value can be used from the next transaction on
begin;
create type harbour.position as (lat numeric(8, 5), lon numeric(8, 5), label text);
create type harbour.leg as (origin harbour.position, stops text[], distance_nm double precision);
create type harbour.tide_range as range (subtype = float8, subtype_diff = float8mi);
create domain harbour.imo as integer constraint imo_seven_digits check (value between 1000000 and 9999999);
create domain harbour.email as ext.citext constraint email_has_at check (value ~ '@') not null;
create domain harbour.short_text as varchar(40) collate "C" default 'none';
create domain harbour.codes as text[] check (array_length(value, 1) <= 5);
\if :icu
create collation harbour.german (provider = icu, locale = 'de-u-co-phonebk');
create collation harbour.nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\endif
create collation harbour.plain from "C";

-- Functions, aggregates, operators, casts ------------------------------------------------------

create function harbour.label(p harbour.position) returns text language sql immutable strict
    as $$ select coalesce(p.label, '?') || '@' || p.lat || ',' || p.lon $$;
create function harbour.next_code(prefix text default 'C-', inout n bigint default 0, out code text)
    language plpgsql stable cost 7 as $fn$
begin
    n := n + 1;
    code := prefix || lpad(n::text, 8, '0') || $x$ 'quoted' \ $x$;
end $fn$;
create function harbour.berths_of(variadic names text[]) returns table (name text, n int)
    language sql stable rows 5 parallel safe set search_path = pg_catalog
    as $$ select u, count(*)::int from unnest(names) u group by u order by u $$;
create procedure harbour.tidy(inout done int) language plpgsql security definer
    as $$ begin done := coalesce(done, 0) + 1; end $$;
create function harbour.longer(a text, b text) returns text language sql immutable
    as $$ select case when length(a) >= length(b) then a else b end $$;
create aggregate harbour.longest(text) (sfunc = harbour.longer, stype = text, initcond = '', parallel = safe);
create function harbour.near(a harbour.position, b harbour.position) returns boolean language sql immutable
    as $$ select abs((a).lat - (b).lat) + abs((a).lon - (b).lon) < 1 $$;
create operator harbour.<~> (leftarg = harbour.position, rightarg = harbour.position,
    function = harbour.near, commutator = operator(harbour.<~>), restrict = eqsel, join = eqjoinsel);
create function harbour.to_text(harbour.imo) returns text language sql immutable as $$ select 'IMO ' || $1::int $$;
create cast (harbour.position as text) with function harbour.label(harbour.position) as assignment;
create function harbour.cmp_desc(a int4, b int4) returns int4 language sql immutable strict
    as $$ select pg_catalog.btint4cmp(b, a) $$;
create operator family harbour.int_by_size using btree;
create operator class harbour.int_desc_ops for type int4 using btree family harbour.int_by_size as
    operator 1 >, operator 2 >=, operator 3 =, operator 4 <=, operator 5 <, function 1 harbour.cmp_desc(int4, int4);

-- Text search ----------------------------------------------------------------------------------

create text search dictionary harbour.plain_words (template = pg_catalog.simple, accept = false);
create text search configuration harbour.cargo_search (copy = pg_catalog.simple);
alter text search configuration harbour.cargo_search
    alter mapping for asciiword, word with harbour.plain_words, english_stem;

-- Sequences with odd options ---------------------------------------------------------------------

create sequence harbour.down as smallint increment -3 minvalue -30000 maxvalue -2 start -2 cache 5 cycle;
create sequence harbour.never_called start 77;
create sequence harbour.big start 9223372036854775800 no cycle;
create sequence "Odd ""Names"""."Seq ü" owned by none;
select nextval('harbour.down'), nextval('harbour.down'), setval('harbour.big', 9223372036854775806, true),
       setval('"Odd ""Names"""."Seq ü"', 41, false) \g /dev/null

-- Vessels and lines: identity, generated columns, composites, foreign keys in a circle -----------

create table harbour.vessel (
    vessel_id int generated always as identity (start 100 increment 5) primary key,
    imo harbour.imo unique,
    name text not null,
    kind harbour.vessel_kind not null default 'tug',
    built date default '1999-12-31',
    length_m numeric(6, 2) check (length_m > 0),
    beam_m numeric(6, 2),
    deck_area numeric generated always as (length_m * beam_m) stored,
    home harbour.position,
    tags text[] default '{}',
    extra ext.hstore,
    dropped_later text,
    flagship_of int,
    constraint vessel_name_not_blank check (name <> '') no inherit
);
insert into harbour.vessel (imo, name, kind, built, length_m, beam_m, home, tags, extra, dropped_later)
select 1000000 + i * 7,
       case i % 50 when 0 then 'Vessel "' || i || '"' when 1 then E'tab\there\nline ' || i else 'Vessel ' || i end,
       (enum_range(null::harbour.vessel_kind))[1 + i % 6], date '1950-01-01' + i * 9,
       20 + i % 300 + 0.25, 5 + i % 40, row(i % 90, -(i % 180), nullif('P' || i % 7, 'P3'))::harbour.position,
       array['t' || i % 3, null, 'a,b "c"'], ext.hstore(array['k' || i % 4, 'v' || i, 'nothing', null]), 'gone'
from generate_series(1, 1500) i;
alter table harbour.vessel drop column dropped_later;
alter table harbour.vessel add column crew smallint default 3 not null;
alter table harbour.vessel alter column name set statistics 500, alter column extra set storage external,
    alter column kind set (n_distinct = 6);
alter table harbour.vessel set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.5, toast.autovacuum_enabled = false);
create index vessel_name_trgm on harbour.vessel using gin (name ext.gin_trgm_ops);
create index vessel_lower_name on harbour.vessel (lower(name) desc nulls last) include (kind) where built > '1960-01-01';
create index vessel_by_age on harbour.vessel (built, name collate "C") with (fillfactor = 70);
alter table harbour.vessel cluster on vessel_by_age;
create index vessel_expr on harbour.vessel ((length_m + beam_m), (upper(name)));
alter index harbour.vessel_expr alter column 1 set statistics 1000;
create index vessel_tags on harbour.vessel using gin (tags);
create index vessel_crew_desc on harbour.vessel ((crew::int4) harbour.int_desc_ops);
create statistics harbour.vessel_stats (ndistinct, dependencies, mcv) on kind, built, crew from harbour.vessel;
\if :pg14
create statistics harbour.vessel_expr_stats on (lower(name)), kind from harbour.vessel;
alter statistics harbour.vessel_expr_stats set statistics 42;
\endif

create table harbour.line (
    line_id serial primary key,
    name harbour.short_text,
    contact harbour.email,
    flagship int references harbour.vessel deferrable initially deferred,
    slogan text
);
insert into harbour.line (name, contact, flagship, slogan)
select 'Line ' || i, 'Office' || i || '@Example.ORG', 100 + 5 * (i * 3 % 1500), repeat('sail ', i % 9)
from generate_series(1, 120) i;
set constraints all immediate;
update harbour.vessel set flagship_of = l.line_id from harbour.line l where l.flagship = vessel_id;
alter table harbour.vessel add foreign key (flagship_of) references harbour.line
    on update cascade on delete set null deferrable initially immediate;
alter table harbour.line alter slogan set not null, alter name set not null;
create unique index line_name_key on harbour.line (name, slogan);
alter table harbour.line replica identity using index line_name_key;
alter table harbour.line add constraint line_contact_key unique (contact) deferrable;

create table harbour.berth (
    port text, number int, depth_m real, occupied tstzrange, vessel_id int references harbour.vessel,
    note text, primary key (port, number, occupied),
    exclude using gist (port with =, number with =, occupied with &&) where (vessel_id is not null)
);
insert into harbour.berth
select 'Port ' || i % 5, i % 20, 4 + i % 12 + 0.5, tstzrange(timestamptz '2020-01-01 00:00Z' + i * interval '1 day',
       timestamptz '2020-01-01 00:00Z' + i * interval '1 day' + interval '11 hours 59 minutes'), 100 + 5 * (i % 1500), null
from generate_series(1, 2000) i;
insert into harbour.berth values ('Port x', 0, 'NaN', 'empty', null, null), ('Port x', 1, '-infinity', '(,)', 105, '');

-- Every type, every special value ------------------------------------------------------------------

create table harbour.every_type (
    id bigint generated by default as identity primary key,
    b boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, n numeric, m money,
    c char(5), vc varchar(10), t text, nm name, ch "char", by bytea, u uuid, j json, jb jsonb, x xml,
    d date, tm time, tz timetz, ts timestamp, tsz timestamptz(3), iv interval, ivd interval day to second(2),
    addr inet, net cidr, mac macaddr, mac8 macaddr8, bits bit(7), vbits bit varying(20),
    pt point, ln line, sg lseg, bx box, pa path, po polygon, ci circle,
    r4 int4range, rn numrange, rt tsrange, rd daterange, tv tsvector, tq tsquery, lsn pg_lsn, o oid, rc regclass,
    ia int[][], ta text[], na numeric[], pos harbour.position, legs harbour.leg[], tide harbour.tide_range,
    h ext.hstore, ct ext.citext, dc harbour.codes
);
-- The smallest and the strangest value of each type.
insert into harbour.every_type (b, i2, i4, i8, f4, f8, n, m, c, vc, t, nm, ch, by, u, j, jb, x,
    d, tm, tz, ts, tsz, iv, ivd, addr, net, mac, mac8, bits, vbits, pt, ln, sg, bx, pa, po, ci,
    r4, rn, rt, rd, tv, tq, lsn, o, rc, ia, ta, na, pos, legs, tide, h, ct, dc)
values (true, -32768, -2147483648, -9223372036854775808, '-infinity', 'NaN', 'NaN', '-92233720368547758.08',
    'ab', '', E'tab\tnl\ncr\rbs\\ \\. \b', 'n', 'x', '\x00ff5c0a0d', '00000000-0000-0000-0000-000000000000',
    '{"a":1, "a":2 , "z":  null}', '{"b":1.50,"a":[null,"é"]}', '<a b="c">d&amp;</a>',
    '-infinity', '24:00:00', '23:59:59-15:59', '4713-01-01 00:00:00 BC', 'infinity', '-178000000 years', '1 day 02:03:04.567',
    '192.168.1.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'1010101', B'',
    '(1,2)', '{1,-1,0}', '[(0,0),(1,1)]', '(2,2),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(1,1),5>',
    '[1,10)', '(,1.5]', 'empty', '[2020-01-01,infinity)', '''quo''''ted'':1A fat:2B,4C', 'fat & (rat | !cat)',
    'FFFFFFFF/FFFFFFFF', 4294967295, 'pg_class', '{{1,2},{3,null}}', '{"", null, "NULL", "a\\b\"c", "{,}"}',
    '{NaN,1e-20,12345678901234567890.123456789}', row(1.5, -2.25, 'a "b", (c)'),
    array[row(row(0, 0, null), array['x', null], 'Infinity')::harbour.leg],
    '[-1.5,2.5]', 'a=>"b c", "=>"=>NULL', 'CaSe', '{a,b}');
-- The largest, the empty ones, and text from all over.
insert into harbour.every_type (b, i2, i4, i8, f4, f8, n, m, c, vc, t, nm, ch, by, u, j, jb, x,
    d, tm, tz, ts, tsz, iv, ivd, addr, net, mac, mac8, bits, vbits, pt, ln, sg, bx, pa, po, ci,
    r4, rn, rt, rd, tv, tq, lsn, o, rc, ia, ta, na, pos, legs, tide, h, ct, dc)
values (false, 32767, 2147483647, 9223372036854775807, 'infinity', '-infinity', 1e-300, '92233720368547758.07',
    '', 'ünïcödé', '船 🚢 ‮rtl‬ combining e' || chr(769), '', '', '', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '[]', 'null', '', 'infinity', '00:00:00', '00:00:00+15:59', '294276-12-31 23:59:59.999999', '-infinity',
    '178000000 years', '-0.01 seconds', '::1', '2001:db8::/32', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff',
    B'0000000', B'11111111111111111111', '(NaN,Infinity)', '{0,1,0}', '[(1,1),(1,1)]', '(0,0),(0,0)', '((0,0),(1,1))',
    '((0,0))', '<(0,0),0>', 'empty', '[0,0]', '[-infinity,infinity]', '(,)', '', '', '0/0', 0, null,
    '[2:3][-1:0]={{1,2},{3,4}}', '{}', '{}', null, '{}', 'empty', '', '', null);
insert into harbour.every_type (b) values (null);
insert into harbour.every_type (f4, f8, n, t, c, vc, d, ts, tsz, iv)
select 1.0 / (i + 1), exp(1.0::float8 / (i + 1)), (i * 1234567.89012345 - 50000000) ^ 3,
       repeat(chr(32 + i % 95), i % 40) || E'\t\\N\\' || i, 'c' || i % 7, 'v' || i, date '0001-01-01' + i * 700,
       timestamp '2000-01-01' + i * interval '1 microsecond', timestamptz '1970-01-01 00:00Z' + i * interval '37 hours',
       i * interval '1 month -1 day 00:00:00.000001'
from generate_series(1, 1000) i;
\if :pg14
alter table harbour.every_type add column mr int4multirange, add column mrt tstzmultirange,
    add column tides harbour.tide_multirange;
update harbour.every_type set mr = '{[1,3),[7,9)}', mrt = '{}', tides = '{[1,2],(5,)}' where id % 3 = 1;
alter table harbour.every_type alter column t set compression pglz;
\endif
create index every_type_jb on harbour.every_type using gin (jb jsonb_path_ops);
create index every_type_brin on harbour.every_type using brin (ts) with (pages_per_range = 16);
create index every_type_hash on harbour.every_type using hash (u);
create index every_type_gist on harbour.every_type using gist (bx);
create index every_type_spgist on harbour.every_type using spgist (addr);
create index every_type_search on harbour.every_type using gin (to_tsvector('harbour.cargo_search', t));

-- Cargo: the biggest table, toasted text, triggers in every state, rules ---------------------------

create table harbour.cargo (
    cargo_id bigserial primary key,
    vessel_id int not null references harbour.vessel on delete cascade,
    parent_id bigint references harbour.cargo deferrable initially deferred,
    code text not null,
    manifest jsonb not null default '{}',
    weight_kg numeric(12, 3),
    seal uuid,
    papers bytea,
    remark text default E'it''s\n\\.',
    booked timestamptz not null default '2021-06-01 12:00Z'
);
insert into harbour.cargo (vessel_id, parent_id, code, manifest, weight_kg, seal, papers, remark, booked)
select 100 + 5 * (i % 1500), case when i % 10 = 0 then i / 10 end, 'C-' || lpad(i::text, 8, '0'),
       jsonb_build_object('box', i, 'goods', array['tea', 'tin', 'rope'],
                          'temp', case i % 3 when 0 then null else -18.5 + i % 7 end),
       i * 1.375, md5(i::text)::uuid, decode(md5(i::text) || md5((i + 1)::text), 'hex'),
       case i % 500 when 0 then repeat('long remark ' || md5(i::text), 400) when 1 then null when 2 then E'\\.'
                    when 3 then E'\\.\n\\N\t' else 'remark ' || i end,
       timestamptz '2021-01-01 00:00Z' + i * interval '17 minutes'
from generate_series(1, 20000) i;
set constraints all immediate;
alter table harbour.cargo alter papers set storage external, alter remark set storage main;
create unique index cargo_code_key on harbour.cargo (code) include (weight_kg);
create index cargo_vessel on harbour.cargo (vessel_id, booked desc);
create index cargo_manifest on harbour.cargo using gin (manifest);
alter table harbour.cargo add constraint cargo_weight_sane check (weight_kg < 27000) not valid;
create table harbour.seal (seal_id int, code text, note text);
insert into harbour.seal values (1, null, 'one null only'), (2, 'x', null);
\if :pg15
alter table harbour.seal add constraint seal_code_key unique nulls not distinct (code);
\endif
create table harbour.cargo_audit (at timestamptz, what text, cargo_id bigint);
create function harbour.audit() returns trigger language plpgsql as $$
begin
    insert into harbour.cargo_audit
        values ('2022-02-02 00:00Z', tg_op || coalesce(' ' || tg_argv[0], ''), coalesce(new.cargo_id, old.cargo_id));
    return coalesce(new, old);
end $$;
create trigger cargo_audit after insert or update of code, weight_kg or delete on harbour.cargo
    for each row when (pg_trigger_depth() = 0) execute function harbour.audit('it''s');
create trigger cargo_disabled before insert on harbour.cargo for each row execute function harbour.audit();
alter table harbour.cargo disable trigger cargo_disabled;
create trigger cargo_always after update on harbour.cargo for each row execute function harbour.audit('always');
alter table harbour.cargo enable always trigger cargo_always;
create trigger cargo_replica after update on harbour.cargo for each row execute function harbour.audit('replica');
alter table harbour.cargo enable replica trigger cargo_replica;
create constraint trigger cargo_deferred after insert on harbour.cargo deferrable initially deferred
    for each row execute function harbour.audit('deferred');
update harbour.cargo set remark = 'touched' where cargo_id <= 3;
create rule cargo_audit_keep as on delete to harbour.cargo_audit do instead nothing;
create rule cargo_audit_notify as on update to harbour.cargo_audit do also notify cargo;
alter table harbour.cargo_audit disable rule cargo_audit_notify;

-- Rows that today's constraints would refuse: they are there, the constraints are not valid.
create table harbour.claim (claim_id int primary key, cargo_id bigint, note text);
insert into harbour.claim values (1, 1, 'fine'), (2, 999999999, 'its cargo never existed');
alter table harbour.claim add constraint claim_cargo foreign key (cargo_id) references harbour.cargo not valid;
alter table harbour.claim add constraint claim_note check (note = 'fine') not valid;

-- Partitions: range with default and a sub-partition, list, hash on an enum ---------------------------

create table harbour.movement (
    movement_id bigint not null, port text not null, at timestamptz not null, vessel_id int, what text,
    primary key (movement_id, at, port)
) partition by range (at);
create table harbour.movement_2020 partition of harbour.movement
    for values from ('2020-01-01 00:00Z') to ('2021-01-01 00:00Z');
create table harbour.movement_2021 partition of harbour.movement
    for values from ('2021-01-01 00:00Z') to ('2022-01-01 00:00Z') partition by list (port);
create table harbour.movement_2021_north partition of harbour.movement_2021 for values in ('Port 0', 'Port 1');
create table harbour.movement_2021_rest partition of harbour.movement_2021 default with (fillfactor = 60);
create table archive.movement_old (what text, vessel_id int, at timestamptz not null, port text not null,
    gone int, movement_id bigint not null);
alter table archive.movement_old drop column gone;
alter table harbour.movement attach partition archive.movement_old for values from (minvalue) to ('2020-01-01 00:00Z');
create table harbour.movement_rest partition of harbour.movement default;
create index movement_port on harbour.movement (port, at);
create index movement_only on only harbour.movement (what);
insert into harbour.movement
select i, 'Port ' || i % 5, timestamptz '2019-06-01 00:00Z' + i * interval '2 hours', 100 + 5 * (i % 1500), 'moved ' || i % 11
from generate_series(1, 15000) i;
alter table harbour.movement add foreign key (vessel_id) references harbour.vessel;
create function harbour.movement_note() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger movement_note after insert on harbour.movement for each row execute function harbour.movement_note();

create table harbour.weight_class (kind harbour.vessel_kind, n int, primary key (kind, n)) partition by hash (kind);
create table harbour.weight_class_0 partition of harbour.weight_class for values with (modulus 3, remainder 0);
create table harbour.weight_class_1 partition of harbour.weight_class for values with (modulus 3, remainder 1);
create table harbour.weight_class_2 partition of harbour.weight_class for values with (modulus 3, remainder 2);
insert into harbour.weight_class select k, n from unnest(enum_range(null::harbour.vessel_kind)) k, generate_series(1, 50) n;

-- Inheritance: rows of parent and children are apart ---------------------------------------------------

create table harbour.person (person_id int, name text not null default 'nobody', check (person_id > 0));
create table harbour.pilot (licence text unique) inherits (harbour.person);
create table harbour.captain (rank int default 4, name text not null default 'captain') inherits (harbour.person);
create table harbour.captain_pilot (name text default 'both') inherits (harbour.captain, harbour.pilot);
insert into harbour.person select i, 'Person ' || i from generate_series(1, 300) i;
insert into harbour.pilot select i, 'Pilot ' || i, 'L' || i from generate_series(1, 200) i;
insert into harbour.captain (person_id) select i from generate_series(1, 100) i;
insert into harbour.captain_pilot (person_id, licence) values (1, null), (2, 'L-both');
create table harbour.typed_position of harbour.position (lat with options not null, primary key (lat, lon));
insert into harbour.typed_position values (1, 2, 'x');

-- Odd tables ---------------------------------------------------------------------------------------------

create table harbour.nothing ();
insert into harbour.nothing default values;
insert into harbour.nothing default values;
insert into harbour.nothing default values;
create unlogged table harbour.scratch (id int primary key, v text);
insert into harbour.scratch select i, 'scratch ' || i from generate_series(1, 500) i;
create table harbour.all_dropped (a int, b int);
insert into harbour.all_dropped values (1, 2), (3, 4);
alter table harbour.all_dropped drop column a, drop column b;
create table harbour.no_rows (id int primary key, v text);
create access method sample_heap type table handler heap_tableam_handler;
create table archive.other_heap (id int) using sample_heap;
insert into archive.other_heap select generate_series(1, 10);
\if :pg18
create table harbour.computed (a int, b int generated always as (a * 2) virtual);
insert into harbour.computed select generate_series(1, 10);
\endif
\if :icu
create table harbour.sorted (de text collate harbour.german, nocase text collate harbour.nocase unique);
insert into harbour.sorted values ('Äpfel', 'One'), ('Zebra', 'Two');
create index sorted_de on harbour.sorted (de);
\endif

create table "Odd ""Names"""."Sel""ect" ("a""b" int primary key, "%s %d" text, "\back" text, "ÜBER" text, "with space" text,
    "dot.ted" text, "user" text, "c63_4567890123456789012345678901234567890123456789012345678901x" text);
insert into "Odd ""Names"""."Sel""ect" select i, '%', '\', 'ü', ' ', '.', 'me', 'x' from generate_series(1, 100) i;
create table "Odd ""Names"""."with space and 'quotes'" (id int references "Odd ""Names"""."Sel""ect", " " text);
insert into "Odd ""Names"""."with space and 'quotes'" values (1, ''), (2, null);
create table "Odd ""Names"""."dots.in.name" ("$1" int, "1st" int, "{}" int[]);
insert into "Odd ""Names"""."dots.in.name" values (1, 2, '{3}');
create table "Odd ""Names"""."schiff 船 🚢" ("spalte ä" text collate harbour.plain);
insert into "Odd ""Names"""."schiff 船 🚢" values ('ä'), ('船'), ('🚢');
create table "Odd ""Names"""."line
break" ("col
umn" int, "tab	here" int);
insert into "Odd ""Names"""."line
break" values (1, 2);
create table "Odd ""Names"""."t63_4567890123456789012345678901234567890123456789012345678901x" (id int);
insert into "Odd ""Names"""."t63_4567890123456789012345678901234567890123456789012345678901x" values (63);
create table public."--drop" (id serial, ";" text default ';');
insert into public."--drop" (";") values (''';--'), ('$$');

-- Row security ---------------------------------------------------------------------------------------------

create table harbour.wages (who text primary key, amount money, year int);
insert into harbour.wages select 'who ' || i, (i * 100.01)::numeric::money, 2000 + i % 20 from generate_series(1, 400) i;
alter table harbour.wages enable row level security;
alter table harbour.wages force row level security;
create policy wages_own on harbour.wages for select to sample_reader using (who = current_user);
create policy wages_none on harbour.wages as restrictive to public using (year > 2005) with check (amount::numeric > 0);
create table harbour.policy_unused (id int);
create policy unused on harbour.policy_unused using (false);

-- Views ------------------------------------------------------------------------------------------------------

create view harbour.vessel_list as
    select v.vessel_id, v.name, v.kind, l.name as line, harbour.label(v.home) as home, count(c.*) as cargo
    from harbour.vessel v left join harbour.line l on l.line_id = v.flagship_of left join harbour.cargo c using (vessel_id)
    group by 1, 2, 3, 4, 5;
create view harbour.cheap_wages with (security_barrier) as select who, year from harbour.wages where amount::numeric < 10000;
create view harbour.tugs as select * from harbour.vessel where kind = 'tug' with local check option;
create recursive view harbour.cargo_tree (cargo_id, depth) as
    select cargo_id, 0 from harbour.cargo where parent_id is null and cargo_id < 50
    union all select c.cargo_id, depth + 1 from harbour.cargo c join cargo_tree t on c.parent_id = t.cargo_id;
\if :pg15
create view harbour.invoker with (security_invoker = true) as select * from harbour.wages;
\endif
create materialized view harbour.busy_ports as
    select port, count(*) as n, max(at) as last from harbour.movement group by port with data;
create unique index busy_ports_key on harbour.busy_ports (port);
create materialized view harbour.busier_ports with (fillfactor = 90) as select * from harbour.busy_ports where n > 10;
create materialized view archive.not_yet as select * from harbour.cargo with no data;
create index not_yet_code on archive.not_yet (code);
create function harbour.list_insert() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger list_instead instead of insert on harbour.vessel_list for each row execute function harbour.list_insert();
alter view harbour.vessel_list alter column kind set default 'tug';

-- Foreign data: nothing behind it --------------------------------------------------------------------------

create server harbour_files foreign data wrapper file_fdw;
create server far_away type 'none' version '1' foreign data wrapper postgres_fdw
    options (host '127.0.0.1', port '1', dbname 'nowhere');
create user mapping for sample_reader server far_away options ("user" 'nobody');
create user mapping for public server far_away;
create foreign table harbour.tide_file (at text options (force_null 'true'), level text) server harbour_files
    options (filename '/nonexistent/tides.csv', format 'csv');
create foreign table harbour.far_vessel (id int not null, name text collate "C" default 'x') server far_away
    options (schema_name 'public', table_name 'vessel');
create table harbour.log (at date, line text) partition by range (at);
create table harbour.log_near partition of harbour.log for values from ('2022-01-01') to ('2023-01-01');
create foreign table harbour.log_far partition of harbour.log for values from ('2000-01-01') to ('2022-01-01') server far_away;
insert into harbour.log select date '2022-01-01' + i, 'line ' || i from generate_series(0, 364) i;

-- Large objects ----------------------------------------------------------------------------------------------

select lo_from_bytea(910001, decode(repeat('00ff0a5c', 5000), 'hex')), lo_from_bytea(910002, ''),
       lo_from_bytea(910003, 'papers') \g /dev/null
create table harbour.scan (scan_id int primary key, lo oid);
insert into harbour.scan values (1, 910001), (2, 910002), (3, 910003);
comment on large object 910001 is 'a scan';
alter large object 910003 owner to sample_owner;
grant select on large object 910001 to sample_reader;

-- Publications -------------------------------------------------------------------------------------------------

set client_min_messages = error; -- they are made whatever wal_level is
create publication sample_all for all tables with (publish = 'insert, update');
create publication sample_some for table harbour.cargo, only harbour.person;
\if :pg15
create publication sample_filtered for table harbour.vessel (vessel_id, name) where (vessel_id > 200);
create publication sample_schema for tables in schema public;
\endif

-- Owners, privileges, comments -------------------------------------------------------------------------------

alter default privileges for role sample_owner in schema harbour grant select on tables to sample_reader;
alter default privileges for role sample_owner revoke execute on functions from public;
alter default privileges for role sample_writer grant usage on schemas to "Sample ""Admin""";
grant usage on schema harbour, archive, ext to sample_reader;
grant all on schema "Odd ""Names""" to "Sample ""Admin""" with grant option;
grant select on all tables in schema harbour to sample_reader;
grant insert, update (name, kind), references (vessel_id) on harbour.vessel to sample_writer;
grant select ("a""b"), update ("%s %d") on "Odd ""Names"""."Sel""ect" to public;
grant usage, update on all sequences in schema harbour to sample_writer;
revoke execute on function harbour.label(harbour.position) from public;
grant execute on function harbour.label(harbour.position) to sample_reader;
grant usage on type harbour.vessel_kind to sample_reader;
revoke usage on domain harbour.imo from public;
grant usage on foreign server far_away to sample_reader;
revoke usage on language plpgsql from public;
grant usage on language plpgsql to sample_writer;
do $$
declare
    o record;
    kinds constant jsonb := '{"r": "table", "p": "table", "v": "view", "m": "materialized view", "S": "sequence",
                              "f": "foreign table", "i": "index", "I": "index"}';
    ours constant regnamespace[] := array['harbour', 'archive', '"Odd ""Names"""']::regnamespace[];
begin
    for o in select oid::regclass as name, kinds ->> relkind::text as kind, relkind, relnamespace::regnamespace as schema
             from pg_class where relnamespace = any (ours) and kinds ? relkind::text order by oid loop
        execute format('comment on %s %s is %L', o.kind, o.name, o.kind || ' ' || o.name || E' \'; \n -- "comment" \\ ');
        if o.relkind in ('r', 'p', 'm', 'v') and o.schema = 'archive'::regnamespace then
            execute format('alter %s %s owner to sample_owner', o.kind, o.name);
        end if;
    end loop;
    for o in select attrelid::regclass as name, attname from pg_attribute join pg_class c on c.oid = attrelid
             where relnamespace = any (ours) and relkind in ('r', 'p', 'v', 'm', 'f', 'c')
               and attnum > 0 and not attisdropped order by attrelid, attnum loop
        execute format('comment on column %s.%I is %L', o.name, o.attname, 'column ' || o.attname);
    end loop;
    for o in select oid::regprocedure as name, case prokind when 'a' then 'aggregate' when 'p' then 'procedure' else 'function' end as kind
             from pg_proc where pronamespace = 'harbour'::regnamespace order by oid loop
        execute format('comment on %s %s is %L', o.kind, o.name, o.kind || ' of the harbour');
    end loop;
    for o in select conname, conrelid::regclass as name from pg_constraint
             where connamespace = 'harbour'::regnamespace and conrelid <> 0 and conparentid = 0
               and contype in ('c', 'f', 'p', 'u', 'x') and conislocal order by oid loop
        execute format('comment on constraint %I on %s is %L', o.conname, o.name, 'constraint ' || o.conname);
    end loop;
    for o in select tgname, tgrelid::regclass as name from pg_trigger where not tgisinternal and tgparentid = 0 order by oid loop
        execute format('comment on trigger %I on %s is %L', o.tgname, o.name, 'trigger ' || o.tgname);
    end loop;
end $$;
comment on schema harbour is 'the harbour';
comment on schema "Odd ""Names""" is E'odd\nnames';
comment on extension hstore is 'key and value';
comment on type harbour.vessel_kind is 'kinds';
comment on domain harbour.imo is 'number of the vessel';
comment on constraint imo_seven_digits on domain harbour.imo is 'seven digits';
comment on operator harbour.<~> (harbour.position, harbour.position) is 'near';
comment on policy wages_own on harbour.wages is 'own row only';
comment on rule cargo_audit_keep on harbour.cargo_audit is 'kept';
comment on statistics harbour.vessel_stats is 'statistics';
comment on cast (harbour.position as text) is 'cast';
comment on publication sample_all is 'all';
comment on server far_away is 'far';
comment on text search configuration harbour.cargo_search is 'search';
comment on collation harbour.plain is 'plain';
comment on access method sample_heap is 'heap under another name';
alter function harbour.label(harbour.position) owner to sample_owner;
alter type harbour.position owner to sample_owner;

-- Last: what would act on the statements above ---------------------------------------------------------------

create function harbour.no_drop() returns event_trigger language plpgsql as $$
begin
    raise exception 'tables of the harbour are not dropped';
end $$;
create event trigger sample_no_drop on sql_drop when tag in ('DROP TABLE', 'DROP VIEW') execute function harbour.no_drop();
create event trigger sample_disabled on ddl_command_start execute function harbour.no_drop();
alter event trigger sample_disabled disable;
comment on event trigger sample_no_drop is 'guards tables';

commit;
