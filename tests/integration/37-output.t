#!/bin/bash
# What goes to standard output, to standard error, to a terminal, to the status and log files.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst
sql src postgres 'create database app'
sql src app "create table t (id int primary key, v text); insert into t select i, md5(i::text) from generate_series(1, 500) i"
job() { write_config "$T/job.json" src app dst "$@"; }
job '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}'
auth=password write_config "$T/wrong.json" src app dst
sed -i 's/test secret/not the secret/' "$T/wrong.json"

# document NAME COMMAND: the last run's standard output is one document that agrees with its exit.
document() {
    local why
    why=$(python3 - "$T/out" "$rc" "$2" 2>&1 <<'END'
import json, sys
text, rc, command = open(sys.argv[1]).read(), int(sys.argv[2]), sys.argv[3]
d, end = json.JSONDecoder().raw_decode(text)
assert text[end:] == "\n", "something after the document"
for key, kind in {"tool": str, "version": str, "run_id": str, "job": (str, type(None)), "command": (str, type(None)),
        "result": str, "exit_code": int, "target_state": str, "started": str, "finished": str, "duration_s": (int, float),
        "source": dict, "target": dict, "phases": list, "tables": list, "warnings": list, "error": (dict, type(None))}.items():
    assert key in d, f"no {key}"
    assert isinstance(d[key], kind), f"{key} is {d[key]!r}"
assert d["exit_code"] == rc, f"exit_code {d['exit_code']}, status {rc}"
assert d["result"] == ("ok" if rc in (0, 2) else "failed"), d["result"]
assert command in ("", d["command"]), d["command"]
assert d["target_state"] in ("unchanged", "replaced", "rolled_back", "unknown")
assert (d["error"] is None) == (rc == 0), d["error"]
if rc:
    e = d["error"]
    assert e["code"] == rc and e["class"] and e["message"], e
    assert set(e) >= {"code", "class", "sqlstate", "message", "detail", "hint"}, e
for p in d["phases"]:
    assert set(p) >= {"name", "seconds", "bytes"}, p
for t in d["tables"]:
    assert set(t) >= {"schema", "name", "rows", "bytes"}, t
for w in d["warnings"]:
    assert set(w) >= {"code", "msg", "hint"}, w
END
    )
    is "$why" '' "$1"
}
# fails CODE NAME COMMAND ARG...: with --output json; the document and the message must both be there.
fails() {
    local want=$1 name=$2 command=$3; shift 3
    pgm_is "$want" "$name" "$@" --output json
    document "$name: one document" "$command"
    like "$err" 'ERROR' "$name: and a message for people"
}

# ---- which stream ----
pgm_is 0 'mirror without a terminal' -c "$T/job.json"
is "$out$err" '' 'is silent'
pgm_is 0 'mirror with JSON' -c "$T/job.json" --output json
document 'one document' mirror
is "$err" '' 'and nothing else'
is "$(report tables 0 name) $(report tables 0 rows) $(report rows)" 't 500 500' 'with the rows'
is "$(report source database) $(report target database)" 'app app' 'both ends'
like "$(report phases)" 'prepare.*dump.*check.*restore.*verify.*swap' 'and the phases'
# shellcheck disable=SC2086 # commands are words
for command in "plan -c $T/job.json" "plan -c $T/job.json --sql" "mirror -c $T/job.json --dry-run" "check -c $T/job.json -v" "validate -c $T/job.json --show" \
    "status -c $T/job.json --live" schema 'completion bash' 'help mirror' version "prune -c $T/job.json --dry-run"; do
    pgm_is 0 "${command%% *}" $command
    isnt "$out" '' "${command//$T\//}: the answer is on standard output"
    is "$err" '' "${command//$T\//}: and nothing on standard error"
done
# shellcheck disable=SC2086 # commands are words
for command in "plan -c $T/none.json" "check -c $T/none.json" "validate -c $T/none.json" "status -c $T/none.json" 'help nothing' 'frobnicate' \
    "archive frobnicate" "restore -c $T/job.json $T/none" "rollback -c $T/job.json"; do
    pgm $command
    isnt "$rc" 0 "${command//$T\//}: fails"
    is "$out" '' "${command//$T\//}: with nothing on standard output"
    like "$err" 'ERROR' "${command//$T\//}: and a message on standard error"
done
pgm_is 64 'a bare call'
is "$out" '' 'prints its usage' && like "$err" 'usage: pg_mirror' 'on standard error'

# shellcheck disable=SC2086 # commands are words
for command in "plan -c $T/job.json" "check -c $T/job.json" "validate -c $T/job.json" "validate -c $T/job.json --show" "status -c $T/job.json --live" version schema \
    "archive list $T/home" "prune -c $T/job.json --dry-run" "mirror -c $T/job.json --dry-run"; do
    pgm_is 0 "${command//$T\//} --output json" $command --output json
    ok "${command//$T\//} --output json: is one document" python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$T/out"
done

# ---- JSON whatever happens ----
fails 64 'an unknown option' '' mirror -c "$T/job.json" --nonsense
fails 64 'an unknown command' '' frobnicate
fails 66 'a missing file' mirror -c "$T/none.json"
echo '{"source": {"databse": "x"}, "target": {}}' >"$T/bad.json" && own "$T/bad.json"
fails 78 'a bad configuration' mirror -c "$T/bad.json"
like "$(report problems)" '/source/databse' 'a bad configuration: the document has the place'
fails 69 'a server that is not there' mirror --source 'postgresql://127.0.0.1:1/app' --target "$(cluster_uri dst fresh)" --retries 0
fails 77 'a wrong password' mirror -c "$T/wrong.json"
sql dst postgres 'create database other' && sql dst other 'create table x ()'
target_db=other write_config "$T/other.json" src app dst
fails 80 'a refusal' mirror -c "$T/other.json"
fails 80 'a missing consent' mirror -c "$T/other.json" --if-exists replace
write_config "$T/gone.json" src nowhere dst
pgm -c "$T/gone.json" --output json
isnt "$rc" 0 'a source database that is not there' && document 'a source database that is not there: one document' mirror
fails 65 'something that is no dump' restore restore -c "$T/job.json" "$T/job.json"
fails 66 'a dump that is not there' restore restore -c "$T/job.json" "$T/none"
fails 66 'plan' plan plan -c "$T/none.json"
fails 1 'rollback without a copy' rollback rollback -c "$T/job.json"
fails 124 'a deadline' mirror -c "$T/job.json" --deadline 1ms --retries 0

