"""`shardgen route`: where a tenant goes, and why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shardgen.errors import UsageError
from shardgen.fallback import fallback_shard
from shardgen.terminal import out
from shardgen.validate import validate

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.model import Fleet, Shard
    from shardgen.validate import Inputs

RULES = {"md5": "md5({tenant}) mod {count}", "modulo": "{tenant} mod {count}"}


def route(disk: Disk, config: str, *, tenant: int, shard: int | None) -> int:
    """Print a tenant's shard and URL, and which rule, line and variable decide them; returns 0."""
    content = disk.read(config)
    if content is None:
        raise UsageError(f"there is no {config!r} here; `shardgen init` starts one")
    inputs = validate(content, config, disk)
    chosen, why, source = choose(inputs, tenant, shard)
    url, url_why, url_source = url_of(inputs.fleet, chosen, config)
    width = max(len(why), len(url_why))
    out(f"tenant {tenant} → shard {chosen.id} → {url}\n")
    out(f"  {why:<{width}}   {source}\n")
    out(f"  {url_why:<{width}}   {url_source}\n")
    return 0


def choose(inputs: Inputs, tenant: int, given: int | None) -> tuple[Shard, str, str]:
    """Return a tenant's shard, the rule that gives it, and where that rule stands."""
    fleet, file = inputs.fleet, inputs.document.file
    by_id = {shard.id: shard for shard in fleet.shards}
    if given is not None and given > 0:
        if given not in by_id:
            known = ", ".join(str(number) for number in by_id)
            raise UsageError(f"there is no shard {given}; there are: {known}")
        shard = by_id[given]
        if not shard.is_live:
            to = f"; its tenants went to shard {shard.move_to}" if shard.move_to else ""
            raise UsageError(f"shard {given} is retired{to}")
        return shard, f"shard {given} was given: it is used as it is", place(inputs, ("shards", shard.index))
    ids = fleet.fallback_ids
    number = fallback_shard(fleet.routing.fallback, tenant, ids)
    rule = RULES[fleet.routing.fallback].format(tenant=tenant, count=len(ids))
    picked = " + 1" if list(ids) == list(range(1, len(ids) + 1)) else f", picked from {list(ids)}"
    stated = "fallback" in inputs.data.get("routing", {})
    source = place(inputs, ("routing", "fallback")) if stated else f"routing.fallback, {file} (default)"
    return by_id[number], f"no shard given: fallback {rule}{picked}", source


def url_of(fleet: Fleet, shard: Shard, config: str) -> tuple[str, str, str]:
    """Return a shard's URL, the rule that gives it, and the variable that could override it."""
    override = os.environ.get(shard.url_variable)
    if override:
        return override.rstrip("/"), "url from the environment", f"{shard.url_variable} is set here"
    rule = f"url of its entry in {config}" if shard.explicit_url else "url by the naming rule"
    return shard.url, rule, f"{shard.url_variable} is not set here"


def place(inputs: Inputs, path: tuple[str | int, ...]) -> str:
    """Return file and line of a value in shards.yaml."""
    found = inputs.document.error(path, "", "", "")
    return f"{found.file}:{found.line}"
