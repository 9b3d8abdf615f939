"""`shardgen plan` and a real PostgreSQL: who moves is who the migrations move, and the steps work."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.router.routers import execute
from tests.support import Project, fleet, shell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres

ROUTER = "server/whatsapp_shard_router.py"
TENANTS = 3_000
EDITS: dict[str, tuple[str, str]] = {
    "grow": (fleet(1, 2), fleet(1, 2, 3)),
    "grow frozen and assign": (
        fleet(1, 2),
        fleet(
            1,
            2,
            3,
            head="routing: {fallback_shards: [1, 2]}\n",
            tail="assign:\n  - {shard: 3, tenants: [5, 6, 7]}\n",
        ),
    ),
    "drain": (fleet(1, 2, 3), fleet(1, 2, tail="  - {id: 3, state: draining, move_to: 2}\n")),
    "drain in parts": (
        fleet(1, 2, 3, head="database: {migrations: {batches: 4}}\n"),
        fleet(
            1,
            2,
            head="database: {migrations: {batches: 4}}\n",
            tail="  - {id: 3, state: draining, move_to: 2}\n",
        ),
    ),
}


def filled(project: Project, database: Database) -> None:
    """Make the table, apply what was rendered, and put tenants on shards."""
    database.run("CREATE TABLE business (id bigint PRIMARY KEY)")
    database.run(f"INSERT INTO business SELECT generate_series(1, {TENANTS})")
    for path in sorted(project.path("migrations").glob("0*.sql")):
        database.run(path.read_text())
    chance = random.Random(7)
    known = [row[0] for row in database.rows("SELECT id FROM whatsapp_shard_registry")]
    for shard in known:
        ids = chance.sample(range(1, TENANTS + 1), 400)
        database.run(f"UPDATE business SET whatsapp_shard = {shard} WHERE id = ANY(ARRAY{ids})")


def answers(project: Project, database: Database) -> dict[int, int]:
    """Return the shard that the router on disk gives each row."""
    router: Any = execute(project.read(ROUTER))
    rows = database.rows("SELECT id, whatsapp_shard FROM business")
    return {tenant: router.shard_for(tenant, row) for tenant, row in rows}


@pytest.mark.parametrize("name", EDITS)
def test_who_moves(database: Database, tmp_path: Path, name: str) -> None:
    before, after = EDITS[name]
    project = Project(tmp_path / "p", before)
    project.render()
    filled(project, database)
    old = answers(project, database)
    project.write("shards.yaml", after)
    untouched = database.state()
    planned = project.ok("plan", "--database", database.dsn, "--format", "json").out
    assert database.state() == untouched, "a plan reads"
    found = json.loads(planned)["tenants"]
    files = {path.name for path in project.path("migrations").glob("0*.sql")}
    project.render()
    for path in sorted(project.path("migrations").glob("0*.sql")):
        if path.name not in files:
            database.run(path.read_text())
    new = answers(project, database)
    moved = {tenant for tenant in old if old[tenant] != new[tenant]}
    assert (found["total"], found["moved"]) == (TENANTS, len(moved))
    if name == "grow":
        assert not moved, "after the pin every row has a shard, and none of them moves"


@pytest.mark.parametrize("name", ["grow frozen and assign", "drain"])
def test_the_steps_lead_there_as_they_are_typed(
    database: Database, tmp_path: Path, name: str
) -> None:
    before, after = EDITS[name]
    project = Project(tmp_path / "p", before)
    project.render()
    filled(project, database)
    project.write("shards.yaml", after)
    steps = json.loads(project.ok("plan", "--format", "json").out)["steps"]
    project.render()
    typed = [each["command"] for each in steps if each["command"].startswith("psql")]
    assert len(typed) == 2
    for command in typed:
        done = shell(project.root, command.replace("psql", f"psql -d '{database.dsn}'", 1))
        assert done.returncode == 0, done.stderr
    project.ok("ledger", "--database", database.dsn)


def test_the_rows_of_the_runbook(database: Database, tmp_path: Path) -> None:
    """The guarded update moves those who are where the list says, and the migration agrees."""
    project = Project(tmp_path / "p", EDITS["grow frozen and assign"][0])
    project.render()
    filled(project, database)
    database.run("UPDATE business SET whatsapp_shard = 1 WHERE id IN (5, 6)")
    database.run("UPDATE business SET whatsapp_shard = 2 WHERE id = 7")
    project.write("shards.yaml", EDITS["grow frozen and assign"][1])
    runbook = project.ok("plan", "--database", database.dsn, "--runbook").out
    project.render()
    assert "2 tenants, shard 1 → shard 3" in runbook
    assert "1 tenant, shard 2 → shard 3" in runbook
    add = next(project.path("migrations").glob("*_add_shard_3.sql"))
    database.run(add.read_text())
    queries = re.findall(r"psql -XAt [^\n]*-c '([^']*)'", runbook)
    for question, update in zip(queries[::2], queries[1::2], strict=True):
        assert database.rows(question) == []
        database.run(update)
    assert database.rows(
        "SELECT id FROM business WHERE whatsapp_shard = 3 AND id IN (5, 6, 7)"
    ) == [
        (5,),
        (6,),
        (7,),
    ]
    project.is_clean()
