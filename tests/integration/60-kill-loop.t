#!/bin/bash
# Runs are killed at moments spread over their whole length and in each of their phases: cleanly
# (SIGTERM, SIGINT, SIGHUP), at once (the signal twice) and with SIGKILL. Whenever it happens, the
# target serves its old data or the complete clone, and nothing of the run stays behind, or stays
# only until the next one.
# shellcheck disable=SC2317,SC2016 # functions are called through ok
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"

cluster_start src -- 'log_connections = on'
cluster_start dst
sample_load src app
cluster_psql dst postgres -f "$ROOT/tests/sample/roles.sql"
sql src app "create table public.bulk(id int primary key, v text, w int);
    insert into public.bulk select i, repeat(md5(i::text), 3), i % 1000 from generate_series(1, 20000) i;
    create index on public.bulk(v); create index on public.bulk(w);
    create table public.generation(n int primary key); insert into public.generation values (0)"
sql dst postgres 'create database app' && sql dst app 'create table old(i int); insert into old values (1)'
sql dst postgres 'create database flat' # what is in place already is a clone, too

status="\"status_file\": \"$T/status.json\""
write_config "$T/replace.json" src app dst '"options": {"drop_existing": true, "jobs": 2}' \
    '"retention": {"keep_previous": 1}' "$status" "\"lock_file\": \"$T/run/replace.lock\""
target_db=fresh write_config "$T/create.json" src app dst '"options": {"jobs": 2}' "$status" \
    "\"lock_file\": \"$T/run/create.lock\""
target_db=flat target_extra='"if_exists": "in_place"' write_config "$T/in_place.json" src app dst \
    '"options": {"jobs": 2}' "$status" "\"lock_file\": \"$T/run/in_place.lock\""
declare -A target=([replace]=app [create]=fresh [in_place]=flat) length_ms=()

# ---- what there is --------------------------------------------------------------------------

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
digest_of() { if database_exists dst "$1"; then data_digest dst "$1" | md5sum; else echo absent; fi; }
sessions() { # CLUSTER: of ours, of any kind
    sql "$1" postgres "select count(*) from pg_stat_activity where application_name ~ '^pg_(mirror|dump|restore)'"
}
no_session() { [[ $(sessions "$1") == 0 ]]; }
no_child() { ! pgrep -f "pg_(dump|restore) .*$T/" >/dev/null; }
temp_is_empty() { [[ -z $(ls -A "$TMPDIR") ]]; }
lock_is_free() { flock -n "$T/run/$1.lock" true && [[ $(sql dst postgres "select count(*) from pg_locks where locktype = 'advisory'") == 0 ]]; }
leftovers() { databases dst | grep '__new' || true; }

# Does the program itself run, with TERM blocked for its reader of signals?
listens() {
    local key value
    while read -r key value; do
        if [[ $key == SigBlk: ]]; then ((16#$value & 1 << 14)); return; fi
    done <"/proc/$pgm_pid/status"
} 2>/dev/null

# The phase that the run is in, from outside.
phase() {
    local children
    children=$(pgrep -P "$pgm_pid" -l) || true
    case $children in
    *pg_dump*) echo dump ;;
    *pg_restore*) echo restore ;;
    *) case $(<"$T/err") in
        *verified:*) echo swap ;;
        *'dump is complete'*) if [[ -n ${saw_restore:-} ]]; then echo verify; else echo shadow; fi ;;
        *dumped*) echo check ;;
        *) echo prepare ;;
        esac ;;
    esac
}
# reach PHASE: poll until the run is there or over; leaves the phase in seen.
reach() {
    saw_restore=''
    until seen=$(phase) && [[ $seen == "$1" ]] || pid_is_gone "$pgm_pid"; do
        if [[ $seen == restore ]]; then saw_restore=1; fi
        sleep 0.01
    done
}
# pass_time MS: until so many ms after the start
pass_time() {
    local end=$((started + $1))
    saw_restore=''
    while seen=$(phase) && (($(now_ms) < end)) && ! pid_is_gone "$pgm_pid"; do
        if [[ $seen == restore ]]; then saw_restore=1; fi
        sleep 0.02
    done
}

