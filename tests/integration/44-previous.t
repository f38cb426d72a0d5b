#!/bin/bash
# pg_mirror rollback and prune, from the command line.
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/swapdrive.sh"

swapdrive_build
cluster_start src
cluster_start dst
sql dst postgres 'create database plain template template0'
for n in 1 2 3 4; do sd dst run="n$n" swap app plain "$(swap_sql "$n")"; done
write_config "$T/job.json" src app dst '"options": {"drop_existing": true}' '"retention": {"keep_previous": 2}'
write_config "$T/careful.json" src app dst '"safety": {"protected": ["x/y"]}'
write_config "$T/protected.json" src app dst '"safety": {"protected": ["*/app"]}'

value() { sql dst app 'select x from public.t'; }
copies() { sql dst postgres "select datname from pg_database where datname like 'app\_\_prev%' order by 1"; }
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$T/out" "$1"; }
mapfile -t list < <(copies)

# ---- prune ----
pgm_is 0 'prune --dry-run' prune -c "$T/job.json" --dry-run
like "$out" "keep    ${list[2]}  replaced [0-9TZ:-]+, [0-9.]+ MiB: one of the newest 2 copies" 'prints what stays and why'
like "$out" "drop    ${list[0]}  replaced [0-9TZ:-]+, [0-9.]+ MiB: beyond the newest 2" 'and what goes'
is "$(copies | wc -l)" 3 'and drops nothing'
pgm_is 0 'prune --dry-run --output json' prune -c "$T/job.json" --dry-run --output json --keep-previous 1
is "$(json '[c["action"] for c in d["copies"]]')" "['keep', 'drop', 'drop']" 'says the same to machines, --keep-previous included'
is "$(json 'd["dry_run"], d["result"], d["exit_code"], d["target_state"]')" "(True, 'ok', 0, 'unchanged')" 'in the usual document'
pgm_is 0 'prune' prune "$T/job.json"
is "$out$err" '' 'is quiet without a terminal'
is "$(copies)" "${list[1]}"$'\n'"${list[2]}" 'and drops the oldest'
pgm_is 80 'a protected target' prune -c "$T/protected.json"
has "$err" "is protected" 'is left alone'
sd dst create app plain 'select 1'
pgm_is 0 'prune removes what a killed run left, too' prune -c "$T/job.json" -v
has "$err" 'cleaned up what 1 killed run left' 'and says so'
nok 'it is gone' database_exists dst app__new

# ---- rollback ----
pgm_is 80 'rollback without consent' rollback -c "$T/careful.json"
has "$err" "needs your consent" 'is refused'
has "$err" '--yes' 'naming the option'
is "$(value)" 4 'and changes nothing'
pgm_is 0 'rollback --dry-run asks nothing' rollback -c "$T/careful.json" --dry-run
like "$out" "would make '${list[2]}' the target 'app' again, which it was until [0-9TZ:-]+" 'and says what it would do'
is "$(value)" 4 'and changes nothing'
pgm_is 0 'rollback with --yes' rollback -c "$T/careful.json" --yes
is "$out$err" '' 'is quiet without a terminal'
is "$(value)" 3 'the previous data is served'
pgm_is 0 'rollback with drop_existing in the file' rollback -c "$T/job.json" --output json
is "$(value)" 4 'and back again'
is "$(json 'd["restored"].startswith("app__prev_"), d["previous"].startswith("app__prev_"), d["target_state"]')" "(True, True, 'replaced')" 'the document names both'
pgm_is 0 'a copy by name' rollback -c "$T/job.json" --to "${list[1]}" -v
is "$(value)" 2 'is the one that comes back'
has "$err" "'app' at $T/dst/sock:${cluster_port[dst]} is again what it was until" 'with -v it says so'
pgm_is 64 'a name that is none' rollback -c "$T/job.json" --to nonsense
has "$err" "'nonsense' is not a previous copy of database 'app'" 'is wrong usage'
"${AS_USER[@]}" "$T/swapdrive" host="$T/dst/sock" port="${cluster_port[dst]}" user=postgres lock app 0 600 >"$T/holder.out" 2>&1 &
holder=$!
remember_pid "$holder"
wait_until 20 grep -q locked "$T/holder.out"
pgm_is 75 'while another run works on the target' rollback -c "$T/job.json"
has "$err" 'another run is working on the target' 'it is busy'
pgm_is 0 'a dry run looks all the same' prune -c "$T/job.json" --dry-run
stop_pid "$holder"
pgm prune -c "$T/job.json" --keep-previous 0
pgm_is 1 'without copies there is nothing to go back to' rollback -c "$T/job.json" --output json
is "$(json 'd["error"]["message"], d["error"]["class"], d["result"]')" "(\"there is no previous copy of database 'app'\", 'answer_no', 'failed')" 'and the document says so'

done_testing
