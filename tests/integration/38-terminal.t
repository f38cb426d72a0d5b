#!/bin/bash
# Runs at a terminal and in the background: progress, questions, the status file, readers that leave.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst
sql src postgres 'create database app'
sql src app "create table t (id int primary key, v text); insert into t select i, md5(i::text) from generate_series(1, 500) i"
# A database that takes its time: building this index sleeps.
sql src postgres 'create database slow'
sql src slow "create function nap(int) returns int immutable language plpgsql as 'begin perform pg_sleep(2.6); return \$1; end';
    create table t (i int); create index nap on t (nap(i)); insert into t values (1)" 
job() { write_config "$T/job.json" src app dst "$@"; }
job '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}'

target_db=other write_config "$T/other.json" src app dst
sql dst postgres 'create database other' && sql dst other 'create table x ()'
write_config "$T/slow.json" src slow dst '"options": {"drop_existing": true, "retry_backoff": "1s"}' '"retention": {"keep_previous": 0}' "\"status_file\": \"$T/home/slow.status\""

# ---- a terminal ----
# tty [--answer PROMPT TEXT] -- ARG...: leaves rc, out and screen (what the terminal got).
tty() {
    local steps=()
    while [[ $1 != -- ]]; do steps+=("$1"); shift; done
    shift
    rc=0
    "$ROOT/tests/support/pty_run.py" "$T/screen" "$T/out" "${steps[@]}" -- "${pgm_as[@]}" "$PGM_BIN" "$@" || rc=$?
    out=$(<"$T/out") screen=$(<"$T/screen")
}
# what a terminal shows in the end: each line after its last erasing
shown() { tr -d '\r' <<<"${screen//$'\r\e[K'/$'\x01'}" | sed 's/.*\x01//'; }
erase=$'\r\e[K'
export TERM=xterm
tty -- -c "$T/slow.json"
is "$rc" 0 'a run at a terminal'
is "$out" '' 'writes nothing to standard output'
has "$screen" 'restore ' 'draws a line that shows the phase'
has "$screen" "$erase" 'which it erases'
like "$(shown)" $'^dumped .slow.*mirror: slow at .* 1 rows' 'leaving only messages'
unlike "$(shown)" '\[[#-]+\]' 'and no progress'
unlike "$(shown)" 'INFO' 'without time and level'
tty -- -c "$T/job.json" -q
is "$screen" '' '-q draws nothing'
TERM=dumb tty -- -c "$T/job.json"
unlike "$screen" $'\e' 'nor does a dumb terminal'
tty -- -c "$T/job.json" --progress never
unlike "$screen" $'\e\\[K' 'nor --progress never'
pgm_is 0 '--progress always' -c "$T/job.json" --progress always
like "$err" $'\r\e\\[K' 'draws without a terminal'
tty -- -c "$T/other.json"
like "$screen" $'pg_mirror: \e\\[1;31merror:' 'an error is red'
NO_COLOR=1 tty -- -c "$T/other.json"
has "$screen" 'pg_mirror: error:' 'NO_COLOR: it is not'
NO_COLOR=1 CLICOLOR_FORCE=1 tty -- -c "$T/other.json"
has "$screen" 'pg_mirror: error:' 'NO_COLOR beats CLICOLOR_FORCE'
TERM=dumb tty -- -c "$T/other.json"
has "$screen" 'pg_mirror: error:' 'a dumb terminal has no colours'
NO_COLOR=1 tty -- -c "$T/other.json" --color always
like "$screen" $'\e\\[1;31merror' '--color always beats all'

# ---- consent ----
sql dst other 'drop table x; create table y ()'
question="Type $T/dst/sock:${cluster_port[dst]}/other to go on: "
tty --answer "$question" no -- -c "$T/other.json" --if-exists replace
is "$rc" 80 'a wrong answer refuses'
like "$screen" 'not confirmed' 'and says so'
is "$(sql dst other "select to_regclass('y')")" y 'the database is untouched'
tty --signal "$question" INT -- -c "$T/other.json" --if-exists replace
is "$rc" 130 'so does Ctrl-C at the question'
tty -- -c "$T/other.json" --if-exists replace --no-input
is "$rc" 80 '--no-input never asks'
unlike "$screen" 'Type' 'at all'
tty --answer "$question" "$T/dst/sock:${cluster_port[dst]}/other" -- -c "$T/other.json" --if-exists replace
is "$rc" 0 'the right answer consents'
is "$(sql dst other 'select count(*) from t')" 500 'and the database is replaced'

