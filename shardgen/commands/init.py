"""`shardgen init`: starts a project with the smallest shards.yaml, and the schema for editors."""

from __future__ import annotations

import os

from shardgen.base import read_base
from shardgen.disk import Disk
from shardgen.errors import InvalidInput, Refused, UsageError
from shardgen.files import replace_text
from shardgen.quoting import yaml_scalar
from shardgen.resources import resource_text
from shardgen.rules.basefile import few
from shardgen.settings import Service
from shardgen.terminal import out
from shardgen.validate import validate

SCHEMA = "schema/shards.schema.json"
#: Where shard 1 is looked for.
BASE = Service().base or ""
#: Codes that are about the service's name: not legal where it ends up, or not in the base file.
ILLEGAL, LACKING = "SG5", "SG302"


def init(root: str, config: str, *, service: str, shards: int) -> int:
    """Write a shards.yaml and its schema; returns 0. Raises Refused where there is one."""
    path = os.path.join(root, config)
    if os.path.lexists(path):
        raise Refused(f"{config} is there already; edit it and run `shardgen render`")
    text = first_text(service, shards)
    refuse_name(text, config, Disk(root))
    replace_text(path, text)
    out(f"  + {config}\n")
    schema = os.path.join(root, *SCHEMA.split("/"))
    if not os.path.lexists(schema):
        replace_text(schema, resource_text(SCHEMA))
        out(f"  + {SCHEMA}\n")
    out(f"\nnext  {next_step(root, config, service)}\n")
    return 0


def refuse_name(text: str, config: str, disk: Disk) -> None:
    """Raise InvalidInput where the service's name is none; a missing base file comes later.

    Raises UsageError where the base has other services: the file that lacks one is not there yet.
    """
    try:
        validate(text.encode(), config, disk)
    except InvalidInput as error:
        wrong = [each for each in error.diagnostics if each.code.startswith(ILLEGAL)]
        if wrong:
            raise InvalidInput(wrong, texts={config: text}) from None
        if lacking := next((each for each in error.diagnostics if each.code == LACKING), None):
            raise UsageError(f"{lacking.message}; {way_to_name(disk)}") from None


def way_to_name(disk: Disk) -> str:
    """Return what to type where the base has no service of the name."""
    names = list(read_base((disk.read(BASE) or b"").decode(), BASE, disk.read).services)
    if not names:
        return "write it there: it is shard 1"
    return f"name the one that is shard 1 with --service: {few(names)}"


def first_text(service: str, shards: int) -> str:
    """Return the smallest shards.yaml; a service of the default name needs no mention."""
    stated = "" if service == "baileys" else f"\nservice:\n  name: {yaml_scalar(service)}\n"
    entries = "".join(f"  - id: {number}\n" for number in range(1, shards + 1))
    return f"# yaml-language-server: $schema=./{SCHEMA}\nversion: 1\n{stated}\nshards:\n{entries}"


def next_step(root: str, config: str, service: str) -> str:
    """Return what to do after the start: the base file comes first."""
    if os.path.exists(os.path.join(root, BASE)):
        return "shardgen render" if config == "shards.yaml" else f"shardgen render -c {config}"
    return (
        f"write a {BASE} whose service {service!r} is shard 1, "
        "or name another file: `service: {base: …}`"
    )
