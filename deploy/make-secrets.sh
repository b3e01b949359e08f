#!/bin/sh
# Writes .env beside docker-compose.yml with a random value for every secret. One that is there is never replaced: the databases know it.
set -eu
cd "$(dirname "$0")/.."
names='POSTGRES_PASSWORD SHOP_DB_PASSWORD INVENTORY_DB_PASSWORD ORDERS_DB_PASSWORD STRANGLER_DB_PASSWORD REDIS_PASSWORD
  STRANGLER_OPERATOR_TOKEN STRANGLER_VIEWER_TOKEN STRANGLER_WORKER_TOKEN WEBHOOK_SECRET GRAFANA_PASSWORD'
umask 077
touch .env
for name in $names; do
  if ! grep -q "^$name=" .env; then
    # Hexadecimal, because passwords stand in addresses.
    printf '%s=%s\n' "$name" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >> .env
  fi
done
echo "The secrets are in $(pwd)/.env; only you can read it."
