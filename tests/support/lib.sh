# shellcheck shell=bash
# lib.sh - TAP, throwaway PostgreSQL clusters and pg_mirror runs for the integration tests.
#
# A test is a bash script:
#
#     #!/bin/bash
#     . "$(dirname "$0")/../support/lib.sh"
#     cluster_start src && cluster_start dst
#     cluster_psql src postgres -c 'create database app'
#     write_config "$T/job.json" src app dst
#     pgm_is 0 'an empty database is cloned' -c "$T/job.json"
#     done_testing
#
# Root cannot run PostgreSQL, so servers, clients and pg_mirror itself run as an unprivileged
# user then (postgres, else nobody). Everything a test makes lives in $T, which that user owns.
# Whatever was started is ended by its pid when the script ends, however it ends.
#
# From outside: PGM_BIN (program under test), PGM_TEST_KEEP=1 (leave $T), PGM_TEST_TEMPLATES
# (directory of initialised clusters shared by one run), PGM_TEST_MAJOR (server when a test
# names none), PGM_NO_FETCH=1 (never download another major), PGM_LIMIT (seconds per program).

set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PGM_LIMIT=${PGM_LIMIT:-300}

# ---- TAP ----------------------------------------------------------------------------------

tap_count=0
tap_failed=0

diag() { local l; while IFS= read -r l; do printf '# %s\n' "$l" >&2; done <<<"$*"; }
note() { local l; while IFS= read -r l; do printf '# %s\n' "$l"; done <<<"$*"; }

pass() { tap_count=$((tap_count + 1)); printf 'ok %d - %s\n' "$tap_count" "${1//#/\\#}"; }
fail() {
    tap_count=$((tap_count + 1)) tap_failed=$((tap_failed + 1))
    printf 'not ok %d - %s\n' "$tap_count" "${1//#/\\#}"
    diag "failed: '$1' at ${BASH_SOURCE[-1]##*/} line ${BASH_LINENO[-2]}"
    return 1
}
skip() { tap_count=$((tap_count + 1)); printf 'ok %d # SKIP %s\n' "$tap_count" "$1"; }

# ok NAME COMMAND...: the command must succeed; nok: it must fail.
ok() { local name=$1; shift; if "$@"; then pass "$name"; else fail "$name"; fi; }
nok() { local name=$1; shift; if "$@"; then fail "$name"; else pass "$name"; fi; }

# Comparisons: GOT, WANT (or extended regular expression, or literal part), NAME.
is() { if [[ $1 == "$2" ]]; then pass "$3"; else fail "$3"; differ "$1" "$2"; return 1; fi; }
isnt() { if [[ $1 != "$2" ]]; then pass "$3"; else fail "$3"; diag "got what it must not be: $1"; return 1; fi; }
like() { if [[ $1 =~ $2 ]]; then pass "$3"; else fail "$3"; diag "got: $1" "no match for: $2"; return 1; fi; }
unlike() { if [[ ! $1 =~ $2 ]]; then pass "$3"; else fail "$3"; diag "got: $1" "matches: $2"; return 1; fi; }
has() { if [[ $1 == *"$2"* ]]; then pass "$3"; else fail "$3"; diag "got: $1" "without: $2"; return 1; fi; }

# Short texts are shown whole, long ones as the first lines of their difference.
differ() {
    if [[ $1$2 == *$'\n'* ]]; then
        diag "$(diff -u --label wanted --label got <(printf '%s\n' "$2") <(printf '%s\n' "$1") | head -n 60)"
    else
        diag "     got: '$1'" && diag "  wanted: '$2'"
    fi
}

skip_all() { printf '1..0 # SKIP %s\n' "$1"; exit 0; }
bail_out() { printf 'Bail out!  %s\n' "$1"; exit 255; }
die() { diag "$1"; exit 1; }

# The plan comes last, so a script that dies on the way has none and prove calls it failed.
done_testing() { printf '1..%d\n' "$tap_count"; exit $((tap_failed > 0)); }

