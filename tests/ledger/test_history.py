"""The plan: which operations an edit of shards.yaml becomes, and which edits cannot become any."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shardgen.ledger.fold import fold
from shardgen.ledger.history import plan
from shardgen.ledger.operations import (
    OPERATIONS,
    Activate,
    Add,
    Assign,
    Default,
    Drain,
    Init,
    Move,
    Operation,
    Pin,
    Retire,
    Validate,
)
from shardgen.ledger.state import Recorded
from tests.ledger.support import desired

if TYPE_CHECKING:
    from shardgen.ledger.desired import Desired


def recorded(*steps: Desired) -> Recorded:
    """The state after planning each desired state in turn."""
    state = Recorded()
    for wanted in steps:
        state = fold(planned(state, wanted), state).recorded
    return state


def planned(state: Recorded, wanted: Desired) -> tuple[Operation, ...]:
    """The operations of a plan that has no problems."""
    result = plan(state, wanted)
    assert result.problems == ()
    return result.operations


def kinds(state: Recorded, wanted: Desired) -> list[str]:
    """The kinds of the problems of a plan."""
    result = plan(state, wanted)
    assert result.operations == ()
    assert all(problem.message and problem.hint for problem in result.problems)
    return [problem.kind for problem in result.problems]


def test_the_smallest_fleet() -> None:
    assert planned(Recorded(), desired("1 2")) == (
        Init(
            schema=None,
            table="business",
            id_column="id",
            shard_column="whatsapp_shard",
            shards=1,
            default=1,
        ),
        Pin(route="column", fallback="md5", shards=1),
        Validate(),
        Add(ids=(2,)),
    )


@pytest.mark.parametrize(("default", "first", "later"), [(2, 2, False), (3, 1, True)])
def test_init_sets_the_default_if_it_registers_that_shard(
    default: int, first: int, *, later: bool
) -> None:
    operations = planned(Recorded(), desired("1 2 3", adopt_shards=2, default_shard=default))
    assert isinstance(operations[0], Init)
    assert operations[0].default == first
    assert (Default(shard=default) in operations) is later


def test_one_render_with_everything_keeps_the_order() -> None:
    state = recorded(desired("1 2 3 4:draining 5"), desired("1 2 3 4:draining 5:draining"))
    wanted = desired(
        "1:draining>6 2:draining 3:retired>6 4 5:retired 6 7",
        default_shard=6,
        assign=((7, (3, 1)), (6, (2,)), (6, (4,))),
    )
    operations = planned(state, wanted)
    assert operations == (
        Add(ids=(6, 7)),
        Default(shard=6),
        Activate(shard=4),
        Assign(shard=6, tenants=(2, 4)),
        Assign(shard=7, tenants=(1, 3)),
        Drain(shard=1, to=6),
        Drain(shard=2, to=None),
        Drain(shard=3, to=6),
        Move(shard=1, to=6),
        Move(shard=3, to=6),
        Retire(shard=3),
        Retire(shard=5),
    )
    places = [OPERATIONS.index(type(operation)) for operation in operations]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1 2", "1 2", ()),
        ("1 2", "2 1", ()),
        ("1", "1 3:draining", (Add(ids=(3,)), Drain(shard=3, to=None))),
        ("1", "1 3:retired", (Retire(shard=3),)),
        ("1 2:draining", "1 2", (Activate(shard=2),)),
        ("1 2:draining", "1 2:draining>1", (Drain(shard=2, to=1), Move(shard=2, to=1))),
        ("1 2:draining>1", "1 2:draining", (Drain(shard=2, to=None),)),
        ("1 2:draining>1", "1 2:retired", (Retire(shard=2),)),
        ("1 2:draining>1", "1 2:retired>1", (Retire(shard=2),)),
        (
            "1 2:draining",
            "1 2:retired>1",
            (Drain(shard=2, to=1), Move(shard=2, to=1), Retire(shard=2)),
        ),
        ("1 2", "1 2:retired", (Drain(shard=2, to=None), Retire(shard=2))),
        ("1 2:retired", "1 2:retired>1", ()),
    ],
)
def test_an_edit_of_states(before: str, after: str, expected: tuple[Operation, ...]) -> None:
    assert planned(recorded(desired(before)), desired(after)) == expected


def test_an_adopted_shard_can_retire_in_the_first_render() -> None:
    operations = planned(Recorded(), desired("1 2:retired>1", adopt_shards=2))
    assert operations[3:] == (Drain(shard=2, to=1), Move(shard=2, to=1), Retire(shard=2))


def test_adopt_and_fallback_count_for_the_first_render_only() -> None:
    state = recorded(desired("1 2"))
    later = desired("1 2", adopt_shards=7, adopt_route="hash", fallback="modulo")
    assert planned(state, later) == ()


def test_a_ledger_that_was_cut_short_is_continued() -> None:
    wanted = desired("1 2:retired>1", adopt_shards=2, batches=3)
    first = planned(Recorded(), wanted)
    for count in range(len(first)):
        state = fold(first[:count]).recorded
        assert planned(state, wanted) == first[count:]


def test_parts_that_an_earlier_plan_owes_keep_their_number() -> None:
    wanted = desired("1 2:draining>1", adopt_shards=2, batches=2)
    first = planned(Recorded(), wanted)
    later = replace(wanted, batches=7)
    assert planned(fold(first[:2]).recorded, later)[0] == first[2]
    assert planned(fold(first[:6]).recorded, later) == first[6:]


@pytest.mark.parametrize("state", ["draining>1", "retired>1", "retired"])
def test_a_drain_without_its_move_is_made_good(state: str) -> None:
    before = recorded(desired("1 2"))
    cut = fold((Drain(shard=2, to=1),), before).recorded
    operations = planned(cut, desired(f"1 2:{state}", batches=2))
    assert operations[:2] == (
        Move(shard=2, to=1, part=1, parts=2),
        Move(shard=2, to=1, part=2, parts=2),
    )


def test_batches_split_what_is_large_and_nothing_else() -> None:
    wanted = desired("1 2:retired>1", adopt_shards=2, batches=3)
    operations = planned(Recorded(), wanted)
    assert [type(each) for each in operations] == [
        Init, Pin, Pin, Pin, Validate, Drain, Move, Move, Move, Retire
    ]  # fmt: skip
    pins = [(each.part, each.parts) for each in operations if isinstance(each, Pin)]
    assert pins == [(1, 3), (2, 3), (3, 3)]
    state = fold(operations).recorded
    assert planned(state, replace(wanted, batches=1)) == ()


def test_the_runner_is_fixed_by_the_first_migration() -> None:
    state = recorded(desired("1", runner="dbmate"))
    assert planned(state, desired("1", runner="dbmate")) == ()
    (problem,) = plan(state, desired("1")).problems
    assert (problem.kind, problem.key) == ("runner_changed", "database.migrations.runner")
    assert "'psql'" in problem.message
    assert problem.hint.startswith("write runner: dbmate")


def test_assignments_become_files_of_500_and_only_once() -> None:
    wanted = desired("1 2", assign=((2, tuple(range(1200, 0, -1))),))
    state = recorded(desired("1 2"))
    operations = planned(state, wanted)
    sizes = [len(step.tenants) for step in operations if isinstance(step, Assign)]
    assert sizes == [500, 500, 200]
    after = fold(operations, state).recorded
    assert planned(after, wanted) == ()
    assert planned(after, desired("1 2")) == ()
    assert planned(after, desired("1 2", assign=((1, (7,)),))) == (Assign(shard=1, tenants=(7,)),)


def test_a_move_takes_the_recorded_assignments_along() -> None:
    state = recorded(desired("1 2", assign=((2, (5,)),)), desired("1 2:draining>1"))
    assert state.assigned == {5: 1}
    assert planned(state, desired("1 2:retired", assign=((1, (5,)),))) == (Retire(shard=2),)


@pytest.mark.parametrize("key", ["schema", "table", "id_column", "shard_column"])
def test_what_init_fixed_stays(key: str) -> None:
    state = recorded(desired("1"))
    (problem,) = plan(state, desired("1", **{key: "other"})).problems
    assert (problem.kind, problem.key) == (f"{key}_changed", f"database.{key}")
    assert "'other'" in problem.message
    assert "another folder" in problem.hint


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1 2", desired("1"), ["shard_deleted"]),
        ("1 2:retired", desired("1"), ["shard_deleted"]),
        ("1 2:retired", desired("1 2"), ["retired_returns"]),
        ("1 2:retired", desired("1 2:draining"), ["retired_returns"]),
        ("1", desired("1 2:draining>3"), ["move_to_inactive"]),
        ("1 2", desired("1 2:retired>2"), ["move_to_inactive"]),
        ("1 2", desired("1 2:retired>9"), ["move_to_inactive"]),
        ("1 2", desired("1 2:draining>2"), ["move_to_inactive"]),
        ("1", desired("1", default_shard=2), ["default_inactive"]),
        ("1 2", desired("1 2:draining", default_shard=2), ["default_inactive"]),
        ("1", desired("1", assign=((2, (5,)),)), ["assign_inactive"]),
        ("1 2", desired("1 2:draining", assign=((2, (5,)),)), ["assign_inactive"]),
        ("1 2", desired("1 2", assign=((2, (5,)), (1, (5,)))), ["assigned_twice"]),
        ("1 2", desired("1 2", assign=((2, (5, 5)),)), ["assigned_twice"]),
    ],
)
def test_edits_that_no_migration_can_follow(
    before: str, after: Desired, expected: list[str]
) -> None:
    assert kinds(recorded(desired(before)), after) == expected


def test_all_problems_are_told_at_once() -> None:
    state = recorded(desired("1 2 3 4:retired"))
    wanted = desired("1 4", table="account", default_shard=9, assign=((9, (1,)),))
    assert kinds(state, wanted) == [
        "table_changed",
        "shard_deleted",
        "shard_deleted",
        "retired_returns",
        "default_inactive",
        "assign_inactive",
    ]


def test_an_adopted_shard_must_be_listed() -> None:
    (problem,) = plan(Recorded(), desired("1 3", adopt_shards=3)).problems
    assert (problem.kind, problem.shard) == ("adopt_unlisted", 2)
    assert problem.message == "adopt.shards is 3, but shard 2 is not listed"


def test_the_first_render_checks_where_adopted_tenants_go() -> None:
    assert kinds(Recorded(), desired("1 2:retired>9", adopt_shards=2)) == ["move_to_inactive"]
    assert planned(Recorded(), desired("1 2:retired>9"))[-1] == Retire(shard=2)


def test_a_shard_with_assigned_tenants_does_not_retire() -> None:
    state = recorded(desired("1 2", assign=((2, (5, 6)),)))
    (problem,) = plan(state, desired("1 2:retired")).problems
    assert (problem.kind, problem.shard) == ("retire_assigned", 2)
    assert planned(state, desired("1 2:retired>1"))[-1] == Retire(shard=2)
    elsewhere = desired("1 2:retired", assign=((1, (5, 6)),))
    assert planned(state, elsewhere)[-1] == Retire(shard=2)
