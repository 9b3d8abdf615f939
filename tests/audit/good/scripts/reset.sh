#!/bin/sh
set -e
docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard down
docker volume rm prosaas_importer_data
ssh prod.example <<'END'
cd /srv/prosaas
docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard up -d
END
