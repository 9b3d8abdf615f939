"""G9, G12: the share that `plan` prints is what a brute force over the routers, old and new, counts."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from shardgen.disk import Disk
from shardgen.validate import validate
from tests.router.routers import execute
from tests.support import Project, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shardgen.validate import Inputs

ROUTER = "server/whatsapp_shard_router.py"
COUNTED = 100_000


def entries(*rows: str) -> str:
    """Return a shards.yaml of entries written in flow style."""
    return "version: 1\nservice: {consumers: [api]}\nshards:\n" + "".join(
        f"  - {{{row}}}\n" for row in rows
    )


ACTIVE = [f"id: {number}" for number in range(1, 6)]
CHANGES: dict[str, tuple[list[str], list[str]]] = {
    "2 to 3": (ACTIVE[:2], ACTIVE[:3]),
    "3 to 4": (ACTIVE[:3], ACTIVE[:4]),
    "4 to 3": (
        [*ACTIVE[:3], "id: 4, state: draining, move_to: 1"],
        [*ACTIVE[:3], "id: 4, state: retired"],
    ),
    "active to draining": (ACTIVE[:3], [*ACTIVE[:2], "id: 3, state: draining, move_to: 1"]),
    "draining to active": ([*ACTIVE[:2], "id: 3, state: draining"], ACTIVE[:3]),
    "a hole in the middle": (
        ["id: 1", "id: 2, state: draining, move_to: 3", "id: 3"],
        ["id: 1", "id: 2, state: retired, move_to: 3", "id: 3"],
    ),
    "grown and retired at once": (
        ["id: 1", "id: 2, state: draining, move_to: 1", "id: 3"],
        ["id: 1", "id: 2, state: retired", "id: 3", "id: 4", "id: 5"],
    ),
}

#: Growth, loss, and a hole: the others run with `make test-all`.
QUICK = {"2 to 3", "4 to 3", "a hole in the middle"}


def answers(project: Project) -> list[int]:
    """Return the shard of every tenant who has none of his own, by the router on disk."""
    router: Any = execute(project.read(ROUTER))
    return [router.shard_for(tenant) for tenant in range(1, COUNTED + 1)]


@pytest.mark.parametrize("fallback", ["md5", pytest.param("modulo", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in CHANGES
])  # fmt: skip
def test_the_share_is_what_the_routers_say(tmp_path: Path, name: str, fallback: str) -> None:
    before, after = (
        f"{entries(*rows)}routing: {{fallback: {fallback}}}\n" for rows in CHANGES[name]
    )
    project = Project(tmp_path / "p", before)
    project.render()
    old = answers(project)
    project.write("shards.yaml", after)
    share = json.loads(project.ok("plan", "--format", "json").out)["tenants"]["share"]
    project.render()
    new = answers(project)
    assert (share or 0) == sum(map(int.__ne__, old, new)) / COUNTED


def test_frozen_nobody_moves(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", fleet(1, 2))
    project.render()
    old = answers(project)
    project.write("shards.yaml", fleet(1, 2, 3, head="routing: {fallback_shards: [1, 2]}\n"))
    assert json.loads(project.ok("plan", "--format", "json").out)["tenants"]["share"] is None
    project.render()
    assert answers(project) == old


def inputs_of(project: Project) -> Inputs:
    """Return the inputs of a project."""
    return validate(project.read("shards.yaml").encode(), "shards.yaml", Disk(str(project.root)))


def test_who_is_left_on_a_retired_shard_is_counted(tmp_path: Path) -> None:
    before, after = (entries(*rows) for rows in CHANGES["4 to 3"])
    project = Project(tmp_path / "p", before)
    project.render()
    project.write("shards.yaml", after)
    project.write("tenants.csv", "5,4\n6,4\n7,1\n")
    said = project.run("plan", "--tenants", "tenants.csv", "--exit-code")
    assert said.code == 1
    assert "! 2 tenants still on shard 4, which no router knows then" in said.out


def rows(seed: int) -> Iterator[tuple[int, int]]:
    """Yield tenants with the shard of their row, 0 for none."""
    chance = random.Random(seed)
    for tenant in chance.sample(range(1, 50_000), 2_000):
        yield tenant, chance.choice([0, 0, 1, 2, 3])


@pytest.mark.parametrize("name", CHANGES)
def test_a_list_is_counted_exactly(tmp_path: Path, name: str) -> None:
    """Each row is what the migrations make of it, and the routers answer for it."""
    before, after = (entries(*rows) for rows in CHANGES[name])
    assign = "assign:\n  - {shard: 1, tenants: [7, 49]}\n"
    project = Project(tmp_path / "p", before)
    project.render()
    old: Any = execute(project.read(ROUTER))
    tenants = [*rows(len(name)), (7, 0), (49, 3)]
    live = {shard.id for shard in inputs_of(project).fleet.live}
    gone = {number for number in (2, 3, 4) if f"id: {number}, state: retired" in after}
    tenants = [(t, row) for t, row in dict(tenants).items() if row in live - gone | {0}]
    lines = "".join(f"{tenant},{row or ''}\n" for tenant, row in tenants)
    project.write("tenants.csv", f"id,shard\n{lines}")
    project.write("shards.yaml", after + assign)
    found = json.loads(project.ok("plan", "--tenants", "tenants.csv", "--format", "json").out)
    project.render()
    new: Any = execute(project.read(ROUTER))
    moved = 0
    for tenant, row in tenants:
        goal = moved_row(name, 1 if tenant in {7, 49} else row)
        moved += old.shard_for(tenant, row) != new.shard_for(tenant, goal)
    assert (found["tenants"]["moved"], found["tenants"]["total"]) == (moved, len(tenants))


def moved_row(name: str, row: int) -> int:
    """Return what the change of states alone makes of a row: a drained shard's go to its goal."""
    return 1 if name == "active to draining" and row == 3 else row
