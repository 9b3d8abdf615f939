"""The ledger and what a database says in; what is applied, and what differs, out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.ledger.fold import fold
from shardgen.ledger.state import RETIRED, RecordedShard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.ledger.migration import Migration
    from shardgen.ledger.state import Recorded
    from shardgen.ledger.verify import Ledger

APPLIED, PENDING, DIFFERENT = "applied", "pending", "different"

#: the default of an integer column as PostgreSQL spells it
NUMBER = re.compile(r"\(?'?(\d+)'?\)?(?:::\w+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A row of the database's ledger table."""

    number: int
    name: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a database says. `applied` is None where it has no ledger table.

    `foreign_key` is None where there is none, else whether it holds for all rows. `tenants` counts
    the rows of each shard, those without one under None; it is None where they were not counted.
    """

    applied: tuple[Applied, ...] | None
    registry: Mapping[int, tuple[str, int | None]]
    default: str | None
    foreign_key: bool | None
    tenants: Mapping[int | None, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a database stands to the ledger.

    `states` has an entry for each migration, `in_place` what the database has where it differs.
    `unknown` are applied migrations that are not in the folder. `differences` are in words, and
    are looked for only where the histories agree so far.
    """

    states: tuple[str, ...]
    in_place: Mapping[int, Applied]
    unknown: tuple[Applied, ...]
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether all is applied, and nothing else is."""
        return {*self.states} <= {APPLIED} and not self.unknown and not self.differences


def standing(ledger: Ledger, live: Live) -> Standing:
    """Return how a database stands to the ledger."""
    applied = live.applied or ()
    ids, by_number = {row.id for row in applied}, {row.number: row for row in applied}
    states = tuple(state_of(migration, ids, by_number) for migration in ledger.migrations)
    known = {migration.id for migration in ledger.migrations}
    in_place = {
        migration.number: by_number[migration.number]
        for migration, state in zip(ledger.migrations, states, strict=True)
        if state == DIFFERENT
    }
    unknown = tuple(row for row in applied if row.id not in known and row.number not in in_place)
    done = [
        migration
        for migration, state in zip(ledger.migrations, states, strict=True)
        if state == APPLIED
    ]
    comparable = live.applied is not None and not unknown and not in_place
    recorded = fold(migration.operation for migration in done).recorded
    return Standing(
        states=states,
        in_place=in_place,
        unknown=unknown,
        differences=tuple(differences(recorded, live)) if comparable else (),
    )


def state_of(migration: Migration, ids: set[str], by_number: Mapping[int, Applied]) -> str:
    """Return whether a migration is applied, is to come, or had its place taken by another."""
    if migration.id in ids:
        return APPLIED
    return DIFFERENT if migration.number in by_number else PENDING


def differences(recorded: Recorded, live: Live) -> Iterator[str]:
    """Yield what the database says otherwise than the migrations that were applied to it."""
    yield from registry_differences(recorded, live.registry)
    if recorded.initialised:
        found = NUMBER.fullmatch(live.default or "")
        if not found or int(found[1]) != recorded.default_shard:
            now = f"shard {found[1]}" if found else live.default or "no shard"
            right = f"shard {recorded.default_shard}"
            yield f"new rows go to {now} there; by the ledger they go to {right}"
        if live.foreign_key is None:
            yield "the foreign key is gone: tenants can be put on shards that do not exist"
        elif recorded.validated and not live.foreign_key:
            yield "the foreign key does not hold for all rows"
    yield from tenant_differences(recorded, live)


def registry_differences(
    recorded: Recorded, registry: Mapping[int, tuple[str, int | None]]
) -> Iterator[str]:
    """Yield the shards that stand otherwise in the registry, or not at all."""
    nothing = RecordedShard(state=RETIRED)
    for shard in sorted({*recorded.shards, *registry}):
        expected = recorded.shards.get(shard, nothing)
        want = None if expected.state == RETIRED else (expected.state, expected.move_to)
        have = registry.get(shard)
        if want != have:
            yield f"shard {shard} is {worded(have)} there; by the ledger it is {worded(want)}"


def worded(entry: tuple[str, int | None] | None) -> str:
    """Return a shard's entry in the registry in words."""
    if entry is None:
        return "not registered"
    state, to = entry
    return state if to is None else f"{state} towards shard {to}"


def tenant_differences(recorded: Recorded, live: Live) -> Iterator[str]:
    """Yield the tenants that are where none should be."""
    counted = (live.tenants or {}).items()
    for shard, count in sorted(counted, key=lambda pair: (pair[0] is not None, pair[0] or 0)):
        rows = "1 tenant is" if count == 1 else f"{count} tenants are"
        if (shard is None or shard < 1) and recorded.pinned:
            yield f"{rows} on no shard"
        elif shard is not None and shard > 0 and shard not in live.registry and recorded.pinned:
            yield f"{rows} on shard {shard}, which is not registered"
