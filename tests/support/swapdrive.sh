# shellcheck shell=bash
# swapdrive.sh - builds and runs tests/support/swapdrive for the tests of the target side.

# swapdrive_build: the binary, copied to where the unprivileged user can run it.
swapdrive_build() {
    make -s -C "$ROOT" "build/${CONFIG:-release}/tests/support/swapdrive" >"$T/make.log" 2>&1 ||
        die "cannot build swapdrive: $(<"$T/make.log")"
    cp "$ROOT/build/${CONFIG:-release}/tests/support/swapdrive" "$T/swapdrive"
    chmod 755 "$T/swapdrive"
}

# sd CLUSTER ARG...: run it; leaves rc and out.
sd() {
    local name=$1; shift
    rc=0
    # shellcheck disable=SC2154 # cluster_port is lib.sh's
    out=$(timeout -s KILL 120 "${AS_USER[@]}" env ${SWAPDRIVE_AT:+SWAPDRIVE_AT="$SWAPDRIVE_AT"} \
        "$T/swapdrive" host="$T/$name/sock" port="${cluster_port[$name]}" user="${sd_user:-$DB_USER}" \
        "$@" 2>&1) || rc=$?
}
# sd_is CODE NAME CLUSTER ARG...
sd_is() {
    local want=$1 name=$2; shift 2
    sd "$@"
    if [[ $rc == "$want" ]]; then pass "$name"; return; fi
    fail "$name"
    diag "exit status $rc instead of $want" "$out"
    return 1
}
# sessions_in CLUSTER DB N: are there at least N?
sessions_in() { [[ $(sql "$1" postgres "select count(*) from pg_stat_activity where datname = $(literal_quote "$2")") -ge $3 ]]; }
# swap_sql N: fills a shadow with a table public.t that holds the row N.
swap_sql() { echo "create table public.t(x int); insert into public.t values ($1)"; }
