"""`shardgen set-default`: the edit to shards.yaml that sends new tenants to another shard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.commands.proposal import Proposal, propose
from shardgen.edit.default import with_default
from shardgen.errors import UsageError
from shardgen.transitions import no_arrival

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.transitions import Standing


def set_default(disk: Disk, config: str, *, number: int, **options: bool) -> int:
    """Set `database.default_shard`, the shard of new tenants for whom none is given."""

    def verb(standing: Standing) -> Proposal:
        if reason := no_arrival(standing, number, "cannot be the default"):
            raise UsageError(reason)
        if standing.fleet.database.default_shard == number:
            return Proposal(told=f"shard {number} is the default already")
        return Proposal(
            text=with_default(standing.document, number),
            would=f"would make shard {number} the default of new tenants",
            did=f"shard {number} is the default of new tenants in {config}",
        )

    return propose(disk, config, verb, **options)
