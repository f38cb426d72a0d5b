#!/bin/bash
# Swapping a new database in, previous copies, rollback and prune, on a real server.
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/swapdrive.sh"

swapdrive_build
cluster_start dst
sql dst postgres 'create database plain template template0'

value() { sql dst "$1" 'select x from public.t'; }
comment_of() { sql dst postgres "select shobj_description(oid, 'pg_database') from pg_database where datname = $(literal_quote "$1")"; }
copies() { sql dst postgres "select datname from pg_database where datname like 'app\_\_prev%' order by 1"; }

# ---- a target that does not exist yet ----
sd_is 0 'a target that does not exist is created by one rename' dst swap app plain "$(swap_sql 1)"
has "$out" 'previous '$'\n' 'it has no previous copy'
is "$(value app)" 1 'it holds the new data'
is "$(databases dst)" $'app\nplain' 'nothing else is left'
is "$(comment_of app)" '' 'and no comment of ours'
sql dst postgres "comment on database app is 'owner''s \"words\"'; alter database app connection limit 9"

# ---- replacing, with the old one kept ----
old_oid=$(sql dst postgres "select oid from pg_database where datname = 'app'")
sd_is 0 'an existing target is replaced' dst run=r2 swap app plain "$(swap_sql 2)"
is "$(value app)" 2 'clients find the new data under the old name'
prev=$(copies)
like "$prev" '^app__prev_[0-9]{8}T[0-9]{6}Z$' 'the old one is kept under the name of the pattern'
is "$(sql dst postgres "select oid from pg_database where datname = '$prev'")" "$old_oid" 'it is the same database'
is "$(value "$prev")" 1 'with its data'
like "$(comment_of "$prev")" '^pg_mirror:\{"run":"r2","role":"previous","of":"app","name":"'"$prev"'","time":"[^"]+Z","comment":"owner'"'"'s \\"words\\""\}$' \
    'its comment says what it is and keeps its own'
is "$(sql dst postgres "select datconnlimit, datallowconn from pg_database where datname = '$prev'")" '9|t' 'its properties stay with it'

# ---- rollback ----
sd_is 0 'rollback puts the newest copy back' dst run=r3 rollback app
is "$(value app)" 1 'the old data is served again'
is "$(comment_of app)" "owner's \"words\"" 'with its own comment'
is "$(sql dst postgres "select datconnlimit from pg_database where datname = 'app'")" 9 'and its limit'
is "$(sql dst postgres "select oid from pg_database where datname = 'app'")" "$old_oid" 'it is the same database again'
is "$(value "$(copies)")" 2 'what it replaced is a copy now'
sd_is 0 'a second rollback returns to the start' dst run=r4 rollback app
is "$(value app)" 2 'the newer data is back'
is "$(comment_of app)" '' 'without a comment, as it was'
is "$(value "$(copies)")" 1 'and the first is a copy again'
sd_is 1 'a name that is no copy is refused' dst rollback app plain
has "$out" "text: 'plain' is not a previous copy of database 'app'" 'it says so'
has "$out" "hint: the newest is '$(copies)'" 'and names the newest'
sd dst rollback plain
has "$out" "there is no previous copy of database 'plain'" 'a database without copies says so'

# ---- several copies, prune ----
sd_is 0 'third' dst swap app plain "$(swap_sql 3)"
sd_is 0 'fourth' dst swap app plain "$(swap_sql 4)"
mapfile -t list < <(copies)
is "${#list[@]}" 3 'three copies'
sd dst list app
is "$(cut -d'|' -f1 <<<"$out")" "${list[2]}"$'\n'"${list[1]}"$'\n'"${list[0]}" 'they are listed newest first'
sd_is 0 'an older copy can be chosen' dst rollback app "${list[0]}"
is "$(value app)" 1 'it is the one named'
sd_is 0 'and undone' dst rollback app
is "$(value app)" 4 'the state before'
sd_is 0 'prune --dry-run' dst prune app 1 dry
is "$(grep -c '^drop .*: beyond the newest 1$' <<<"$out")" 2 'says what would go and why'
is "$(grep -c '^keep .*: the newest copy$' <<<"$out")" 1 'and what stays and why'
is "$(copies | wc -l)" 3 'and drops nothing'
first=$(copies | head -n 1)
as_user "$(pg_bin)/psql" -XAtq -d "$(conninfo dst "$first")" -c 'select pg_sleep(60)' >/dev/null 2>&1 &
sleeper=$!
wait_until 10 sessions_in dst "$first" 1
sql dst postgres "alter database \"$first\" is_template true"
sd_is 0 'prune drops the oldest, sessions and template flag or not' dst prune app 1
wait "$sleeper"
is "$(copies | wc -l)" 1 'one is left'
is "$(value "$(copies)")" 1 'the newest one'
sql dst postgres "alter database app rename to app_hidden"
sd_is 0 'while the target is missing' dst prune app 0
has "$out" "the only good one: 'app' itself is missing" 'the newest copy stays'
is "$(copies | wc -l)" 1 'really'
sd_is 0 'rollback works without a target' dst rollback app
is "$(value app)" 1 'and brings it back'
sql dst postgres 'drop database app' && sql dst postgres 'alter database app_hidden rename to app'

