#!/bin/sh
# Makes the secrets of compose.yaml where they are not there yet: a file each, named like the variable that it becomes.
# The folder is closed to everybody else on this machine; the files are not, for the containers run as another user.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() {
    [ -e "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"
    chmod 644 "secrets/$1"
}

keep postgres_password "$(password)"
keep DAGSTER_PG_URL "postgresql+psycopg2://dagster:$(password)@postgres:5432/dagster"
keep UNIT_ECONOMICS_DATABASE_URL "postgresql://unit_economics:$(password)@postgres:5432/unit_economics"
keep UNIT_ECONOMICS_DASHBOARD_DATABASE_URL "postgresql://dashboard:$(password)@postgres:5432/unit_economics"

# Yours: what the catalogue names. An empty file is a variable that is not set.
for name in ORDERS_DATABASE_URL VANTAGE_API_TOKEN ORDERS_METRIC_ID; do
    keep "$name" ""
done
echo "In deploy/secrets; now write yours into ORDERS_DATABASE_URL, VANTAGE_API_TOKEN and ORDERS_METRIC_ID."
