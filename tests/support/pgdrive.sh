# shellcheck shell=bash
# pgdrive.sh - what the tests of src/postgres share: the driver, and psql sessions that stay open.
# Sourced after lib.sh.

drive_build() {
    local bin=$ROOT/build/${PGM_CONFIG:-release}/tests/support/pgdrive
    make -s -C "$ROOT" ${PGM_CONFIG:+CONFIG=$PGM_CONFIG} "${bin#"$ROOT"/}" >"$T/make.log" 2>&1 ||
        die "cannot build pgdrive: $(cat "$T/make.log")"
    cp "$bin" "$T/pgdrive" && chmod 755 "$T/pgdrive"
}

# shellcheck disable=SC2154 # lib.sh sets cluster_port
# at NAME [DB [USER]]: the driver's keys for a cluster's socket.
at() { printf 'host=%s\nport=%s\ndatabase=%s\nuser=%s\n' "$T/$1/sock" "${cluster_port[$1]}" "${2:-postgres}" "${3:-$DB_USER}"; }

# drive ARG...: run the driver; leaves rc and out. The cluster's keys come from $keys (mapfile).
drive() {
    rc=0
    out=$(as_user timeout 60 "$T/pgdrive" "$@" 2>&1) || rc=$?
}
# field NAME: a line of the error that the driver printed.
field() { sed -n "s/^$1: //p" <<<"$out" | head -n 1; }

# session_open ID NAME DB: a psql that stays; session_say ID SQL waits until it was done.
declare -A session_fd=() session_pid=() session_done=()
session_open() {
    mkfifo "$T/session.$1" && own "$T/session.$1"
    : >"$T/session.$1.out" # here and now: what an earlier session of that name said is not its answer
    cluster_psql "$2" "$3" -f "$T/session.$1" >"$T/session.$1.out" 2>&1 &
    session_pid[$1]=$!
    remember_pid "$!"
    exec {fd}<>"$T/session.$1"
    session_fd[$1]=$fd
    session_done[$1]=0
}
session_say() {
    session_done[$1]=$((session_done[$1] + 1))
    printf '%s;\n\\echo done %d\n' "$2" "${session_done[$1]}" >&"${session_fd[$1]}"
    wait_until 30 grep -qs "^done ${session_done[$1]}\$" "$T/session.$1.out" || die "session $1 hangs in: $2"
}
# session_start ID SQL: without waiting
session_start() {
    session_done[$1]=$((session_done[$1] + 1))
    printf '%s;\n\\echo done %d\n' "$2" "${session_done[$1]}" >&"${session_fd[$1]}"
}
session_backend() { session_say "$1" 'select pg_backend_pid()'; grep -E '^[0-9]+$' "$T/session.$1.out" | tail -n 1; }
session_close() {
    local fd=${session_fd[$1]}
    echo '\q' >&"$fd"
    exec {fd}>&-
    wait "${session_pid[$1]}" 2>/dev/null
    rm -f "$T/session.$1"
}
