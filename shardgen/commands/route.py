"""`shardgen route`: where a tenant goes, and why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shardgen.routing import answer
from shardgen.terminal import out
from shardgen.validate import validate

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.validate import Inputs


def route(disk: Disk, config: str, *, tenant: int, shard: int | None) -> int:
    """Print a tenant's shard and URL, and which rule, line and variable decide them; returns 0."""
    content = disk.required(config)
    inputs = validate(content, config, disk)
    found = answer(inputs.fleet, os.environ, tenant, shard)
    width = max(len(found.rule), len(found.url_rule))
    out(f"tenant {tenant} → shard {found.shard} → {found.url}\n")
    out(f"  {found.rule:<{width}}   {place(inputs, found.rule_at)}\n")
    out(f"  {found.url_rule:<{width}}   {place(inputs, found.url_at)}\n")
    return 0


def place(inputs: Inputs, at: tuple[str | int, ...] | str) -> str:
    """Return file and line of a value in shards.yaml, or how a variable stands."""
    if isinstance(at, str):
        return f"{at} is set here" if at in os.environ else f"{at} is not set here"
    found: object = inputs.data
    for step in at[:-1]:
        found = found.get(step, {}) if isinstance(found, dict) else found
    if isinstance(found, dict) and at[-1] not in found:
        return f"{'.'.join(map(str, at))}, {inputs.document.file} (default)"
    where = inputs.document.error(at, "", "", "")
    return f"{where.file}:{where.line}"
