#!/usr/bin/env bash
# Brings a new version to production.
set -euo pipefail
cd "$(dirname "$0")/.."

COMPOSE="docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard"

git pull --ff-only
$COMPOSE pull
$COMPOSE up -d prosaas-api worker
$COMPOSE restart baileys baileys-2 baileys-3

set -a; . ./.env.shards; set +a
for url in "$BAILEYS_SHARD_1_URL" "$BAILEYS_SHARD_2_URL" "$BAILEYS_SHARD_3_URL"; do
  until curl -fsS "$url/health" > /dev/null; do
    sleep 2
  done
  curl -fsS -X POST "$url/announce" -d "version=$(git describe)"
done

# The canary is shard 2.
$COMPOSE exec -T baileys-2 node version.js

docker system prune -f
