#!/bin/bash
# Names of databases are data: whatever they hold, they neither redirect nor break a run.
. "$(dirname "$0")/../support/lib.sh"

cluster_start src
cluster_start dst
long=$(printf 'x%.0s' {1..63})
# shellcheck disable=SC2016 # not to be expanded is their point
names=(
    'a=b' "o'neil" 'with space' ' leading' 'postgresql://x' "host=127.0.0.1 port=1 dbname='y'"
    'UPPER' "$long" 'Grüße 船 🚢' '"quoted"' 'back\slash' '%s%n{database}' '-dash' '--help' 'semi;colon'
    '$HOME `id` $(id)' $'new\nline' 'dots.in..name' '../up' 'select' 'app__new' '*?[x]' 'de,liste'
)
for name in "${names[@]}"; do
    shown=${name//$'\n'/\\n}
    sql src postgres "create database $(ident_quote "$name")"
    sql src "$name" "create table $(ident_quote "$name") (v text); insert into $(ident_quote "$name") values ($(literal_quote "$name")), (null)"
    write_config "$T/job.json" src "$name" dst '"options": {"drop_existing": true}'
    pgm_is 0 "'$shown' is cloned" mirror -c "$T/job.json"
    is "$(data_digest dst "$name")" "$(data_digest src "$name")" "'$shown' has its rows"
done
is "$(databases dst)" "$(databases src)" 'no other database appeared'

# A second time: renames, comments and previous copies have to live with the names too.
again=('a=b' "o'neil" 'postgresql://x' "$long" 'back\slash' '%s%n{database}' '--help' $'new\nline' 'app__new')
for name in "${again[@]}"; do
    shown=${name//$'\n'/\\n}
    sql src "$name" "insert into $(ident_quote "$name") values ('again')"
    write_config "$T/job.json" src "$name" dst '"options": {"drop_existing": true}'
    pgm_is 0 "'$shown' is replaced" mirror -c "$T/job.json"
    is "$(sql dst "$name" "select count(*) from $(ident_quote "$name")")" 3 "'$shown' is the new one"
done
previous=$(sql dst postgres "select count(*) from pg_database where datname like '%\\_\\_prev\\_%'")
is "$previous" ${#again[@]} 'each has one previous copy'

# Both ends named oddly, and differently.
target_db="to='x' \"y\"" write_config "$T/job.json" src 'a=b' dst
pgm_is 0 'an odd name becomes another odd name' mirror -c "$T/job.json"
is "$(data_digest dst "to='x' \"y\"")" "$(data_digest src 'a=b')" 'with its rows'
is "$(sql dst postgres 'select count(*) from pg_database where not datistemplate')" \
    $((${#names[@]} + ${#again[@]} + 2)) 'no database appeared that has no business there'

# On one cluster, from one name to another.
target_db='copy = of' write_config "$T/job.json" src 'a=b' src
pgm_is 0 'source and target may share a cluster' mirror -c "$T/job.json"
is "$(data_digest src 'copy = of')" "$(data_digest src 'a=b')" 'with its rows'
target_db='a=b' write_config "$T/job.json" src 'a=b' src '"options": {"drop_existing": true}'
pgm_is 80 'but not be one database' mirror -c "$T/job.json" --yes

# A list for people has a line for each table.
write_config "$T/job.json" src $'new\nline' dst '"options": {"drop_existing": true}'
pgm_is 0 'a plan over an odd name' plan -c "$T/job.json"
like "$out" $'rows  public\\.new\\\\x0aline(\n|$)' 'shows its line break as what it is'
done_testing
