"""G8, exhaustively: every sequence of up to five edits over up to four shards, and what it leads to.

Worlds that are equal go on in equal ways, so each is looked at once; the sequences that lead to it
are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from shardgen.ledger.desired import Desired, DesiredShard, PlanProblem
from shardgen.ledger.history import Planned, plan
from shardgen.ledger.operations import Add, Drain, Move, Retire
from shardgen.ledger.state import RETIRED, Recorded
from shardgen.model import build_fleet
from tests.worlds import SHARDS, World, edits, key_of, start, step, with_entry

#: For each reason to refuse, what its message and hint must name: the step that comes first.
STEPS = {
    "shard_deleted": r"put the entry back, with state: (draining, later retired|retired)",
    "retired_returns": r"write state: retired; the next free id is \d",
    "default_inactive": r"default_shard is \d, which is (draining|retired|not listed).*name an active",
    "move_to_inactive": r"shard \d move to shard \d, which is (draining|retired|not listed).*name an active",
    "assign_inactive": r"which is (draining|retired|not listed).*name an active shard, or delete the entry",
    "retire_assigned": r"shard \d still has assigned tenants: 1 .*drain it with move_to, or assign them",
}


def is_what_was_wanted(before: World, after: World, planned: Planned, refused: list[str]) -> None:
    """Prove all that must hold after an edit that was rendered and applied."""
    recorded, wanted = after.recorded, after.wanted
    states = {shard: entry.state for shard, entry in recorded.shards.items()}
    assert states == wanted.states
    assert recorded.default_shard == wanted.default_shard
    assert states[recorded.default_shard] == "active"
    for shard in wanted.shards:
        assert shard.state != "draining" or recorded.shards[shard.id].move_to == shard.move_to
    again = plan(recorded, wanted)
    assert (again.operations, again.problems) == ((), ())
    # every tenant has a live shard
    assert {states[shard] for shard in (after.named, *after.others)} <= {"active", "draining"}
    for _, tenants in wanted.assign:
        assert {recorded.assigned[tenant] for tenant in tenants} == {wanted.assign[0][0]}
    # no id comes back, and so no volume
    for shard, entry in before.recorded.shards.items():
        assert shard in recorded.shards
        assert entry.state != RETIRED or recorded.shards[shard] == entry
    adds = (each for each in planned.operations if isinstance(each, Add))
    added = [shard for each in adds for shard in each.ids]
    assert not {*added} & before.recorded.shards.keys()
    # the database refuses a retire only where nothing told it to move the tenants
    moved = {operation.shard for operation in planned.operations if isinstance(operation, Move)}
    gone = {operation.shard for operation in planned.operations if isinstance(operation, Retire)}
    late = {int(re.findall(r"\d", line)[0]) for line in refused}
    assert late <= gone - moved
    drained = [operation.shard for operation in planned.operations if isinstance(operation, Drain)]
    assert len(drained) == len({*drained})


def follows(world: World, wanted: Desired, ways: set[object]) -> None:
    """Prove that whoever does what a refusal names, one after the other, gets to a plan.

    `ways` are the edits from which that is known.
    """
    recorded, passed, here = world.recorded, [], key_of(world.recorded)
    for _ in range(8):
        planned = Planned(operations=(), problems=())
        if (here, wanted) not in ways:
            planned = plan(recorded, wanted)
            passed.append((here, wanted))
        if not planned.problems:
            ways.update(passed)
            return
        assert planned.operations == ()
        problem = planned.problems[0]
        named = f"{problem.message}; {problem.hint}"
        assert re.search(STEPS[problem.kind], named), named
        wanted = followed(recorded, wanted, problem)
    raise AssertionError(f"no way out of {planned.problems}")


def followed(recorded: Recorded, wanted: Desired, problem: PlanProblem) -> Desired:
    """Return the edit that a refusal names."""
    active = [shard for shard, state in wanted.states.items() if state == "active"]
    if problem.kind in {"default_inactive", "move_to_inactive"}:
        others = [shard for shard in active if shard != problem.shard]
        if not others:  # there is none to name, so one must be added
            free = max((*recorded.shards, *wanted.states)) + 1
            return with_entry(wanted, DesiredShard(id=free))
        if problem.kind == "default_inactive":
            return replace(wanted, default_shard=others[0])
    match problem.kind:
        case "shard_deleted" | "retired_returns":
            assert problem.shard is not None
            state = "retired" if "retired" in problem.hint.partition(";")[0] else "draining"
            state = "draining" if "draining" in problem.hint else state
            return with_entry(wanted, DesiredShard(id=problem.shard, state=state))
        case "assign_inactive":
            return replace(wanted, assign=())
        case "retire_assigned":
            assert problem.shard is not None
            to = next(shard for shard in active if shard != problem.shard)
            return with_entry(wanted, DesiredShard(id=problem.shard, state="draining", move_to=to))
        case _:
            (entry,) = (each for each in wanted.shards if each.id == problem.shard)
            return with_entry(wanted, replace(entry, move_to=others[0]))


@pytest.mark.parametrize(
    ("edits_each", "least"), [(4, 9_000), pytest.param(5, 100_000, marks=pytest.mark.slow)]
)
def test_G8_every_small_world(edits_each: int, least: int) -> None:
    ways_out: set[object] = set()
    refusals, late, sequences = Counter[str](), 0, 0
    onward: dict[object, list[World]] = {}
    level = {start().key: (start(), 1)}
    for _ in range(edits_each):
        following: dict[tuple[object, ...], tuple[World, int]] = {}
        for key, (world, ways) in level.items():
            if key not in onward:
                onward[key] = []
                for wanted in edits(world.wanted):
                    planned, after, refused = step(world, wanted)
                    if after is None:
                        refusals.update({problem.kind for problem in planned.problems})
                        follows(world, wanted, ways_out)
                        after = replace(world, wanted=wanted)  # nothing was written; edit again
                    else:
                        is_what_was_wanted(world, after, planned, refused)
                        late += bool(refused)
                    onward[key].append(after)
            sequences += ways * len(onward[key])
            for after in onward[key]:
                after_key = after.key
                known = following.get(after_key, (after, 0))
                following[after_key] = (after, known[1] + ways)
        level = following
    assert sequences > least, sequences
    assert refusals.keys() == STEPS.keys()
    assert late


def test_ids_and_volumes_go_together() -> None:
    """No id comes back, so no volume does: each id has its own."""
    fleet = build_fleet({"version": 1, "shards": [{"id": shard} for shard in SHARDS]})
    assert len({shard.volume for shard in fleet.shards}) == len(SHARDS)
