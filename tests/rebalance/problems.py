"""Small problems for tests, and the exact fewest moves of each, found by trying all of them."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

from shardgen.rebalance.problem import Limits, Place, Problem
from shardgen.roster import PARTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: id, place of its shard, weight
Row = tuple[int, int, int]


def problem(
    places: Sequence[Place],
    rows: Sequence[Row],
    pins: Collection[int] = (),
    tolerance: Fraction = Fraction(1, 10),
    unit: int = PARTS,
) -> Problem:
    """Return the problem of some rows."""
    members: list[list[int]] = [[] for _ in places]
    pinned, counts, loads = [0] * len(places), [0] * len(places), [0] * len(places)
    for number, (tenant, place, weight) in enumerate(rows):
        loads[place] += weight
        counts[place] += weight > 0
        if tenant in pins:
            pinned[place] += weight
        else:
            members[place].append(number)
    for found in members:
        found.sort(key=lambda number: (-rows[number][2], rows[number][0]))
    return Problem(
        places=tuple(places),
        ids=[row[0] for row in rows],
        weights=[row[2] for row in rows],
        at=[row[1] for row in rows],
        movable=tuple(members),
        loads=tuple(loads),
        pinned=tuple(pinned),
        counts=tuple(counts),
        tolerance=tolerance,
        unit=unit,
    )


def place(
    number: int, *, share: float = 1, capacity: int | None = None, draining: bool = False
) -> Place:
    """Return one shard."""
    parts = 0 if draining else int(share * PARTS)
    return Place(id=number, share=parts, capacity=capacity, is_draining=draining)


def seeded(seed: int) -> Problem:
    """Return a small problem with a bit of everything: skew, pins, a draining shard, a capacity."""
    chance = random.Random(seed)
    count = chance.choice([2, 2, 3, 3, 4])
    draining = [number > 0 and chance.random() < 0.15 for number in range(count)]
    weigh = chance.choice(
        [
            lambda number: 30 * PARTS // (number + 1),
            lambda number: chance.randint(1, 20) * PARTS,
            lambda number: PARTS,
        ]
    )
    rows = [
        (number + 1, min(chance.randrange(count), chance.randrange(count)), weigh(number))
        for number in range(chance.randint(4, 12))
    ]
    total = sum(row[2] for row in rows)
    capacity = int(total * chance.uniform(0.2, 0.7)) if chance.random() < 0.3 else None
    places = [
        place(
            number + 1,
            share=chance.choice([1, 1, 1, 2]),
            capacity=None if number else capacity,
            draining=draining[number],
        )
        for number in range(count)
    ]
    pins = {row[0] for row in rows if chance.random() < 0.1}
    return problem(places, rows, pins, Fraction(chance.choice([2, 5, 10, 25]), 100))


def fewest_moves(problem: Problem, limits: Limits) -> int | None:
    """Return the number of moves of the best plan that keeps the limits; None where none does."""
    drained = [
        tenant
        for number, each in enumerate(problem.places)
        if each.is_draining
        for tenant in problem.movable[number]
    ]
    free = [
        tenant
        for number in problem.active
        for tenant in problem.movable[number]
        if problem.weights[tenant]
    ]
    for more in range(len(free) + 1):
        for chosen in combinations(free, more):
            if Trial(problem, limits).leads_somewhere([*drained, *chosen]):
                return len(drained) + more
    return None


class Trial:
    """Some tenants leave; every way to place them is tried."""

    def __init__(self, problem: Problem, limits: Limits) -> None:
        self.problem, self.limits = problem, limits
        self.loads, self.counts = list(problem.loads), list(problem.counts)
        self.came = [0] * len(problem.places)

    def leads_somewhere(self, moving: list[int]) -> bool:
        """Return whether there is a place for each."""
        for tenant in moving:
            self.change(tenant, self.problem.at[tenant], -1)
        if any(not self.is_kept(number) for number in self.problem.active):
            return False
        return self.placed(moving)

    def placed(self, moving: list[int]) -> bool:
        """Return whether there is a place for the tenants that have none yet."""
        if not moving:
            return all(self.is_kept(number) for number in self.problem.active)
        tenant, rest = moving[0], moving[1:]
        for number in self.problem.active:
            if number != self.problem.at[tenant]:
                self.change(tenant, number, 1)
                self.came[number] += self.problem.weights[tenant] > 0
                found = self.is_kept(number) and self.placed(rest)
                self.came[number] -= self.problem.weights[tenant] > 0
                self.change(tenant, number, -1)
                if found:
                    return True
        return False

    def change(self, tenant: int, number: int, sign: int) -> None:
        """Add a tenant to a shard, or take it off."""
        self.loads[number] += sign * self.problem.weights[tenant]
        self.counts[number] += sign * (self.problem.weights[tenant] > 0)

    def is_kept(self, number: int) -> bool:
        """Return whether a shard is within its limit, or has one tenant alone."""
        load, alone = self.loads[number], self.counts[number] <= 1
        if not self.came[number]:
            return load <= self.limits.ceiling[number] or alone
        capacity = self.problem.places[number].capacity
        return load <= self.limits.most[number] or (
            alone and (capacity is None or load <= capacity)
        )
