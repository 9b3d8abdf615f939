"""A problem and its outcome in; why the goal is not reached, and what may surprise, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.rebalance.drawing import percent
from shardgen.rebalance.problem import limits_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.rebalance.problem import Problem
    from shardgen.rebalance.solve import Outcome


def reasons(problem: Problem, outcome: Outcome) -> list[str]:
    """Return why the plan does not reach the goal; nothing where it does."""
    limits = limits_at(problem, problem.goal)
    found = []
    for place, each in enumerate(problem.places):
        if each.is_draining and (held := pins_on(problem, place)):
            found.append(f"shard {each.id} cannot be emptied: {held} pinned to it")
        if each.is_draining:
            continue
        limit = "its capacity" if limits.most[place] == each.capacity else "its limit"
        if problem.pinned[place] > limits.most[place]:
            found.append(f"the tenants pinned to shard {each.id} alone are above {limit}")
    if outcome.left:
        noun = "tenants stay" if outcome.left > 1 else "tenant stays"
        found.append(f"{outcome.left:,} {noun} on a draining shard: no capacity is left for them")
    crowded = uneven(problem, outcome)
    full = [place for place in crowded if outcome.loads[place] > (capacity(problem, place))]
    found += [
        f"shard {problem.places[place].id} stays above its capacity: the others have no room"
        for place in full
    ]
    if rest := [place for place in crowded if place not in full]:
        found.append(why_uneven(problem, outcome, rest))
    return found


def uneven(problem: Problem, outcome: Outcome) -> list[int]:
    """Return the active shards that end above what they should for another reason than pins.

    One with a single tenant is not among them, unless that is above its capacity.
    """
    limits = limits_at(problem, problem.goal)
    alone = alone_on(problem, outcome)
    return [
        place
        for place in problem.active
        if outcome.loads[place] > limits.ceiling[place]
        and (place not in alone or outcome.loads[place] > capacity(problem, place))
    ]


def capacity(problem: Problem, place: int) -> int:
    """Return the capacity of a shard; that of all shards together where it has none."""
    found = problem.places[place].capacity
    return problem.total if found is None else found


def why_uneven(problem: Problem, outcome: Outcome, rest: Sequence[int]) -> str:
    """Return how near to the goal the plan comes, and what is in the way."""
    worst = max(problem.ratio(place, outcome.loads[place]) for place in rest)
    limits = limits_at(problem, problem.goal)
    near = f"the nearest that was found is {worst * 100:.1f} % of a fair share"
    if sum(max(limits.ceiling[place], 0) for place in problem.active) < problem.total:
        return f"{near}: capacities and pins leave too little room elsewhere"
    return f"{near}: the tenants are too heavy for less"


def remarks(problem: Problem, outcome: Outcome) -> list[str]:
    """Return what may surprise though all is as it should be: tenants that are alone."""
    limits = limits_at(problem, problem.goal)
    return [
        f"tenant {problem.ids[tenant]} alone is "
        f"{percent(problem.ratio(place, problem.weights[tenant]))} of a fair share: "
        f"it has shard {problem.places[place].id} for itself"
        for place, tenant in alone_on(problem, outcome).items()
        if problem.weights[tenant] > limits.most[place]
    ][:5]


def alone_on(problem: Problem, outcome: Outcome) -> dict[int, int]:
    """Return the tenant of each active shard that ends with one tenant that weighs something."""
    counts = list(problem.counts)
    for tenant, to in outcome.moved.items():
        if problem.weights[tenant]:
            counts[problem.at[tenant]] -= 1
            counts[to] += 1
    wanted = {place for place in problem.active if counts[place] == 1}
    found: dict[int, int] = {}
    if wanted:
        for tenant, home in enumerate(problem.at):
            place = outcome.moved.get(tenant, home)
            if place in wanted and problem.weights[tenant]:
                found[place] = tenant
    return dict(sorted(found.items()))


def pins_on(problem: Problem, place: int) -> str:
    """Return how many tenants are pinned to a shard, in words; '' where none is."""
    count = sum(home == place for home in problem.at) - len(problem.movable[place])
    if not count:
        return ""
    return f"{count:,} tenants are" if count > 1 else "1 tenant is"
