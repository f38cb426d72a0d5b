#!/bin/bash
# The target's name is given nowhere: it is the kept dump's, or what the source's service says.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src && cluster_start dst
sql src postgres 'create database app'
sql src app 'create table t (id int primary key); insert into t select generate_series(1, 100)'
server() { echo "postgresql://$DB_USER@?host=$T/$1/sock&port=${cluster_port[$1]}"; }

pgm_is 0 'a clone keeps its dump' --source "$(cluster_uri src app)" --target "$(cluster_uri dst first)" --keep-dump "$T/home"
dumps=("$T"/home/*.pgmirror.tar)
pgm_is 0 'restore without a name' restore --target "$(server dst)" "${dumps[0]}"
is_clone src app dst app 'the name is the dump'\''s'
pgm restore --target "$(server dst)" "${dumps[0]}"
is "$rc" 80 'a second time it is in the way'

sql dst postgres 'drop database app'
printf '[from]\nhost=%s\nport=%d\nuser=%s\ndbname=app\n[to]\nhost=%s\nport=%d\nuser=%s\n' \
    "$T/src/sock" "${cluster_port[src]}" "$DB_USER" "$T/dst/sock" "${cluster_port[dst]}" "$DB_USER" >"$T/services"
export PGSERVICEFILE=$T/services
printf '{"source": {"service": "from"}, "target": {"service": "to"}}\n' >"$T/job.json" && own "$T/job.json"
pgm_is 0 'check asks the service' check -c "$T/job.json"
pgm check -c "$T/job.json" -v --only tgt.exists
has "$out" "'app' does not exist and will be created" 'for the name'
pgm_is 0 'so does mirror' -c "$T/job.json"
is_clone src app dst app 'the name is the service'\''s'
cluster_stop src
pgm check -c "$T/job.json" -v
is "$rc" 1 'and without an answer'
like "$out" 'FAIL  reach' 'the unreachable source is the finding'
done_testing
