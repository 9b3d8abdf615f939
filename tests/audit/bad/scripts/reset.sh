#!/bin/sh
set -e
docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard down -v
docker volume rm prosaas_whatsapp_auth_shard3
ssh prod.example <<'END'
cd /srv/prosaas
docker compose up -d
END
