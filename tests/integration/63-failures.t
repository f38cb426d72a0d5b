#!/bin/bash
# Everything around a run fails once: logins, servers, databases, disk, client programs, objects.
# Each time the exit status is right, one line says what happened and what to do, the target is as
# it was, and nothing of the run stays behind.
# shellcheck disable=SC2034 # variables in front of write_config
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"
. "$ROOT/tests/support/faults.sh"

programs_make
cluster_start src -- 'log_connections = on' 'log_statement = all'
cluster_start dst
sql src postgres 'create database app'
sql src app "create table big(id int primary key, v text);
    insert into big select i, repeat(md5(i::text), 4) from generate_series(1, 20000) i;
    create table small(id int primary key references big); insert into small select generate_series(1, 500);
    create sequence counter; create role reader login password 'reader secret'; grant connect on database app to reader"
sql dst postgres 'create database app'
sql dst app "create table old(i int); insert into old select generate_series(1, 100)"
old=$(data_digest dst app)

# job NAME OPTION...: a job file that replaces; further options of "options". Variables of write_config.
job() {
    local name=$1 o; shift
    o="\"drop_existing\": true, \"jobs\": 2, \"retries\": ${retries:-0}, \"retry_backoff\": \"${backoff:-100ms}\", $bin_dir"
    while (($#)); do o+=", $1"; shift; done
    write_config "$T/$name.json" src "${source_db:-app}" dst "\"options\": {$o}" "\"status_file\": \"$T/status.json\""
}
run() { pgm -c "$T/$1.json" --output json -v "${@:2}"; }
# fails NAME CODE REGEX: the last run's failure left everything as it was
fails() {
    failed "$2" unchanged "$3" "$1"
    is "$(data_digest dst app)" "$old" "$1: the target is as it was"
    ok "$1: nothing is left" clean dst app
}
job plain

# ---- logins and addresses -------------------------------------------------------------------

auth=password job passwords
pw() { # SIDE PASSWORD
    python3 - "$T/passwords.json" "$1" "$2" <<'END'
import json, sys
path, side, password = sys.argv[1:]
j = json.load(open(path)); j[side]["password"] = password; json.dump(j, open(path, "w"))
END
}
pw source wrong
run passwords
fails 'a wrong password on the source' 77 'source.*password authentication failed.*source.password'
pw source "$DB_PASSWORD" && pw target wrong
: >"$(cluster_log src)"
run passwords
fails 'a wrong password on the target' 77 'target.*password authentication failed.*target.password'
unlike "$(<"$(cluster_log src)")" 'LOCK TABLE|pg_export_snapshot' 'it is found before the source is locked'
pw target "$DB_PASSWORD"
run passwords --set /source/password=reader --set /source/user=nobody_here
fails 'an unknown user' 77 'nobody_here'

for side in source target; do
    run plain --set "/$side/host=host.invalid"
    fails "an unknown $side host" 69 "$side.*host.invalid.*$side.host"
    run plain --set "/$side/host=127.0.0.1" --set "/$side/port=1"
    fails "a closed $side port" 69 "cannot connect to the $side server '127.0.0.1:1'.*$side.port"
    run plain --set "/$side/host=$T/nowhere"
    fails "a $side socket that is not there" 69 "cannot connect to the $side server"
done
run plain --set /source/database=ap
fails 'an unknown source database' 76 "'ap' does not exist on the source.*source.database"
run plain --set /source/user=reader
fails 'no privilege on two tables' 77 'public.big.*GRANT'
run plain --set /source/user=reader --skip-checks
fails 'no privilege, without checks' 77 'reader may not read 2 of 2 tables: public.big, public.small.*GRANT'
sql dst postgres "create role weak login"
run plain --set /target/user=weak
fails 'no right to create databases on the target' 77 'weak.*(CREATEDB|CREATE)'
run plain --set /target/user=weak --skip-checks
fails 'the same without checks' 77 'CREATEDB'

# ---- disk -----------------------------------------------------------------------------------

job here '"temp_dir": "/proc/1"' && run here
fails 'a temporary directory that cannot be written' 73 '/proc/1'
job gone "\"temp_dir\": \"$T/gone\"" && run gone
fails 'a temporary directory that does not exist' 73 "temp_dir '$T/gone' cannot be used: No such file.*install -d"
mkdir "$T/small"
if mount -t tmpfs -o size=200k,mode=1777 tmpfs "$T/small" 2>/dev/null; then
    job full "\"temp_dir\": \"$T/small\""
    run full
    fails 'a temporary directory that is too small' 74 "$T/small"
    run full --skip-checks
    fails 'a temporary directory that runs full' 74 "no space left in '$T/small'.*temp_dir"
    is "$(($(df --output=used "$T/small" | tail -n 1)))" 0 'and its space is free again'
    umount "$T/small"
else
    skip 'no right to mount a small file system'
fi
# Of a limit on the size of files the estimate knows nothing.
pgm_as=("${AS_USER[@]}" prlimit "--fsize=1300000")
run plain
is "$rc" 0 'a dump that does not fit is made smaller' || diag "$err"
has "$err" 'too small for the dump, trying again with compression gzip:1' 'with gzip'
is_clone src app dst app 'the clone is whole'
old=$(data_digest dst app)
pgm_as=("${AS_USER[@]}" prlimit "--fsize=300000")
run plain
fails 'a dump that does not fit at all' 74 "no space left in '$TMPDIR' after [0-9.]+ KiB.*free space"
pgm_as=("${AS_USER[@]}")

# ---- servers that go away -------------------------------------------------------------------

hold pg_dump && pgm_start -c "$T/plain.json" --output json -v
held pg_dump
cluster_stop src immediate
release pg_dump
pgm_wait 60
fails 'a source server that stops while it is dumped' 69 'source.*(went away|lost|cannot connect)'
retries=5 backoff=500ms job patient
hold pg_dump && pgm_start -c "$T/patient.json" --output json -v
cluster_start src
wait_until 20 test -e "$T/held.pg_dump" || die "no attempt: $(<"$T/err")"
cluster_stop src immediate
release pg_dump
wait_until 20 grep -q 'trying again' "$T/err" || die "no second attempt: $(<"$T/err")"
cluster_start src
pgm_wait 60
is "$rc $(report result) $(report target_state)" '0 ok replaced' 'a source that comes back: the retry is a success' || diag "$err"
ok 'it took more than one attempt' test "$(report attempts)" -gt 1
is_clone src app dst app 'after a retry'
old=$(data_digest dst app)

hold pg_dump && pgm_start -c "$T/plain.json" --output json -v
held pg_dump
sql src postgres "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg_mirror' and datname = 'app'" >/dev/null
release pg_dump
pgm_wait 60
fails 'a leader that is terminated' 69 'source went away.*(administrator|terminat|ended)'

sql src postgres 'create database doomed template app'
source_db=doomed target_db=app job doomed
hold pg_dump && pgm_start -c "$T/doomed.json" --output json -v
held pg_dump
sql src postgres 'drop database doomed with (force)'
release pg_dump
pgm_wait 60
fails 'a source database dropped while it is dumped' 69 'source went away'
run doomed
fails 'and once it is gone' 76 "'doomed'"

hold pg_restore && pgm_start -c "$T/plain.json" --output json -v
held pg_restore
cluster_stop dst immediate
release pg_restore
pgm_wait 60
failed 69 unchanged 'target.*(went away|lost|cannot connect)' 'a target server that stops while it is restored'
cluster_start dst
is "$(data_digest dst app)" "$old" 'a target that stopped: the old data is there'
pgm status -c "$T/plain.json" --live
has "$out" 'left over     app__new' 'status names what is left'
run plain
is "$rc" 0 'the next run takes it away and succeeds' || diag "$err"
ok 'nothing is left then' clean dst app
old=$(data_digest dst app)

hold pg_restore && pgm_start -c "$T/plain.json" --output json -v
held pg_restore
sql dst postgres "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg_mirror'" >/dev/null
release pg_restore
pgm_wait 60
fails 'a target session that is terminated' 69 'target'

# ---- client programs that die ---------------------------------------------------------------

for p in pg_dump pg_restore; do
    hold $p && pgm_start -c "$T/plain.json" --output json -v
    held $p
    kill -KILL "$held_pid"
    release $p
    pgm_wait 60
    fails "$p is killed" 76 "$p failed .killed by SIGKILL"
done

# ---- objects that cannot be restored --------------------------------------------------------

sql src postgres 'create database broken'
sql src broken "create table parent(i int primary key); create table child(i int constraint child_fk references parent);
    insert into parent values (1); alter table child disable trigger all; insert into child values (1), (2); alter table child enable trigger all"
source_db=broken target_db=app job broken
run broken
fails 'data that violates a foreign key' 76 'child_fk'
sql src broken "alter table child drop constraint child_fk; create function helper(int) returns int immutable language sql as 'select 1';
    create function f(int) returns int immutable language sql as 'select helper(\$1)'; create index needs_path on child(f(i))"
run broken
fails 'an index that needs a search_path' 76 'needs_path'
sql src broken 'drop index needs_path; alter table child add constraint odd check (f(i) = 1)'
run broken
fails 'a check constraint that needs a search_path' 76 '(helper|child)'

# ---- in place: was it committed? ------------------------------------------------------------

# A standby that never answers holds COMMIT back; whoever cancels the wait has committed.
waits_in_commit() { [[ $(sql dst postgres "select count(*) from pg_stat_activity where application_name ~ 'pg_mirror' and wait_event = 'SyncRep'") == 1 ]]; }
standby() {
    PGOPTIONS='-c synchronous_commit=local' sql dst postgres "alter system set synchronous_standby_names = '$1'" &&
        sql dst postgres 'select pg_reload_conf()' >/dev/null
}
write_config "$T/in_place.json" src app dst "\"options\": {$bin_dir}" '"verify": {"max_shrink": 0}'
for how in '143 -TERM' '76 -KILL'; do
    sql src app 'insert into small select max(id) + 1 from small'
    standby nobody
    pgm_start -c "$T/in_place.json" --if-exists in_place --yes --output json -v
    ok "in place, ${how#* }: COMMIT waits" wait_until 30 waits_in_commit
    if [[ $how == *TERM ]]; then kill -TERM "$pgm_pid"; else
        kill -KILL "$(pgrep -P "$pgm_pid")"
        sql dst postgres "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'" >/dev/null
    fi
    pgm_wait 60
    standby ''
    failed "${how% *}" replaced "'app' holds the new data" "in place, ${how#* }"
    is "$(data_digest dst app)" "$(data_digest src app)" "in place, ${how#* }: so it does"
    ok "in place, ${how#* }: nothing is left" clean dst app
done
old=$(data_digest dst app)
for p in TERM KILL; do
    hold pg_restore && pgm_start -c "$T/in_place.json" --if-exists in_place --yes --output json -v
    held pg_restore
    if [[ $p == TERM ]]; then kill -TERM "$pgm_pid"; else kill -KILL "$held_pid"; fi
    release pg_restore
    pgm_wait 60
    failed "$([[ $p == TERM ]] && echo 143 || echo 76)" unchanged "nothing was changed in 'app'" "in place, $p before COMMIT"
    is "$(data_digest dst app)" "$old" "in place, $p before COMMIT: the target is as it was"
done
hold pg_restore && pgm_start -c "$T/in_place.json" --if-exists in_place --yes --output json -v
held pg_restore
cluster_stop dst immediate
release pg_restore
pgm_wait 60
failed 83 unknown 'not known whether' 'in place, the target server stops'
cluster_start dst
is "$(data_digest dst app)" "$old" 'in place, the target server stops: it was the old one'

# ---- time -----------------------------------------------------------------------------------

hold pg_dump && pgm_start -c "$T/plain.json" --output json -v --deadline 1s
held pg_dump
pgm_wait 60
release pg_dump
fails 'the deadline' 124 'deadline.*--deadline'
session_open blocker src app
session_say blocker 'begin'
session_say blocker 'lock table big'
source_extra='"lock_timeout": "200ms"' retries=2 job locked
run locked
fails 'a lock that is never released' 76 'cannot lock table public.big within.*held by pid'
is "$(report attempts)" 3 'was tried as often as asked'
session_close blocker
done_testing
