#!/bin/sh
# Runs once, when the database is created: the two roles of kosops and its database.
# Tables belong to the owner; what serves people signs in as the other role (kosops/grants.py).
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --set=owner_password="$(cat /run/secrets/owner_password)" \
    --set=app_password="$(cat /run/secrets/app_password)" \
    --file=/docker-entrypoint-initdb.d/roles.psql