# wait_until SECONDS COMMAND...: poll until it succeeds; fails when the time is over.
wait_until() {
    local limit=$((SECONDS + $1)); shift
    until "$@"; do
        if ((SECONDS >= limit)); then return 1; fi
        sleep 0.05
    done
}

# ---- who and where ------------------------------------------------------------------------

# shellcheck disable=SC2046 # names of variables hold no spaces
unset $(compgen -e | grep -E '^(PG[A-Z]+|PG_MIRROR_.*|XDG_.*)$' | grep -v '^PGM') NO_COLOR LD_LIBRARY_PATH
export LC_ALL=C.UTF-8 TZ=UTC

DIE_WITH_US=(setpriv --pdeathsig INT)
if ((EUID == 0)); then
    if id -u postgres >/dev/null 2>&1; then TEST_USER=postgres; else TEST_USER=nobody; fi
    AS_USER=(setpriv "--reuid=$TEST_USER" "--regid=$(id -g "$TEST_USER")" --clear-groups)
    DIE_WITH_US=("${AS_USER[@]}" --pdeathsig INT)
else
    TEST_USER=$(id -un)
    AS_USER=(env)
fi
as_user() { "${AS_USER[@]}" "$@"; }
own() { if ((EUID == 0)); then chown -R "$TEST_USER:" "$@"; fi; }

T=$(mktemp -d "/tmp/pgm.XXXXXX")
chmod 755 "$T"
mkdir "$T/home" "$T/tmp" "$T/run"
own "$T"

PGM_TEST_DATA=${PGM_TEST_DATA:-$ROOT/../shared/data}
if ! as_user test -r "$ROOT/tests/support/digest.sql"; then
    die "user $TEST_USER cannot read $ROOT: run ci/within-reach $0"
fi
export HOME=$T/home TMPDIR=$T/tmp XDG_RUNTIME_DIR=$T/run XDG_STATE_HOME=$T/home/state
cd "$T" || exit 1

test_pids=()
remember_pid() { test_pids+=("$1"); }

# stop_pid PID [SIGNAL]: end one process of ours, the hard way if it does not listen.
stop_pid() {
    kill "-${2:-TERM}" "$1" 2>/dev/null || return 0
    wait_until 20 pid_is_gone "$1" || kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
    return 0
}
pid_is_gone() {
    local state
    { read -r _ _ state _ <"/proc/$1/stat"; } 2>/dev/null || return 0
    [[ $state == Z ]]
}

test_cleanup() {
    local rc=$? name pid
    trap - EXIT INT TERM HUP
    for pid in ${test_pids[@]+"${test_pids[@]}"}; do stop_pid "$pid"; done
    for name in "${!cluster_pid[@]}"; do cluster_stop "$name" immediate; done
    if [[ -n ${PGM_TEST_KEEP:-} ]]; then diag "kept $T"; else cd / && rm -rf "$T"; fi
    exit "$rc"
}
declare -A cluster_pid=() cluster_port=() cluster_major=()
trap test_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# ---- PostgreSQL programs ------------------------------------------------------------------

