"""A problem in, the plan with the fewest moves that was found out, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from shardgen.rebalance import choice, placing
from shardgen.rebalance.attempt import Attempt
from shardgen.rebalance.bound import fewest
from shardgen.rebalance.giants import settle_giants
from shardgen.rebalance.problem import limits_at
from shardgen.rebalance.repair import repair, spare
from shardgen.rebalance.search import searched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.rebalance.choice import Choice
    from shardgen.rebalance.placing import Placing
    from shardgen.rebalance.problem import Limits, Problem

STRATEGIES: tuple[tuple[Choice, Placing], ...] = (
    (choice.lightest, placing.evenly),
    (choice.heaviest, placing.tightly),
    (choice.lightest, placing.tightly),
    (choice.heaviest, placing.evenly),
)
#: States that the search for the fewest moves looks at: for the plan, and to find its ratio.
BUDGET, QUICK_BUDGET = 20_000, 2_000
#: How large a problem is searched at most; a search is as deep as it has moves.
SMALL_TENANTS, SMALL_SHARDS, SMALL_MOVES = 3_000, 32, 100
#: Of a problem larger than this, only the first strategies are tried.
LARGE_TENANTS, FIRST = 200_000, 2
#: How many moves above the bound are searched for a plan where the strategies find none.
BEYOND = 6
#: Ratios are looked for in steps of one thousandth.
STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where the tenants that move go, and the loads after that.

    No plan that keeps these limits has fewer moves than `bound`. `left` is how many tenants stay on
    a draining shard though no pin holds them, `over` how many active shards keep too much, `ratio`
    the most of its fair share that a shard carries for want of a more even plan.
    """

    moved: dict[int, int]
    loads: tuple[int, ...]
    bound: int
    left: int
    over: int
    ratio: Fraction

    @property
    def is_complete(self) -> bool:
        """Whether the limits are kept and the draining shards are empty."""
        return not self.left and not self.over

    @property
    def order(self) -> tuple[int, int, int, Fraction]:
        """Sort key: what is reached, then the moves, then how even it is."""
        return self.left, self.over, len(self.moved), self.ratio


def solve(problem: Problem) -> Outcome:
    """Return the best plan: of those that reach the goal the one with the fewest moves.

    Where none does, the one that comes nearest: it leaves the fewest tenants on draining shards,
    and then the least load on the shard that has most of its fair share.
    """
    first = best_at(problem, problem.goal, BUDGET)
    if first.is_complete or not problem.active or not problem.total:
        return first
    plans = [by_its_own_ratio(problem, each) for each in (first, nearest(problem))]
    best = min(plans, key=lambda each: (each.left, each.over, each.ratio, len(each.moved)))
    best = lowered(problem, best)
    again = best_at(problem, max(best.ratio, problem.goal), BUDGET)
    return emptied(problem, again if again.order <= best.order else best)


def emptied(problem: Problem, found: Outcome) -> Outcome:
    """Return a plan without tenants on a draining shard for whom a capacity has room.

    A shard that was over its capacity has room only once others have left it.
    """
    if not found.left:
        return found
    attempt = Attempt(problem, limits_at(problem, max(found.ratio, problem.goal)))
    for tenant, to in found.moved.items():
        attempt.move(tenant, to)
    for tenant in attempt.left():
        after = {place: attempt.loads[place] + problem.weights[tenant] for place in problem.active}
        open_to = [place for place in after if holds(problem, place, after[place])]
        if open_to:
            least = min(open_to, key=lambda place: (problem.ratio(place, after[place]), place))
            attempt.move(tenant, least)
    return by_its_own_ratio(problem, outcome(attempt, found.bound))


def holds(problem: Problem, place: int, load: int) -> bool:
    """Return whether a shard's capacity allows a load."""
    capacity = problem.places[place].capacity
    return capacity is None or load <= capacity


def lowered(problem: Problem, best: Outcome) -> Outcome:
    """Return a plan that is more even by a step, and again, as long as one is found."""
    while not best.over and best.ratio - Fraction(1, STEP) > problem.goal:
        found = best_at(problem, best.ratio - Fraction(1, STEP), BUDGET)
        if found.left > best.left or found.over or found.ratio >= best.ratio:
            break
        best = found
    return best


def by_its_own_ratio(problem: Problem, found: Outcome) -> Outcome:
    """Return an outcome as one at the ratio that it has come to: the capacities remain."""
    limits = limits_at(problem, max(found.ratio, problem.goal))
    attempt = Attempt(problem, limits)
    for tenant, to in found.moved.items():
        attempt.move(tenant, to)
    return outcome(attempt, fewest(problem, limits))


