"""`shardgen init`: starts a project with the smallest shards.yaml, and the schema for editors."""

from __future__ import annotations

import os

from shardgen.errors import Refused
from shardgen.files import replace_text
from shardgen.resources import resource_text
from shardgen.terminal import out

SCHEMA = "schema/shards.schema.json"


def init(root: str, config: str, *, service: str, shards: int) -> int:
    """Write a shards.yaml and its schema; returns 0. Raises Refused where there is one."""
    path = os.path.join(root, config)
    if os.path.lexists(path):
        raise Refused(f"error: {config} is there already; edit it and run `shardgen render`")
    replace_text(path, first_text(service, shards))
    out(f"  + {config}\n")
    schema = os.path.join(root, *SCHEMA.split("/"))
    if not os.path.lexists(schema):
        replace_text(schema, resource_text(SCHEMA))
        out(f"  + {SCHEMA}\n")
    out(f"\nnext  {next_step(root, service)}\n")
    return 0


def first_text(service: str, shards: int) -> str:
    """Return the smallest shards.yaml; a service of the default name needs no mention."""
    stated = "" if service == "baileys" else f"\nservice:\n  name: {service}\n"
    entries = "".join(f"  - id: {number}\n" for number in range(1, shards + 1))
    return (
        f"# yaml-language-server: $schema=./{SCHEMA}\n"
        f"version: 1\n{stated}\n"
        f"shards:\n{entries}"
    )


def next_step(root: str, service: str) -> str:
    """Return what to do after the start: the base file comes first."""
    if os.path.exists(os.path.join(root, "docker-compose.yml")):
        return "shardgen render"
    return (
        f"write a docker-compose.yml whose service {service!r} is shard 1, "
        "or name another file: `service: {base: …}`"
    )
