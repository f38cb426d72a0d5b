#!/bin/bash
# Two runs at once: the second exits 75 and says who is at work, on one machine by the lock file, on
# two (another lock file here) by a lock on the target's server. Both are free again after SIGKILL.
# shellcheck disable=SC2034,SC2154 # variables of write_config, and of lib.sh
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"
. "$ROOT/tests/support/faults.sh"

programs_make
cluster_start src
cluster_start dst
sql src postgres 'create database app' && sql src app 'create table t(i int); insert into t select generate_series(1, 1000)'
sql dst postgres 'create database app' && sql dst app 'create table old(i int); insert into old values (1)'
# job NAME LOCK-FILE [MEMBER...]
job() { write_config "$T/$1.json" src app dst "\"lock_file\": \"$T/run/$2\"" "\"options\": {\"drop_existing\": true, \"retries\": 0, $bin_dir}" "${@:3}"; }
job here one.lock && job again one.lock && job there two.lock
target_db=other job elsewhere three.lock
before=$(data_digest dst app)

# start_held PROGRAM: a run that has both locks and waits in PROGRAM
start_held() { hold "$1"; pgm_start -c "$T/here.json"; first_pid=$pgm_pid; held "$1"; }
start_held pg_dump
pgm -c "$T/again.json" --output json
failed 75 unchanged "another run holds the lock.*$T/run/one.lock.*pid $first_pid, run [0-9a-f]+, since.*--lock-wait" 'the same lock file'
pgm -c "$T/there.json" --output json
failed 75 unchanged "/app'.*pid [0-9]+ .pg_mirror, postgres.*since.*--lock-wait" 'another lock file, the same target'
pgm -c "$T/there.json" --output json --skip-checks
failed 75 unchanged "/app'.*pid [0-9]+ .pg_mirror, postgres.*since.*--lock-wait" 'the same without checks'
pgm status -c "$T/there.json" --live
like "$out" 'lock +held by pid [0-9]+ .pg_mirror, postgres' 'status --live says who'
pgm rollback -c "$T/there.json" --yes
is "$rc" 75 'no rollback in between'
pgm prune -c "$T/there.json"
is "$rc" 75 'and no prune'
is "$(databases dst)" app 'nobody has touched anything'
hold pg_restore
pgm -c "$T/again.json" --lock-wait 1s
is "$rc" 75 'waiting ends, too'
release pg_dump
held pg_restore
pgm -c "$T/there.json" --lock-wait 300ms
is "$rc" 75 'nor while it restores'
has "$(databases dst)" app__new 'the shadow of the first is still there'

# The second waits, takes over, and clones again.
write_config "$T/later.json" src app dst "\"lock_file\": \"$T/run/one.lock\"" '"options": {"drop_existing": true, "lock_wait": "60s"}'
"${AS_USER[@]}" "$PGM_BIN" -c "$T/later.json" >"$T/later.out" 2>&1 &
later=$!
remember_pid "$later"
"${AS_USER[@]}" "$PGM_BIN" -c "$T/there.json" --lock-wait 60s >"$T/there.out" 2>&1 &
there=$!
remember_pid "$there"
knocks() { [[ $(our_sessions dst) -ge 2 ]]; }
ok 'the other knocks' wait_until 20 knocks
release pg_restore
pgm_wait 60
is "$rc" 0 'the first run ends well'
wait "$later" && wait "$there" && rc=0 || rc=$?
is "$rc" 0 'those that waited do, after it'
is "$(databases dst | grep -c '^app$')-$(databases dst | grep -c __new)" 1-0 'all is in order'
ok 'nothing is left' clean dst app

# Another target is nobody's business.
start_held pg_restore
pgm_is 0 'a run to another database goes on beside it' -c "$T/elsewhere.json" --set /options/bin_dir=auto

# The children have the lock file as well, and die with the run.
kill -KILL "$first_pid"
ok 'after SIGKILL the lock file is free' wait_until 15 flock -n "$T/run/one.lock" true
pgm_wait 20 2>/dev/null
release pg_restore
pgm -c "$T/there.json"
pgm_rc_is 0 'and so is the lock on the target'
is_clone src app dst app 'the run after the killed one'
ok 'nothing is left after that' clean dst app other

# A lock file that is taken away under a run does not let a second one in.
start_held pg_dump
rm "$T/run/one.lock"
pgm -c "$T/again.json"
is "$rc" 75 'without its lock file the run still has the target'
release pg_dump
pgm_wait 60
is "$rc" 0 'and ends well'
ln -s "$T/elsewhere" "$T/run/link.lock" && own -h "$T/run/link.lock"
job link link.lock
pgm -c "$T/link.json" --output json
failed 73 unchanged 'symbolic link' 'a lock file that leads elsewhere'
nok 'is not followed' test -e "$T/elsewhere"
done_testing
