"""`shardgen activate`: the edit to shards.yaml that takes back a drain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.commands.proposal import Proposal, propose
from shardgen.edit.shards import without_state
from shardgen.errors import UsageError
from shardgen.transitions import no_activation

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.transitions import Standing


def activate(disk: Disk, config: str, *, number: int, **options: bool) -> int:
    """Make a draining shard active again; tenants that it lost stay where they are."""

    def verb(standing: Standing) -> Proposal:
        if reason := no_activation(standing, number):
            raise UsageError(reason)
        shard = next(each for each in standing.fleet.shards if each.id == number)
        if shard.state == "active":
            return Proposal(told=f"shard {number} is active already")
        return Proposal(
            text=without_state(standing.document, shard.index),
            would=f"would make shard {number} active again",
            did=f"shard {number} is active again in {config}",
        )

    return propose(disk, config, verb, **options)
