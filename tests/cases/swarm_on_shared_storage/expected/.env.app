API_KEY=${API_KEY}

# shardgen:begin shards
BAILEYS_NUM_SHARDS=2
BAILEYS_PORT=3300
BAILEYS_BASE_URL=http://baileys:3300
BAILEYS_SHARD_IDS=1,2
BAILEYS_SHARD_1_URL=http://baileys-1:3300
BAILEYS_SHARD_2_URL=http://baileys-2:3300
# shardgen:end shards
