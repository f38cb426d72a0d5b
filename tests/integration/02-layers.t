#!/bin/bash
# The modules include each other as ci/layers.txt says, and breaking that is noticed.
. "$(dirname "$0")/../support/lib.sh"
cd "$ROOT" || exit 1
shopt -s nullglob

layers() { ci/layers ci/layers.txt "$@" 2>&1; }
is "$(layers pg_mirror.c src/*/*.[ch] include/*/*.h)" '' 'no include crosses a layer'

try() { mkdir -p "$T/$(dirname "$1")" && printf '#include "%s"\n' "$2" >"$T/$1" && (cd "$T" && "$ROOT/ci/layers" "$ROOT/ci/layers.txt" "$1" 2>&1); }
is "$(try src/common/a.c postgres/conn.h)" \
    "src/common/a.c:1: 'common' may not include 'postgres/conn.h'" 'an include upwards is refused'
is "$(try src/archive/a.c postgres/conn_priv.h)" \
    "src/archive/a.c:1: 'postgres/conn_priv.h' is private to 'postgres'" 'a private header is refused'
is "$(try src/postgres/a.c conn_priv.h)" '' 'a private header of the module itself is fine'
is "$(try src/novel/a.c common/err.h)" \
    "src/novel/a.c:1: module 'novel' is not in ci/layers.txt" 'an unknown module is refused'
is "$(try pg_mirror.c model/endpoint.h)" \
    "pg_mirror.c:1: 'pg_mirror' may not include 'model/endpoint.h'" 'main knows common and cli only'
done_testing
