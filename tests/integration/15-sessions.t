#!/bin/bash
# shellcheck disable=SC2016,SC1003,SC2001
# Sessions, filters and the catalog against real servers: what each way to fail is called, what a
# client program is given, what a stop does.
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"

drive_build
cluster_start a
sql a postgres 'create database app'
port=${cluster_port[a]}
mapfile -t keys < <(at a app)
tcp=(host=127.0.0.1 "port=$port" user=postgres database=app)

# fails_as CODE STATE RETRY TEXT NAME: how the last call failed
fails_as() { is "$(field code)|$(field state)|$(field retry)|$(field text)" "$1|$2|$3|$4" "$5"; }

drive "${keys[@]}" open
is "$out" "postgres@app on $T/a/sock:$port, version $(pg_major), local" 'a socket in a directory'
drive "${tcp[@]}" "password=$DB_PASSWORD" open
is "$out" "postgres@app on 127.0.0.1:$port, version $(pg_major), local, password" 'TCP with a password'

drive "${tcp[@]}" password=wrong open
fails_as auth 28P01 no \
    "the source server '127.0.0.1:$port' refused the session: password authentication failed for user \"postgres\"" \
    'a wrong password'
is "$(field hint)" 'check source.user and source.password' 'points at both'
drive "${tcp[@]}" open
fails_as auth '' no "the source server '127.0.0.1:$port' asks for the password of 'postgres' and none is given" \
    'a missing password is told from a wrong one'
drive "${keys[@]}" user=stranger open
fails_as auth 28000 no "the source server '$T/a/sock:$port' refused the session: role \"stranger\" does not exist" \
    'a role that is not there'
drive "${keys[@]}" database=nowhere open
fails_as server 3D000 no "the source server '$T/a/sock:$port' refused the session: database \"nowhere\" does not exist" \
    'a database that is not there'
drive host=127.0.0.1 port=1 user=postgres database=app open
fails_as unreachable '' yes "cannot connect to the source server '127.0.0.1:1'" 'nobody listens'
like "$(field detail)" 'Connection refused' 'the system says why'
drive host=no.such.host.invalid user=postgres database=app open
fails_as unreachable '' yes "cannot connect to the source server 'no.such.host.invalid:5432'" 'an unknown host'
drive "${keys[@]}" sslmode=perhaps open
fails_as config '' no 'the source connection cannot be made as configured' 'a bad keyword is no network problem'
drive "${keys[@]}" service=unheard-of open
fails_as config '' no 'source: definition of service "unheard-of" not found' 'an unknown service'
drive "${keys[@]}" set.no_such_setting=1 open
fails_as config 42704 no 'source.settings: unrecognized configuration parameter "no_such_setting"' \
    'a setting the server does not know'
drive side=target "${keys[@]}" set.work_mem=much open
fails_as config 22023 no 'target.settings: invalid value for parameter "work_mem": "much"' \
    'a value it does not take'

# A server that accepts and never answers.
"${AS_USER[@]}" perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
    print $s->sockport, "\n"; $| = 1; close STDOUT; my @c; push @c, $s->accept while 1' >"$T/mute" &
remember_pid "$!"
wait_until 10 test -s "$T/mute"
drive host=127.0.0.1 "port=$(<"$T/mute")" user=postgres database=app connect_timeout=300 open
like "$(field text)" "^no answer from the source server '127.0.0.1:$(<"$T/mute")' within 0?\.?3" 'a mute server times out'
is "$(field code) $(field retry)" 'unreachable yes' 'and counts as unreachable'
"${AS_USER[@]}" "$T/pgdrive" host=127.0.0.1 "port=$(<"$T/mute")" user=postgres database=app \
    connect_timeout=60000 open >"$T/mute.out" 2>&1 &
pid=$!
remember_pid "$pid"
mute_reached() { [[ $(ss -tnH state established dst "127.0.0.1:$(<"$T/mute")" | wc -l) -ge 1 ]]; }
if command -v ss >/dev/null; then wait_until 10 mute_reached; else sleep 0.5; fi
kill -TERM "$pid"
wait "$pid"
has "$(<"$T/mute.out")" 'text: interrupted by SIGTERM' 'connecting can be stopped'

