# shellcheck shell=bash
# shellcheck disable=SC2154,SC2015 # rc, out and err come from lib.sh
# faults.sh - what the tests of failing runs share: client programs that can be held, and what must
# hold after every failure. Sourced after lib.sh and pgdrive.sh.

# programs_make: $T/bin has pg_dump and pg_restore that can be held before they start. Jobs name
# it as options.bin_dir ($bin_dir).
programs_make() {
    local p
    mkdir "$T/bin"
    for p in pg_dump pg_restore; do
        cat >"$T/bin/$p" <<END
#!/bin/sh
if [ "\$1" = --version ]; then exec $(pg_bin)/$p --version; fi
if [ -e '$T/hold.$p' ]; then
    echo \$\$ >'$T/held.$p.new'; mv '$T/held.$p.new' '$T/held.$p'
    while [ -e '$T/hold.$p' ]; do sleep 0.02; done
fi
exec $(pg_bin)/$p "\$@"
END
        chmod 755 "$T/bin/$p"
    done
    own "$T"
    bin_dir="\"bin_dir\": \"$T/bin\""
}
# hold PROGRAM...: their next start waits. held PROGRAM: wait until it does; leaves its pid in held_pid.
hold() { local p; for p in "$@"; do rm -f "$T/held.$p"; touch "$T/hold.$p"; done; }
held() {
    wait_until 30 test -e "$T/held.$1" || die "$1 was not started: $(<"$T/err")"
    held_pid=$(<"$T/held.$1")
}
release() { local p; for p in "$@"; do rm -f "$T/hold.$p"; done; }

our_sessions() {
    sql "$1" postgres "select count(*) from pg_stat_activity where application_name ~ '^pg_(mirror|dump|restore)'"
}
no_session() { [[ $(our_sessions "$1") == 0 ]]; }
no_child() { ! pgrep -f "pg_(dump|restore) .*$T/" >/dev/null; }

# clean CLUSTER DATABASE...: nothing of a run is left: no process, session, lock, file, database.
clean() {
    wait_until 15 no_child || { diag 'a client program is left'; return 1; }
    wait_until 15 no_session "$1" || { diag 'a session is left'; return 1; }
    [[ $(sql "$1" postgres "select count(*) from pg_locks where locktype = 'advisory'") == 0 ]] || { diag 'a lock is left'; return 1; }
    nothing_left "$@"
}

# failed CODE STATE REGEX NAME: the last run (with --output json) failed like that, said so in one
# line with a hint or detail, and its document says the same.
failed() {
    local code=$1 state=$2 regex=$3 name=$4 message hint detail
    if [[ $rc != "$code" ]]; then pgm_rc_is "$code" "$name"; return 1; fi
    message=$(report error message) && hint=$(report error hint) && detail=$(report error detail) ||
        { fail "$name"; diag "no document: $out"; return 1; }
    is "$rc $(report exit_code) $(report error code) $(report result) $(report target_state)" \
        "$code $code $code failed $state" "$name: exit status $code, target $state" || diag "$err"
    like "$message"$'\n'"$detail"$'\n'"$hint" "$regex" "$name: says so"
    is "$(grep -c 'ERROR' <<<"$err")-$(grep -c "ERROR.*\] ${message//[^a-zA-Z0-9 ]/.}$" <<<"$err")" \
        "$(grep -cE '^[^ ]+ ERROR ' <<<"$err")-1" "$name: in one line"
    if [[ $code -lt 128 && $hint == null && $detail == null ]]; then fail "$name: with a hint or a detail"; diag "$err"; fi
}
