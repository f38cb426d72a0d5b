#!/bin/bash
# Configuration and command line, offline: examples, schema, validate, help, exit codes, secrets.
. "$(dirname "$0")/../support/lib.sh"

printf '{"source": {"host": "a", "database": "app", "user": "u", "password": "hunter2"}, "target": {"host": "b", "user": "v", "password": "hunter3"}}' >"$T/min.json"
chmod 600 "$T/min.json"
own "$T/min.json"
give() { cat >"$T/$1" && chmod "${2:-600}" "$T/$1" && own "$T/$1"; }
# json FILE EXPRESSION: a Python expression over the document d of that file.
json() { /usr/bin/python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

# ---- examples and schema ------------------------------------------------------------------

pgm_is 0 'the schema is printed' schema
cp "$T/out" "$T/schema.json"
export PROD_PASSWORD=x STAGING_PASSWORD=y
for example in "$ROOT"/examples/*.json; do
    name=${example##*/}
    cp "$example" "$T/$name" && chmod 644 "$T/$name"
    pgm_is 0 "example $name is valid" validate "$T/$name"
    is "$(cat "$T/out")" "$T/$name: valid" "validate says so of $name"
done
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
    cat >"$T/schema.py" <<'END'
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for path in sys.argv[2:]:
    for error in validator.iter_errors(json.load(open(path))):
        print(path, list(error.path), error.message[:60])
END
    is "$(/usr/bin/python3 "$T/schema.py" "$T/schema.json" "$ROOT"/examples/*.json "$T/min.json")" '' \
        'the schema accepts every example'
    for bad in '{"source": {"port": "x"}}' '{"source": {"databse": "x"}}' '{"hooks": {}}' \
        '{"options": {"drop_existing": "no"}}' '{"options": {"jobs": 0}}' '{"target": {"if_exists": "Replace"}}' \
        '{"options": {"deadline": 5}}' '{"source": {"password_command": []}}'; do
        give bad.json <<<"$bad"
        isnt "$(/usr/bin/python3 "$T/schema.py" "$T/schema.json" "$T/bad.json")" '' "the schema refuses $bad"
    done
else
    skip 'python3-jsonschema is not installed'
fi
is "$(json "$T/schema.json" '[s + "/" + k for s, v in d["properties"].items() for k in v.get("properties", {}) if not v["properties"][k].get("description")]')" \
    '[]' 'every key of the schema is described'
cat >"$T/keys.py" <<'END'
import json, sys
def pointers(schema, at=""):
    for k, v in schema.get("properties", {}).items():
        if "properties" in v:
            yield from pointers(v, at + "/" + k)
        else:
            yield at + "/" + k
used = set()
for path in sys.argv[2:]:
    for k, v in json.load(open(path)).items():
        used |= {"/" + k + "/" + n for n in v} if isinstance(v, dict) else {"/" + k}
alike = lambda p: {p, p.replace("/source/", "/target/"), p.replace("/target/", "/source/")}
print(*[p for p in pointers(json.load(open(sys.argv[1]))) if not alike(p) & used])
END
is "$(/usr/bin/python3 "$T/keys.py" "$T/schema.json" "$ROOT"/examples/*.json)" '' 'every key is used in an example'

# ---- D7: nonsense is not valid ------------------------------------------------------------

give d7.json <<'END'
{
  "source": {"host": "a", "port": "not-a-port", "databse": "app"},
  "target": {"host": "b"},
  "options": {"drop_existing": "no", "parallel_jobs": "four"}
}
END
pgm_is 78 'D7: nonsense types and keys are refused' validate "$T/d7.json"
has "$(cat "$T/err")" "$T/d7.json:2:35 /source/port: expected an integer from 1 to 65535, got the string \"not-a-port\"" 'D7: port'
has "$(cat "$T/err")" "$T/d7.json:2:49 /source/databse: unknown key (did you mean \"database\"?)" 'D7: misspelt key'
has "$(cat "$T/err")" "$T/d7.json:4:32 /options/drop_existing: expected true or false, got the string \"no\"" 'D7: the string "no" is no boolean'
has "$(cat "$T/err")" "$T/d7.json:4:55 /options/parallel_jobs: expected an integer from 1 to 256, got the string \"four\"" 'D7: jobs'
has "$(cat "$T/err")" 'the configuration has 4 errors' 'all of them at once'
is "$(cat "$T/out")" '' 'nothing on standard output'
pgm_is 78 'mirror refuses the same file before it connects anywhere' "$T/d7.json"

pgm_is 78 'the failure as JSON' validate "$T/d7.json" --output json
is "$(json "$T/out" 'd["exit_code"], d["error"]["class"], [(p["level"], p["line"], p["column"], p["pointer"]) for p in d["problems"]]')" \
    "(78, 'config', [('error', 2, 35, '/source/port'), ('error', 2, 49, '/source/databse'), ('error', 4, 32, '/options/drop_existing'), ('error', 4, 55, '/options/parallel_jobs')])" \
    'has every problem with its place'
