"""`shardgen add`: the edit to shards.yaml that adds a shard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.commands.proposal import Proposal, propose
from shardgen.edit.shards import with_shard
from shardgen.errors import UsageError
from shardgen.source import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.disk import Disk
    from shardgen.transitions import Standing


def add(
    disk: Disk, config: str, *, number: int | None, values: Sequence[str], **options: bool
) -> int:
    """Append a shard to shards.yaml; returns 0. `number` is None for the next free id."""

    def verb(standing: Standing) -> Proposal:
        used = [shard.id for shard in standing.fleet.shards]
        free = max(used) + 1
        chosen = free if number is None else number
        if chosen in used:
            raise UsageError(f"shard {chosen} is there already; the next free id is {free}")
        entry = {"id": chosen, **dict(parsed(value) for value in values)}
        return Proposal(
            text=with_shard(standing.document, entry),
            would=f"would add shard {chosen} to {config}",
            did=f"added shard {chosen} to {config}",
        )

    return propose(disk, config, verb, **options)


def parsed(argument: str) -> tuple[str, Any]:
    """Return key and value of `key=value`; the value is read as YAML reads it."""
    key, equals, text = argument.partition("=")
    if not equals or not key:
        is_id = argument.isdigit()
        way = f"and an id is given by --id {argument}" if is_id else "as in volume=whatsapp_auth_eu"
        raise UsageError(f"{argument!r} is not key=value, {way}")
    if key == "id":
        raise UsageError(f"{argument!r}: the id is given by --id")
    value = parse(text, argument)
    if value.problems:
        problem = value.problems[0]
        raise UsageError(f"{argument!r}: {problem.message}; {problem.hint}")
    return key, value.data
