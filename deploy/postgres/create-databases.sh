#!/bin/sh
# Runs once, at the first start of the database server: a role and a database for each program.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
  --set shop="$SHOP_DB_PASSWORD" --set inventory="$INVENTORY_DB_PASSWORD" \
  --set orders="$ORDERS_DB_PASSWORD" --set strangler="$STRANGLER_DB_PASSWORD" <<'SQL'
CREATE ROLE shop LOGIN PASSWORD :'shop';
CREATE ROLE inventory LOGIN PASSWORD :'inventory';
CREATE ROLE orders LOGIN PASSWORD :'orders';
-- The kit puts triggers on the tables of both sides, which asks for their owners' rights.
CREATE ROLE strangler LOGIN PASSWORD :'strangler';
GRANT shop, inventory TO strangler;
CREATE DATABASE shop OWNER shop;
CREATE DATABASE inventory OWNER inventory;
CREATE DATABASE orders OWNER orders;
CREATE DATABASE control OWNER strangler;
-- A capability's schema is the kit's own, and a new one asks for this right in each database.
GRANT CREATE ON DATABASE shop, inventory TO strangler;
SQL