# ---- status file and SIGUSR1 ----
phase() { [[ $(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["running"]["phase"])' "$T/home/slow.status" 2>/dev/null) == "$1" ]]; }
in_status() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$T/home/slow.status" "$1"; }
pgm_start -c "$T/slow.json"
ok 'the status file shows a running phase' wait_until 20 phase restore
pgm_is 0 'status while it runs' status -c "$T/slow.json"
like "$out" 'running +restore since .*pid [0-9]+' 'shows it as well'
kill -USR1 "$pgm_pid"
ok 'SIGUSR1 has an answer' wait_until 5 test -s "$T/err"
pgm_wait 60
is "$rc" 0 'and the run goes on'
like "$err" $'^[^\n]*WARN[^\n]*restore[^\n]*$' 'the answer is one line'
is "$(in_status 'd["running"], d["last"]["result"], d["last"]["exit_code"], len(d["history"])')" "(None, 'ok', 0, 2)" 'after a success'
is "$(stat -c %a "$T/home/slow.status")" 644 'anybody may read it'
success=$(in_status 'd["last_success"]')
pgm -c "$T/slow.json" --deadline 500ms --retries 0
pgm_is 124 'a failure' -c "$T/slow.json" --deadline 500ms --retries 0
is "$(in_status 'd["running"], d["last"]["result"], d["last"]["error"]["class"], d["last_success"], len(d["history"])')" "(None, 'failed', 'deadline', '$success', 4)" 'keeps the last success'
pgm_is 0 'status' status -c "$T/slow.json" --history 2
like "$out" $'last run +[0-9TZ:-]+  failed .*\n +error .*\nlast success +'"$success" 'tells both'
is "$(grep -c 'failed  *124\|ok  *0' <<<"$out")" 2 'and the last runs when asked'
pgm_is 0 'status as JSON' status -c "$T/slow.json" --output json
is "$(report last error class) $(report last_success) $(report stale)" "deadline $success false" 'has the same'
pgm_is 0 'a fresh success' status -c "$T/slow.json" --max-age 1h
pgm_is 0 'for a monitoring system' status -c "$T/slow.json" --max-age 1h --output nagios
like "$out" '^OK - slow: last success .* ago \| age=[0-9]+s$' 'in one line'
sleep 1.1
pgm_is 1 'one that is too old' status -c "$T/slow.json" --max-age 1s
like "$out$err" 'STALE.*older than 1' 'is an alarm'
pgm_is 2 'for a monitoring system' status -c "$T/slow.json" --max-age 1s --output nagios
like "$out" '^CRITICAL - ' 'as well'
pgm_start -c "$T/slow.json"
wait_until 20 phase restore
kill -KILL "$pgm_pid"
pgm_wait 60
lock_is_free() { [[ $(sql dst postgres "select count(*) from pg_locks where locktype = 'advisory'") == 0 ]]; }
ok 'the server frees the lock of a killed run' wait_until 20 lock_is_free
pgm_is 0 'after a kill' status -c "$T/slow.json" --live
like "$out" $'interrupted +restore since .*' 'status does not say that it runs'
like "$out" 'left over +slow__new' 'and --live what it left'
pgm status -c "$T/slow.json" --output json
is "$(report running alive)" false 'in JSON, too'
write_config "$T/slow.json" src slow dst "\"status_file\": \"$T/home/none.status\""
pgm_is 0 'without a run' status -c "$T/slow.json"
like "$out" 'none known' 'nothing is known'
pgm_is 1 'which is no success' status -c "$T/slow.json" --max-age 1h
job '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}' "\"status_file\": \"$T/none/status\""
pgm_is 0 'a status file that cannot be written' -c "$T/job.json"
like "$err" 'WARN.*status file' 'is a warning'
job '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}'

# ---- readers that leave ----
# shellcheck disable=SC2016 # the inner shell expands
{
    rc=0; as_user bash -c '"$1" -c "$2" --output json >&-' - "$PGM_BIN" "$T/job.json" 2>"$T/err" || rc=$?
    is "$rc" 0 'a closed standard output does not matter'
    is "$(data_digest dst app)" "$(data_digest src app)" 'nor gets into the data'
    rc=0; as_user bash -c 'set -o pipefail; "$1" schema | head -c 1 >/dev/null' - "$PGM_BIN" 2>"$T/err" || rc=$?
    is "$rc$(<"$T/err")" 0 'a reader that leaves early ends it quietly'
    rc=0; as_user bash -c '"$1" plan -c "$2" >/dev/full' - "$PGM_BIN" "$T/job.json" 2>"$T/err" || rc=$?
    is "$rc" 74 'a full disk behind standard output is an error'
}

done_testing
