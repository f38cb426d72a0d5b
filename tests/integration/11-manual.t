#!/bin/bash
# D17: the manual cannot drift: every option, key, command and variable of the program is in it.
. "$(dirname "$0")/../support/lib.sh"
page1=$ROOT/man/pg_mirror.1 page5=$ROOT/man/pg_mirror.5
[[ -f $page1 && -f $page5 ]] || skip_all 'there is no manual yet'
command -v mandoc >/dev/null || skip_all 'mandoc is not installed'

render() { mandoc -Tascii -Owidth=200 "$1" | col -bx; }
render "$page1" >"$T/page1"
render "$page5" >"$T/page5"
missing() { # FILE WORD...: those that the page does not have as a word of their own
    local file=$1 word; shift
    for word; do grep -qE -- "(^|[^A-Za-z0-9_-])$word([^A-Za-z0-9_-]|\$)" "$file" || printf '%s ' "$word"; done
}

pgm completion fish
mapfile -t options < <(sed -n 's/^complete -c pg_mirror -l \([a-z-]*\).*/--\1/p' "$T/out")
mapfile -t commands < <(sed -n 's/^complete -c pg_mirror -n __fish_use_subcommand -a \([a-z]*\).*/\1/p' "$T/out")
ok 'there are options' test "${#options[@]}" -gt 40
ok 'there are commands' test "${#commands[@]}" -ge 14
is "$(missing "$T/page1" "${options[@]}")" '' 'pg_mirror(1) has every option'
is "$(missing "$T/page1" "${commands[@]}")" '' 'pg_mirror(1) has every command'

pgm schema
cat >"$T/keys.py" <<'END'
import json, sys
def names(schema):
    for k, v in schema.get("properties", {}).items():
        yield k
        yield from names(v)
print(*sorted(set(names(json.load(open(sys.argv[1]))))))
END
read -ra keys < <(/usr/bin/python3 "$T/keys.py" "$T/out")
ok 'there are keys' test "${#keys[@]}" -gt 50
is "$(missing "$T/page5" "${keys[@]}")" '' 'pg_mirror(5) has every key'

# And back: what the manual calls an option is one.
mapfile -t named < <(grep -oE -- '(^|[ ,(|[])--[a-z][a-z-]+' "$T/page1" | grep -oE -- '--[a-z-]+' | sort -u)
foreign='--no-strict-names --snapshot --create --clean --jobs'
wrong=()
for option in "${named[@]}"; do
    [[ " ${options[*]} $foreign " == *" $option "* ]] || wrong+=("$option")
done
is "${wrong[*]}" '' 'pg_mirror(1) names no option that does not exist'
done_testing
