"""SG4..: files that cannot be written where they should be."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG401": make(
        "a destination outside the project",
        "shardgen writes below the folder of shards.yaml only.",
        "outputs: {docs: {path: ../docs/sharding.md}}",
        "outputs: {docs: {path: docs/sharding.md}}",
    ),
    "SG402": make(
        "a destination through a symlink",
        "A link may point anywhere, and to another place on another machine.",
        "outputs: {docs: {path: current/sharding.md}}   # current is a symlink",
        "outputs: {docs: {path: docs/sharding.md}}",
    ),
    "SG403": make(
        "a destination is claimed twice",
        "Two outputs would write to one file, or one needs a folder where the other has a file. "
        "Names that differ in case alone are one file on some machines.",
        "outputs:\n  docs: {path: OUT.md}\n  notes: {path: out.md, template: notes.j2}",
        "outputs:\n  docs: {path: OUT.md}\n  notes: {path: notes.md, template: notes.j2}",
    ),
    "SG404": make(
        "a destination is a file that shardgen reads",
        "To write it would destroy an input: shards.yaml, the base, a template, the lock.",
        "outputs: {compose: {path: docker-compose.yml}}",
        "outputs: {compose: {path: docker-compose.prod.yml}}",
    ),
    "SG405": make(
        "a folder where a file should be, or the other way round",
        "The destination cannot be written.",
        "outputs: {docs: {path: docs}}   # docs is a folder",
        "outputs: {docs: {path: docs/sharding.md}}",
    ),
    "SG406": make(
        "the env output is an env_file of the shards",
        "Every new shard changes that file, so that compose would recreate all shards.",
        "outputs: {env: {path: .env}}   # baileys has env_file: [.env]",
        "outputs: {env: {path: .env.shards}}",
    ),
    "SG407": make(
        "an output lacks its template or path",
        "An output of your own states both. An output of shardgen's may be misspelt.",
        "outputs: {inventory: {path: inventory.txt}}",
        "outputs: {inventory: {path: inventory.txt, template: inventory.j2}}",
    ),
    "SG408": make(
        "a template is not there",
        "Templates are files in your folder of templates.",
        "outputs: {inventory: {path: inventory.txt, template: inventroy.j2}}",
        "outputs: {inventory: {path: inventory.txt, template: inventory.j2}}",
    ),
    "SG410": make(
        "templates outside their folder",
        "Templates are inputs of the project, so they are below its folder.",
        "templates: ../templates",
        "templates: templates",
    ),
}
