"""A problem and its limits in; a plan that is tried, changed and taken back while it is made."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.rebalance.problem import Limits, Problem


class Attempt:
    """The loads as they are after the moves so far; a tenant moves once at most."""

    def __init__(self, problem: Problem, limits: Limits) -> None:
        self.problem = problem
        self.weights = problem.weights
        self.limits, self.most, self.ceiling = limits, limits.most, limits.ceiling
        self.loads, self.counts = list(problem.loads), list(problem.counts)
        self.moved: dict[int, int] = {}
        self.active = problem.active
        #: Tenants too heavy for every limit: they stay, or live alone.
        self.giants: set[int] = set()

    def move(self, tenant: int, to: int) -> None:
        """Move a tenant from where it lives."""
        weight, place = self.weights[tenant], self.problem.at[tenant]
        self.loads[place] -= weight
        self.loads[to] += weight
        if weight:
            self.counts[place] -= 1
            self.counts[to] += 1
        self.moved[tenant] = to

    def back(self, tenant: int) -> None:
        """Take a move back."""
        weight, place, to = self.weights[tenant], self.problem.at[tenant], self.moved.pop(tenant)
        self.loads[place] += weight
        self.loads[to] -= weight
        if weight:
            self.counts[place] += 1
            self.counts[to] -= 1

    def room(self, place: int) -> int:
        """Return how much more a shard may take."""
        return self.most[place] - self.loads[place]

    def fits(self, tenant: int, place: int) -> bool:
        """Return whether a shard may take a tenant that lives on another one."""
        weight = self.weights[tenant]
        return place != self.problem.at[tenant] and (weight <= self.room(place) or not weight)

    def excess(self, place: int) -> int:
        """Return how much too much a shard has; nothing where a single tenant is left on it."""
        if self.counts[place] <= 1 and not self.problem.places[place].is_draining:
            return 0
        return max(0, self.loads[place] - self.ceiling[place])

    def over(self) -> list[int]:
        """Return the active shards that have too much."""
        return [place for place in self.active if self.excess(place)]

    def left(self) -> list[int]:
        """Return the tenants that a draining shard still has, though no pin holds them."""
        return [
            tenant
            for place, each in enumerate(self.problem.places)
            if each.is_draining
            for tenant in self.problem.movable[place]
            if tenant not in self.moved
        ]

    def undecided(self, place: int, heaviest: int, start: int = 0) -> Iterator[tuple[int, int]]:
        """Yield the tenants that still may leave a shard, none above a weight, heaviest first.

        Each comes with its number in the list of the shard, of which `start` is the first.
        """
        found, weights = self.problem.movable[place], self.weights
        first = bisect_left(found, -heaviest, lo=start, key=lambda tenant: -weights[tenant])
        for number in range(first, len(found)):
            if found[number] not in self.moved and found[number] not in self.giants:
                yield number, found[number]

    def least_covering(self, place: int, weight: int) -> Iterator[int]:
        """Yield the tenants that may leave a shard and weigh so much, the lightest first."""
        found, weights = self.problem.movable[place], self.weights
        end = bisect_left(found, 1 - weight, key=lambda tenant: -weights[tenant])
        for number in range(end - 1, -1, -1):
            if found[number] not in self.moved and found[number] not in self.giants:
                yield found[number]
