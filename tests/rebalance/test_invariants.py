"""What holds for every plan, whatever the fleet: pins, capacities, draining shards, the order."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.rebalance.bound import fewest
from shardgen.rebalance.order import in_order
from shardgen.rebalance.problem import Place, Problem, limits_at
from shardgen.rebalance.search import searched
from shardgen.rebalance.solve import Outcome, solve
from shardgen.roster import PARTS
from tests.examples import examples
from tests.rebalance.problems import place, problem

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Return a problem of up to 6 shards and 40 tenants."""
    unit = draw(st.sampled_from([1, PARTS]))
    count = draw(st.integers(1, 6))
    draining = [draw(st.booleans()) if number else False for number in range(count)]
    weight = st.integers(0, 30) if unit > 1 else st.just(1)
    rows = [
        (tenant, where, weighs * unit)
        for tenant, (where, weighs) in enumerate(
            draw(st.lists(st.tuples(st.integers(0, count - 1), weight), max_size=40)), 1
        )
    ]
    pins = {row[0] for row in rows if draw(st.integers(0, 9)) == 0}
    places = [
        place(
            number + 1,
            share=draw(st.sampled_from([1, 1, 0.5, 3])),
            capacity=draw(st.none() | st.integers(0, 60)),
            draining=draining[number],
        )
        for number in range(count)
    ]
    tolerance = Fraction(draw(st.integers(0, 50)), 100)
    return problem(places, rows, pins, tolerance, unit)


def loads_of(given: Problem, moves: dict[int, int]) -> list[int]:
    """Return the loads after some moves, counted anew."""
    loads = [0] * len(given.places)
    for tenant, home in enumerate(given.at):
        loads[moves.get(tenant, home)] += given.weights[tenant]
    return loads


def worst_of(given: Problem, loads: Sequence[int]) -> float:
    """Return the highest ratio of a load to its fair share."""
    return max((given.ratio(number, loads[number]) for number in given.active), default=0)


def check(given: Problem, outcome: Outcome) -> None:
    """Assert what holds for every plan."""
    movable = {tenant for found in given.movable for tenant in found}
    after = loads_of(given, outcome.moved)
    assert list(outcome.loads) == after
    assert outcome.moved.keys() <= movable, "a pin moved"
    received = {to for tenant, to in outcome.moved.items() if given.weights[tenant]}
    for to in set(outcome.moved.values()):
        assert not given.places[to].is_draining
    for to in received:
        capacity = given.places[to].capacity
        assert capacity is None or after[to] <= capacity
    for tenant, to in outcome.moved.items():
        assert to != given.at[tenant], "a move that is none"
    left = [
        tenant
        for number, each in enumerate(given.places)
        if each.is_draining
        for tenant in given.movable[number]
        if tenant not in outcome.moved
    ]
    assert outcome.left == len(left)
    for tenant in left:
        assert not has_room(given, after, tenant), "a draining shard keeps what has room elsewhere"


def has_room(given: Problem, after: Sequence[int], tenant: int) -> bool:
    """Return whether a capacity would allow one tenant more on some active shard."""
    weight = given.weights[tenant]
    return any(
        given.places[number].capacity is None
        or after[number] + weight <= given.places[number].capacity
        for number in given.active
    )


@given(problems())
@settings(max_examples=examples(100), deadline=None)
def test_every_plan(given: Problem) -> None:
    outcome = solve(given)
    check(given, outcome)
    if not any(each.is_draining for each in given.places):
        before, after = worst_of(given, given.loads), worst_of(given, outcome.loads)
        limits = limits_at(given, given.goal)
        least = max(given.ratio(number, limits.most[number]) for number in given.active)
        alone = max(
            (given.ratio(to, given.weights[tenant]) for tenant, to in outcome.moved.items()),
            default=0,
        )
        assert after <= max(before, least, alone) * (1 + 1e-9)
        assert outcome.moved or outcome.loads == given.loads
    if outcome.is_complete:
        limits = limits_at(given, max(outcome.ratio, given.goal))
        assert fewest(given, limits) <= outcome.bound <= len(outcome.moved)


