"""Tenants that leave their shards in; a shard for each, as far as there is room, out."""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shardgen.rebalance.attempt import Attempt

    Placing = Callable[[Attempt, Sequence[int]], list[int]]


def evenly(attempt: Attempt, tenants: Sequence[int]) -> list[int]:
    """Move tenants, the heaviest first, to the shard that has the least of its share by then.

    Returns those that fit nowhere.
    """
    weights, problem = attempt.weights, attempt.problem
    least = weights[tenants[-1]] if tenants else 0
    heap = [
        (problem.ratio(place, attempt.loads[place]), place)
        for place in attempt.active
        if attempt.room(place) >= least
    ]
    scale = {place: problem.ratio(place, 1) for _, place in heap}
    heapify(heap)
    room = max((attempt.room(place) for _, place in heap), default=-1)
    left = []
    for tenant in tenants:
        if weights[tenant] > room:
            left.append(tenant)
            continue
        aside = []
        found = -1
        while heap:
            place = heappop(heap)[1]
            if attempt.fits(tenant, place):
                found = place
                attempt.move(tenant, place)
            if attempt.room(place) >= least:
                aside.append((attempt.loads[place] * scale[place], place))
            if found >= 0:
                break
        for entry in aside:
            heappush(heap, entry)
        if found < 0:
            left.append(tenant)
            room = max((attempt.room(place) for _, place in heap), default=-1)
    return left


def tightly(attempt: Attempt, tenants: Sequence[int]) -> list[int]:
    """Move tenants, the heaviest first, to the shard that they fill best.

    Returns those that fit nowhere.
    """
    rooms = sorted((attempt.room(place), place) for place in attempt.active)
    left = []
    for tenant in tenants:
        number = bisect_left(rooms, (attempt.weights[tenant], -1))
        while number < len(rooms) and not attempt.fits(tenant, rooms[number][1]):
            number += 1
        if number == len(rooms):
            left.append(tenant)
            continue
        place = rooms.pop(number)[1]
        attempt.move(tenant, place)
        insort(rooms, (attempt.room(place), place))
    return left
