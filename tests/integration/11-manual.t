#!/bin/bash
# The manual cannot drift: what it says of options, keys, defaults and statuses is what the program
# says, its examples are run, and the README's first clone is made.
. "$(dirname "$0")/../support/lib.sh"
page1=$ROOT/man/pg_mirror.1 page5=$ROOT/man/pg_mirror.5 readme=$ROOT/README.md
manual() { /usr/bin/python3 "$ROOT/tests/support/manual.py" "$@" 2>&1; }

if command -v mandoc >/dev/null; then
    is "$(mandoc -Tlint -Wwarning "$page1" "$page5" 2>&1)" '' 'mandoc finds nothing to complain about'
else
    skip 'mandoc is not installed'
fi

# ---- both directions --------------------------------------------------------------------------

is "$(manual options "$page1" "$PGM_BIN")" '' 'options, their values, defaults, commands and variables'
is "$(manual commands "$page1" "$PGM_BIN")" '' 'commands'
is "$(manual status "$page1" "$ROOT/include/common/err.h")" '' 'exit statuses'
is "$(manual keys "$page5" "$PGM_BIN")" '' 'keys, their types, ranges, defaults and examples'
is "$(manual ranges "$page5" "$PGM_BIN")" '' 'the bounds of durations are those of the program'

# The comparison itself: it sees what is wrong.
spoil() { sed "$1" "$2" >"$T/spoilt"; cmp -s "$T/spoilt" "$2" && diag "nothing was spoilt by $1"; }
spoil 's/^Default: 4\.$/Default: 5./' "$page1"
is "$(manual options "$T/spoilt" "$PGM_BIN")" '--jobs: the default is 4' 'a wrong default is seen'
spoil 's/^\.It Fl -no-swap$/.It Fl -no-swop/' "$page1"
like "$(manual options "$T/spoilt" "$PGM_BIN")" '^--no-swap is only in the program.*--no-swop is only in the manual' 'a wrong name is seen'
spoil 's/^\.It 81$/.It 18/' "$page1"
like "$(manual status "$T/spoilt" "$ROOT/include/common/err.h")" '^missing: 81 .*not so: 18 ' 'a wrong status is seen'
spoil 's/^\.It Va max_shrink$/.It Va max_shrunk/' "$page5"
like "$(manual keys "$T/spoilt" "$PGM_BIN")" '^/verify/max_shrink is only in the program' 'a missing key is seen'
spoil 's/^Duration up to 7d/Duration up to 8d/' "$page5"
like "$(manual ranges "$T/spoilt" "$PGM_BIN")" 'lock_timeout: a bound is refused' 'a wrong bound is seen'

# ---- examples parse ---------------------------------------------------------------------------

# Nobody answers at the address, whatever the examples call their hosts.
cd "$T/home" || exit 1
printf '{"source": {"host": "prod", "database": "app"}, "target": {"host": "test"}}\n' >common.json
tried() { # ARG...: the call is understood; what would be a run is only validated
    local args=("$@")
    cp common.json staging.json && own .
    args=("${args[@]//\/etc\/pg_mirror\//$T/home/}")
    case ${args[0]} in
    mirror) args[0]=validate ;;
    -*) args=(validate "${args[@]}") ;;
    init) rm -f staging.json new.json ;; # it makes them
    esac
    PGHOSTADDR=127.0.0.1 PGPORT=1 PG_MIRROR_RETRIES=0 pgm "${args[@]}"
    case $rc in 64 | 70 | 78 | 1[3-9]? | 3) diag "status $rc of: ${args[*]}" "$err"; return 1 ;; esac
}
for file in "$page1" "$page5" "$readme"; do
    mapfile -t calls < <(manual examples "$file")
    ok "${file##*/} has examples" test "${#calls[@]}" -gt 0
    for call in "${calls[@]}"; do
        IFS=$'\t' read -ra words <<<"$call"
        ok "${file##*/}: ${words[*]}" tried "${words[@]}"
    done
done

