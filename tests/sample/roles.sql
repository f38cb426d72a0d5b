-- Roles of the sample database. Belongs to the cluster: run it on every server, as often as you like.
set client_min_messages = warning;
do $$
declare
    name text;
begin
    foreach name in array array['sample_owner', 'sample_reader', 'sample_writer', 'Sample "Admin"'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin', name);
        end if;
    end loop;
end $$;
grant sample_reader to sample_writer;
