#!/usr/bin/env bash
# Brings a new version to production.
set -euo pipefail
cd "$(dirname "$0")/.."

COMPOSE="docker compose -f docker-compose.yml -f docker-compose.prod.yml"

git pull --ff-only
$COMPOSE pull
docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard \
  up -d prosaas-api worker
docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard \
  restart baileys

until curl -fsS http://baileys:3300/health > /dev/null; do
  sleep 2
done

docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard \
  exec -T baileys curl -fsS http://localhost:3300/version

curl -fsS -X POST http://baileys-2:3300/announce -d "version=$(git describe)"
docker system prune -f --volumes
