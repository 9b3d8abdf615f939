"""A shard that is too full in; which of its tenants leave it, as few as can be, out."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shardgen.rebalance.attempt import Attempt

    Choice = Callable[[Attempt, int], list[int]]


def heaviest(attempt: Attempt, place: int) -> list[int]:
    """Return the heaviest tenants that cover the excess, the last as light as still covers it."""
    tenants = [tenant for _, tenant in attempt.undecided(place, attempt.loads[place])]
    return refined(attempt.weights, tenants, attempt.excess(place), start=0)


def lightest(attempt: Attempt, place: int) -> list[int]:
    """Return as many tenants, as light as possible: they find a place more easily."""
    tenants = [tenant for _, tenant in attempt.undecided(place, attempt.loads[place])]
    weights, excess = attempt.weights, attempt.excess(place)
    sums = [0, *accumulate(map(weights.__getitem__, tenants))]
    count = bisect_left(sums, excess)
    starts = range(len(tenants) - count + 1)
    last = bisect_left(starts, 1 - excess, key=lambda start: sums[start] - sums[start + count])
    return refined(weights, tenants, excess, start=max(0, last - 1))


def refined(weights: Sequence[int], tenants: list[int], excess: int, *, start: int) -> list[int]:
    """Return tenants from a place in a list on that cover an excess, the last one exchanged.

    All of them where not even they cover it.
    """
    chosen: list[int] = []
    for number in range(start, len(tenants)):
        tenant = tenants[number]
        if weights[tenant] >= excess:
            low = number
            high = bisect_left(tenants, 1 - excess, lo=low, key=lambda each: -weights[each])
            return [*chosen, tenants[max(low, high - 1)]]
        chosen.append(tenant)
        excess -= weights[tenant]
    return [tenant for tenant in chosen if weights[tenant]]
