"""Which WhatsApp shard a business is on. By hand; keep in step with docker-compose.prod.yml."""

import hashlib
import os

NUM_SHARDS = int(os.environ.get("BAILEYS_NUM_SHARDS", "1"))


def _hash_shard(business_id, num_shards):
    return int(hashlib.md5(str(business_id).encode()).hexdigest(), 16) % num_shards + 1


def get_baileys_base_url(business_id, whatsapp_shard=None):
    shard = whatsapp_shard or _hash_shard(business_id, NUM_SHARDS)
    return "http://baileys:3300" if shard == 1 else f"http://baileys-{shard}:3300"
