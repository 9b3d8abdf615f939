"""A list of tenants, or a database's rows, in; where each lives and what it weighs out.

A tenant without a shard is where the fallback sends it. One that `assign` in shards.yaml puts on a
shard is there: the migration that moves it is on its way, or has been.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.diagnostics import Diagnostic, ordered
from shardgen.errors import InvalidInput
from shardgen.roster import HEAVIEST, PARTS, TOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shardgen.model import Fleet
    from shardgen.roster import Roster

#: In place of a shard's place: it does not run.
NOWHERE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenants:
    """All tenants, in columns: id, place in the list of running shards, weight in parts of `unit`.

    `by_fallback` and `by_assign` are how many are counted elsewhere than their row says.
    """

    ids: Sequence[int]
    at: Sequence[int]
    weights: Sequence[int]
    unit: int
    by_fallback: int
    by_assign: int


class Gathering:
    """Tenants while they are put in their places."""

    def __init__(self, fleet: Fleet, *, by_weight: bool) -> None:
        self.fleet, self.by_weight = fleet, by_weight
        self.ids, self.at, self.weights = array("q"), array("i"), array("q")
        self.places = {shard.id: place for place, shard in enumerate(fleet.live)}
        self.pick = fleet.fallback.picker()
        self.assigned = {
            tenant: self.places[each.shard] for each in fleet.assign for tenant in each.tenants
        }
        self.by_fallback = self.by_assign = 0

    def add(self, tenant: int, shard: int, weight: int) -> bool:
        """Add a tenant, whose shard is 0 where none is given; False where that does not run."""
        place = self.places.get(shard, NOWHERE)
        if place == NOWHERE and shard:
            return False
        assigned = self.assigned.get(tenant, NOWHERE) if self.assigned else NOWHERE
        if assigned != NOWHERE:
            self.by_assign += place != assigned
            place = assigned
        elif not shard:
            place = self.places[self.pick(tenant)]
            self.by_fallback += 1
        self.ids.append(tenant)
        self.at.append(place)
        self.weights.append(weight if self.by_weight else 1)
        return True

    def why_not(self, shard: int) -> tuple[str, str]:
        """Return why a tenant cannot be on a shard, and what to do."""
        known = next((each for each in self.fleet.shards if each.id == shard), None)
        if known is None:
            return "is not listed in shards.yaml", "list the shard, or correct the row"
        to = f"shard {known.move_to}" if known.move_to else "another shard"
        return "is retired", f"its tenants live elsewhere by now: {to} is in their rows"

    def tenants(self) -> Tenants:
        """Return what was gathered."""
        return Tenants(
            ids=self.ids,
            at=self.at,
            weights=self.weights,
            unit=PARTS if self.by_weight else 1,
            by_fallback=self.by_fallback,
            by_assign=self.by_assign,
        )


def from_roster(roster: Roster, fleet: Fleet, *, by_weight: bool) -> Tenants:
    """Return the tenants of a list; raises InvalidInput where one is on no shard that runs."""
    found = Gathering(fleet, by_weight=by_weight)
    lost = [
        number
        for number, (tenant, shard, weight) in enumerate(
            zip(roster.ids, roster.shards, roster.weights, strict=True)
        )
        if not found.add(tenant, shard, weight)
    ]
    wrong = []
    for number in lost[:TOLD]:
        shard = roster.shards[number]
        why, hint = found.why_not(shard)
        message = f"tenant {roster.ids[number]} is on shard {shard}, which {why}"
        wrong.append(problem(roster.file, roster.lines[number], "SG003", message, hint))
    if len(lost) > TOLD:
        hint = f"correct the first {TOLD}, and type the command again"
        message = f"{len(lost) - TOLD:,} more tenants are on shards that do not run"
        wrong.append(problem(roster.file, 0, "SG003", message, hint))
    if wrong:
        raise InvalidInput(ordered(wrong))
    return found.tenants()


def from_rows(
    batches: Iterable[Sequence[tuple[int, int | None, int | None]]],
    fleet: Fleet,
    *,
    by_weight: bool,
) -> Tenants:
    """Return the tenants of a database's rows: id, shard, weight in millionths.

    Raises InvalidInput where one is on a shard that does not run, or has no weight.
    """
    found = Gathering(fleet, by_weight=by_weight)
    lost: dict[int, list[int]] = {}
    unweighed: list[int] = []
    for batch in batches:
        for tenant, shard, weight in batch:
            if by_weight and (weight is None or not 0 <= weight <= HEAVIEST * PARTS):
                unweighed.append(tenant)
            elif not found.add(tenant, shard or 0, weight or 0):
                lost.setdefault(shard or 0, []).append(tenant)
    wrong = []
    for shard, ids in sorted(lost.items()):
        why, hint = found.why_not(shard)
        message = f"{counted(ids)} on shard {shard}, which {why}"
        wrong.append(problem("database", 0, "SG003", message, hint))
    if unweighed:
        hint = f"a weight is a number from 0 to {HEAVIEST:,}"
        message = f"{counted(unweighed)} without a weight"
        wrong.append(problem("database", 0, "SG001", message, hint))
    if wrong:
        raise InvalidInput(ordered(wrong))
    return found.tenants()


def counted(ids: list[int]) -> str:
    """Return how many tenants there are, and the first of them."""
    first = ", ".join(map(str, sorted(ids)[:5])) + (", …" if len(ids) > 5 else "")
    return f"{len(ids):,} tenant{f's ({first}) are' if len(ids) > 1 else f' ({first}) is'}"


def unknown_pins(pins: Iterable[int], tenants: Tenants, file: str) -> list[Diagnostic]:
    """Return what is wrong with pins on tenants that are not there."""
    known = set(tenants.ids)
    hint = "correct the id, or leave it out"
    return [
        problem(file, 0, "SG004", f"tenant {tenant} is pinned, and no row has it", hint)
        for tenant in pins
        if tenant not in known
    ][:TOLD]


def problem(file: str, line: int, code: str, message: str, hint: str) -> Diagnostic:
    """Return what is wrong with a line of a list, or with the list as a whole."""
    return Diagnostic(
        file=file,
        line=line,
        column=1 if line else 0,
        width=1,
        code=code,
        message=message,
        hint=hint,
    )
