"""Loads and limits in, the number of moves that no plan can do without out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.rebalance.problem import Limits, Problem


def fewest(problem: Problem, limits: Limits) -> int:
    """Return how many moves every plan has that empties the draining shards and keeps the limits.

    Each tenant of a draining shard moves. From a shard that is too full, so many leave as of its
    heaviest cover what is too much. Each tenant that is heavier than every limit ends alone on a
    shard, so that all others leave that one: it is counted as if they were the shards where that
    costs least. Where the others go is not looked at: a plan may need more moves, none needs fewer.
    """
    every = [fewest_from(problem, limits, place) for place in range(len(problem.places))]
    giants = giants_of(problem, limits)
    count = sum(map(len, giants))
    alone = sorted(cost_alone(problem, limits, giants, place) for place in hosts_of(problem))
    return sum(every) + sum(alone[:count])


def fewest_from(problem: Problem, limits: Limits, place: int) -> int:
    """Return how many tenants leave one shard in every plan."""
    movable = problem.movable[place]
    if problem.places[place].is_draining:
        return len(movable)
    excess = problem.loads[place] - limits.ceiling[place]
    return min(covering(problem.weights, movable, excess), max(problem.counts[place] - 1, 0))


def covering(weights: Sequence[int], tenants: Sequence[int], excess: int) -> int:
    """Return how many of the first tenants weigh as much as an excess, all where none do."""
    count = 0
    for tenant in tenants:
        if excess <= 0:
            break
        excess -= weights[tenant]
        count += 1
    return count


def giants_of(problem: Problem, limits: Limits) -> list[list[int]]:
    """Return the tenants of each shard that are heavier than every limit, the heaviest first."""
    highest = max((limits.most[place] for place in problem.active), default=0)
    found: list[list[int]] = []
    for movable in problem.movable:
        found.append([])
        for tenant in movable:
            if problem.weights[tenant] <= highest:
                break
            found[-1].append(tenant)
    return found


def hosts_of(problem: Problem) -> list[int]:
    """Return the shards on which a tenant can be alone: active ones without pins."""
    return [place for place in problem.active if not problem.pinned[place]]


def cost_alone(problem: Problem, limits: Limits, giants: list[list[int]], place: int) -> int:
    """Return how many more tenants leave a shard where a giant is to be alone on it."""
    stays = 1 if giants[place] else 0
    return problem.counts[place] - stays - fewest_from(problem, limits, place)
