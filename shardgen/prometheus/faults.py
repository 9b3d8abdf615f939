"""A file for Prometheus, read back, and the fleet in; the shard that it has otherwise out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shardgen.model import Fleet


def fault_of_targets(data: Any, fleet: Fleet) -> str | None:
    """Return which shard the list of targets does not probe at its URL; other files have none."""
    if not isinstance(data, list):
        return None
    found = {
        group["labels"]["shard"]: (group["targets"], group["labels"]["state"]) for group in data
    }
    for shard in fleet.live:
        targets, state = found.pop(str(shard.id), ([], ""))
        if len(targets) != 1 or not targets[0].startswith(f"{shard.url}/"):
            return f"does not probe shard {shard.id} at {shard.url!r}"
        if state != shard.state:
            return f"says that shard {shard.id} is {state!r}, not {shard.state!r}"
    return f"probes {', '.join(found)}, which is no shard that runs" if found else None


def fault_of_rules(data: Any, fleet: Fleet) -> str | None:
    """Return which shard the recording rules do not declare; other files have none."""
    groups = data.get("groups", ()) if isinstance(data, dict) else ()
    rules = [rule for group in groups for rule in group["rules"] if "record" in rule]
    if not rules:
        return None
    known = [
        (rule["labels"]["shard"], rule["labels"]["state"])
        for rule in rules
        if rule["record"] == "shardgen:shard_info"
    ]
    wanted = [(str(shard.id), shard.state) for shard in fleet.live]
    if known == wanted:
        return None
    found = {*known}
    for number, state in wanted:
        if (number, state) not in found:
            return f"does not declare shard {number} as {state!r}"
    return "declares a shard that does not run, or one twice"
