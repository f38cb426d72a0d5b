#!/bin/bash
# Every probe is seen to fail (or warn) for its reason, and to be fine otherwise.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src -- 'max_prepared_transactions = 5'
cluster_start dst -- 'max_prepared_transactions = 5'
sql src postgres "create database app"
sql src app "create table public.t (id int primary key, v text); insert into t select g, 'x' from generate_series(1, 1000) g;
    create schema \"Odd one\"; create table \"Odd one\".\"User\" (n serial, v text);
    create table public.secret (owner text); create sequence public.seq; create extension hstore; analyze"

# job [NAME=VALUE...]: a job file. Names: shost sport suser sdb spass thost tport tuser tdb tpass,
# sextra and textra (members of the ends), extra (top-level members).
job() {
    local shost sport=${cluster_port[src]} suser=postgres sdb=app spass='' sextra=''
    local thost tport=${cluster_port[dst]} tuser=postgres tdb=app tpass='' textra='' extra='' arg
    shost=$(cluster_host src) thost=$(cluster_host dst)
    for arg in "$@"; do local "${arg?}"; done
    {
        printf '{"source": {"host": "%s", "port": %d, "user": "%s", "database": "%s"%s%s},\n' "$shost" "$sport" \
            "$suser" "$sdb" "${spass:+, \"password\": \"$spass\"}" "${sextra:+, $sextra}"
        printf ' "target": {"host": "%s", "port": %d, "user": "%s", "database": "%s"%s%s}%s}\n' "$thost" "$tport" \
            "$tuser" "$tdb" "${tpass:+, \"password\": \"$tpass\"}" "${textra:+, $textra}" "${extra:+, $extra}"
    } >"$T/job.json"
    chmod 600 "$T/job.json" && own "$T/job.json"
}

