#!/bin/bash
# A swap that is killed, or loses its connection, at every one of its statements: afterwards the
# target is the old database or the new one, complete, and the next run finds nothing in its way.
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/swapdrive.sh"

swapdrive_build
cluster_start dst
sql dst postgres 'create database plain template template0'

# start_over: target app holds 1 with a comment of its own; no copies.
start_over() {
    local db
    if [[ $(state 2>/dev/null) == "$OLD" ]]; then return; fi
    for db in $(databases dst | grep '^app'); do sql dst postgres "drop database \"$db\" with (force)"; done
    sql dst postgres 'create database app template template0'
    sql dst postgres "comment on database app is 'own'; alter database app set work_mem = '5MB'"
    sql dst app "$(swap_sql 1)"
}
OLD='1 own|t|{work_mem=5MB} '
NEW='2 |t| f|t|1 '
sessions_gone() {
    [[ $(sql dst postgres "select count(*) from pg_stat_activity where application_name = 'swapdrive'") == 0 ]]
}
# state: "value|comment|open|setting" of the target, then how many others there are, by kind.
state() {
    sql dst app 'select x from public.t' | tr '\n' ' '
    sql dst postgres "select shobj_description(d.oid, 'pg_database'), datallowconn, setconfig
        from pg_database d left join pg_db_role_setting on setdatabase = d.oid where datname = 'app'" | tr '\n' ' '
    sql dst postgres "select datname ~ '__new', datname ~ '__prev', count(*) from pg_database where datname ~ '^app__' group by 1, 2 order by 1, 2" | tr '\n' ' '
}
start_over
sd dst swap app plain "$(swap_sql 2)"
count=$(sed -n 's/^statements //p' <<<"$out")
ok "a swap takes a handful of statements ($count)" test "$count" -ge 10 -a "$count" -le 40
is "$(state)" "$NEW" 'and ends with the new data and one copy'

for how in before after; do
    bad=0 old=0 new=0
    for ((n = 1; n <= count; n++)); do
        start_over
        SWAPDRIVE_AT=$n:$how sd dst run="k$n" swap app plain "$(swap_sql 2)"
        # One poll more or less: the last one may come too late to strike.
        [[ $rc == 137 || ($rc == 0 && $n -ge $((count - 1))) ]] || { bad=$((bad + 1)); diag "$how $n: exit $rc" "$out"; }
        wait_until 20 sessions_gone || diag "sessions stay"
        case $(state) in
        "$OLD"* | "${OLD}t|f|1 "*) old=$((old + 1)) ;;
        "$NEW"*) new=$((new + 1)) ;;
        *) bad=$((bad + 1)); diag "$how $n: $(state)" ;;
        esac
        sd dst clean app
        [[ $rc == 0 ]] || { bad=$((bad + 1)); diag "clean: $out"; }
        case $(state) in
        "$OLD" | "$NEW") ;;
        *) bad=$((bad + 1)); diag "$how $n: left after cleaning: $(state)" ;;
        esac
    done
    is "$bad" 0 "SIGKILL $how each of $count statements: $old times the old target intact, $new times the new one complete"
    ok "  and only COMMIT makes the difference" test "$old" -ge $((count - 2))
done

for how in cutbefore cut; do
    bad=0 told_old=0 told_new=0
    for ((n = 1; n <= count; n++)); do
        start_over
        SWAPDRIVE_AT=$n:$how sd dst run="c$n" swap app plain "$(swap_sql 2)"
        wait_until 20 sessions_gone || diag "sessions stay"
        now=$(state)
        if [[ $rc == 0 && $now == "$NEW" ]]; then
            told_new=$((told_new + 1))
        elif [[ $rc == 1 && $out =~ ^code:\ (swap|unreachable)$'\n' && $now == "$OLD" ]]; then
            told_old=$((told_old + 1))
        else
            bad=$((bad + 1))
            diag "$how $n: exit $rc" "$out" "$now"
        fi
    done
    is "$bad" 0 "connection $how each of $count statements: the report is true ($told_old rolled back, $told_new done)"
done

# ---- the shadow is known as ours from its first moment ----
start_over
sd dst create app plain 'select 1'
count=$(sed -n 's/^statements //p' <<<"$out")
sd_is 1 'a shadow of another run is not dropped' dst run=other drop app
has "$out" "text: database 'app__new' is not dropped: this run did not make it" 'but refused'
sd_is 0 'its own run drops it' dst drop app
is "$(databases dst)" $'app\nplain' 'and it is gone'
sd_is 0 'dropping what is not there is fine' dst drop app
for how in before after; do
    bad=0
    for ((n = 1; n <= count; n++)); do
        SWAPDRIVE_AT=$n:$how sd dst run="s$n" create app plain "$(swap_sql 2)"
        [[ $rc == 137 ]] || { bad=$((bad + 1)); diag "$how $n: exit $rc" "$out"; }
        wait_until 20 sessions_gone
        sd dst clean app
        [[ $rc == 0 && $(databases dst) == $'app\nplain' ]] || { bad=$((bad + 1)); diag "$how $n: $out" "$(databases dst)"; }
    done
    is "$bad" 0 "SIGKILL $how each of $count statements of its creation: found and removed"
done

# ---- the closed door ----
# A superuser's session that a plain role cannot end makes it close the door; it is killed then.
sql dst postgres 'create role swapper login createdb'
sql dst postgres 'create database mine owner swapper'
sql dst postgres "comment on database mine is 'm'"
as_user "$(pg_bin)/psql" -XAtq -d "$(conninfo dst mine)" -c 'select pg_sleep(600)' >/dev/null 2>&1 &
sleeper=$!
remember_pid "$sleeper"
"${AS_USER[@]}" "$T/swapdrive" host="$T/dst/sock" port="${cluster_port[dst]}" user=swapper run=door swap mine plain 'select 1' >/dev/null 2>&1 &
swapper=$!
remember_pid "$swapper"
closed() { [[ $(sql dst postgres "select datallowconn from pg_database where datname = 'mine'") == f ]]; }
ok 'the door is closed for the last attempts' wait_until 30 closed
kill -KILL "$swapper"
wait "$swapper" 2>/dev/null
wait_until 20 sessions_gone
sd dst clean mine
has "$out" "closed mine of run 'door'" 'a run that dies then leaves it closed; the next one sees that'
is "$(sql dst postgres "select datallowconn, shobj_description(oid, 'pg_database') from pg_database where datname = 'mine'")" 't|m' 'and opens it, with its own comment'
stop_pid "$sleeper"

done_testing
