"""SG0..: lists of tenants that are read beside shards.yaml."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG001": make(
        "a line that says no tenant",
        "A list of tenants has an id and a shard in each line, and where tenants are weighed a "
        "weight: a number of at least 0. A tenant that is left out is not counted, so that the "
        "plan would be for another fleet.",
        "id,shard,weight\n101,2,many",
        "id,shard,weight\n101,2,12.5",
    ),
    "SG002": make(
        "a tenant that is listed twice",
        "A tenant lives on exactly one shard. Which of the two lines is true, nobody can tell.",
        "id,shard\n101,1\n101,2",
        "id,shard\n101,2",
    ),
    "SG003": make(
        "a tenant on a shard that does not run",
        "The list and shards.yaml speak of different fleets: a shard is missing in shards.yaml, or "
        "the list is from before it was retired.",
        "id,shard\n101,9",
        "id,shard\n101,2",
    ),
    "SG004": make(
        "a pin on a tenant that is not there",
        "A pin keeps a tenant where it is. One that no row has is most likely a mistyped id, and "
        "the tenant that was meant would move.",
        "shardgen rebalance --tenants tenants.csv --pin 1001",
        "shardgen rebalance --tenants tenants.csv --pin 101",
    ),
}