# pg_major: the newest major that the distribution has installed as a server.
pg_major() {
    local dir
    if [[ -n ${PGM_TEST_MAJOR:-} ]]; then echo "$PGM_TEST_MAJOR"; return; fi
    for dir in /usr/lib/postgresql/*/bin; do
        if [[ -x $dir/initdb ]]; then basename "${dir%/bin}"; fi
    done | sort -n | tail -n 1
}

# pg_bin [MAJOR]: directory of that major's programs. A major that is not installed is fetched
# beside the system (ci/fetch_postgres); fails when it cannot be had.
pg_bin() {
    local major=${1:-$(pg_major)} dir
    [[ -n $major ]] || return 1
    dir=/usr/lib/postgresql/$major/bin
    if [[ -x $dir/initdb ]]; then echo "$dir"; return; fi
    if [[ -n ${PGM_NO_FETCH:-} ]]; then
        "$ROOT/ci/fetch_postgres" --cached "$major"
    else
        "$ROOT/ci/fetch_postgres" "$major" 2>"$T/fetch.log"
    fi
}

# need_major MAJOR: the whole test is skipped where that major cannot be had.
need_major() {
    pg_bin "$1" >/dev/null || skip_all "PostgreSQL $1 is not here and cannot be fetched"
}

# ---- clusters -----------------------------------------------------------------------------

# Superuser of every cluster. Unix sockets trust; 127.0.0.1 asks for the password (scram).
DB_USER=postgres
DB_PASSWORD='test secret'

# A cluster is a copy of a template, which one run initialises once (a second per cluster saved).
# template_dir MAJOR [INITDB-ARG...]
template_dir() {
    local major=$1 bin dir key; shift
    bin=$(pg_bin "$major") || return 1
    key=$major-$(printf '%s\n' "$@" | cksum | cut -d' ' -f1)
    dir=${PGM_TEST_TEMPLATES:-$T/templates}
    mkdir -p "$dir" && if ((EUID == 0)); then chown "$TEST_USER:" "$dir"; fi
    (
        flock 9
        if [[ ! -e $dir/$key/ready ]]; then
            as_user rm -rf "${dir:?}/$key"
            as_user mkdir "$dir/$key" && printf '%s\n' "$DB_PASSWORD" >"$T/pwfile" && own "$T/pwfile" &&
                as_user "$bin/initdb" -D "$dir/$key/data" -U "$DB_USER" -A trust --no-sync \
                    --pwfile="$T/pwfile" --wal-segsize=1 --no-instructions \
                    --locale=C.UTF-8 -E UTF8 "$@" >"$T/initdb.log" 2>&1 &&
                as_user touch "$dir/$key/ready" || { diag "$(cat "$T/initdb.log")"; exit 1; }
        fi
    ) 9>"$dir/.lock" || return 1
    echo "$dir/$key/data"
}

# Copies of one template would share its system identifier, by which pg_mirror tells clusters
# apart. Overwriting it breaks the checksum of pg_control; pg_resetwal then writes a good one.
new_identity() {
    local bin=$1 data=$2
    head -c 7 /dev/urandom | as_user dd of="$data/global/pg_control" conv=notrunc status=none
    as_user "$bin/pg_resetwal" -f -D "$data" >/dev/null 2>&1
}

# cluster_start NAME [MAJOR] [INITDB-ARG...] [-- SETTING...]: a private server. Settings are
# lines for postgresql.conf ('fsync = on'). After cluster_stop the same NAME starts again as it was.
cluster_start() {
    local name=$1 major='' bin data try args=(); shift
    if [[ ${1:-} =~ ^[0-9]+$ ]]; then major=$1; shift; fi
    while [[ $# -gt 0 && $1 != -- ]]; do args+=("$1"); shift; done
    if [[ ${1:-} == -- ]]; then shift; fi
    major=${major:-${cluster_major[$name]:-$(pg_major)}}
    bin=$(pg_bin "$major") || die "no PostgreSQL ${major:-server} here: ci/setup test"
    data=$T/$name/data
    if [[ ! -d $data ]]; then
        cluster_create "$name" "$bin" "$major" ${args[@]+"${args[@]}"} || die "cannot create cluster $name"
    fi
    cluster_major[$name]=$major
    if [[ $# -gt 0 ]]; then printf '%s\n' "$@" | as_user tee -a "$data/postgresql.conf" >/dev/null; fi
    for try in 1 2 3 4 5; do
        cluster_launch "$name" "$bin" && return 0
        grep -q 'could not bind\|in use' "$T/$name/log" || break
        note "try $try: port ${cluster_port[$name]} is taken"
        unset "cluster_port[$name]"
    done
    diag "$(tail -n 20 "$T/$name/log")"
    die "cluster $name does not start"
}

cluster_create() {
    local name=$1 bin=$2 major=$3 template; shift 3
    template=$(template_dir "$major" "$@") || return 1
    as_user mkdir "$T/$name" "$T/$name/sock"
    as_user cp -a "$template" "$T/$name/data" && new_identity "$bin" "$T/$name/data" || return 1
    as_user tee -a "$T/$name/data/postgresql.conf" >/dev/null <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$T/$name/sock'
fsync = off
full_page_writes = off
max_wal_size = 2GB
shared_buffers = 64MB
max_connections = 60
jit = off
lc_messages = 'C'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %d %a '
END
    as_user tee "$T/$name/data/pg_hba.conf" >/dev/null <<END
local all,replication all trust
host all,replication all 127.0.0.1/32 scram-sha-256
END
}

# Ports below the ephemeral range, and a new one when somebody else has it.
cluster_launch() {
    local name=$1 bin=$2 pid
    : "${cluster_port[$name]:=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))}"
    "${DIE_WITH_US[@]}" "$bin/postgres" -D "$T/$name/data" -p "${cluster_port[$name]}" \
        >>"$T/$name/log" 2>&1 </dev/null &
    pid=$!
    cluster_pid[$name]=$pid
    wait_until 60 cluster_is_up_or_gone "$name" "$pid"
    if cluster_is_up "$name"; then return 0; fi
    stop_pid "$pid" QUIT
    unset "cluster_pid[$name]"
    return 1
}
cluster_is_up() {
    local lines
    mapfile -t lines 2>/dev/null <"$T/$1/data/postmaster.pid" || return 1
    [[ ${lines[7]:-} == ready* && ${lines[0]} == "${cluster_pid[$1]}" ]]
} 2>/dev/null
cluster_is_up_or_gone() { cluster_is_up "$1" || pid_is_gone "$2"; }

# cluster_stop NAME [fast|immediate|smart]
cluster_stop() {
    local sig=INT
    case ${2:-fast} in immediate) sig=QUIT ;; smart) sig=TERM ;; esac
    if [[ -z ${cluster_pid[$1]:-} ]]; then return 0; fi
    stop_pid "${cluster_pid[$1]}" "$sig"
    unset "cluster_pid[$1]"
}
cluster_restart() { cluster_stop "$@" && cluster_start "$1"; }

cluster_host() { echo "$T/$1/sock"; }
cluster_log() { echo "$T/$1/log"; }
cluster_uri() { echo "postgresql://$DB_USER@/$2?host=$T/$1/sock&port=${cluster_port[$1]}"; }

# conninfo_quote VALUE: as libpq's keyword strings want it.
conninfo_quote() { local v=${1//\\/\\\\}; printf "'%s'" "${v//\'/\\\'}"; }

# conninfo NAME DB: a keyword string that is safe for every database name.
conninfo() {
    printf "host=%s port=%s user=%s dbname=%s" "$T/$1/sock" "${cluster_port[$1]}" "$DB_USER" \
        "$(conninfo_quote "$2")"
}

# cluster_psql NAME DB PSQL-ARG...: unaligned, tuples only, stops at the first error.
cluster_psql() {
    local name=$1 db=$2; shift 2
    as_user "$(pg_bin "${cluster_major[$name]}")/psql" -XAtq -v ON_ERROR_STOP=1 \
        -d "$(conninfo "$name" "$db")" "$@"
}
# sql NAME DB STATEMENT: shorthand for one command string.
sql() { cluster_psql "$1" "$2" -c "$3"; }

ident_quote() { printf '"%s"' "${1//\"/\"\"}"; }
literal_quote() { printf "'%s'" "${1//\'/\'\'}"; }

# database_exists NAME DB; databases NAME: all but the built-in ones, one a line, sorted.
database_exists() {
    [[ $(sql "$1" postgres "select 1 from pg_database where datname = $(literal_quote "$2")") == 1 ]]
}
databases() {
    sql "$1" postgres "select datname from pg_database
        where datname not in ('postgres', 'template0', 'template1') order by datname collate \"C\""
}

# sample_load NAME DB: the repository's rich sample database (tests/sample).
sample_load() {
    sql "$1" postgres "create database $(ident_quote "$2") template template0" &&
        cluster_psql "$1" postgres -f "$ROOT/tests/sample/roles.sql" >/dev/null &&
        cluster_psql "$1" "$2" -f "$ROOT/tests/sample/sample.sql" >/dev/null &&
        cluster_psql "$1" "$2" -f "$ROOT/tests/sample/database.sql" >/dev/null
}

# ---- comparing ----------------------------------------------------------------------------

# schema_dump NAME DB [PG_DUMP-ARG...]: pg_dump's own view of the schema, without what differs
# between two runs. Set DUMP_MAJOR to dump both ends of a pair by the same program.
schema_dump() {
    local name=$1 db=$2; shift 2
    as_user env PGCLIENTENCODING=UTF8 \
        "$(pg_bin "${DUMP_MAJOR:-${cluster_major[$name]}}")/pg_dump" -s "$@" -d "$(conninfo "$name" "$db")" |
        grep -vE '^(-- Dumped (from|by) |\\(un)?restrict )'
    return "${PIPESTATUS[0]}"
}

# data_digest NAME DB: a line per table (own rows only), materialized view, sequence and large
# object. Rows are hashed as text in the server and sorted by hash: physical order is no content.
data_digest() {
    PGOPTIONS='-c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c timezone=UTC
        -c extra_float_digits=3 -c search_path=pg_catalog -c row_security=off
        -c statement_timeout=0 -c default_transaction_read_only=on' \
        cluster_psql "$1" "$2" -f "$ROOT/tests/support/digest.sql"
}

# database_properties NAME DB: what hangs on the database itself, one property a line.
database_properties() {
    cluster_psql "$1" postgres -v "db=$2" -f "$ROOT/tests/support/properties.sql"
}

# is_clone SOURCE DB TARGET DB NAME [PG_DUMP-ARG...]: two tests, schema and rows are the same on
# both ends. The schema is dumped by the newer of both majors.
# Without arguments, owners, privileges and publications are not compared.
is_clone() {
    local s=$1 sdb=$2 t=$3 tdb=$4 name=$5 newer=${cluster_major[$1]} a b; shift 5
    if ((${cluster_major[$t]} > newer)); then newer=${cluster_major[$t]}; fi
    if (($# == 0)); then set -- --no-owner --no-acl --no-publications --no-subscriptions; fi
    a=$(DUMP_MAJOR=$newer schema_dump "$s" "$sdb" "$@") && b=$(DUMP_MAJOR=$newer schema_dump "$t" "$tdb" "$@") || a=$?
    is "$b" "$a" "$name: same schema"
    a=$(data_digest "$s" "$sdb") && b=$(data_digest "$t" "$tdb") || a=$?
    is "$b" "$a" "$name: same rows, sequences and large objects"
}

# ---- pg_mirror ----------------------------------------------------------------------------

PGM_BIN=${PGM_BIN:-$ROOT/pg_mirror}
if [[ $PGM_BIN != /* ]]; then PGM_BIN=$ROOT/$PGM_BIN; fi
# A checkout below a private directory is out of the unprivileged user's reach: run a copy.
reachable() {
    if ! as_user test -x "$1" && [[ -x $1 ]]; then
        cp "$1" "$T/${1##*/}" && chmod 755 "$T/${1##*/}" && echo "$T/${1##*/}"
    else
        echo "$1"
    fi
}
PGM_BIN=$(reachable "$PGM_BIN")
pgm_as=("${AS_USER[@]}") # pgm_as=(env) runs it as the caller, that is as root