# ---- how much is said ----
pgm_is 0 '-v' -c "$T/job.json" -v
like "$err" "^[0-9T:-]+Z INFO \\[job=job run=[0-9a-f]{12}\\] dumped 'app'" 'stamps each line with time, job and run'
like "$err" 'mirror: app at .*, 1 tables, 500 rows' 'and sums up'
unlike "$err" 'DEBUG' 'without details'
pgm_is 0 '-vv' -c "$T/job.json" -vv
like "$err" 'DEBUG.*snapshot' 'has them'
like "$err" 'DEBUG.*sql at .*: .*CREATE DATABASE "?app__new' 'and the statements'
sql src postgres "alter database app set app.key = 'hidden treasure'"
pgm_is 0 '-vvv' -c "$T/job.json" -vvv --set /target/database=secretive
like "$err" 'ALTER DATABASE [^ ]+ SET \.\.\.' 'without what a database is set to'
unlike "$err" 'treasure' 'which may be secret'
sql src postgres 'alter database app reset app.key'
pgm_is 0 '-q' -q -c "$T/job.json"
is "$out$err" '' 'says nothing'
pgm_is 80 'a failure without a terminal' -c "$T/other.json" --skip-checks
like "$err" 'ERROR.*exists and is not empty.*' 'tells what happened'
auth=password target_extra='"tablespace": "none_here"' write_config "$T/late.json" src app dst '"options": {"drop_existing": true}'
pgm -c "$T/late.json" --skip-checks
isnt "$rc" 0 'a failure late in the run'
like "$err" 'INFO.*dumped .app..*ERROR' 'tells the whole story, which ends with the error'
pgm -q -c "$T/late.json" --skip-checks
unlike "$err" 'INFO' 'but not with -q' && like "$err" 'ERROR' 'which keeps the error'
pgm_is 0 '--log-level info' -c "$T/job.json" --log-level info
like "$err" 'INFO' 'does what -v does'

# ---- log formats and file ----
pgm_is 0 '--log-format json' -c "$T/job.json" -v --log-format json
ok 'is one object a line' python3 -c 'import json, sys
for l in open(sys.argv[1]): d = json.loads(l); assert {"ts", "level", "run_id", "job", "msg"} <= set(d), d' "$T/err"
pgm -c "$T/other.json" --log-format json
ok 'failures, too' python3 -c 'import json, sys
for l in open(sys.argv[1]): json.loads(l)' "$T/err"
pgm_is 0 '--log-format journal' -c "$T/job.json" -v --log-format journal
like "$err" $'(^|\n)<6>dumped' 'has a priority and no time'
: >"$T/err"
JOURNAL_STREAM=$(stat -c %d:%i "$T/err") pgm -c "$T/job.json" -v
like "$err" $'(^|\n)<6>dumped' 'which is chosen when standard error is the journal'
JOURNAL_STREAM=1:2 pgm_is 0 'and not' -c "$T/job.json" -v
unlike "$err" '<6>' 'when it is something else'
pgm_is 0 '--log-file' -c "$T/job.json" --log-file "$T/home/log"
is "$out$err" '' 'leaves the terminal alone'
is "$(stat -c %a "$T/home/log")" 640 'has mode 0640'
like "$(<"$T/home/log")" 'INFO.*dumped' 'and gets what -v would say'
before=$(wc -l <"$T/home/log")
pgm -c "$T/other.json" --log-file "$T/home/log"
like "$(tail -n +$((before + 1)) "$T/home/log")" 'ERROR' 'the next run appends to it'
job '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}' "\"log_file\": \"$T/none/log\""
pgm_is 73 'a log file that cannot be' -c "$T/job.json" --output json
document 'is a failure with a document' mirror
job '"options": {"drop_existing": true}' '"retention": {"keep_previous": 0}'

# ---- other ways to say it ----
pgm_is 0 '--jitter 0' -c "$T/job.json" --jitter 0
rc=0; as_user "$PGM_BIN" -c - --output json <"$T/job.json" >"$T/out" 2>"$T/err" || rc=$?
is "$rc" 0 'a configuration from standard input'
echo '{"options": {"jobs": 7}, "target": {"database": "merged"}}' >"$T/more.json" && own "$T/more.json"
pgm_is 0 'two files' -c "$T/job.json" -c "$T/more.json" --output json
is "$(report target database)" merged 'the later one wins'
PG_MIRROR_OUTPUT=json PG_MIRROR_CONFIG=$T/job.json PG_MIRROR_KEEP_PREVIOUS=2 pgm_is 0 'the environment' mirror
like "$(report previous)" '^app__prev_' 'says it as well'
PG_MIRROR_OUTPUT=json pgm_is 0 'and the command line' mirror -c "$T/job.json" --output text
is "$out" '' 'beats it'
pgm_is 0 '--set' -c "$T/job.json" --set /target/database=set --output json
is "$(report target database)" set 'changes any key'
pgm_is 64 '--set with nonsense' -c "$T/job.json" --set /options/jobs=many
done_testing