pgm completion bash
# shellcheck disable=SC2016 # the dollar is the script's
read -ra commands < <(sed -n 's/.*COMP_CWORD == 1.*//; s/^ *COMPREPLY=($(compgen -W "\([a-z ]*\)" -f .*/\1/p' "$T/out")
ok 'there are commands' test "${#commands[@]}" -ge 14
for command in '' "${commands[@]}"; do
    # shellcheck disable=SC2086 # none is no word
    pgm help $command
    mapfile -t lines < <(sed -n 's/^  pg_mirror \(.*\)/\1/p' "$T/out" | grep -v '^help ')
    for line in ${lines[@]+"${lines[@]}"}; do
        if [[ -z $command ]]; then line=${line//URI/postgresql://db/app} line=${line%% >*}; fi
        eval "words=(${line%%  #*})"
        ok "help $command: ${words[*]}" tried "${words[@]}"
    done
done

pgm --help
ok '--help fits 24 lines' test "$(wc -l <"$T/out")" -le 24
is "$(grep -E '^.{80}' "$T/out")" '' 'of 79 characters'
for command in "${commands[@]}"; do
    pgm help "$command"
    is "$(grep -E '^.{80}' "$T/out")" '' "help $command has no longer line"
done

# ---- the README's words are kept -----------------------------------------------------------------

mapfile -t codes < <(sed -nE 's/^ +X\(E_[A-Z]+, +([0-9]+), .*/\1/p' "$ROOT/include/common/err.h")
missing=
for code in "${codes[@]}"; do
    # 65, 70 and 71 are left to the manual: nobody acts on them.
    grep -qE "^\|([^|]*[ ,])?${code}[,+ ][^|]*\|" "$readme" || missing+="$code "
done
is "$missing" '65 70 71 ' 'the short table has the statuses that somebody acts on'
mapfile -t paths < <(grep -oE '\]\([A-Za-z][^):]*\)' "$readme" | tr -d '()]')
gone=
for path in "${paths[@]}" examples bench/archive ci/setup; do [[ -e $ROOT/$path ]] || gone+="$path "; done
is "$gone" '' 'what it points to is there'
told=$(sed -nE 's|^src/([a-z]+)/ .*|\1|p' "$readme" | sort | xargs)
is "$told" "$(cd "$ROOT/src" && printf '%s\n' */ | tr -d / | sort | xargs)" 'it tells every module'
# shellcheck disable=SC2016 # Markdown's quotes
mapfile -t targets < <(grep -oE '`make [a-z-]+' "$readme" | cut -d' ' -f2 | sort -u)
missing=
for target in "${targets[@]}"; do
    grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:" "$ROOT/Makefile" || missing+="$target "
done
is "$missing" '' 'the targets of make exist'

# ---- the first clone, for real -------------------------------------------------------------------

cluster_start src && cluster_start dst
# The least that check asks for: whoever may read on one side, CREATEDB and pg_signal_backend on the other.
sql src postgres "create role readonly login password 'of src' in role pg_read_all_data"
sql src postgres 'create database app'
sql src app 'create table t (id int primary key, v text); insert into t select i, i::text from generate_series(1, 1000) i'
sql dst postgres "create role ci login createdb password 'of dst' in role pg_signal_backend"
awk '/^```json/ {on = 1; next} /^```/ {on = 0} on' "$readme" >"$T/home/staging.json"
own "$T/home/staging.json"
export PROD_PASSWORD='of src' STAGING_PASSWORD='of dst'
places=(--set /source/host=127.0.0.1 --set "/source/port=${cluster_port[src]}"
    --set /target/host=127.0.0.1 --set "/target/port=${cluster_port[dst]}")
first=0
for call in "${calls[@]}"; do
    IFS=$'\t' read -ra words <<<"$call"
    [[ " ${words[*]} " == *' -c staging.json '* ]] || continue
    pgm_is 0 "README, for real: ${words[*]}" "${words[@]}" "${places[@]}" --retries 0
    if [[ ${words[*]} == '-c staging.json' ]]; then
        first=1
        is_clone src app dst app 'the clone of the README'
        pgm_is 0 'a second one, so that there is something to go back to' -c staging.json "${places[@]}" --if-exists replace --yes
    fi
done
is "$first" 1 'it was among them'
is "$(sql dst postgres "select count(*) from pg_database where datname like 'app\\_\\_prev%'")" 1 'the copy of the rollback is kept'

sql dst postgres 'drop database app'
pgm_is 0 'examples/minimal.json, for real' -c "$ROOT/examples/minimal.json" "${places[@]}"
is_clone src app dst app 'its clone'
for file in "$ROOT"/examples/*.json; do
    pgm_is 0 "${file##*/} is valid" validate -c "$file"
done

# ---- make install ----------------------------------------------------------------------------------

if [[ -x $ROOT/pg_mirror && -w $ROOT ]]; then
    ok 'make install' make -s -C "$ROOT" --no-print-directory install DESTDIR="$T/pkg" PREFIX=/usr
    is "$(cd "$T/pkg" && find . -type f -printf '%P %m\n' | sort | xargs)" \
        'usr/bin/pg_mirror 755 usr/share/man/man1/pg_mirror.1 644 usr/share/man/man5/pg_mirror.5 644' 'installs the program and its manual'
    like "$("$T/pkg/usr/bin/pg_mirror" --version)" '^pg_mirror [0-9]+\.[0-9]+\.[0-9]+' 'that runs'
    ok 'make uninstall' make -s -C "$ROOT" --no-print-directory uninstall DESTDIR="$T/pkg" PREFIX=/usr
    is "$(cd "$T/pkg" && find . -type f)" '' 'removes them'
else
    skip 'the release tree is not built'
fi
done_testing