# pgm ARG...: run to the end; leaves rc, out and err.
pgm() {
    rc=0
    timeout --foreground -s KILL "$PGM_LIMIT" "${pgm_as[@]}" "$PGM_BIN" "$@" \
        >"$T/out" 2>"$T/err" </dev/null || rc=$?
    pgm_collect
}
pgm_collect() {
    out=$(<"$T/out")
    err=$(<"$T/err")
}

# pgm_is CODE NAME ARG...: run it and compare the exit status; says what it printed otherwise.
pgm_is() {
    local want=$1 name=$2; shift 2
    pgm "$@"
    pgm_rc_is "$want" "$name"
}
pgm_rc_is() {
    if [[ $rc == "$1" ]]; then pass "$2"; return; fi
    fail "$2"
    diag "exit status $rc instead of $1"
    diag "stdout: $(tail -n 30 "$T/out")"
    diag "stderr: $(tail -n 40 "$T/err")"
    return 1
}

# pgm_start ARG...: in the background; pgm_pid is the program's own. pgm_wait leaves rc, out, err.
# bash starts background jobs with INT ignored, which a person's shell does not.
pgm_start() {
    "${pgm_as[@]}" env --default-signal=INT,QUIT "$PGM_BIN" "$@" >"$T/out" 2>"$T/err" </dev/null &
    pgm_pid=$!
    remember_pid "$pgm_pid"
}
pgm_wait() {
    wait_until "${1:-$PGM_LIMIT}" pid_is_gone "$pgm_pid" || { diag "pg_mirror hangs"; kill -KILL "$pgm_pid"; }
    rc=0
    wait "$pgm_pid" || rc=$?
    pgm_collect
}

