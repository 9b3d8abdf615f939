"""A small problem, its limits and a number of moves in; a plan of so many moves out, or none.

The search is complete: where it ends before its budget does and finds nothing, there is nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.rebalance.problem import Limits, Problem


class OutOfBudget(Exception):
    """So many states were looked at that the search ends without an answer."""


class Search:
    """Depth first over the moves; a shard that has too much gives its next tenant away.

    `start` is where the tenants of a shard begin about which nothing is decided: those before it
    left, or stay. `fixed` is the load that can only grow: pins, those that stay, those that came.
    """

    def __init__(self, problem: Problem, limits: Limits, budget: int) -> None:
        self.problem, self.weights = problem, problem.weights
        self.most, self.ceiling = limits.most, limits.ceiling
        self.loads, self.counts = list(problem.loads), list(problem.counts)
        self.start = [0] * len(problem.places)
        self.fixed = list(problem.pinned)
        self.came = [0] * len(problem.places)
        self.active = problem.active
        self.moved: dict[int, int] = {}
        self.budget = budget

    def plan(self, moves: int) -> bool:
        """Return whether so many more moves lead to the goal; `moved` then has them.

        Raises OutOfBudget.
        """
        self.budget -= 1
        if self.budget < 0:
            raise OutOfBudget
        wanted = [(self.wanted(place), place) for place in range(len(self.loads))]
        needed = sum(count for count, _ in wanted)
        if not needed:
            return True
        if needed > moves:
            return False
        place = min((count, place) for count, place in wanted if count)[1]
        return any(self.branch(place, number, moves) for number in self.options(place))

    def wanted(self, place: int) -> int:
        """Return how many tenants must still leave a shard; more than there are where none can."""
        movable, start = self.problem.movable[place], self.start[place]
        if self.problem.places[place].is_draining:
            return len(movable) - start
        excess = self.loads[place] - self.limit(place)
        if excess <= 0 or self.is_alone(place):
            return 0
        alone = max(self.counts[place] - 1, 1)
        for number in range(start, len(movable)):
            excess -= self.weights[movable[number]]
            if excess <= 0:
                return min(number - start + 1, alone)
        return alone if self.may_be_alone(place) else len(self.problem.ids) + 1

    def limit(self, place: int) -> int:
        """Return what a shard may carry: what it had before, or what it may be filled up to."""
        return self.most[place] if self.came[place] else self.ceiling[place]

    def is_alone(self, place: int) -> bool:
        """Return whether one tenant alone is the load of a shard."""
        return self.counts[place] == 1 and (not self.came[place] or self.can_carry(place))

    def may_be_alone(self, place: int) -> bool:
        """Return whether a shard may end with one tenant, whatever that weighs."""
        movable, start = self.problem.movable[place], self.start[place]
        free = sum(self.weights[tenant] > 0 for tenant in movable[start:])
        return self.counts[place] - free <= 1

    def can_carry(self, place: int) -> bool:
        """Return whether the capacity allows the load."""
        capacity = self.problem.places[place].capacity
        return capacity is None or self.loads[place] <= capacity

    def options(self, place: int) -> Iterator[int]:
        """Yield which tenant may be the next that leaves; of equals the first stands for all."""
        movable, start = self.problem.movable[place], self.start[place]
        before = None
        for number in range(start, len(movable)):
            weight = self.weights[movable[number]]
            if self.problem.places[place].is_draining:
                yield number
                return
            if not weight:
                return
            if weight != before:
                yield number
            before = weight

    def branch(self, place: int, number: int, moves: int) -> bool:
        """Return whether a plan is found in which this tenant is the next that leaves a shard."""
        movable, start = self.problem.movable[place], self.start[place]
        tenant = movable[number]
        weight = self.weights[tenant]
        stay = sum(self.weights[each] for each in movable[start:number])
        self.start[place], self.fixed[place] = number + 1, self.fixed[place] + stay
        self.loads[place] -= weight
        self.counts[place] -= weight > 0
        for to in sorted(self.active, key=lambda each: (self.loads[each] - self.most[each], each)):
            if to != place and self.may_take(to, weight):
                self.enter(tenant, to, weight)
                if self.plan(moves - 1):
                    return True
                self.leave(tenant, to, weight)
        self.start[place], self.fixed[place] = start, self.fixed[place] - stay
        self.loads[place] += weight
        self.counts[place] += weight > 0
        return False

    def may_take(self, place: int, weight: int) -> bool:
        """Return whether a shard can hold one tenant more in the end, others leaving it."""
        fixed = self.fixed[place]
        capacity = self.problem.places[place].capacity
        alone = fixed == 0 and (capacity is None or weight <= capacity)
        return not weight or fixed + weight <= self.most[place] or alone

    def enter(self, tenant: int, to: int, weight: int) -> None:
        """Let a tenant come to a shard."""
        self.moved[tenant] = to
        self.loads[to] += weight
        self.fixed[to] += weight
        self.counts[to] += weight > 0
        self.came[to] += weight > 0

    def leave(self, tenant: int, to: int, weight: int) -> None:
        """Take that back."""
        del self.moved[tenant]
        self.loads[to] -= weight
        self.fixed[to] -= weight
        self.counts[to] -= weight > 0
        self.came[to] -= weight > 0


def searched(
    problem: Problem, limits: Limits, least: int, most: int, budget: int
) -> tuple[dict[int, int] | None, int]:
    """Return a plan with the fewest moves from `least` to `most`, and what no plan has fewer than.

    Without a plan in that range, or in the budget, there is none; every number of moves that was
    searched to the end counts for the bound.
    """
    search = Search(problem, limits, budget)
    moves = least
    try:
        while moves <= most and not search.plan(moves):
            moves += 1
    except OutOfBudget:
        return None, moves
    return (search.moved if moves <= most else None), moves