# ---- copies that are no longer ours ----
sd dst swap app plain "$(swap_sql 5)"
prev=$(copies)
sql dst postgres "alter database \"$prev\" rename to rescued"
sd_is 0 'a copy that somebody renamed' dst prune app 0
ok 'is not dropped' database_exists dst rescued
sql dst postgres "drop database rescued; "
sql dst postgres "create database \"app__prev_20200101T000000Z\""
sd dst prune app 0
ok 'nor is a database that only has such a name' database_exists dst app__prev_20200101T000000Z
sql dst postgres "comment on database \"app__prev_20200101T000000Z\" is 'pg_mirror: do not touch'"
sd dst prune app 0
ok 'nor one with a comment that only begins like ours' database_exists dst app__prev_20200101T000000Z
sql dst postgres 'drop database "app__prev_20200101T000000Z"'

# ---- names ----
long=$(printf 'x%.0s' {1..62})é
long=${long:0:61}é
for name in "o'neil \"q\"" 'a=b' 'postgresql://x@y/z' 'with space' 'größe {time}' 'UPPER' "$long" '-rf' 'a\b%s'; do
    sql dst postgres "create database $(ident_quote "$name")" || die "cannot create $name"
    sd_is 0 "database '$name' is swapped" dst swap "$name" plain "$(swap_sql 7)"
    is "$(value "$name")" 7 "  and holds the new data"
    sd_is 0 "  rolled back" dst rollback "$name"
    nok "  to what it was" sql dst "$name" 'select x from public.t' 2>/dev/null
    sd_is 0 "  pruned" dst prune "$name" 0
    sql dst postgres "drop database $(ident_quote "$name")"
done
is "$(databases dst)" $'app\nplain' 'nothing of them is left'
sd_is 0 'a pattern without {time} works too' dst previous='{database}_old' swap app plain "$(swap_sql 8)"
sd_is 0 'and twice' dst previous='{database}_old' swap app plain "$(swap_sql 9)"
is "$(databases dst)" $'app\napp_old\napp_old_2\nplain' 'by counting on'
sd_is 0 'and back' dst previous='{database}_old' rollback app
is "$(value app)" 8 'to the newest'
sd dst prune app 0

# ---- failures leave everything ----
before=$(databases dst)
export SWAPDRIVE_BREAK=1
rc=0
out=$("${AS_USER[@]}" env SWAPDRIVE_BREAK=1 "$T/swapdrive" host="$T/dst/sock" port="${cluster_port[dst]}" \
    user=postgres swap app plain "$(swap_sql 10)") || rc=$?
unset SWAPDRIVE_BREAK
is "$rc" 1 'a target that somebody else replaced meanwhile is not swapped'
has "$out" "code: swap"$'\n' 'class swap'
has "$out" "text: database 'app' was replaced by somebody else meanwhile" 'it says so'
is "$(databases dst)" "$before" 'and nothing is left'
is "$(value app)" 8 'the target is as it was'

