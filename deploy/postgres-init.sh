#!/bin/sh
# Run once by the postgres image on an empty volume: the portal's own role, which owns its database
# and is no superuser.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$PORTAL_DATABASE_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE portal LOGIN PASSWORD :'password';
CREATE DATABASE portal OWNER portal;
SQL
