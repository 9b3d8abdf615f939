"""An attempt in; the same with a place for the tenants that are heavier than every limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.rebalance.bound import cost_alone, giants_of, hosts_of

if TYPE_CHECKING:
    from shardgen.rebalance.attempt import Attempt


def settle_giants(attempt: Attempt) -> None:
    """Let each giant be alone on a shard: where it is, or where the fewest have to make room.

    Where there are not shards enough, a giant stays; that of a draining shard goes somewhere.
    """
    problem = attempt.problem
    limits = attempt.limits
    giants = giants_of(problem, limits)
    every = [tenant for found in giants for tenant in found]
    if not every:
        return
    attempt.giants.update(every)
    every.sort(key=lambda tenant: (-attempt.weights[tenant], problem.ids[tenant]))
    able = [
        place
        for place in hosts_of(problem)
        if giants[place] or can_carry(attempt, place, attempt.weights[every[0]])
    ]
    able.sort(key=lambda place: (cost_alone(problem, limits, giants, place), place))
    hosts = able[: len(every)]
    stay = {giants[place][0] for place in hosts if giants[place]}
    free = sorted(place for place in hosts if not giants[place])
    for tenant in every:
        if tenant in stay:
            continue
        if free:
            attempt.move(tenant, free.pop(0))
        elif problem.places[problem.at[tenant]].is_draining:
            crowd(attempt, tenant)


def can_carry(attempt: Attempt, place: int, load: int) -> bool:
    """Return whether a shard's capacity allows a load."""
    capacity = attempt.problem.places[place].capacity
    return capacity is None or load <= capacity


def crowd(attempt: Attempt, giant: int) -> None:
    """Move a giant off a draining shard to where it makes the least harm, capacity allowing."""
    problem, weight = attempt.problem, attempt.weights[giant]
    hosts = [
        place
        for place in attempt.active
        if can_carry(attempt, place, attempt.loads[place] + weight)
    ]
    if hosts:
        key = [(problem.ratio(place, attempt.loads[place] + weight), place) for place in hosts]
        attempt.move(giant, min(key)[1])
