-- One line per table, materialized view, sequence and large object: name, rows, digest.
-- Rows of a table are its own, without its children's. A table partitioned by hash is one line:
-- which partition a row is in depends on OIDs when the key is an enum, and differs in a good clone.
with hashed as (
    select relid, exists (select from pg_partition_ancestors(partrelid) a join pg_partitioned_table u on u.partrelid = a.relid
                          where u.partstrat = 'h' and a.relid <> p.partrelid) as below
    from pg_partitioned_table p, pg_partition_tree(partrelid) where partstrat = 'h'
), chosen as (
    select oid, relkind, case when relkind = 'p' then '' else 'only ' end as own from pg_class c
    where (relkind = 'r' or relkind = 'm' and relispopulated or relkind = 'p')
      and relpersistence <> 't' and relnamespace::regnamespace::text !~ '^(pg_toast.*|pg_catalog|information_schema)$'
      and case when relkind = 'p' then oid in (select partrelid from pg_partitioned_table where partstrat = 'h')
                                       and not exists (select from hashed where relid = oid and below)
               else not exists (select from hashed where relid = oid) end
)
select format('select %L, count(*), md5(string_agg(h, '''' order by h collate "C"))
               from (select md5(pgm_row::text) as h from %s%s pgm_row) rows',
              relkind::text || ' ' || oid::regclass, own, oid::regclass)
from chosen order by relkind, oid::regclass::text collate "C" \gexec
select 'm ' || oid::regclass || ' not populated' from pg_class
where relkind = 'm' and not relispopulated order by 1;
select format('select %L, last_value, is_called from %s', 'S ' || oid::regclass, oid::regclass)
from pg_class where relkind = 'S' and relpersistence <> 't' order by oid::regclass::text collate "C" \gexec
select 'L ' || oid, md5(lo_get(oid)) from pg_largeobject_metadata order by oid;
