#!/bin/sh
# The official PostgreSQL image runs it once, on a new volume: two databases, and a login for each who comes to them.
# Their passwords are those of the URLs in the secrets (secrets.sh makes both).
set -eu

password() { sed -E 's#^[^/]*//[^:]*:([^@]*)@.*#\1#' "/run/secrets/$1"; }

# By the environment: every user of this machine sees a command line.
DAGSTER="$(password DAGSTER_PG_URL)" \
    MART="$(password UNIT_ECONOMICS_DATABASE_URL)" \
    DASHBOARD="$(password UNIT_ECONOMICS_DASHBOARD_DATABASE_URL)" \
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres <<'SQL'
\getenv dagster DAGSTER
\getenv mart MART
\getenv dashboard DASHBOARD
create role dagster login password :'dagster';
create database dagster owner dagster;
revoke connect on database dagster from public;
-- Dagster's log may lose its last moment in a power cut: the mart's ledger is the truth, and keeps its fsync.
alter database dagster set synchronous_commit = off;

create role unit_economics login password :'mart';
create database unit_economics owner unit_economics;
revoke connect on database unit_economics from public;
-- The reading roles, made here so that the mart's owner needs no right to make roles.
create role unit_economics_viewer nologin;
create role unit_economics_finance nologin;
grant unit_economics_viewer to unit_economics_finance;
grant unit_economics_viewer, unit_economics_finance to unit_economics;
grant connect on database unit_economics to unit_economics_viewer;
create role dashboard login password :'dashboard' in role unit_economics_viewer;
SQL