drive "uri=postgresql://postgres:test%20secret@127.0.0.1:1,127.0.0.1:$port/app" open
is "$out" "postgres@app on 127.0.0.1:$port, version $(pg_major), local, password" 'of two hosts the one that answers'

# What ALTER DATABASE and ALTER ROLE do to other sessions must not reach ours.
odd="a=b 'quoted' \"x\""
sql a postgres "create database $(ident_quote "$odd")"
for s in default_transaction_read_only=on statement_timeout=1 client_encoding=latin1 \
    search_path=pg_temp "datestyle='sql,dmy'" row_security=on lock_timeout=1; do
    sql a postgres "alter database $(ident_quote "$odd") set $s"
done
drive "${keys[@]}" "database=$odd" query 'select current_database()' 'show client_encoding' \
    'show default_transaction_read_only' 'show statement_timeout' 'show search_path' 'show datestyle' \
    'show row_security' 'show lock_timeout'
is "$out" "$odd"$'\nUTF8\noff\n0\n\nISO, YMD\noff\n0' 'settings of the database do not bite'
drive "${keys[@]}" "set.work_mem=3MB" "set.search_path=pg_catalog, public" query 'show work_mem' 'show search_path'
is "$out" $'3MB\npg_catalog, public' 'the own settings come last'
PGOPTIONS='-c work_mem=5MB' drive "${keys[@]}" query 'show search_path' 'show work_mem'
is "$out" $'\n5MB' 'PGOPTIONS is heard, ours are added'

for name in "$odd" 'postgresql://x' 'back\slash' ''; do
    drive "${tcp[@]}" "password=$DB_PASSWORD" "set.a.b=x y\\" child "$name"
    conn=$(head -n 1 <<<"$out")
    unlike "$conn" 'secret' "no password in the conninfo for '$name'"
    is "$(tail -n 1 <<<"$out")" '-c a.b=x\ y\\' 'settings in the form of PGOPTIONS'
    [[ $name == "$odd" ]] || continue
    is "$(as_user env PGPASSWORD="$DB_PASSWORD" "$(pg_bin)/psql" -XAtc 'select current_database()' -d "$conn")" \
        "$odd" 'a client program gets to the same database'
done

drive "${keys[@]}" maintenance
is "$out" postgres 'maintenance happens in postgres'
drive "${keys[@]}" maintenance=app maintenance
is "$out" app 'unless another one is named'
sql a app "update pg_database set datallowconn = false where datname = 'postgres'"
drive "${keys[@]}" maintenance
is "$out" template1 'or postgres takes no connections'
sql a app "update pg_database set datallowconn = true where datname = 'postgres'"

drive "${keys[@]}" query 'select 1/0'
fails_as server 22012 no 'division by zero' 'an SQL error keeps its state'
drive "${keys[@]}" query "do \$\$ begin raise 'first
second' using detail = 'more', hint = 'do this'; end \$\$"
is "$(field text)|$(field detail)|$(field hint)" 'first|more|do this' 'one line of text, detail and hint apart'
drive "${keys[@]}" query 'copy pg_class to stdout'
is "$(field code)" internal 'a COPY is refused'
drive "${keys[@]}" query 'select pg_terminate_backend(pg_backend_pid())'
is "$(field code) $(field state) $(field retry)" 'unreachable 57P01 yes' 'a session ended by an administrator'

running() { [[ $(sql a app "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'") == "$1" ]]; }
"${AS_USER[@]}" "$T/pgdrive" "${keys[@]}" query 'select pg_sleep(600)' 'select 2' >"$T/sleep.out" &
pid=$!
remember_pid "$pid"
wait_until 20 running 1
kill -TERM "$pid"
rc=0; wait "$pid" || rc=$?
out=$(<"$T/sleep.out")
fails_as cancelled '' no 'interrupted by SIGTERM' 'a statement can be stopped'
ok 'and runs no longer on the server' running 0
drive "${keys[@]}" cleanup 'select 7' 'show statement_timeout'
is "$out" $'7\n10s' 'cleaning up works when stopped, with a limit'

