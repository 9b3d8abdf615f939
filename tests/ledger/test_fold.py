"""The fold: the life of a shard step by step, and every step that may not follow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shardgen.ledger.fold import fold
from shardgen.ledger.operations import (
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
from shardgen.ledger.state import Recorded, RecordedShard

INIT = Init(
    schema="crm", table="business", id_column="id", shard_column="shard", shards=2, default=1
)
PIN = Pin(route="column", fallback="md5", shards=2)
START: tuple[Operation, ...] = (INIT, PIN, Validate())
ACTIVE = RecordedShard(state="active")
ONE_OF_TWO = replace(PIN, parts=2)
LEAVING: tuple[Operation, ...] = (*START, Drain(shard=2, to=1))
MOVE = Move(shard=2, to=1, part=1, parts=2)


def test_the_first_operations_record_what_they_were_told() -> None:
    assert fold(START).recorded == Recorded(
        initialised=True,
        pin=PIN,
        validated=True,
        schema="crm",
        table="business",
        id_column="id",
        shard_column="shard",
        adopted=2,
        default_shard=1,
        shards={1: ACTIVE, 2: ACTIVE},
    )


def test_a_life() -> None:
    life = (
        *START,
        Add(ids=(3,)),
        Default(shard=3),
        Assign(shard=2, tenants=(7, 8)),
        Assign(shard=3, tenants=(8, 9)),
        Drain(shard=2, to=3),
        Move(shard=2, to=3),
        Retire(shard=2),
        Drain(shard=1, to=None),
        Activate(shard=1),
        Retire(shard=9),
    )
    folded = fold(life)
    assert folded.illegal == ()
    assert folded.recorded.shards == {
        1: ACTIVE,
        2: RecordedShard(state="retired", move_to=3),
        3: ACTIVE,
        9: RecordedShard(state="retired"),
    }
    assert folded.recorded.assigned == {7: 3, 8: 3, 9: 3}
    assert folded.recorded.default_shard == 3


def test_a_pin_in_parts_is_done_with_the_last() -> None:
    assert not fold((INIT, ONE_OF_TWO)).recorded.pinned
    assert fold((INIT, ONE_OF_TWO, replace(PIN, part=2, parts=2))).recorded.pinned


def test_a_part_of_a_move_takes_its_own_tenants_along() -> None:
    life = (*START, Assign(shard=2, tenants=(-3, -2, 1, 2)), LEAVING[-1], MOVE)
    half = fold(life).recorded
    assert half.assigned == {-3: 2, -2: 1, 1: 2, 2: 1}
    assert half.shards[2] == RecordedShard(state="draining", move_to=1, moved=1, parts=2)
    assert half.shards[2].is_moving
    whole = fold((replace(MOVE, part=2),), half).recorded
    assert set(whole.assigned.values()) == {1}
    assert not whole.shards[2].is_moving
    again = fold((Activate(shard=2), LEAVING[-1], Move(shard=2, to=1)), whole)
    assert again.illegal == ()


def test_a_fold_continues_another_and_leaves_it_alone() -> None:
    before = fold(START).recorded
    after = fold((Add(ids=(3,)), Assign(shard=3, tenants=(1,))), before).recorded
    assert 3 in after.shards
    assert 3 not in before.shards
    assert not before.assigned


@pytest.mark.parametrize(
    ("before", "operation", "kind"),
    [
        ((), PIN, "pin_order"),
        ((), Validate(), "validate_order"),
        ((), Add(ids=(1,)), "not_validated"),
        ((INIT, PIN), Add(ids=(3,)), "not_validated"),
        ((INIT,), INIT, "init_twice"),
        ((INIT,), Validate(), "validate_order"),
        ((INIT,), Pin(route="hash", fallback="md5", shards=3), "pin_shards"),
        ((INIT,), replace(PIN, fallback="rendezvous", weights=((1, 1), (3, 1))), "pin_shards"),
        ((INIT, PIN), PIN, "pin_order"),
        ((INIT,), replace(PIN, part=2, parts=2), "pin_parts"),
        ((INIT,), replace(PIN, part=2, parts=1), "pin_parts"),
        ((INIT, ONE_OF_TWO), ONE_OF_TWO, "pin_parts"),
        ((INIT, ONE_OF_TWO), replace(PIN, part=3, parts=2), "pin_parts"),
        ((INIT, ONE_OF_TWO), replace(PIN, part=2, parts=3), "pin_parts"),
        ((INIT, ONE_OF_TWO), replace(ONE_OF_TWO, part=2, route="hash"), "pin_parts"),
        ((INIT, ONE_OF_TWO), Validate(), "validate_order"),
        (START, Validate(), "validate_order"),
        (START, Add(ids=(2,)), "add_twice"),
        ((*START, Retire(shard=3)), Add(ids=(3,)), "add_twice"),
        (START, Default(shard=3), "default_inactive"),
        ((*START, Retire(shard=3)), Default(shard=3), "default_inactive"),
        (START, Activate(shard=1), "activate_order"),
        (START, Activate(shard=3), "activate_order"),
        (START, Assign(shard=3, tenants=(1,)), "assign_inactive"),
        ((*START, Drain(shard=2, to=1)), Assign(shard=2, tenants=(1,)), "assign_inactive"),
        (START, Drain(shard=3, to=1), "drain_order"),
        ((*START, Retire(shard=3)), Drain(shard=3, to=1), "drain_order"),
        (START, Drain(shard=1, to=2), "drain_default"),
        ((*START, Drain(shard=2, to=1)), Drain(shard=2, to=1), "drain_twice"),
        (START, Drain(shard=2, to=2), "move_to_inactive"),
        (START, Drain(shard=2, to=3), "move_to_inactive"),
        (START, Move(shard=2, to=1), "move_order"),
        (START, Move(shard=3, to=1), "move_order"),
        ((*START, Drain(shard=2, to=None)), Move(shard=2, to=1), "move_order"),
        (
            (*START, Add(ids=(3,)), Drain(shard=2, to=3), Drain(shard=3, to=1)),
            Move(shard=2, to=3),
            "move_to_inactive",
        ),
        (LEAVING, Move(shard=2, to=1, part=2, parts=2), "move_parts"),
        (LEAVING, Move(shard=2, to=1, part=2, parts=1), "move_parts"),
        ((*LEAVING, MOVE), MOVE, "move_parts"),
        ((*LEAVING, MOVE), Move(shard=2, to=1, part=3, parts=2), "move_parts"),
        ((*LEAVING, MOVE), Move(shard=2, to=1, part=2, parts=3), "move_parts"),
        ((*LEAVING, Move(shard=2, to=1)), Move(shard=2, to=1), "move_parts"),
        (START, Retire(shard=2), "retire_order"),
        ((*START, Drain(shard=2, to=1), Default(shard=2)), Retire(shard=2), "retire_order"),
        ((*START, Retire(shard=3)), Retire(shard=3), "retire_twice"),
        (
            (*START, Assign(shard=2, tenants=(1, 2, 3, 4)), Drain(shard=2, to=None)),
            Retire(shard=2),
            "retire_assigned",
        ),
    ],
)
def test_a_step_that_may_not_follow_is_named_and_skipped(
    before: tuple[Operation, ...], operation: Operation, kind: str
) -> None:
    assert fold(before).illegal == ()
    folded = fold((*before, operation))
    assert [(step.index, step.kind) for step in folded.illegal] == [(len(before), kind)]
    assert folded.recorded == fold(before).recorded


def test_the_default_of_an_init_is_one_of_its_shards() -> None:
    wrong = Init(
        schema=None, table="business", id_column="id", shard_column="shard", shards=2, default=3
    )
    assert fold((wrong,)).illegal[0].message == (
        "init sets the default to shard 3 but registers shards 1 to 2"
    )


@pytest.mark.parametrize(("count", "text"), [(3, "1, 2, 3"), (4, "1, 2, 3, …")])
def test_a_shard_with_assigned_tenants_names_some_of_them(count: int, text: str) -> None:
    tenants = tuple(range(1, count + 1))
    life = (*START, Assign(shard=2, tenants=tenants), Drain(shard=2, to=None), Retire(shard=2))
    assert (
        f"shard 2 still has assigned tenants: {text} ({count} in all)"
        in fold(life).illegal[0].message
    )