# look [OPTION...]: run check; afterwards level ID, message ID, hint ID, value ID tell what it found.
declare -A levels messages hints values
look() {
    local id level message hint value
    pgm check -c "$T/job.json" --output json "$@"
    levels=() messages=() hints=() values=()
    while IFS=$'\x1f' read -r id level message hint value; do
        levels[$id]=$level messages[$id]=$message hints[$id]=$hint values[$id]=$value
    done < <(python3 -c '
import json, sys
for c in json.load(open(sys.argv[1]))["checks"]:
    print("\x1f".join(str(c[k]).replace("\n", "; ") for k in ("id", "level", "message", "hint", "value")))' "$T/out")
}

# found LEVEL ID PATTERN NAME: what look saw. A failure must have a hint.
found() {
    local level=$1 id=$2 pattern=$3 name=$4 text="${messages[$2]:-} | ${hints[$2]:-}"
    if [[ ${levels[$id]:-not asked} == "$level" && $text =~ $pattern && ($level != fail || -n ${hints[$id]}) ]]; then
        pass "$id: $name"
    else
        fail "$id: $name"
        diag "level '${levels[$id]:-not asked}' instead of '$level', '$text' against '$pattern'" "$err"
    fi
}
failed_ones() { local id; for id in "${!levels[@]}"; do if [[ ${levels[$id]} == fail ]]; then echo "$id"; fi; done | sort | xargs; }

# each NAME DB STATEMENT...: one after the other, each in a transaction of its own.
each() {
    local name=$1 db=$2 statement args=(); shift 2
    for statement in "$@"; do args+=(-c "$statement"); done
    cluster_psql "$name" "$db" "${args[@]}" >/dev/null
}

# shows NAME SETTING VALUE: is it in force for new sessions?
shows() { [[ $(sql "$1" postgres "show $2") == "$3" ]]; }

# ---- all is well ----------------------------------------------------------------------------

job
look
is "$rc" 0 'nothing fails between two fresh clusters'
is "$(failed_ones)" '' 'and no probe says so'
is "${levels[src.priv]}:${values[src.priv]}" 'ok:3 of 3 tables readable' 'src.priv counts the tables'
is "${levels[tgt.distinct]}" ok 'another cluster is distinct'
ok 'the document is JSON with an estimate' python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
assert d["summary"]["fail"] == 0 and d["summary"]["ok"] > 40, d["summary"]
assert d["estimate"]["tables"] == 3 and d["estimate"]["dump_bytes"] > 0, d["estimate"]
assert all(set(c) == {"id", "side", "level", "value", "threshold", "message", "hint", "ms"} for c in d["checks"])' "$T/out"
pgm check -c "$T/job.json"
like "$out" '^source  .*/app  PostgreSQL [0-9.]+.*target  .*estimate  .*, [0-9]+.* ok$' 'text has both ends, the estimate and the sum'
unlike "$out" '  ok  ' 'but not what is fine'
pgm check -c "$T/job.json" -v
like "$out" '  ok    priv  ' 'unless asked for with -v'
pgm check -c "$T/job.json" --output nagios
like "$out" '^OK - [0-9]+ checks passed \| failed=0 warn=0 est_seconds=[0-9]+$' 'nagios gets one line'
is "$rc" 0 'and status 0'
pgm check -c "$T/job.json" --output nagios --only nonsense
like "$rc/$out" '^3/UNKNOWN - .*nonsense' 'a question that cannot be asked is unknown'
look --only tgt.locale,cfg
is "$(printf '%s\n' "${!levels[@]}" | sort | xargs)" 'cfg.perms cfg.secrets cfg.valid tgt.locale' '--only reports only these'
look --skip tgt,env
is "${levels[tgt.auth]:-}${levels[env.lock]:-}" '' '--skip leaves a side out'
look --source-only
is "${levels[tgt.reach]:-none}/${levels[src.priv]}" none/ok '--source-only asks the source only'
pgm_is 64 'an unknown check is a usage error' check -c "$T/job.json" --only src.prov
like "$err" "did you mean 'src.priv'" 'with the likely one'

# ---- reach, auth, database ------------------------------------------------------------------

job sport=1 shost="$T"
look
is "$rc" 1 'a failed check is exit 1'
found fail src.reach 'cannot connect.*pg_isready' 'nobody there'
found skip src.priv 'src.reach failed' 'dependants are skipped'
found ok tgt.auth '' 'the other side is still asked'
pgm check -c "$T/job.json"
like "$out" 'FAIL  reach .*hint: .*1 failed, ' 'text shows the failure, its hint and the sum'
like "$err" '1 check failed: src.reach' 'stderr names it'
pgm check -c "$T/job.json" --output nagios
like "$out" '^CRITICAL - 1 failed: src.reach \| failed=1 ' 'nagios is critical'
is "$rc" 2 'with status 2'
pgm status -c "$T/job.json" --output nagios
is "$rc/$out" '3/UNKNOWN - job: no success known' 'nagios: no run is known'
pgm status -c "$T/job.json" --output nagios --max-age 1h
is "$rc/$out" '2/CRITICAL - job: no success known' 'nagios: no run in the last hour'
job tport=1 thost=127.0.0.1
look
found fail tgt.reach 'cannot connect' 'nobody at the target'
job shost=127.0.0.1 spass='not it'
look
found ok src.reach '' 'a refused password is not unreachable'
found fail src.auth 'password authentication failed.*psql' 'a wrong password'
job thost=127.0.0.1 tpass='not it'
look
found fail tgt.auth 'password authentication failed' 'a wrong password at the target'
job sdb=ap
look
found ok src.auth '' 'a missing database is not a refused login'
found fail src.db "database 'ap' does not exist.*app" 'a missing database, with the likely name'
sql src postgres "create database closed allow_connections false"
job sdb=closed
look
found fail src.db "does not allow connections.*ALLOW_CONNECTIONS" 'a closed database'
each src postgres "create role plain login" "create database private" "revoke connect on database private from public"
job sdb=private suser=plain
look
found fail src.db "may not connect.*GRANT CONNECT ON DATABASE private TO plain" 'a database without CONNECT'

# ---- privileges -----------------------------------------------------------------------------

job suser=plain
look
found fail src.priv 'plain.*3 tables .*Odd one.*2 sequences.*pg_read_all_data TO plain.*GRANT SELECT ON table' 'tables without SELECT'
sql src app "grant usage on schema \"Odd one\" to plain; grant select on all tables in schema public, \"Odd one\" to plain;
    grant select on all sequences in schema \"Odd one\" to plain"
look
found fail src.priv '1 sequence \(public.seq\)' 'a sequence without SELECT'
sql src app "grant select on sequence seq to plain; revoke usage on schema \"Odd one\" from plain"
look
found fail src.priv '1 schema \("Odd one"\).*GRANT USAGE ON schema "Odd one" TO plain' 'a schema without USAGE'
sql src app "grant usage on schema \"Odd one\" to plain"
look
found ok src.priv '' 'all granted'
sql src app "select lo_from_bytea(4711, 'abc')" >/dev/null
look
found fail src.priv '1 of 1 large objects.*GRANT SELECT ON LARGE OBJECT' 'a large object of somebody else'
hint=${hints[src.priv]#*echo }
ok 'src.priv: the hint is a command that runs' as_user env PGHOST="$(cluster_host src)" PGPORT="${cluster_port[src]}" \
    PATH="$(pg_bin):$PATH" bash -c "(echo $hint) >/dev/null"
look
found ok src.priv '' 'and puts it right'
sql src app "grant pg_read_all_data to plain; select lo_unlink(4711)" >/dev/null
sql src app "alter table secret enable row level security"
look
found fail src.rls 'public.secret.*ALTER ROLE plain BYPASSRLS' 'row-level security that would filter'
sql src app "alter table secret owner to plain"
look
found ok src.rls '' 'not for the owner'
sql src app "alter table secret force row level security"
look
found fail src.rls 'public.secret' 'but when forced'
job suser=plain extra='"filters": {"exclude_tables": ["public.secret"]}'
look
found ok src.rls '' 'nor for a table that is left out'
job suser=plain extra='"filters": {"exclude_table_data": ["public.secret"]}'
look
found ok src.rls '' 'or whose rows are'
job
look
found ok src.rls '' 'a superuser sees every row'
sql src app "alter table secret owner to postgres; alter table secret disable row level security"

# ---- the source's state ---------------------------------------------------------------------

job extra='"filters": {"include_tables": ["public.nothing_like_it"]}'
look
found fail src.filters 'nothing_like_it' 'a pattern that matches nothing'
found skip src.priv 'src.filters failed' 'its dependants say why'
sql src postgres "alter role plain connection limit 2"
job suser=plain
look
found fail src.conn 'may have 2 sessions.*ALTER ROLE plain CONNECTION LIMIT' 'a role limit'
sql src postgres "alter role plain connection limit -1; alter database app connection limit 1"
look
found fail src.conn "database 'app' allows 1 .*ALTER DATABASE app CONNECTION LIMIT" 'a database limit'
sql src postgres "alter database app connection limit -1"
job
cluster_psql src app -c "begin; lock table t; select 'locked'; select pg_sleep(60)" >"$T/locker" 2>&1 &
locker=$!
wait_until 10 grep -qs locked "$T/locker"
look
found warn src.locks 'public.t exclusively.*pg_cancel_backend' 'a table locked against reading'
kill "$locker" 2>/dev/null; wait "$locker" 2>/dev/null
sql src postgres "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()" >/dev/null
sql src app "create table dup (n int); insert into dup values (1), (1)"
cluster_psql src app -c "create unique index concurrently dup_n on dup (n)" 2>/dev/null
look
found warn src.objects 'invalid.*public.dup_n.*REINDEX' 'an invalid index'
sql src app "drop table dup"

# ---- the target -----------------------------------------------------------------------------

job thost="$(cluster_host src)" tport="${cluster_port[src]}"
look
found fail tgt.distinct 'same database' 'source = target'
job thost=127.0.0.1 tport="${cluster_port[src]}" tpass="$DB_PASSWORD"
look
found fail tgt.distinct 'same database' 'source = target through another host name'
job thost=127.0.0.1 tport="${cluster_port[src]}" tpass="$DB_PASSWORD" tdb=other
look
found ok tgt.distinct '' 'another database of the same cluster'
job extra='"safety": {"protected": ["*/app"]}'
look
found fail tgt.protected "is protected.*safety.protected has '\*/app'" 'a protected name'
each dst postgres "create database app" "comment on database app is 'mine, pg_mirror:protected'"
job
look
found fail tgt.protected 'pg_mirror:protected' 'a protecting comment'
sql dst postgres "comment on database app is null"
look
found ok tgt.exists '' 'an empty database is simply used'
sql dst app "create table old (n int)"
look
found fail tgt.exists "exists and is not empty.*--drop-existing --yes -c .*job.json" 'a database that is in use'
job textra='"if_exists": "replace"'
look
found warn tgt.exists 'needs consent.*--yes' 'replacing needs consent'
job extra='"options": {"drop_existing": true}'
look
found ok tgt.exists '' 'which the file may give'

sql dst postgres "create role poor login; create role owner_role; create role boss superuser login"
job tuser=poor extra='"options": {"drop_existing": true}'
look
found fail tgt.createdb 'ALTER ROLE poor CREATEDB' 'no CREATEDB'
found fail tgt.owner "belongs to 'postgres'.*GRANT postgres TO poor" 'not the owner'
found warn tgt.signal 'GRANT pg_signal_backend TO poor' 'no pg_signal_backend'
sql dst postgres "alter role poor createdb connection limit 3; alter database app owner to poor; grant pg_signal_backend to poor"
look
found ok tgt.createdb '' 'granted'
found ok tgt.extensions '' 'hstore is trusted'
found ok tgt.owner '' 'owned'
found ok tgt.signal '' 'allowed to end sessions'
found fail tgt.conn 'may have 3 sessions.*ALTER ROLE poor CONNECTION LIMIT' 'a role limit'
sql dst postgres "alter role poor connection limit -1"
"$(pg_bin)/psql" -XAtq -d "$(conninfo dst app) user=boss" -c "select 'here'" -c 'select pg_sleep(60)' >"$T/boss" 2>&1 &
boss=$!
wait_until 10 grep -qs here "$T/boss"
look
found fail tgt.signal '1 superuser session.*pg_terminate_backend' 'a superuser is connected'
found ok tgt.exists '' 'sessions are no obstacle by themselves'
kill "$boss"; wait "$boss" 2>/dev/null
sql dst postgres "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'boss'" >/dev/null

sql src app "create extension pg_stat_statements"
look
found fail tgt.extensions 'superuser can create: pg_stat_statements' 'an extension only superusers may create'
sql src app "drop extension pg_stat_statements"
# An extension that only the source's server knows: its files are hidden from nobody, so the
# catalog is made to name one that there is not.
sql src app "set allow_system_table_mods = on; update pg_extension set extname = 'no_such_ext' where extname = 'hstore'"
job
look
found fail tgt.extensions 'not available on the target: no_such_ext.*install' 'a missing extension, with its package'
sql src app "set allow_system_table_mods = on; update pg_extension set extname = 'hstore' where extname = 'no_such_ext'"

sql src app "create role app_owner; create role app_reader; create role \"Pol Icy\"; alter table t owner to app_owner;
    grant select on secret to app_reader; create policy p on secret to \"Pol Icy\" using (true)"
look
found fail tgt.roles 'not on the target: "?Pol Icy.*CREATE ROLE "Pol Icy"' 'a policy names a missing role'
sql src app "drop policy p on secret"
job extra='"options": {"owner": false, "acl": false}'
look
found warn tgt.roles 'app_owner, app_reader' 'owners and grantees that are not restored anyway'
job extra='"options": {"owner": true, "acl": true}'
look
found fail tgt.roles 'app_owner, app_reader.*CREATE ROLE app_owner; CREATE ROLE app_reader.*"owner": false' 'missing owners and grantees'
sql dst postgres "create role app_owner; create role app_reader; create role plain"
look
found ok tgt.roles '' 'all there'
job tuser=poor extra='"options": {"owner": true, "drop_existing": true}'
look
found fail tgt.roles "'poor' cannot make these the owner.*app_owner" 'owners that we may not set'
job textra='"locale": "xx_YY.UTF-8"'
look
found fail tgt.locale "no locale 'xx_YY.UTF-8'.*locale-gen xx_YY.UTF-8" 'a missing locale'
job textra='"encoding": "KLINGON"'
look
found fail tgt.encoding 'KLINGON' 'an unknown encoding'
job textra='"encoding": "LATIN1", "locale": "C"'
look
found warn tgt.encoding 'converted from UTF8 to LATIN1' 'another encoding'
job textra='"tablespace": "fast"'
look
found fail tgt.tablespaces "no tablespace 'fast'.*CREATE TABLESPACE fast" 'a missing tablespace'
as_user mkdir "$T/space"
sql src postgres "create tablespace far location '$T/space'"
sql src app "create table faraway (n int) tablespace far"
job
look
found warn tgt.tablespaces 'far' "the source's tablespace is not there"
sql src app "drop table faraway"
sql src postgres "drop tablespace far"

each dst app "begin" "create table p (n int)" "prepare transaction 'stuck'"
look
found fail tgt.blockers "prepared transaction 'stuck'.*ROLLBACK PREPARED" 'a prepared transaction'
sql dst app "rollback prepared 'stuck'"
each dst app "create subscription sub connection 'dbname=x' publication p with (connect = false)"
look
found fail tgt.blockers "subscription 'sub'" 'a subscription'
each dst app "alter subscription sub set (slot_name = none)" "drop subscription sub"
each dst postgres "alter role poor set default_transaction_read_only = on"
job tuser=poor
look
found fail tgt.readonly 'read-only.*RESET default_transaction_read_only' 'a role set to read only'
job
each dst postgres "alter system set autovacuum = off" "select pg_reload_conf()"
wait_until 10 shows dst autovacuum off
look
found warn tgt.settings 'autovacuum is off.*ALTER SYSTEM' 'odd settings'
each dst postgres "alter system reset autovacuum"
as_user touch "$T/dst/data/standby.signal"
cluster_restart dst
look
found fail tgt.readonly 'is a standby' 'a standby as target'
job sport="${cluster_port[dst]}" shost="$(cluster_host dst)" sdb=postgres tport="${cluster_port[src]}" thost="$(cluster_host src)" tdb=new
look
found warn src.standby 'hot_standby_feedback' 'a standby as source'
cluster_stop dst && as_user rm "$T/dst/data/standby.signal" && cluster_start dst

# ---- this machine ---------------------------------------------------------------------------

job extra='"options": {"temp_dir": "/nonexistent"}'
look
found fail env.tempspace "/nonexistent" 'no such temp_dir'
if [[ -d /dev/shm ]] && as_user test -w /dev/shm; then
    job extra='"options": {"temp_dir": "/dev/shm"}'
    look
    found warn env.tempspace 'in memory' 'a temp_dir in memory'
fi
job extra='"options": {"bin_dir": "/nonexistent"}'
look
found fail env.tools 'nonexistent' 'no client programs'
found skip env.version 'env.tools failed' 'whose version is not asked'
as_user mkdir "$T/old"
for program in pg_dump pg_restore; do
    printf '#!/bin/sh\necho "%s (PostgreSQL) 11.22"\n' "$program" >"$T/old/$program"
    chmod 755 "$T/old/$program"
done
job extra="\"options\": {\"bin_dir\": \"$T/old\"}"
look
found ok env.tools '' 'old programs are there'
found fail env.version '11.22' 'but too old for the source'
job extra='"options": {"jobs": 40}'
# shellcheck disable=SC2016 # the inner shell expands
pgm_as=("${AS_USER[@]}" bash -c 'ulimit -n 100; exec "$0" "$@"')
look
found fail env.ulimit 'only 100 open files.*ulimit -n' 'too few descriptors'
pgm_as=("${AS_USER[@]}" env LC_ALL=xx_YY.UTF-8)
look
found warn env.locale "locale 'xx_YY.UTF-8' does not exist" 'an unknown locale'
pgm_as=("${AS_USER[@]}")
job extra="\"lock_file\": \"$T/run/held.lock\""
as_user touch "$T/run/held.lock"
"${AS_USER[@]}" flock "$T/run/held.lock" sh -c "echo locked >$T/run/is_locked; exec sleep 60" &
holder=$!
wait_until 10 test -s "$T/run/is_locked"
look
found fail env.lock 'another run.*--lock-wait' 'the lock is held'
kill "$holder"; wait "$holder" 2>/dev/null
job extra='"status_file": "/proc/nothing/here.json"'
look
found fail env.paths '/proc/nothing/here.json.*install -d' 'a status file that cannot be written'
job spass='in the file'
chmod 644 "$T/job.json"
look
found warn cfg.perms 'chmod 600' 'a password that others can read'
job sextra="\"passfile\": \"$T/passfile\""
: >"$T/passfile" && chmod 644 "$T/passfile" && own "$T/passfile"
look
found fail cfg.secrets 'libpq ignores it.*chmod 600' 'a passfile that libpq would ignore'
sql src app "set allow_system_table_mods = on; update pg_class set relpages = 2000000000, reltuples = 1e9 where relname = 't'"
job
look
found fail env.tempspace 'the dump needs about .*df -h /' 'an estimate larger than the disk'
found warn tgt.space 'the new copy needs' 'on the target, too'
found warn tgt.settings 'max_wal_size 2GB makes many checkpoints' 'which is not set up for so much'
job extra='"filters": {"exclude_table_data": ["public.t"]}'
look
found ok env.tempspace '' 'rows that are left out need no room'
sql src app "analyze t"
job extra='"options": {"jobs": 60}'
look
found fail tgt.conn '63 sessions are needed.*max_connections' 'more jobs than the server has sessions'
found ok src.conn '' 'the source needs a few only'

job sextra='"password_command": ["false"]'
look
found fail cfg.secrets 'password_command' 'a password_command that fails'
found ok tgt.auth '' 'the rest is asked all the same'

# ---- a server that takes the call and says nothing -------------------------------------------

python3 -c '
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(5)
print(s.getsockname()[1], flush=True); time.sleep(120)' >"$T/mute" &
mute=$!
remember_pid "$mute"
wait_until 10 test -s "$T/mute"
job shost=127.0.0.1 sport="$(<"$T/mute")"
started=$SECONDS
look --timeout 1s
found fail src.reach 'no answer.*within 1' 'a server that does not answer'
ok '--timeout bounds the wait' test $((SECONDS - started)) -lt 10
stop_pid "$mute"

# ---- encryption -----------------------------------------------------------------------------

if command -v openssl >/dev/null; then
    openssl req -new -x509 -days 5 -nodes -subj /CN=localhost -keyout "$T/src/data/server.key" \
        -out "$T/src/data/server.crt" 2>/dev/null
    own "$T/src/data/server.key" "$T/src/data/server.crt" && chmod 600 "$T/src/data/server.key"
    each src postgres "alter system set ssl = on" "select pg_reload_conf()"
    wait_until 10 shows src ssl on
    job shost=127.0.0.1 spass="$DB_PASSWORD"
    look
    is "${values[src.tls]}" 'tls prefer' 'src.tls: a session is encrypted'
    found warn src.tls 'certificate ends in [0-9] days.*renew' 'by a certificate that ends soon'
    is "${values[tgt.tls]}" 'no tls, local' 'tgt.tls: a socket needs none'
else
    skip 'openssl is not here'
fi

# ---- a pooler -------------------------------------------------------------------------------

pgbouncer=$(PATH=$PATH:/usr/sbin command -v pgbouncer)
if [[ -n $pgbouncer ]]; then
    pool_port=$((cluster_port[src] + 1))
    # pool MODE [SETTING...]
    pool() {
        local mode=$1; shift
        if [[ -n ${pool_pid:-} ]]; then stop_pid "$pool_pid"; fi
        printf '%s\n' '[databases]' "* = host=$(cluster_host src) port=${cluster_port[src]}" '[pgbouncer]' \
            "listen_addr =" "unix_socket_dir = $T/run" "listen_port = $pool_port" "auth_type = any" \
            "pool_mode = $mode" "logfile = $T/run/pool.log" "pidfile = $T/run/pool.pid" "$@" >"$T/pool.ini"
        sed -i "s|^\* = |app = user=postgres |" "$T/pool.ini"
        own "$T/pool.ini"
        "${DIE_WITH_US[@]}" "$pgbouncer" -q "$T/pool.ini" &
        pool_pid=$!
        remember_pid "$pool_pid"
        wait_until 10 test -S "$T/run/.s.PGSQL.$pool_port"
    }
    pool transaction 'ignore_startup_parameters = options,extra_float_digits'
    job shost="$T/run" sport="$pool_port"
    look
    found fail src.pooler 'transaction mode.*before the source.*source.host' 'PgBouncer in transaction mode'
    pool transaction
    look
    found fail src.pooler 'transaction mode' 'also when it refuses startup options'
    pool session 'ignore_startup_parameters = options,extra_float_digits'
    look
    found ok src.pooler '' 'not in session mode'
    like "${values[src.pooler]}" 'a pooler that keeps' 'src.pooler: which is seen'
    stop_pid "$pool_pid"
else
    skip 'pgbouncer is not here'
fi

# ---- another major --------------------------------------------------------------------------

if pg_bin 17 >/dev/null; then
    cluster_start new 17
    sql new postgres "create database app"
    job shost="$(cluster_host new)" sport="${cluster_port[new]}" extra="\"options\": {\"bin_dir\": \"$(pg_bin 17)\"}"
    look
    found fail tgt.version 'refuses what pg_restore 17 sets' 'a target older than the source can take'
    found warn env.version 'newer than the target' 'told by the programs, too'
    like "${values[env.version]}" '^17' 'env.version: pg_dump of the source is chosen'
    job shost="$(cluster_host src)" sport="${cluster_port[src]}" thost="$(cluster_host new)" tport="${cluster_port[new]}"
    look
    found ok tgt.version '' 'a newer target is fine'
    like "${values[env.version]}" '^15' "env.version: the source's own pg_dump will do"
else
    skip 'PostgreSQL 17 is not here'
fi

done_testing
