"""`shardgen rebalance --database` on a real PostgreSQL: it reads, and changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shardgen import live
from tests.support import Project, fleet

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of two shards, rendered."""
    made = Project(tmp_path / "project", fleet(1, 2))
    made.render()
    return made


def populated(project: Project, database: Database, columns: str = "") -> None:
    """Create the table with 90 tenants, and apply the migrations."""
    database.populate(columns=columns, tenants=90)
    for path in sorted(project.path("migrations").glob("0*.sql")):
        database.run(path.read_text())


def asked(project: Project, database: Database, *options: str) -> dict[str, Any]:
    """Return the JSON of the command, which changes nothing."""
    before = database.state()
    arguments = ("rebalance", "--database", database.dsn, "--format", "json", *options)
    found = json.loads(project.ok(*arguments).out)
    assert database.state() == before
    assert isinstance(found, dict)
    return found


def test_by_count_and_then_applied(project: Project, each_database: Database) -> None:
    populated(project, each_database)
    found = asked(project, each_database)
    assert [shard["before"]["tenants"] for shard in found["shards"]] == [90, 0]
    assert found["planned_moves"] == found["least_moves"] == 90 - 49
    project.ok("rebalance", "--database", each_database.dsn, "--write=migrations")
    each_database.run(project.read("migrations/0005_assign_to_shard_2.sql"))
    found = asked(project, each_database)
    assert [shard["before"]["tenants"] for shard in found["shards"]] == [49, 41]
    assert (found["moves"], found["counted_by_assign"]) == ([], 0)


def test_by_a_column_of_weights_in_batches(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BATCH", 7)
    populated(project, database, columns=', "Messages" numeric(12, 3)')
    database.run('UPDATE business SET "Messages" = 1000.0 / id')
    found = asked(project, database, "--by", "weight", "--weight-column", "Messages")
    assert [move["tenant"] for move in found["moves"]][:3] == [1, 2, 3]
    assert found["moves"][2]["weight"] == 333.333
    assert found["planned_moves"] == found["least_moves"] < 10


def test_rows_that_cannot_be_counted(project: Project, database: Database) -> None:
    populated(project, database, columns=", weight double precision")
    arguments = ("rebalance", "--database", database.dsn)
    ran = project.run(*arguments, "--by", "weight")
    assert ran.code == 2
    assert "database: error[SG001]: 90 tenants (1, 2, 3, 4, 5, …) are without a weight" in ran.err
    ran = project.run(*arguments, "--by", "weight", "--weight-column", "wight")
    assert (ran.code, 'column "wight" does not exist' in ran.err) == (2, True)
    database.run("UPDATE business SET whatsapp_shard = 2 WHERE id < 3")
    project.write("shards.yaml", fleet(1, 2).replace("- id: 2", "- {id: 2, state: retired}"))
    ran = project.run(*arguments)
    assert ran.code == 2
    assert "database: error[SG003]: 2 tenants (1, 2) are on shard 2, which is retired" in ran.err


@pytest.mark.parametrize(("columns", "row", "message"), [
    ("id uuid, whatsapp_shard int", "gen_random_uuid(), 1", "and the id of a tenant is an integer"),
    ("id int, whatsapp_shard int", "NULL, 1", "business.id has NULL, and the id of a tenant is"),
    ("id int, whatsapp_shard text", "1, 'eu'", "business.whatsapp_shard has 'eu', and a shard is"),
])  # fmt: skip
@pytest.mark.parametrize("command", ["rebalance", "plan"])
def test_columns_that_hold_something_else_are_named(
    project: Project, database: Database, command: str, columns: str, row: str, message: str
) -> None:
    database.run(f"CREATE TABLE business ({columns})")
    database.run(f"INSERT INTO business VALUES ({row})")
    ran = project.run(command, "--database", database.dsn)
    assert (ran.code, message in ran.err) == (2, True), ran.err


def test_a_table_without_the_column_is_named(project: Project, database: Database) -> None:
    database.populate()
    ran = project.run("rebalance", "--database", database.dsn)
    assert ran.code == 2
    assert 'column "whatsapp_shard" does not exist' in ran.err
