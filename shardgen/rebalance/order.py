"""A plan in; its moves in the order in which they help, and no more than are wanted, out."""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.rebalance.problem import Problem


class Move(NamedTuple):
    """One tenant that leaves a shard for another; all three are places in the problem."""

    tenant: int
    source: int
    target: int


def in_order(
    problem: Problem, moved: Mapping[int, int], after: tuple[int, ...], most: int | None
) -> list[Move]:
    """Return the moves: off draining shards first, then from what is by then the worst shard.

    After each of them no shard has more than at the end. Moves that wait for one another come
    last, and only where all moves are wanted.
    """
    queues: dict[int, list[Move]] = defaultdict(list)
    for tenant, target in moved.items():
        queues[problem.at[tenant]].append(Move(tenant, problem.at[tenant], target))
    for queue in queues.values():
        queue.sort(key=lambda each: (problem.weights[each.tenant], -problem.ids[each.tenant]))
    limit = len(moved) if most is None else most
    found, waiting = walked(problem, queues, after, limit)
    if len(moved) <= limit:
        found += sorted(waiting, key=lambda each: problem.ids[each.tenant])
    return found


def walked(
    problem: Problem, queues: dict[int, list[Move]], after: tuple[int, ...], limit: int
) -> tuple[list[Move], list[Move]]:
    """Return the moves that can be made one after the other, and those that wait in the end."""
    loads = list(problem.loads)
    scale = [problem.ratio(p, 1) if each.share else 0.0 for p, each in enumerate(problem.places)]
    waiting: dict[int, list[Move]] = defaultdict(list)
    heap: list[tuple[bool, float, int]] = []

    def again(place: int) -> None:
        """Let a shard wait for its turn."""
        is_active = not problem.places[place].is_draining
        heappush(heap, (is_active, -loads[place] * scale[place], place))

    for place in queues:
        again(place)
    found: list[Move] = []
    while heap and len(found) < limit:
        source = heappop(heap)[2]
        if not queues[source]:
            continue
        move = queues[source].pop()
        weight = problem.weights[move.tenant]
        if weight and loads[move.target] + weight > after[move.target]:
            waiting[move.target].append(move)
        else:
            loads[source] -= weight
            loads[move.target] += weight
            found.append(move)
            for each in reversed(waiting.pop(source, [])):
                queues[each.source].append(each)
                again(each.source)
        again(source)
    return found, [each for moves in waiting.values() for each in moves]