# hold_swap: the swap waits for a lock, after all that comes before its renames.
hold_swap() {
    session_say holder 'begin'
    session_say holder "comment on database app is 'held'"
    until [[ $(sql dst postgres "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'RENAME'") == 1 ]]; do
        if pid_is_gone "$pgm_pid"; then break; fi
    done
    seen=held
}

# ---- one kill -------------------------------------------------------------------------------

# known: the digest of a target, as the last run must have left it
declare -A seen_in=() known=()
kills=0 late='' after_end=0 kept_old=0 had_new=0 left_over=0 in_ms=0
bad=()
complain() { bad+=("$1"); diag "$moment: $1"; diag "$(tail -n 5 "$T/err")"; }

# In words: what the target is now, compared with before.
target_is() {
    local now
    now=$(digest_of "$1")
    if [[ $now == "$before" ]]; then echo old; elif [[ $now == "$source_digest" ]]; then echo new; else echo broken; fi
}

# What must hold after any end of a run.
check_ground() {
    wait_until 15 no_child || complain 'a client program is left'
    wait_until 15 no_session src || complain 'a session is left on the source'
    wait_until 15 no_session dst || complain 'a session is left on the target'
    temp_is_empty || complain "left in the temporary directory: $(ls -A "$TMPDIR")"
    lock_is_free "$1" || complain 'a lock is left'
}

# After a clean end: all of it, and the right words.
check_clean() {
    local job=$1 number=$2 state
    case $rc in
    0) after_end=$((after_end + 1)) ;;
    "$((128 + number))") ;;
    *) complain "exit status $rc" ;;
    esac
    [[ -z $(leftovers) ]] || complain "left behind: $(leftovers)"
    state=$(report target_state)
    result=$(target_is "${target[$job]}")
    case $result-$state-$rc in
    old-unchanged-* | new-replaced-*) ;;
    *) complain "the target is $result, the report says $state" ;;
    esac
    if [[ $rc == 0 && $result != new ]]; then complain 'exit status 0 without a clone'; fi
}

# After SIGKILL: status tells what is left, the next run takes it away.
check_killed() {
    local job=$1 left
    result=$(target_is "${target[$job]}")
    [[ $result != broken ]] || complain 'the target is neither old nor new'
    left=$(leftovers)
    if [[ -n $left ]]; then left_over=$((left_over + 1)); fi
    pgm status -c "$T/$job.json" --live
    [[ $rc == 0 ]] || complain "status fails: $err"
    if [[ -n $left && $out != *"left over     $left "* ]]; then complain "status does not name $left: $out"; fi
    if [[ -z $left && $out == *'left over'* ]]; then complain "status names what is not there: $out"; fi
    if [[ $job == create ]]; then PGOPTIONS='-c client_min_messages=warning' sql dst postgres 'drop database if exists fresh'; fi
    pgm mirror -c "$T/$job.json" --yes
    [[ $rc == 0 ]] || complain "the next run fails: $err"
    [[ -z $(leftovers) ]] || complain "the next run leaves $(leftovers)"
    [[ $(sql dst "${target[$job]}" 'select n from public.generation') == "$generation" ]] ||
        complain 'the next run did not clone'
    [[ $(databases dst | grep -c "^${target[$job]}__prev_") -le 1 ]] || complain 'too many previous copies'
}

strike() {
    kill "-$1" "$pgm_pid"
    if [[ $seen == held ]]; then session_say holder rollback; fi
    if [[ $2 == 2* ]]; then kill "-$1" "$pgm_pid"; fi
    pgm_wait 60
}

