-- What hangs on the sample database itself and not on anything in it: psql -d NAME -f database.sql
set client_min_messages = warning;
comment on database :"DBNAME" is 'sample harbour, "quoted" and ''quoted''';
alter database :"DBNAME" owner to sample_owner;
alter database :"DBNAME" connection limit 40;
alter database :"DBNAME" set datestyle = 'SQL, DMY';
alter database :"DBNAME" set search_path = harbour, public, "Odd ""Names""";
alter database :"DBNAME" set "harbour.motto" = 'it''s "all" right';
alter database :"DBNAME" set statement_timeout = '10min';
alter role sample_reader in database :"DBNAME" set default_transaction_read_only = on;
alter role sample_writer in database :"DBNAME" set work_mem = '8MB';
revoke all on database :"DBNAME" from public;
grant connect on database :"DBNAME" to sample_reader;
grant connect, create on database :"DBNAME" to sample_writer with grant option;