pgm_is 64 'a usage error as JSON' validate --frobnicate --output json
is "$(json "$T/out" 'd["exit_code"], d["error"]["class"]')" "(64, 'usage')" 'is one document, too'

# ---- D14: no password is needed -----------------------------------------------------------

give d14.json <<<'{"source": {"database": "app"}, "target": {"host": "/run/postgresql", "user": "ci"}}'
pgm_is 0 'D14: no password at all' validate "$T/d14.json"
give d14.json <<<'{"source": {"service": "prod"}, "target": {"uri": "postgresql://b/app?sslmode=verify-full"}}'
pgm_is 0 'D14: service and URI' validate "$T/d14.json"
give d14.json <<<'{"source": {"host": "a", "database": "app", "passfile": "/p", "sslcert": "/c", "sslkey": "/k", "sslrootcert": "/r", "sslmode": "verify-ca"}, "target": {"host": "b"}}'
pgm_is 0 'D14: passfile and certificates' validate "$T/d14.json"

# ---- where a configuration comes from -----------------------------------------------------

rc=0
"${pgm_as[@]}" "$PGM_BIN" validate -c - <"$T/min.json" >"$T/out" 2>"$T/err" || rc=$?
is "$rc $(cat "$T/out")" '0 <stdin>: valid' 'a configuration on standard input'
PG_MIRROR_CONFIG=$T/min.json pgm_is 0 'PG_MIRROR_CONFIG' validate
mkdir -p "$T/xdg/pg_mirror" && cp "$T/min.json" "$T/xdg/pg_mirror/config.json" && own "$T/xdg"
XDG_CONFIG_HOME=$T/xdg pgm_is 0 'the file in XDG_CONFIG_HOME' validate
is "$(cat "$T/out")" "$T/xdg/pg_mirror/config.json: valid" 'is named'
pgm_is 66 'a file that is not there' validate -c "$T/none.json"
has "$(cat "$T/err")" "cannot open configuration file '$T/none.json': No such file or directory" 'is named'
give over.json <<<'{"options": {"jobs": 9}}'
pgm_is 0 'two files' validate -c "$T/min.json" -c "$T/over.json" --show
is "$(json "$T/out" 'd["config"]["options"]["jobs"], d["config"]["source"]["host"], d["origins"]["/options/jobs"]')" \
    "(9, 'a', '$T/over.json:1:22')" 'are merged and keep their places'
PG_MIRROR_JOBS=7 pgm_is 0 'environment over file' validate -c "$T/over.json" -c "$T/min.json" --show
is "$(json "$T/out" 'd["config"]["options"]["jobs"], d["origins"]["/options/jobs"]')" "(7, 'PG_MIRROR_JOBS')" 'environment wins'
PG_MIRROR_JOBS=7 pgm_is 0 'command line over environment' validate -c "$T/min.json" --show -j 3
is "$(json "$T/out" 'd["config"]["options"]["jobs"], d["origins"]["/options/jobs"]')" "(3, '-j')" 'command line wins'
pgm_is 0 '--set' validate -c "$T/min.json" --show --set /options/jobs=5 --set '/safety/protected=["x/*"]'
is "$(json "$T/out" 'd["config"]["options"]["jobs"], d["config"]["safety"]["protected"], d["config"]["target"]["database"]')" \
    "(5, ['x/*'], 'app')" '--set overrides; the target takes the name of the source'

# ---- secrets ------------------------------------------------------------------------------

give secret.json <<<'{"source": {"uri": "postgresql://u:hunter2@a:5433/app?sslmode=require"}, "target": {"host": "b", "password": "hunter3"}}'
pgm_is 0 'validate --show' validate "$T/secret.json" --show
is "$(grep -c hunter "$T/out" "$T/err" | tr '\n' ' ')" "$T/out:0 $T/err:0 " 'shows no password'
is "$(json "$T/out" 'd["config"]["source"]["uri"]')" 'user=u password=*** dbname=app host=a port=5433 sslmode=require' 'a URI is shown without its password'
chmod 644 "$T/secret.json"
pgm_is 0 'a password in a readable file is a warning' validate "$T/secret.json"
has "$(cat "$T/err")" "a password in a file that others may read; run: chmod 600 $T/secret.json" 'with the command to run'
pgm_is 78 'and an error under --strict' validate "$T/secret.json" --strict
give badsecret.json <<<'{"source": {"host": "a", "database": "app", "password": ["hunter2"]}, "target": {"uri": "postgresql://u:hunter3@b:x%zz"}}'
pgm_is 78 'a wrong password value' validate "$T/badsecret.json"
is "$(grep -c hunter "$T/err")" 0 'is not repeated in the message'

