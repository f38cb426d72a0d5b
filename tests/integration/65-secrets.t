#!/bin/bash
# No password where somebody could read it: command lines, environments, what is printed and kept.
# Each side has a password of its own; every process of a run is looked at while it works.
# shellcheck disable=SC2034,SC2154,SC2016 # variables of write_config, of lib.sh, of pg_mirror
. "$(dirname "$0")/../support/lib.sh"
. "$ROOT/tests/support/pgdrive.sh"
. "$ROOT/tests/support/faults.sh"

programs_make
cluster_start src -- 'log_statement = all' 'log_connections = on' 'log_min_error_statement = info'
cluster_start dst -- 'log_statement = all' 'log_connections = on' 'log_min_error_statement = info'
# Parts are put together here so that this file's own text is not what is found.
source_secret="kielbasa-$RANDOM$RANDOM"
target_secret="smoegen's \\ $RANDOM$RANDOM"
sql src postgres "alter role postgres password $(literal_quote "$source_secret")"
PGOPTIONS='-c standard_conforming_strings=on' sql dst postgres "alter role postgres password $(literal_quote "$target_secret")"
: >"$(cluster_log src)" && : >"$(cluster_log dst)"
sql src postgres 'create database app'
sql src app "create table t(i int primary key, v text); insert into t select i, md5(i::text) from generate_series(1, 40000) i;
    create index on t(v); create table u as select * from t"

for side in source target; do
    name=${side}_secret
    printf '%s\n' "${!name}" >"$T/needle.$side" && printf '%s' "${!name}" >"$T/exact.$side"
done
auth=password write_config "$T/job.json" src app dst "\"options\": {\"jobs\": 3, \"drop_existing\": true, $bin_dir}" \
    "\"status_file\": \"$T/status.json\"" "\"log_file\": \"$T/run.log\"" "\"lock_file\": \"$T/run/job.lock\""
python3 - "$T" <<'END'
import json, sys
t = sys.argv[1]
j = json.load(open(t + "/job.json"))
for side in "source", "target":
    j[side]["password"] = open(f"{t}/exact.{side}").read()
json.dump(j, open(t + "/job.json", "w"))
f = dict(j)
for side in "source", "target":
    f[side] = {k: v for k, v in j[side].items() if k != "password"}
    f[side]["password_file"] = f"{t}/needle.{side}"
json.dump(f, open(t + "/files.json", "w"))
END
mkdir "$T/kept" && own "$T/kept"
chmod 600 "$T"/needle.* "$T"/*.json && own "$T"/needle.* "$T"/*.json

# Looks at every process below a pid until it ends; prints "PROGRAM WHERE SIDE" for each find.
cat >"$T/watch.py" <<'END'
import os, sys, time
t, top = sys.argv[1], int(sys.argv[2])
secrets = {s: open(f"{t}/exact.{s}", "rb").read() for s in ("source", "target")}
found, looked = set(), 0
def read(pid, what):
    try:
        with open(f"/proc/{pid}/{what}", "rb") as f: return f.read()
    except OSError: return b""
def parent(pid):
    s = read(pid, "stat").rpartition(b")")[2].split()
    return int(s[1]) if len(s) > 1 else 0
while os.path.exists(f"/proc/{top}") and b") Z" not in read(top, "stat"):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        line = read(pid, "cmdline")
        for side, secret in secrets.items():
            if secret in line: found.add(("any", "cmdline", side))
        up = int(pid)
        while up not in (0, 1, top): up = parent(up)
        if up != top: continue
        looked += 1
        name = read(pid, "comm").decode().strip()
        for side, secret in secrets.items():
            env = read(pid, "environ").split(b"\0")
            for v in env:
                if secret in v: found.add((name, v.split(b"=")[0].decode(), side))
    time.sleep(0.005)
for f in sorted(found): print(*f)
print("looked", looked, file=sys.stderr)
END
# watched ARG...: a run with somebody watching; both programs are looked at before and at work
watched() {
    hold pg_dump pg_restore
    pgm_start "$@"
    python3 "$T/watch.py" "$T" "$pgm_pid" >"$T/found" 2>"$T/looked" &
    local watch=$!
    held pg_dump; release pg_dump
    held pg_restore; release pg_restore
    pgm_wait 60
    wait "$watch"
}
# no_secret NAME FILE...: neither password is in them
no_secret() {
    local name=$1 side; shift
    for side in source target; do
        nok "$name: not the $side's password" grep -qaFf "$T/exact.$side" -- "$@"
    done
}

for job in job files; do
    watched mirror -c "$T/$job.json" -vvv --output json --keep-dump "$T/kept"
    pgm_rc_is 0 "$job: a run over TCP with passwords"
    is "$(grep -v '^sleep ' "$T/found")" $'pg_dump PGPASSWORD source\npg_restore PGPASSWORD target' \
        "$job: pg_dump has the source's password, pg_restore the target's, nobody anything else"
    like "$(<"$T/looked")" 'looked [0-9]{2,}' "$job: somebody did look"
    no_secret "$job: what -vvv prints" "$T/out" "$T/err"
    like "$err" 'running .*pg_dump .*running .*pg_restore ' "$job: it shows the command lines"
    no_secret "$job: status file, log and lock file" "$T/status.json" "$T/run.log" "$T/run/job.lock"
    mkdir -p "$T/unpacked" && tar -C "$T/unpacked" -xf "$(report kept_dump)"
    no_secret "$job: a kept dump" "$T"/unpacked/* "$T"/kept/*
done
for command in 'validate --show' plan check 'status --live' 'plan --sql' 'prune --dry-run' 'mirror --deadline 1ms' \
    'mirror --set /target/port=1' 'mirror --set /source/database=nope' 'mirror --set /source/user=nope' 'archive list'; do
    read -ra words <<<"$command"
    pgm "${words[@]}" -c "$T/job.json" -vvv
    no_secret "$command" "$T/out" "$T/err"
done
no_secret 'logs of the servers' "$(cluster_log src)" "$(cluster_log dst)"
uri="postgresql://postgres:$source_secret@127.0.0.1:${cluster_port[src]}/app"
write_config "$T/uri.json" src app dst "\"options\": {\"drop_existing\": true}"
python3 - "$T/uri.json" "$uri" <<'END'
import json, sys
j = json.load(open(sys.argv[1])); j["source"] = {"uri": sys.argv[2]}; json.dump(j, open(sys.argv[1], "w"))
END
for command in 'mirror -vvv --output json' 'validate --show' 'mirror --set /source/uri=postgresql://x:y@127.0.0.1:1/z' plan; do
    read -ra words <<<"$command"
    pgm "${words[@]}" -c "$T/uri.json"
    no_secret "a URI, $command" "$T/out" "$T/err"
done
export SOURCE_SECRET=$source_secret
sed "s|$source_secret|\${SOURCE_SECRET}|" "$T/uri.json" >"$T/var.json"
chmod 600 "$T/var.json" && own "$T/var.json"
pgm mirror -c "$T/var.json" -vvv --output json
pgm_rc_is 0 'a password from a variable'
no_secret 'a password from a variable' "$T/out" "$T/err"
done_testing
