-- What belongs to database :db itself. to_jsonb() hides which columns a major has.
\set QUIET on
select format('%s: %s', key, value)
from pg_database d, jsonb_each_text(to_jsonb(d)) p (key, value)
where datname = :'db'
  and key in ('encoding', 'datcollate', 'datctype', 'datlocprovider', 'daticulocale', 'datlocale',
              'daticurules', 'datconnlimit', 'datallowconn', 'datistemplate')
order by key collate "C";
-- Default privileges written out are still the default ones.
select 'acl: ' || coalesce(datacl, acldefault('d', datdba))::text from pg_database where datname = :'db';
select 'owner: ' || pg_get_userbyid(datdba) from pg_database where datname = :'db';
select 'comment: ' || coalesce(shobj_description(oid, 'pg_database'), '') from pg_database where datname = :'db';
select format('setting of %s: %s', case when setrole = 0 then 'all' else pg_get_userbyid(setrole)::text end, setting) as line
from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(setconfig) setting
where datname = :'db' order by setrole, setting collate "C";
