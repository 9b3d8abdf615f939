"""G8: whatever life a fleet has, the fold is what was desired, and what was committed stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from shardgen.ledger.fold import fold
from shardgen.ledger.history import plan
from shardgen.ledger.operations import OPERATIONS, Init
from shardgen.ledger.runners import RUNNERS
from shardgen.ledger.state import Recorded
from tests.examples import examples
from tests.ledger.support import Folder
from tests.ledger.walks import walks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.ledger.desired import Desired

#: The whole of it takes a while, and runs with `make test-all`.
pytestmark = pytest.mark.slow

MANY = settings(
    max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow], deadline=None
)
SOME = settings(MANY, max_examples=examples(25))


def assert_is(recorded: Recorded, wanted: Desired) -> None:
    """Prove that the recorded state is the desired one."""
    assert recorded.default_shard == wanted.default_shard
    assert {shard: entry.state for shard, entry in recorded.shards.items()} == wanted.states
    for shard in wanted.shards:
        if shard.state == "draining":
            assert recorded.shards[shard.id].move_to == shard.move_to
    for shard_id, tenants in wanted.assign:
        assert {recorded.assigned[tenant] for tenant in tenants} <= {shard_id}
    assert {recorded.state_of(shard) for shard in recorded.assigned.values()} <= {
        "active",
        "draining",
    }


def states(steps: list[Desired]) -> Iterator[tuple[Recorded, Recorded, Desired]]:
    """The recorded state before and after each step."""
    before = Recorded()
    for wanted in steps:
        planned = plan(before, wanted)
        if planned.problems:
            assert {problem.kind for problem in planned.problems} == {"retire_assigned"}
            return
        folded = fold(planned.operations, before)
        assert folded.illegal == ()
        places = [OPERATIONS.index(type(operation)) for operation in planned.operations]
        assert places == sorted(places)
        yield before, folded.recorded, wanted
        before = folded.recorded


@MANY
@given(walks())
def test_G8_the_fold_of_a_plan_is_what_was_desired(steps: list[Desired]) -> None:
    for _, after, wanted in states(steps):
        assert_is(after, wanted)
        assert plan(after, wanted).operations == ()
        assert plan(after, wanted).problems == ()


@MANY
@given(walks())
def test_G8_what_was_decided_once_stays(steps: list[Desired]) -> None:
    for before, after, _ in states(steps):
        for shard, entry in before.shards.items():
            assert shard in after.shards
            assert entry.state != "retired" or after.shards[shard] == entry
        if before.initialised:
            assert (after.table, after.adopted) == (before.table, before.adopted)


@SOME
@given(walks(longest=5))
def test_G8_no_committed_file_ever_changes(steps: list[Desired]) -> None:
    folder = Folder()
    for wanted in steps:
        if plan(folder.ledger.recorded, wanted).problems:
            return
        before = dict(folder.files)
        added = folder.render(wanted)
        assert {**folder.files, **before} == folder.files
        runner = RUNNERS[wanted.runner]
        new = {file for each in folder.ledger.migrations for file in runner.beside(each.name)}
        assert {*folder.files} == {*before, *added, *new}
        assert folder.ledger.problems == ()
        assert_is(folder.ledger.recorded, wanted)
        assert folder.render(wanted) == []
        assert isinstance(folder.ledger.migrations[0].operation, Init)