generation=0
# kill_at JOB SIGNAL HOW ARG: one run, one end. HOW is reach (PHASE), pass_time (MS) or hold_swap.
kill_at() {
    local job=$1 signal=$2 how=$3 arg=$4 begun
    begun=$(now_ms)
    moment="$job $signal $arg"
    generation=$((generation + 1))
    sql src app "update public.generation set n = $generation"
    source_digest=$(data_digest src app | md5sum)
    if [[ $job == create ]]; then PGOPTIONS='-c client_min_messages=warning' sql dst postgres 'drop database if exists fresh' && known[create]=absent; fi
    before=${known[$job]:-$(digest_of "${target[$job]}")}
    started=$(now_ms)
    pgm_start mirror -c "$T/$job.json" --yes -v --output json
    wait_until 20 listens # before, a signal meets the shell or the loader, who report nothing
    "$how" "$arg"
    late=''
    if pid_is_gone "$pgm_pid"; then
        late=1 length_ms[$job]=$(($(now_ms) - started))
    else
        kills=$((kills + 1))
        seen_in[$seen]=$((${seen_in[$seen]:-0} + 1))
    fi
    strike "${signal#2}" "$signal" 2>/dev/null # of which bash would tell
    check_ground "$job"
    case $signal in
    KILL | 2*) check_killed "$job" ;;
    TERM) check_clean "$job" 15 ;;
    INT) check_clean "$job" 2 ;;
    HUP) check_clean "$job" 1 ;;
    esac
    if [[ $rc == 0 || $result == new ]]; then known[$job]=$source_digest; else known[$job]=$before; fi
    case $result in old) kept_old=$((kept_old + 1)) ;; new) had_new=$((had_new + 1)) ;; esac
    in_ms=$((in_ms + $(now_ms) - begun))
    if [[ -n ${PGM_TEST_VERBOSE:-} ]]; then note "$moment: in $seen, target $result, exit status $rc"; fi
}

# ---- the loops ------------------------------------------------------------------------------

for job in replace create in_place; do
    pgm_is 0 "$job: a whole run" mirror -c "$T/$job.json" --yes # its length is that of a replacing one
    started=$(now_ms)
    if [[ $job == create ]]; then sql dst postgres 'drop database fresh'; fi
    pgm_start mirror -c "$T/$job.json" --yes -v
    pass_time "$((PGM_LIMIT * 1000))" # watched like those to be killed
    pgm_wait
    pgm_rc_is 0 "$job: and one to measure"
    length_ms[$job]=$(($(now_ms) - started))
done
is_clone src app dst app 'what a whole run leaves'
is_clone src app dst flat 'and in place'

# loop NAME COMMAND...: no complaint in it
loop() { local name=$1; shift; bad=(); "$@"; is "${#bad[@]}" 0 "$name"; }
# spread JOB COUNT SIGNAL...: the signals in turn, from start to end. A machine that has become
# faster meanwhile gets a second try, with the length of the run that was over too early.
spread() {
    local job=$1 count=$2 i signals; shift 2
    signals=("$@")
    for ((i = 0; i < count; i++)); do
        for _ in first again; do
            kill_at "$job" "${signals[i % ${#signals[@]}]}" pass_time $((length_ms[$job] * (2 * i + 1) / (2 * count)))
            if [[ -z $late ]]; then break; fi
        done
    done
}
phases() { # JOB SIGNAL...
    local job=$1 signal p; shift
    for signal in "$@"; do
        for p in prepare dump shadow restore verify swap; do kill_at "$job" "$signal" reach "$p"; done
    done
}
loop 'a replacing run survives kills spread over its length' spread replace 12 KILL TERM
loop 'and in each of its phases' phases replace TERM KILL
session_open holder dst postgres
held() { kill_at replace TERM hold_swap - && kill_at replace KILL hold_swap -; }
loop 'and while its swap waits' held
session_close holder
loop 'a creating run' spread create 6 TERM KILL
loop 'a run in place' spread in_place 8 TERM KILL
loop 'other signals, and twice' spread replace 6 INT HUP 2TERM 2INT

summary="$kills kills:"
for p in prepare dump check shadow restore verify swap held; do summary+=" $p ${seen_in[$p]:-0}"; done
note "$summary"
note "signals that came after the end: $after_end; the target was old $kept_old times, new $had_new times;" \
    "a shadow was left by $left_over kills; $((in_ms / 1000)) s, a run takes ${length_ms[replace]} ms"
ok 'at least 40 runs were killed' test "$kills" -ge 40
for p in prepare dump shadow restore verify held; do
    ok "one of them at least in phase $p" test "${seen_in[$p]:-0}" -ge 1
done
pgm_is 0 'in the end a run works as ever' -c "$T/replace.json"
is_clone src app dst app 'and gives a whole clone'
done_testing
