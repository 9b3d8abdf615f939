"""An attempt and the tenants that fit nowhere in; what more moves can still make of it out."""

from __future__ import annotations

from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardgen.rebalance.attempt import Attempt

#: Shards that are tried as the one that takes a tenant and gives others away.
TRIED = 8
#: Tenants that are repaired: where more are left, there is too little room, not a bad order.
REPAIRED = 200


def repair(attempt: Attempt, left: Iterable[int]) -> None:
    """Find another way for tenants that fit nowhere: lighter ones instead, or an exchange."""
    for number, tenant in enumerate(left):
        place = attempt.problem.at[tenant]
        is_drained = attempt.problem.places[place].is_draining
        if number >= REPAIRED or tenant in attempt.moved or tenant in attempt.giants:
            continue
        if is_drained or attempt.excess(place):
            better(attempt, tenant, place, is_drained=is_drained)


def better(attempt: Attempt, tenant: int, place: int, *, is_drained: bool) -> None:
    """Do what costs the fewest moves: lighter tenants of the same shard, or an exchange."""
    instead = None if is_drained else shed(attempt, place)
    if instead is not None:
        if len(instead) <= 2:
            return
        undo(attempt, instead)
    most = len(attempt.weights) if instead is None else len(instead) - 1
    if exchange(attempt, tenant, most) is None and not is_drained:
        shed(attempt, place, partly=True)


def shed(
    attempt: Attempt, place: int, *, most: int | None = None, partly: bool = False
) -> list[int] | None:
    """Move tenants off a shard until it has nothing too much; return them.

    None, and nothing is moved, where that cannot be, or not with so few; with `partly` as many are
    moved as can be.
    """
    done: list[int] = []
    rooms = [(-attempt.room(each), each) for each in attempt.active if each != place]
    heapify(rooms)
    start = 0
    while excess := attempt.excess(place):
        room = -rooms[0][0] if rooms and (most is None or len(done) < most) else -1
        start, tenant = next_to_leave(attempt, place, excess, room, start)
        if tenant is None:
            if partly:
                return done
            undo(attempt, done)
            return None
        to = rooms[0][1]
        attempt.move(tenant, to)
        heapreplace(rooms, (-attempt.room(to), to))
        done.append(tenant)
    return done


def next_to_leave(
    attempt: Attempt, place: int, excess: int, room: int, start: int
) -> tuple[int, int | None]:
    """Return the lightest tenant that covers an excess, else the heaviest that finds room.

    Before it comes the number from which on to look the next time, when there is less room.
    """
    if room <= 0:
        return start, None
    covering = next(attempt.least_covering(place, excess), None)
    if covering is not None and attempt.weights[covering] <= room:
        return start, covering
    number, heaviest = next(attempt.undecided(place, room, start), (start, None))
    return number, heaviest if heaviest is not None and attempt.weights[heaviest] else None


def exchange(attempt: Attempt, tenant: int, most: int) -> list[int] | None:
    """Move a tenant to a shard that gives others away for it; return all of them.

    None, and nothing is moved, where no shard can, or not with so few moves.
    """
    weight, home = attempt.weights[tenant], attempt.problem.at[tenant]
    hosts = [place for place in attempt.active if place != home and weight <= attempt.most[place]]
    hosts.sort(key=lambda place: (-attempt.room(place), place))
    best = None
    for place in hosts[:TRIED]:
        done = try_exchange(attempt, tenant, place, most)
        if done is not None:
            undo(attempt, done)
            best, most = place, len(done) - 1
    return None if best is None else try_exchange(attempt, tenant, best, most + 1)


def try_exchange(attempt: Attempt, tenant: int, place: int, most: int) -> list[int] | None:
    """Move a tenant to one shard and make room there; None, and nothing is moved, without."""
    attempt.move(tenant, place)
    done = shed(attempt, place, most=most - 1)
    if done is None or attempt.loads[place] > attempt.most[place]:
        undo(attempt, [tenant, *(done or [])])
        return None
    return [tenant, *done]


def undo(attempt: Attempt, moves: Iterable[int]) -> None:
    """Take moves back."""
    for tenant in moves:
        attempt.back(tenant)


def spare(attempt: Attempt) -> None:
    """Take back every move that is not needed, the lightest first."""
    problem, weights = attempt.problem, attempt.weights
    needless = sorted(attempt.moved, key=lambda each: (weights[each], problem.ids[each]))
    for tenant in needless:
        place, to = problem.at[tenant], attempt.moved[tenant]
        if tenant in attempt.giants or problem.places[place].is_draining:
            continue
        if attempt.loads[place] + weights[tenant] <= attempt.ceiling[place]:
            attempt.back(tenant)
            if attempt.excess(to):  # the shard that it made room on
                attempt.move(tenant, to)