# Filters pick what pg_dump picks.
cluster_psql a app <<'END'
create schema shop; create schema "Odd Name"; create schema tmp_1;
create table orders(i int); create table "Orders"(i int); create table shop.orders(i int); create table shop.items(i int);
create table tmp_1.a(i int); create table "Odd Name"."a.b"(i int); create view v as select 1 as one; create sequence s;
create table shop.p(i int) partition by range (i); create table shop.p1 partition of shop.p for values from (1) to (10);
create unlogged table u(i int); create table "a$b"(i int);
END
lists=(-n include_schemas -N exclude_schemas -t include_tables -T exclude_tables)
# same_as_dump OPTION PATTERN [OPTION PATTERN...]
same_as_dump() {
    local args=() i=1 k name="filters: $*"
    while ((i < $#)); do
        for k in 0 2 4 6; do
            if [[ ${!i} == "${lists[k]}" ]]; then args+=("${lists[k + 1]}=${@:i+1:1}"); fi
        done
        i=$((i + 2))
    done
    drive "${keys[@]}" tables "${args[@]}"
    is "$(sed 's/ .*//' <<<"${out// Name/_Name}" | sort)" "$(as_user "$(pg_bin)/pg_dump" -s "$@" -d "$(conninfo a app)" |
        sed -n 's/^CREATE \(UNLOGGED \)\?TABLE \(.*\) (.*$/\2/p' | sed -n 's/ PARTITION.*//; p' |
        grep -v '^$' | tr -d '"' | sed 's/ Name/_Name/' | sort)" "$name"
}
same_as_dump
same_as_dump -t orders
same_as_dump -t Orders
same_as_dump -t '"Orders"'
same_as_dump -t '*.orders'
same_as_dump -t 'shop.*' -T 'shop.p*'
same_as_dump -t '"Odd Name"."a.b"' -t v
same_as_dump -t 'a$b'
same_as_dump -t 'shop.(orders|items)'
same_as_dump -t orders -N public
same_as_dump -n shop -n 'tmp_?' -T shop.items
same_as_dump -N 'tmp*' -N '"Odd Name"' -T orders
sql a postgres 'alter role postgres in database app set search_path = shop, public'
same_as_dump -t orders
sql a postgres 'alter role postgres in database app reset search_path'
drive "${keys[@]}" tables include_schemas=shop exclude_table_data='shop.*s'
is "$out" $'shop.orders nodata\nshop.items nodata\nshop.p nodata parent\nshop.p1 partition' 'table data can be left out'

sql a app "create extension hstore; create table ext_cfg(i int); alter extension hstore add table ext_cfg;
    update pg_extension set extconfig = array['ext_cfg'::regclass::oid], extcondition = array['where i > 0'] where extname = 'hstore'"
drive "${keys[@]}" tables exclude_schemas='tmp*'
has "$out" 'public.ext_cfg of hstore' 'configuration tables of an extension are dumped'
drive "${keys[@]}" tables include_schemas=shop
unlike "$out" 'ext_cfg' 'unless their schema is not asked for'

drive "${keys[@]}" tables exclude_tables=shop.ordrs exclude_schemas='tmp3' include_tables='*'
fails_as config '' no "filters.exclude_schemas 'tmp3', filters.exclude_tables 'shop.ordrs' match nothing in database 'app'" \
    'patterns that match nothing are named'
is "$(field hint)" "did you mean 'tmp_1', 'shop.orders'?" 'with what was meant'
drive "${keys[@]}" tables lenient exclude_tables=shop.ordrs include_tables=orders
is "$out" public.orders 'without strict they are let pass'
drive "${keys[@]}" tables exclude_tables='a('
fails_as config 2201B no 'filters.exclude_tables: invalid regular expression: parentheses () not balanced' \
    'a broken expression'

drive "${keys[@]}" facts
is "$out" 'app UTF8 C.UTF-8 C.UTF-8 libc - primary' 'facts of the database'
sql a app 'revoke execute on function pg_control_system() from public'
sql a app 'create role ro login'
drive "${keys[@]}" user=ro facts
is "$out" 'app UTF8 C.UTF-8 C.UTF-8 libc - primary unidentified' 'without the system identifier where it may not be seen'

done_testing
