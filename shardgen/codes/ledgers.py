"""SG6..: what contradicts the committed migrations."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG601": make(
        "a shard that is in the ledger is no longer listed",
        "A committed migration registered the shard, and tenants may live on it. Shards are never "
        "deleted, they are retired.",
        "shards:\n  - id: 1   # shard 2 was deleted",
        "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 1}",
    ),
    "SG602": make(
        "a retired id comes back",
        "The id and the volume of a retired shard are never used again: rows, backups and logs "
        "still mean the old one.",
        "shards:\n  - id: 1\n  - id: 2   # was retired",
        "shards:\n  - id: 1\n  - {id: 2, state: retired}\n  - id: 3",
    ),
    "SG603": make(
        "table or column differ from the ledger",
        "Committed migrations name the table and the column; to rename them is a migration of your "
        "own, which shardgen cannot undo or repeat.",
        "database: {shard_column: wa_shard}   # the ledger says whatsapp_shard",
        "database: {shard_column: whatsapp_shard}",
    ),
    "SG604": make(
        "adopt counts a shard that is not listed",
        "database.adopt.shards says how many shards run today: 1 to that number. Each is listed.",
        "database: {adopt: {shards: 3}}\nshards: [{id: 1}, {id: 2}]",
        "database: {adopt: {shards: 2}}\nshards: [{id: 1}, {id: 2}]",
    ),
    "SG605": make(
        "tenants are assigned to a shard that the ledger does not have as active",
        "The migration would be refused by the database.",
        "assign:\n  - {shard: 2, tenants: [101]}   # shard 2 is draining in the ledger",
        "assign:\n  - {shard: 1, tenants: [101]}",
    ),
    "SG607": make(
        "the ledger cannot take this change",
        "The committed migrations and shards.yaml contradict each other in a way that no migration "
        "makes good, as a shard that is retired while tenants may live on it.",
        "shards:\n  - id: 1\n  - {id: 2, state: retired}   # was active yesterday",
        "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 1}",
    ),
    "SG608": make(
        "the runner differs from the ledger's",
        "The first migration fixes the tool that applies all of them: the files' names, their "
        "transactions and the tool's own table of what is applied follow from it.",
        "database: {migrations: {runner: dbmate}}   # the ledger is for psql",
        "database: {migrations: {runner: psql}}",
    ),
    "SG609": make(
        "adopt leaves out a shard that runs",
        "Under rendezvous the first migrations write what the fallback of the last render says. "
        "They can write only the shards 1 to database.adopt.shards.",
        "database: {adopt: {shards: 2}}   # the router rendered before picks from 1, 2 and 3",
        "database: {adopt: {shards: 3}}",
    ),
    "SG610": make(
        "rendezvous, where another fallback may run",
        "Several shards run, and nothing was rendered before. The first migrations write the "
        "answer of today's fallback into the rows; by another rule than the one that runs they "
        "would send tenants to shards that do not know them.",
        "routing: {fallback: rendezvous}\ndatabase: {adopt: {shards: 2}}   # they run by md5",
        "routing: {fallback: md5}   # render, apply the migrations, then write rendezvous",
    ),
}
