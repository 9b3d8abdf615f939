"""The recorded state: what the committed migrations, taken together, say about the fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTIVE = "active"
DRAINING = "draining"
RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedShard:
    """A shard as its last operations left it; `move_to` is where a drain sent its tenants."""

    state: str
    move_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The fold of all operations; `adopted` is how many shards ran before the first migration.

    `assigned` holds, for each tenant that a migration named, the shard where the last one left it.
    """

    initialised: bool = False
    pinned: bool = False
    validated: bool = False
    schema: str | None = None
    table: str = ""
    id_column: str = ""
    shard_column: str = ""
    adopted: int = 0
    default_shard: int = 0
    shards: Mapping[int, RecordedShard] = field(default_factory=dict)
    assigned: Mapping[int, int] = field(default_factory=dict)

    def state_of(self, shard: int) -> str | None:
        """Return the state of a shard, or None for an id that no migration named."""
        recorded = self.shards.get(shard)
        return recorded.state if recorded else None

    def tenants_of(self, shard: int) -> tuple[int, ...]:
        """Return the tenants that migrations put on the shard and left there, sorted."""
        return tuple(sorted(tenant for tenant, at in self.assigned.items() if at == shard))
