"""The plan against the exact optimum of 500 small problems, and the bound against both."""

from __future__ import annotations

from fractions import Fraction

import pytest

from shardgen.fallback import fallback_shard
from shardgen.rebalance.bound import fewest
from shardgen.rebalance.problem import Problem, limits_at
from shardgen.rebalance.solve import Outcome, solve
from shardgen.roster import PARTS
from tests.rebalance.problems import fewest_moves, place, problem, seeded

#: The whole of it takes a while, and runs with `make test-all`.
pytestmark = pytest.mark.slow

SEEDS = 500
#: A ratio so much below the one that was found must not be possible.
NEAR = Fraction(1, 500)


def reaches(problem: Problem, outcome: Outcome) -> bool:
    """Return whether a plan reaches the goal."""
    return outcome.is_complete and outcome.ratio <= problem.goal


@pytest.mark.parametrize("first", [
    pytest.param(first, marks=pytest.mark.slow if first else ()) for first in range(0, SEEDS, 100)
])  # fmt: skip
def test_the_plan_has_the_fewest_moves_there_are(first: int) -> None:
    reached = 0
    for seed in range(first, first + 100):
        given = seeded(seed)
        limits = limits_at(given, given.goal)
        outcome, best = solve(given), fewest_moves(given, limits)
        if best is None:
            assert not reaches(given, outcome), seed
            continue
        reached += 1
        assert reaches(given, outcome), seed
        assert len(outcome.moved) == best, seed
        assert fewest(given, limits) <= outcome.bound <= best, seed
    assert reached > 50


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, 250))
def test_where_the_goal_is_out_of_reach_the_plan_is_the_nearest(first: int) -> None:
    seen = 0
    for seed in range(first, first + 250):
        given = seeded(seed)
        outcome = solve(given)
        if reaches(given, outcome) or outcome.left or outcome.over:
            continue
        seen += 1
        best = fewest_moves(given, limits_at(given, outcome.ratio))
        assert best is not None, seed
        assert outcome.bound <= best == len(outcome.moved), seed
        assert fewest_moves(given, limits_at(given, outcome.ratio - NEAR)) is None, seed
    assert seen > 20


def test_growing_from_one_shard_to_two_moves_a_tenth_of_what_a_new_hash_moves() -> None:
    """150 customers, of whom a few make most of the load."""
    rows = [(number, 0, 1000 * PARTS // number) for number in range(1, 151)]
    outcome = solve(problem([place(1), place(2)], rows))
    rehashed = sum(fallback_shard("md5", number, [1, 2]) == 2 for number, _, _ in rows)
    assert (len(outcome.moved), rehashed) == (7, 76)
    assert outcome.bound == 7


def test_a_tenant_above_every_limit_is_alone_where_that_costs_least() -> None:
    """It leaves its 20 neighbours for the new shard: one move, and theirs are none."""
    rows = [(1, 0, 60 * PARTS), *((number, 0, PARTS) for number in range(2, 22))]
    rows += [(number, 1, PARTS) for number in range(22, 42)]
    outcome = solve(problem([place(1), place(2), place(3)], rows))
    assert outcome.moved == {0: 2}
    assert outcome.bound == 1
    assert reaches(problem([place(1), place(2), place(3)], rows), outcome)
    stays = solve(problem([place(1), place(2)], rows))
    assert set(stays.moved) == set(range(1, 21))
    assert stays.bound == 20


def test_twenty_shards_of_a_skewed_fleet_are_near_the_bound() -> None:
    """Where no exact answer can be had, the bound says how far it may be."""
    rows = [(number, number * number % 12, 10**9 // number) for number in range(1, 3001)]
    given = problem([place(number) for number in range(1, 21)], rows)
    outcome = solve(given)
    assert reaches(given, outcome)
    assert len(outcome.moved) <= outcome.bound * 1.1
