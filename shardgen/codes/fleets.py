"""SG2..: shards that contradict each other."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG201": make(
        "a shard id that can be none",
        "Ids are 1 to 2147483647: the column is an INTEGER, and 0 means 'no shard' to callers.",
        "shards:\n  - id: 0",
        "shards:\n  - id: 1",
    ),
    "SG202": make(
        "no shard 1 beside a base file",
        "The service in the base file is shard 1; without that shard it would run unseen.",
        "shards:\n  - id: 2",
        "shards:\n  - id: 1\n  - id: 2",
    ),
    "SG203": make(
        "shard 1 is retired but the base defines it",
        "Compose would still run the service of the base file.",
        "shards:\n  - {id: 1, state: retired}\n  - id: 2",
        "service: {base: null, image: registry.example/baileys}\nshards:\n"
        "  - {id: 1, state: retired}\n  - id: 2",
    ),
    "SG204": make(
        "a shard id is used twice",
        "An id is one shard's for ever: service, volume and rows are found by it. Often two "
        "branches added a shard each.",
        "shards:\n  - id: 1\n  - id: 2\n  - id: 2",
        "shards:\n  - id: 1\n  - id: 2\n  - id: 3",
    ),
    "SG205": make(
        "a volume is shared by two shards",
        "Two services that write into one volume destroy what it holds: here, the paired devices "
        "of every customer. The volume of a retired shard is not used again either.",
        "shards:\n  - id: 1\n  - {id: 2, volume: whatsapp_auth}",
        "shards:\n  - id: 1\n  - {id: 2, volume: whatsapp_auth_eu}",
    ),
    "SG206": make(
        "a url is shared by two shards",
        "The router would send the tenants of both to one of them.",
        'shards:\n  - id: 1\n  - {id: 2, url: "http://baileys:3300"}',
        'shards:\n  - id: 1\n  - {id: 2, url: "http://wa-2.example:3300"}',
    ),
    "SG207": make(
        "move_to on an active shard",
        "move_to says where the tenants of a shard go that is left. An active shard keeps its own.",
        "shards:\n  - {id: 2, move_to: 1}",
        "shards:\n  - {id: 2, state: draining, move_to: 1}",
    ),
    "SG208": make(
        "move_to names a shard that cannot take tenants",
        "The shard is not listed, is the same one, or is not active.",
        "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 2}",
        "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 1}",
    ),
    "SG209": make(
        "no shard is active",
        "A new tenant needs a shard to go to.",
        "shards:\n  - {id: 1, state: draining}",
        "shards:\n  - {id: 1, state: draining, move_to: 2}\n  - id: 2",
    ),
    "SG210": make(
        "the default shard is not active",
        "database.default_shard takes the new tenants for whom no shard is given. It is 1 unless "
        "stated.",
        "database: {default_shard: 4}\nshards: [{id: 1}, {id: 2}]",
        "database: {default_shard: 2}\nshards: [{id: 1}, {id: 2}]",
    ),
    "SG211": make(
        "fallback_shards names a shard that does not run",
        "A tenant whose hash picks that shard would reach nothing.",
        "routing: {fallback_shards: [1, 3]}\nshards: [{id: 1}, {id: 2}]",
        "routing: {fallback_shards: [1, 2]}\nshards: [{id: 1}, {id: 2}]",
    ),
    "SG212": make(
        "fallback_shards lists a shard twice",
        "The list is a set of shards; weights are no part of it.",
        "routing: {fallback_shards: [1, 2, 2]}",
        "routing: {fallback_shards: [1, 2]}",
    ),
    "SG213": make(
        "tenants are assigned to a shard that is not listed",
        "The database would refuse the rows.",
        "assign:\n  - {shard: 9, tenants: [101]}",
        "assign:\n  - {shard: 2, tenants: [101]}",
    ),
    "SG214": make(
        "tenants are assigned to a shard that takes none",
        "A draining or retired shard takes no new tenants.",
        "assign:\n  - {shard: 2, tenants: [101]}\nshards:\n  - id: 1\n  - {id: 2, state: draining}",
        "assign:\n  - {shard: 1, tenants: [101]}\nshards:\n  - id: 1\n  - {id: 2, state: draining}",
    ),
    "SG215": make(
        "a tenant is assigned twice",
        "A tenant lives on exactly one shard.",
        "assign:\n  - {shard: 1, tenants: [101]}\n  - {shard: 2, tenants: [101]}",
        "assign:\n  - {shard: 2, tenants: [101]}",
    ),
    "SG216": make(
        "a key under compose: that has a place of its own",
        "shardgen has to know the value, so it is stated where shardgen reads it.",
        "service: {compose: {image: registry.example/baileys}}",
        "service: {image: registry.example/baileys}",
    ),
    "SG217": make(
        "a healthcheck with path and test",
        "`path` makes the command, `test` is one: only one of them can be.",
        "healthcheck: {path: /health, test: [CMD, node, check.js]}",
        "healthcheck: {test: [CMD, node, check.js]}",
    ),
    "SG218": make(
        "a healthcheck test that compose does not take",
        "A list starts with CMD, CMD-SHELL or NONE, and the first two need a command.",
        "healthcheck: {test: [node, check.js]}",
        "healthcheck: {test: [CMD, node, check.js]}",
    ),
    "SG219": make(
        "a key under compose: that compose does not know",
        "Compose would refuse the overlay. Keys that start with x- are free; one that only a newer "
        "compose knows can stand in the base file, from which shards take it.",
        "compose: {stop_signl: SIGINT}",
        "compose: {stop_signal: SIGINT}",
    ),
    "SG220": make(
        "the shard id is set by hand",
        "shardgen sets it in each shard, from the id of the entry. In an entry, null leaves it "
        "out: for a shard that ran without it when it was adopted.",
        'service: {environment: {BAILEYS_SHARD_ID: "1"}}',
        "service: {environment: {}}",
    ),
    "SG221": make(
        "a healthcheck without a command",
        "`path` makes the command, or `test` is one.",
        "healthcheck: {interval: 10s}",
        "healthcheck: {path: /health, interval: 10s}",
    ),
    "SG222": make(
        "shard 1 has neither its alias nor a url",
        "Of several shards, the first is reached as NAME-1. Without the alias nothing has that "
        "name; its service's own name leads there, but only where `url` says so.",
        "shards:\n  - {id: 1, alias: null}\n  - id: 2",
        'shards:\n  - {id: 1, alias: null, url: "http://baileys:3300"}\n  - id: 2',
    ),
    "SG223": make(
        "a weight that rendezvous cannot draw by",
        "Under rendezvous a weight counts draws, 1 to 100. Weights are never reduced (2 and 4 are "
        "not 1 and 2): that would send tenants elsewhere.",
        "routing: {fallback: rendezvous}\nshards: [{id: 1}, {id: 2, weight: 1.5}]",
        "routing: {fallback: rendezvous}\nshards: [{id: 1, weight: 2}, {id: 2, weight: 3}]",
    ),
    "SG224": make(
        "more draws than rendezvous takes",
        "Each draw is a hash at each call that the fallback answers; 1,000 take half a "
        "millisecond. The weights of the shards that it picks from add up to no more.",
        "routing: {fallback: rendezvous}\nshards: [{id: 1, weight: 100}]   # and ten more of 100",
        "routing: {fallback: rendezvous}\nshards: [{id: 1, weight: 10}]   # and ten more of 10",
    ),
}
