"""`shardgen retire`: the edit to shards.yaml that takes a drained shard out of service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.commands.proposal import Proposal, propose
from shardgen.edit.shards import with_state
from shardgen.errors import UsageError
from shardgen.transitions import no_retirement

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.transitions import Standing


def retire(disk: Disk, config: str, *, number: int, **options: bool) -> int:
    """Set a shard to retired; its `move_to` stays, for the router names the successor."""

    def verb(standing: Standing) -> Proposal:
        if reason := no_retirement(standing, number):
            raise UsageError(reason)
        shard = next(each for each in standing.fleet.shards if each.id == number)
        if shard.state == "retired":
            return Proposal(told=f"shard {number} is retired already")
        return Proposal(
            text=with_state(standing.document, shard.index, {"state": "retired"}),
            would=f"would retire shard {number}",
            did=f"shard {number} is retired in {config}",
        )

    return propose(disk, config, verb, **options)
