"""`shardgen drain`: the edit to shards.yaml after which a shard takes no tenants any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.commands.proposal import Proposal, propose
from shardgen.edit.assignments import without_entries
from shardgen.edit.shards import with_state
from shardgen.errors import UsageError
from shardgen.source import parse
from shardgen.transitions import done_assignments, no_drain

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.transitions import Standing


def drain(disk: Disk, config: str, *, number: int, to: int | None, **options: bool) -> int:
    """Set a shard to draining, its tenants bound for another one or, with None, for none yet.

    Entries of `assign:` that put tenants on it go, as a draining shard may have none.
    """

    def verb(standing: Standing) -> Proposal:
        if reason := no_drain(standing, number, to):
            raise UsageError(reason)
        shard = next(each for each in standing.fleet.shards if each.id == number)
        target = shard.move_to if to is None else to
        towards = "" if target is None else f" towards shard {target}"
        if (shard.state, shard.move_to) == ("draining", target):
            return Proposal(told=f"shard {number} is draining{towards} already")
        done = done_assignments(standing, number)
        values: dict[str, Any] = {"state": "draining"}
        if target != shard.move_to:
            values["move_to"] = target
        text = with_state(standing.document, shard.index, values)
        return Proposal(
            text=without_entries(parse(text, config), done) if done else text,
            would=f"would drain shard {number}{towards}",
            did=f"shard {number} is draining{towards} in {config}",
        )

    return propose(disk, config, verb, **options)