def nearest(problem: Problem) -> Outcome:
    """Return the plan at the lowest ratio at which one is found, by bisection.

    The ratio is not above the one that there is before, unless draining shards are to be emptied.
    """
    before = max(worst(problem, problem.loads, problem.counts), problem.goal)
    top = max(before, top_ratio(problem)) if has_drained(problem) else before
    best = best_at(problem, top, QUICK_BUDGET)
    low, high = int(problem.goal * STEP), -int(-top * STEP // 1)
    middle = int(before * STEP) + 1
    if not low < middle < high:
        middle = (low + high) // 2
    while high - low > 1:
        ratio = Fraction(middle, STEP)
        found = None
        if best.left or best.over or may_hold(problem, limits_at(problem, ratio)):
            found = best_at(problem, ratio, QUICK_BUDGET)
        if found and (found.left, found.over) <= (best.left, best.over):
            best, high = found, middle
        else:
            low = middle
        middle = (low + high) // 2
    return best


def has_drained(problem: Problem) -> bool:
    """Return whether there is a tenant that a draining shard should lose."""
    pairs = zip(problem.places, problem.movable, strict=True)
    return any(place.is_draining and movable for place, movable in pairs)


def top_ratio(problem: Problem) -> Fraction:
    """Return the ratio at which each shard alone may carry everything."""
    return Fraction(problem.shares, min(problem.places[place].share for place in problem.active))


def best_at(problem: Problem, ratio: Fraction, budget: int) -> Outcome:
    """Return the best plan at a ratio: of every strategy, and of the search where that can tell."""
    limits = limits_at(problem, ratio)
    bound = fewest(problem, limits)
    outcomes = []
    for choose, put in STRATEGIES[: FIRST if len(problem.ids) > LARGE_TENANTS else None]:
        outcomes.append(tried(problem, limits, bound, choose, put))
        if outcomes[-1].is_complete and len(outcomes[-1].moved) == bound:
            return outcomes[-1]
    best = min(outcomes, key=lambda each: each.order)
    if len(problem.ids) > SMALL_TENANTS or len(problem.places) > SMALL_SHARDS:
        return best
    if bound > SMALL_MOVES:
        return best
    most = len(best.moved) - 1 if best.is_complete else bound + BEYOND
    most = min(most, bound + BEYOND)
    moved, bound = searched(problem, limits, bound, most, budget)
    if moved is None:
        return replace(best, bound=bound) if best.is_complete else best
    attempt = Attempt(problem, limits)
    for tenant, to in moved.items():
        attempt.move(tenant, to)
    return outcome(attempt, bound)


def tried(problem: Problem, limits: Limits, bound: int, choose: Choice, put: Placing) -> Outcome:
    """Return the plan of one strategy."""
    attempt = Attempt(problem, limits)
    settle_giants(attempt)
    chosen = attempt.left()
    for place in attempt.over():
        chosen += choose(attempt, place)
    chosen.sort(key=problem.ids.__getitem__)
    chosen.sort(key=problem.weights.__getitem__, reverse=True)
    left = put(attempt, [tenant for tenant in chosen if tenant not in attempt.moved])
    if left:
        repair(attempt, left)
        spare(attempt)
    return outcome(attempt, bound)


def outcome(attempt: Attempt, bound: int) -> Outcome:
    """Return what an attempt has come to."""
    return Outcome(
        moved=attempt.moved,
        loads=tuple(attempt.loads),
        bound=bound,
        left=len(attempt.left()),
        over=len(attempt.over()),
        ratio=worst(attempt.problem, attempt.loads, attempt.counts),
    )


def worst(problem: Problem, loads: Sequence[int], counts: Sequence[int]) -> Fraction:
    """Return the highest ratio of a load to its fair share, what cannot be otherwise apart.

    That is a tenant that is alone on a shard, and a shard that has pins alone.
    """
    found = Fraction(0)
    for place in problem.active:
        if counts[place] > 1 and loads[place] > problem.pinned[place]:
            scaled = loads[place] * problem.shares
            found = max(found, Fraction(scaled, problem.total * problem.places[place].share))
    return found


def may_hold(problem: Problem, limits: Limits) -> bool:
    """Return whether the shards can carry all of the load at their limits."""
    heaviest = [problem.weights[found[0]] if found else 0 for found in problem.movable]
    if max(heaviest) > max(limits.most):
        return True  # a shard that has such a tenant alone carries more
    pairs = zip(limits.ceiling, heaviest, strict=True)
    return sum(max(ceiling, alone) for ceiling, alone in pairs) >= problem.total
