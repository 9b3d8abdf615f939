"""Shards and their tenants in; the loads, the tenants that may move and the limits of each out.

All loads are integers, so that no sum depends on an order: tenants where they are counted, else
millionths of a weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from shardgen.roster import PARTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shardgen.model import Fleet
    from shardgen.rebalance.tenants import Tenants


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One shard that runs; `share` is in millionths, `capacity` in the unit of the loads."""

    id: int
    share: int
    capacity: int | None
    is_draining: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is to be solved. A tenant is its place in `ids`, a shard its place in `places`.

    `movable` are the tenants of each shard that no pin holds, the heaviest first, of equals the one
    with the lowest id; `pinned` is the load of the others, `counts` how many tenants have a weight.
    """

    places: tuple[Place, ...]
    ids: Sequence[int]
    weights: Sequence[int]
    at: Sequence[int]
    movable: tuple[Sequence[int], ...]
    loads: tuple[int, ...]
    pinned: tuple[int, ...]
    counts: tuple[int, ...]
    tolerance: Fraction
    unit: int

    @property
    def total(self) -> int:
        """The load of all shards together."""
        return sum(self.loads)

    @property
    def active(self) -> list[int]:
        """The shards that take tenants."""
        return [place for place, each in enumerate(self.places) if not each.is_draining]

    @property
    def shares(self) -> int:
        """The shares of the active shards together."""
        return sum(each.share for each in self.places if not each.is_draining)

    @property
    def goal(self) -> Fraction:
        """How much of its fair share a shard may carry."""
        return 1 + self.tolerance

    def fair(self, place: int) -> Fraction:
        """Return the fair share of an active shard."""
        return Fraction(self.total * self.places[place].share, self.shares)

    def ratio(self, place: int, load: int) -> float:
        """Return a load as a ratio of the shard's fair share."""
        total = self.total
        return load * self.shares / (total * self.places[place].share) if total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What each shard may carry: filled by moves up to `most`, and keeping up to `ceiling`.

    They differ where pins alone exceed the limit. A draining shard takes none, and keeps its pins.
    """

    most: tuple[int, ...]
    ceiling: tuple[int, ...]


def limits_at(problem: Problem, ratio: Fraction) -> Limits:
    """Return the limits at which no active shard carries more than a ratio of its fair share.

    Where tenants are counted, the fair share is rounded up: there are no halves of tenants.
    """
    most = []
    total, shares = problem.total, problem.shares
    for place in problem.places:
        if place.is_draining:
            most.append(-1)
            continue
        limit = total * place.share * ratio.numerator // (shares * ratio.denominator)
        if problem.unit == 1:
            limit = max(limit, -(-total * place.share // shares))
        most.append(limit if place.capacity is None else min(limit, place.capacity))
    pairs = zip(most, problem.pinned, strict=True)
    return Limits(most=tuple(most), ceiling=tuple(max(limit, pin) for limit, pin in pairs))


def build_problem(
    fleet: Fleet, tenants: Tenants, pins: Collection[int], tolerance: Fraction
) -> Problem:
    """Return the problem of a fleet and its tenants, all of whom are on shards that run."""
    unit, ids, weights, at = tenants.unit, tenants.ids, tenants.weights, tenants.at
    places = tuple(
        Place(
            id=shard.id,
            share=0 if shard.state == "draining" else scaled(shard.weight, PARTS),
            capacity=None if shard.capacity is None else floored(shard.capacity, unit),
            is_draining=shard.state == "draining",
        )
        for shard in fleet.live
    )
    members: list[list[int]] = [[] for _ in places]
    pinned, counts = [0] * len(places), [0] * len(places)
    for tenant, place in enumerate(at):
        counts[place] += weights[tenant] > 0
        if pins and ids[tenant] in pins:
            pinned[place] += weights[tenant]
        else:
            members[place].append(tenant)
    loads = list(pinned)
    for place, found in enumerate(members):
        loads[place] += sum(map(weights.__getitem__, found))
        found.sort(key=ids.__getitem__)
        found.sort(key=weights.__getitem__, reverse=True)
    return Problem(
        places=places,
        ids=ids,
        weights=weights,
        at=at,
        movable=tuple(members),
        loads=tuple(loads),
        pinned=tuple(pinned),
        counts=tuple(counts),
        tolerance=tolerance,
        unit=unit,
    )


def scaled(number: float, unit: int) -> int:
    """Return a number in parts of a unit, never rounded to nothing."""
    return max(1, round(Fraction(str(number)) * unit))


def floored(number: float, unit: int) -> int:
    """Return the whole parts of a unit in a number."""
    return int(Fraction(str(number)) * unit)