# json_string TEXT: a JSON string literal.
json_string() {
    local s=${1//\\/\\\\}
    s=${s//\"/\\\"} s=${s//$'\n'/\\n} s=${s//$'\t'/\\t}
    printf '"%s"' "$s"
}

# write_config FILE SOURCE-CLUSTER SOURCE-DB TARGET-CLUSTER [MEMBER...]: a job file. MEMBERs are
# further top-level members ('"options": {"jobs": 2}'). Variables given in front of the call:
# source_extra, target_extra (members of those objects), target_db, auth=password (TCP and scram).
write_config() {
    local file=$1 src=$2 db=$3 dst=$4 member; shift 4
    {
        printf '{\n  "source": {%s, "database": %s%s},\n' "$(endpoint_json "$src")" \
            "$(json_string "$db")" "${source_extra:+, $source_extra}"
        printf '  "target": {%s%s%s}' "$(endpoint_json "$dst")" \
            "${target_db:+, \"database\": $(json_string "${target_db:-}")}" "${target_extra:+, $target_extra}"
        for member in "$@"; do printf ',\n  %s' "$member"; done
        printf '\n}\n'
    } >"$file"
    chmod 600 "$file"
    own "$file"
}
endpoint_json() {
    if [[ ${auth:-} == password ]]; then
        printf '"host": "127.0.0.1", "port": %d, "user": "%s", "password": %s' \
            "${cluster_port[$1]}" "$DB_USER" "$(json_string "$DB_PASSWORD")"
    else
        printf '"host": "%s", "port": %d, "user": "%s"' "$T/$1/sock" "${cluster_port[$1]}" "$DB_USER"
    fi
}

# report_rows: "SCHEMA.TABLE ROWS" lines of the tables in the JSON document of the last run.
report_rows() {
    python3 -c 'import json, sys
for t in json.load(open(sys.argv[1]))["tables"]:
    print(t["schema"] + "." + t["name"], t["rows"])' "$T/out" | LC_ALL=C sort
}
# report KEY...: one value of that document, by its path.
report() {
    python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
for k in sys.argv[2:]:
    v = v[int(k)] if isinstance(v, list) else v[k]
print(v if isinstance(v, str) else json.dumps(v))' "$T/out" "$@"
}

# nothing_left NAME DATABASE...: no file of a run in the temp directory, and on NAME exactly these
# databases besides the built-in ones (previous copies are not looked at).
nothing_left() {
    local name=$1 want got; shift
    want=$(printf '%s\n' "$@" | LC_ALL=C sort)
    got=$(databases "$name" | grep -v '__prev_')
    if [[ -n $(ls -A "$TMPDIR") ]]; then diag "left in $TMPDIR: $(ls -A "$TMPDIR")"; return 1; fi
    if [[ $got != "$want" ]]; then diag "databases: $got"; return 1; fi
}