# ---- command line -------------------------------------------------------------------------

pgm_is 64 'a bare call'
is "$(cat "$T/out")" '' 'prints nothing on standard output'
is "$(wc -l <"$T/err")" 11 'and a short usage on standard error'
pgm_is 0 '--help' --help
is "$(awk 'length > 80' "$T/out")" '' 'fits 80 columns'
ok 'and 24 lines' test "$(wc -l <"$T/out")" -le 24
like "$(sed -n 3p "$T/out")" '^  pg_mirror --source ' 'examples come first'
has "$(cat "$T/out")" 'man pg_mirror' 'and it points to the manual'
commands='mirror plan check validate status rollback prune restore archive init schema completion help version'
for command in $commands; do
    pgm_is 0 "help $command" help "$command"
    is "$(awk 'length > 80' "$T/out")" '' "help $command fits 80 columns"
    like "$(head -n 1 "$T/out")" '^usage: pg_mirror ' "help $command begins with its usage"
done
pgm_is 0 'help on one option' help mirror if-exists
has "$(cat "$T/out")" 'PG_MIRROR_IF_EXISTS' 'names its variable'
pgm_is 0 'help on one key' help /source/password_file
has "$(cat "$T/out")" 'PG_MIRROR_SOURCE_PASSWORD_FILE' 'names its variable'
pgm_is 64 'help on nothing we know' help mirror frobnicate
pgm_is 64 'an unknown command' mirrro
has "$(cat "$T/err")" "unknown command 'mirrro' (did you mean mirror?)" 'is told with what was meant'
pgm_is 64 'an unknown option' --drop-existin
has "$(cat "$T/err")" "unknown option '--drop-existin' (did you mean --drop-existing?)" 'is told with what was meant'
has "$(cat "$T/err")" 'try: pg_mirror help mirror' 'and the help to read'
is "$(wc -l <"$T/err")" 2 'in two lines'
pgm_is 64 'a wrong value' validate "$T/min.json" --jobs four
pgm_is 0 '--version' --version
like "$(head -n 1 "$T/out")" '^pg_mirror [0-9]+\.[0-9]+\.[0-9]+$' 'is alone on line 1'
pgm_is 0 '--version as JSON' --version --output json
is "$(json "$T/out" 'sorted(d["libraries"])')" "['cJSON', 'libarchive', 'libpq', 'lz4', 'zlib']" 'names the libraries'
for shell in bash zsh fish; do pgm_is 0 "completion for $shell" completion "$shell"; done
pgm completion bash && cp "$T/out" "$T/completion.bash"
is "$(bash -c 'source "$1"; COMP_WORDS=(pg_mirror check --only-); COMP_CWORD=2; COMP_WORDS[2]=--onl; _pg_mirror; echo "${COMPREPLY[*]}"' - "$T/completion.bash")" \
    '--only' 'options are completed'
is "$(bash -c 'source "$1"; COMP_WORDS=(pg_mirror mirror --if-exists r); COMP_CWORD=3; _pg_mirror; echo "${COMPREPLY[*]}"' - "$T/completion.bash")" \
    'replace' 'values are completed'
rc=0
"${pgm_as[@]}" "$PGM_BIN" --help >&- 2>"$T/err" || rc=$?
is "$rc" 0 'a closed standard output is no failure'
if [[ -c /dev/full ]]; then
    rc=0
    "${pgm_as[@]}" "$PGM_BIN" --help >/dev/full 2>"$T/err" || rc=$?
    is "$rc" 74 'a full standard output is'
fi

# ---- init ---------------------------------------------------------------------------------

pgm_is 0 'init writes a file' init --source 'postgresql://ro:hunter2@a:5433/app?sslmode=require' --target 'host=b user=ci' "$T/run/new.json"
is "$(stat -c %a "$T/run/new.json")" 600 'for its owner only'
is "$(json "$T/run/new.json" 'd["source"], d["target"]["host"]')" \
    "({'host': 'a', 'port': 5433, 'database': 'app', 'user': 'ro', 'password': 'hunter2', 'sslmode': 'require'}, 'b')" 'with what the URIs say'
pgm_is 0 'which is valid' validate "$T/run/new.json" --strict
pgm_is 73 'init never overwrites' init --source dbname=a --target host=b "$T/run/new.json"
pgm_is 64 'init needs both ends' init --source dbname=a
pgm_is 0 'init prints' init --source 'postgresql://a,b/app?target_session_attrs=any' --target host=c
is "$(json "$T/out" 'd["source"]')" "{'uri': 'postgresql://a,b/app?target_session_attrs=any'}" 'a URI that says more stays one'
done_testing
