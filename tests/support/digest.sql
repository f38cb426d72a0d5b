-- One line per table, materialized view, sequence and large object: name, rows, digest.
select format('select %L, count(*), md5(string_agg(h, '''' order by h collate "C"))
               from (select md5(pgm_row::text) as h from only %s pgm_row) rows',
              relkind::text || ' ' || oid::regclass, oid::regclass)
from pg_class
where (relkind = 'r' or relkind = 'm' and relispopulated)
  and relpersistence <> 't' and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  and relnamespace::regnamespace::text !~ '^pg_toast'
order by relkind, oid::regclass::text collate "C" \gexec
select 'm ' || oid::regclass || ' not populated' from pg_class
where relkind = 'm' and not relispopulated order by 1;
select format('select %L, last_value, is_called from %s', 'S ' || oid::regclass, oid::regclass)
from pg_class where relkind = 'S' and relpersistence <> 't' order by oid::regclass::text collate "C" \gexec
select 'L ' || oid, md5(lo_get(oid)) from pg_largeobject_metadata order by oid;
