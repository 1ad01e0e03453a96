-- The roles, the database and the extensions of the portal. Run by the embedded launcher and, once, by the
-- administrator of any other PostgreSQL >= 15, as a superuser (or the provider's equivalent). Running it again changes nothing:
--
--   PROPMAN_APP_PASSWORD=... PROPMAN_OWNER_PASSWORD=... psql -h HOST -U postgres -d postgres -f propman/embedded/roles.sql
--
-- propman_ddl owns the tables and migrates (DATABASE_OWNER_URL); propman_app serves requests, owns nothing and is held by
-- row-level security (DATABASE_URL); propman_official has no login, propman_app changes to it for officials' reads.
\set ON_ERROR_STOP on
\set QUIET on
\getenv app_password PROPMAN_APP_PASSWORD
\getenv owner_password PROPMAN_OWNER_PASSWORD

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['propman_ddl', 'propman_app', 'propman_official']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE propman_ddl LOGIN NOSUPERUSER BYPASSRLS CREATEDB NOCREATEROLE PASSWORD :'owner_password';
ALTER ROLE propman_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
ALTER ROLE propman_official NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;

SELECT current_setting('server_version_num')::int >= 160000 AS per_grant \gset
\if :per_grant
GRANT propman_official TO propman_app WITH INHERIT FALSE, SET TRUE;
\else
ALTER ROLE propman_app NOINHERIT;
GRANT propman_official TO propman_app;
\endif

-- Emptying tables between tests needs this; an installation without it serves as well.
DO $$
BEGIN
    GRANT SET ON PARAMETER session_replication_role TO propman_ddl;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'propman_ddl may not set session_replication_role: the test suite cannot run on this server';
END
$$;

SELECT 'CREATE DATABASE propman OWNER propman_ddl' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'propman') \gexec

SET client_min_messages = warning;
\connect template1
SET client_min_messages = warning;
-- here too, so that test databases have them
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
\connect propman
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
