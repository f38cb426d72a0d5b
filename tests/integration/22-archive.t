#!/bin/bash
# Kept dumps from the outside: list, verify, and one changed byte anywhere.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst
sql src postgres 'create database "App 1"'
sql src 'App 1' "create table t(id int primary key, v text); insert into t select i, md5(i::text) from generate_series(1, 1000) i;
    create table empty(a int); select lo_from_bytea(0, 'large object')" >/dev/null
mkdir "$T/kept" && own "$T/kept"
write_config "$T/job.json" src 'App 1' dst
pgm_is 0 'a mirror keeps its dump' -c "$T/job.json" --keep-dump "$T/kept"
files=("$T"/kept/*)
is "${#files[@]}" 1 'one file and nothing else'
file=${files[0]}
like "$file" '/job-App_1-[0-9]{8}T[0-9]{6}Z-[^/]*\.pgmirror\.tar$' 'its name tells job, database and time'
is "$(stat -c %a "$file")" 600 'nobody else may read it'
is "$(tar tf "$file" | tr '\n' ' ')" 'manifest.json database.json dump.pgc SHA256SUMS ' 'tar reads it'
mkdir "$T/x" && tar xf "$file" -C "$T/x" --no-same-owner
ok 'sha256sum agrees' bash -c "cd '$T/x' && sha256sum --strict -c SHA256SUMS >'$T/sums'"
ok 'pg_restore reads the dump in it' "$(pg_bin)/pg_restore" -f /dev/null "$T/x/dump.pgc"
nok 'no password is in it' grep -qaF "$DB_PASSWORD" "$file"

pgm_is 0 'list works' archive list "$T/kept"
like "$out" "App 1 .* 2 +1000 +$file" 'with database, tables, rows and file'
pgm_is 0 'list takes the directory of --keep-dump' archive list --keep-dump "$T/kept" --output json
is "$(python3 -c 'import json,sys; d = json.load(sys.stdin)["dumps"][0]; print(d["ok"], d["database"], d["rows"], d["large_objects"])' <<<"$out")" \
    'True App 1 1000 1' 'as JSON'
pgm_is 0 'verify works' archive verify "$file"
like "$out" "^ok      $file: 2 tables, 1000 rows, [0-9.]+ KiB\$" 'and says what is in it'

# One byte, anywhere: each region of the file and 40 places at random.
size=$(stat -c %s "$file")
places=(0 1 130 257 511 512 600 $((size - 1)) $((size - 600)) $((size - 1300)) $((size - 1536)) $((size - 1900)))
for _ in {1..40}; do places+=($(((RANDOM * 32768 + RANDOM) % size))); done
missed=
for at in "${places[@]}"; do
    cp "$file" "$T/kept/changed.pgmirror.tar"
    byte=$(od -An -tu1 -j "$at" -N 1 "$file")
    printf "%b" "\\x$(printf %02x $((byte ^ (1 << (at % 8)))))" |
        dd of="$T/kept/changed.pgmirror.tar" bs=1 seek="$at" conv=notrunc status=none
    own "$T/kept/changed.pgmirror.tar"
    pgm archive verify "$T/kept/changed.pgmirror.tar"
    [[ $rc == 65 && $out == FAILED* ]] || missed+=" $at"
done
is "$missed" '' "a changed byte is found at each of ${#places[@]} places"
pgm_is 65 'verify of the directory fails if one is damaged' archive verify "$T/kept"
like "$out" $'FAILED  .*changed.*\n.*ok      ' 'and tells good ones from bad ones'
cp "$file" "$T/kept/changed.pgmirror.tar" && printf x | dd of="$T/kept/changed.pgmirror.tar" bs=1 seek=700 conv=notrunc status=none
own "$T/kept/changed.pgmirror.tar"
pgm_is 65 'list reads the manifest with the same care' archive list "$T/kept" --output json
rm "$T/kept/changed.pgmirror.tar"

pgm_is 66 'a file that is not there' archive verify "$T/kept/none.pgmirror.tar"
like "$err" "cannot open '$T/kept/none.pgmirror.tar': No such file" 'is named'
pgm_is 65 'something else is refused' archive verify "$T/job.json"
like "$err" "'$T/job.json' is not a dump that pg_mirror kept" 'by name'
pgm_is 66 'nothing to verify is no success' archive verify "$T/home"
pgm_is 64 'an unknown subcommand' archive frobnicate
like "$err" "unknown subcommand 'frobnicate' of archive" 'is named'

# ---- no place to keep it ----
pgm_is 73 'a directory that is not there' -c "$T/job.json" --if-exists replace --yes --keep-dump "$T/no such place"
like "$err" "cannot keep the dump in '$T/no such place': No such file.*hint: install -d -m 700 '$T/no such place'" 'is named before the run'
unlike "$err" 'dumped' 'and not after the dump'
done_testing
