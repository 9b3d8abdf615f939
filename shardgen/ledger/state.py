"""The recorded state: what the committed migrations, taken together, say about the fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shardgen.ledger.runners import PSQL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.ledger.operations import Pin

ACTIVE = "active"
DRAINING = "draining"
RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedShard:
    """A shard as its last operations left it; `move_to` is where a drain sent its tenants.

    Of the `parts` in which they move, so many have `moved`.
    """

    state: str
    move_to: int | None = None
    moved: int = 0
    parts: int = 0

    @property
    def is_moving(self) -> bool:
        """Return whether tenants are still to move: the drain is recorded, and not all of it."""
        return self.state == DRAINING and self.move_to is not None and not self.has_moved

    @property
    def has_moved(self) -> bool:
        """Return whether every part of the move is recorded."""
        return 0 < self.parts == self.moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The fold of all operations; `adopted` is how many shards ran before the first migration.

    `pin` is the last recorded part of the pin. `assigned` holds, for each tenant that a migration
    named, the shard where the last one left it.
    """

    initialised: bool = False
    pin: Pin | None = None
    validated: bool = False
    schema: str | None = None
    table: str = ""
    id_column: str = ""
    shard_column: str = ""
    adopted: int = 0
    default_shard: int = 0
    runner: str = PSQL.name
    shards: Mapping[int, RecordedShard] = field(default_factory=dict)
    assigned: Mapping[int, int] = field(default_factory=dict)

    @property
    def pinned(self) -> bool:
        """Return whether every part of the pin is recorded."""
        return self.pin is not None and self.pin.part == self.pin.parts

    def state_of(self, shard: int) -> str | None:
        """Return the state of a shard, or None for an id that no migration named."""
        recorded = self.shards.get(shard)
        return recorded.state if recorded else None

    def tenants_of(self, shard: int) -> tuple[int, ...]:
        """Return the tenants that migrations put on the shard and left there, sorted."""
        return tuple(sorted(tenant for tenant, at in self.assigned.items() if at == shard))