def test_a_shard_that_others_leave_has_room_for_who_is_drained() -> None:
    """It was over its capacity: only once two have left it, the last one fits."""
    runs: dict[str, Any] = {"share": 1_000_000, "is_draining": False}
    places = (
        Place(id=1, capacity=4, **runs),
        Place(id=2, capacity=None, share=0, is_draining=True),
        Place(id=3, capacity=0, **runs),
        Place(id=4, capacity=None, share=0, is_draining=True),
        Place(id=5, capacity=3, share=3_000_000, is_draining=False),
    )
    given = Problem(
        places=places,
        ids=range(1, 12),
        weights=[1] * 11,
        at=[0, 0, 0, 0, 0, 0, 1, 2, 2, 1, 2],
        movable=([3, 4, 5], [9], [8, 10], [], []),
        loads=(6, 2, 3, 0, 0),
        pinned=(3, 1, 1, 0, 0),
        counts=(6, 2, 3, 0, 0),
        tolerance=Fraction(0),
        unit=1,
    )
    outcome = solve(given)
    assert outcome.left == 0
    check(given, outcome)


@given(problems(), st.integers(0, 12))
@settings(max_examples=examples(60), deadline=None)
def test_the_first_moves_of_a_plan_break_nothing(given: Problem, most: int) -> None:
    """--max-moves: each prefix keeps within what the whole plan keeps within."""
    outcome = solve(given)
    moves = in_order(given, outcome.moved, outcome.loads, most)
    assert len(moves) <= most
    loads = list(given.loads)
    for move in moves:
        assert outcome.moved[move.tenant] == move.target
        loads[move.source] -= given.weights[move.tenant]
        loads[move.target] += given.weights[move.tenant]
        # where all moves are wanted, those that wait for one another come, too
        if given.weights[move.tenant] and most < len(outcome.moved):
            assert loads[move.target] <= outcome.loads[move.target]
    ranks = [given.places[move.source].is_draining for move in moves]
    straight = in_order(given, outcome.moved, outcome.loads, None)
    assert sorted(move.tenant for move in straight) == sorted(outcome.moved)
    if (
        not outcome.over
        and len({*outcome.moved.values()} & set(map(given.at.__getitem__, outcome.moved))) == 0
    ):
        assert ranks == sorted(ranks, reverse=True), "a draining shard comes first"


@given(problems(), st.randoms(use_true_random=False))
@settings(max_examples=examples(100), deadline=None)
def test_the_order_of_the_rows_decides_nothing(given: Problem, chance: random.Random) -> None:
    rows = list(zip(given.ids, given.at, given.weights, strict=True))
    pins = {given.ids[t] for t in range(len(rows))} - {
        given.ids[t] for found in given.movable for t in found
    }
    chance.shuffle(rows)
    other = problem(given.places, rows, pins, given.tolerance, given.unit)
    one, two = solve(given), solve(other)
    assert {given.ids[t]: to for t, to in one.moved.items()} == {
        other.ids[t]: to for t, to in two.moved.items()
    }


def test_no_tenants_no_moves() -> None:
    assert solve(problem([place(1), place(2)], [])).moved == {}


def test_only_weightless_tenants_leave_a_draining_shard() -> None:
    rows = [(1, 0, 0), (2, 0, 0), (3, 1, 0)]
    assert solve(problem([place(1, draining=True), place(2)], rows)).moved == {0: 1, 1: 1}


def test_where_a_swap_alone_helps_it_is_found() -> None:
    """12 and 8 become 11 and 9, by a 5 that goes and a 4 that comes."""
    rows = [(1, 0, 7), (2, 0, 5), (3, 1, 4), (4, 1, 4)]
    given = problem([place(1), place(2)], rows, tolerance=Fraction(0))
    outcome = solve(given)
    check(given, outcome)
    assert max(outcome.loads) - min(outcome.loads) <= 2


def test_a_search_that_ends_early_claims_nothing() -> None:
    rows = [(number, 0, number * 7919 % 101 + 50) for number in range(1, 30)]
    given = problem([place(1), place(2), place(3)], rows, tolerance=Fraction(0))
    limits = limits_at(given, given.goal)
    assert searched(given, limits, 3, 20, budget=0) == (None, 3)


@pytest.mark.parametrize("most", [0, 1, 4])
def test_draining_shards_come_first(most: int) -> None:
    rows = [(number, 0, PARTS) for number in range(1, 4)]
    rows += [(number, 1, PARTS) for number in range(4, 30)]
    given = problem([place(1, draining=True), place(2), place(3)], rows)
    outcome = solve(given)
    moves = in_order(given, outcome.moved, outcome.loads, most)
    assert [given.ids[move.tenant] for move in moves][:3] == [1, 2, 3][:most]
    assert len(moves) == most