sql dst app 'create table public.p(x int)'
cluster_stop dst
cluster_start dst -- 'max_prepared_transactions = 5' 'wal_level = logical'
sql dst app "begin; insert into public.p values (1); prepare transaction 'gid''1'"
sd_is 1 'a prepared transaction is a blocker' dst guard app
has "$out" "text: database 'app' has a prepared transaction 'gid'1', which would stay with the old copy" 'named'
has "$out" "ROLLBACK PREPARED 'gid''1'" 'with the command'
sd_is 1 'and swapping fails' dst swap app plain "$(swap_sql 11)"
has "$out" "code: swap"$'\n' 'class swap'
has "$out" "text: swap database 'app': the database has a prepared transaction 'gid'1'" 'it says why'
is "$(value app)" 8 'the target is as it was'
is "$(sql dst postgres "select datallowconn from pg_database where datname = 'app'")" t 'and open'
is "$(comment_of app)" '' 'with its own comment'
is "$(databases dst)" "$before" 'no shadow is left'
sql dst app "rollback prepared 'gid''1'"
sql dst app "select pg_create_logical_replication_slot('slot', 'pgoutput')" >/dev/null
sd dst guard app
has "$out" "a logical replication slot 'slot'" 'a logical slot is a blocker'
sql dst postgres "select pg_drop_replication_slot('slot')"

# ---- sessions in the way ----
client() { # connect, stay, reconnect at once when thrown out
    while [[ -e $T/clients ]]; do
        "${AS_USER[@]}" "$(pg_bin)/psql" -XAtq -d "$(conninfo dst app)" -c 'select pg_sleep(30)' >>"$T/client.log" 2>&1
    done
}
touch "$T/clients"
: >"$T/client.log"; own "$T/client.log"
clients=()
for _ in 1 2 3 4 5 6; do client & clients+=($!); remember_pid $!; done
wait_until 20 sessions_in dst app 6
slow=0 again=0
for i in 1 2 3 4 5 6 7 8; do
    started=$(date +%s%N)
    sd dst swap app plain "$(swap_sql "$((20 + i))")"
    [[ $rc == 0 ]] || diag "$out"
    [[ $(grep attempts <<<"$out") == 'attempts 1' ]] || again=$((again + 1))
    if ((($(date +%s%N) - started) / 1000000 > 3000)); then slow=$((slow + 1)); fi
    [[ $(value app) == $((20 + i)) ]] || fail "swap $i has the wrong data"
done
is "$slow/$again" 0/0 'eight swaps under six clients that reconnect at once: first attempt, never slow'
rm "$T/clients"
sql dst postgres "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null and application_name = 'psql'" >/dev/null
wait "${clients[@]}"
unlike "$(grep -v 'terminat\|closed\|abnormal\|lost\|before or while' "$T/client.log")" 'not currently accepting' 'the door was never seen closed'
sd dst prune app 0

# Somebody we may not end: superusers, for a role that is none.
sql dst postgres "create role swapper login createdb; grant pg_signal_backend to swapper"
sql dst postgres 'create database mine owner swapper'
as_user "$(pg_bin)/psql" -XAtq -d "$(conninfo dst mine)" -c 'select pg_sleep(600)' >/dev/null 2>&1 &
sleeper=$!
remember_pid "$sleeper"
wait_until 10 sessions_in dst mine 1
sd_user=swapper
sd_is 1 'a session of a superuser stops a swap by another role' dst swap mine plain 'select 1'
unset sd_user
has "$out" $'code: swap\nstate: 55006' 'class swap, object in use'
like "$out" 'detail: 1 session: pid [0-9]+ \(psql, postgres\)' 'it is named'
has "$out" 'pg_signal_backend' 'with a hint'
is "$(sql dst postgres "select datallowconn, shobj_description(oid, 'pg_database') from pg_database where datname = 'mine'")" 't|' 'the door that was closed for it is open again'
stop_pid "$sleeper"
sql dst postgres "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'mine'" >/dev/null
sd_user=swapper
sd_is 0 'and without it the role can swap its own database' dst swap mine plain 'select 1'
sd_user=
sql dst postgres 'drop database mine'

# ---- --no-swap ----
sd_is 0 'a shadow can be kept' dst keep app plain "$(swap_sql 50)"
is "$(value app__new)" 50 'under its name'
is "$(comment_of app__new)" '' 'as a database like any other'
sd_is 1 'which the next run does not touch' dst swap app plain "$(swap_sql 51)"
has "$out" "database 'app__new' exists and pg_mirror did not make it" 'but says so'
has "$out" 'code: cannot_create' 'class cannot_create'

done_testing
