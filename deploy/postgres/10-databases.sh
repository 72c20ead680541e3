#!/bin/bash
# Run once by the PostgreSQL image on an empty volume: a role and a database for each service; none reads another's.
set -euo pipefail
for name in catalog orders payments notifications storefront; do
    psql -v ON_ERROR_STOP=1 -q -U "$POSTGRES_USER" -d postgres -v name="$name" -v password="$SERVICE_DB_PASSWORD" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
