"""`shardgen ledger --database` on a real PostgreSQL: what it finds, and that it changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from shardgen import live
from shardgen.ledger.names import derive_names
from shardgen.resources import resource_text
from tests.support import Project, Ran, fleet

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of two shards and a default of its own, rendered."""
    made = Project(tmp_path / "project", fleet(1, 2, head="database: {default_shard: 2}\n"))
    made.render()
    return made


def files(project: Project) -> list[Path]:
    """The migrations' files, in order."""
    return sorted(project.path("migrations").glob("0*.sql"))


def apply(project: Project, database: Database, count: int | None = None) -> None:
    """Apply the first migrations, or all of them."""
    for path in files(project)[:count]:
        database.run(path.read_text())


def asked(project: Project, database: Database) -> Ran:
    """Run the command, and prove that it changes nothing."""
    before = database.state()
    ran = project.run("ledger", "--database", database.dsn)
    assert database.state() == before
    return ran


def as_json(project: Project, database: Database) -> dict[str, Any]:
    """Return what the command says as JSON."""
    data = json.loads(project.run("ledger", "--database", database.dsn, "--format", "json").out)
    jsonschema.validate(data, json.loads(resource_text("schema/ledger.schema.json")))
    assert isinstance(data, dict)
    return data


def test_from_nothing_to_all_of_it(project: Project, each_database: Database) -> None:
    each_database.populate(tenants=20)
    ran = asked(project, each_database)
    assert ran.code == 1
    assert "5 migrations are pending, from 0001_init.sql on; apply with\npsql" in ran.out
    for count in range(1, 5):
        apply(project, each_database, count)
        ran = asked(project, each_database)
        assert ran.code == 1
        assert "different" not in ran.out
        states = [each["database"] for each in as_json(project, each_database)["migrations"]]
        assert states == ["applied"] * count + ["pending"] * (5 - count)
    apply(project, each_database)
    each_database.run("INSERT INTO business (id) VALUES (100)")
    ran = asked(project, each_database)
    assert ran.code == 0
    assert ran.last == "the database is as these 5 migrations say"
    assert "1      active  active    20\n2      active  active    1        the default" in ran.out


def test_the_command_that_it_prints_applies_what_is_pending(
    project: Project, database: Database
) -> None:
    database.populate(tenants=3)
    command = asked(project, database).last
    assert command.startswith("psql ")
    import subprocess

    words = [database.server.psql, *command.split()[1:], database.dsn]
    subprocess.run(words, cwd=project.root, check=True, capture_output=True)
    assert asked(project, database).code == 0


def test_an_empty_database_has_everything_pending(project: Project, database: Database) -> None:
    """The table of tenants is not there yet either."""
    ran = asked(project, database)
    assert ran.code == 1
    assert "5 migrations are pending" in ran.out
    assert as_json(project, database)["database"] == {
        "has_ledger": False,
        "unknown": [],
        "in_place": [],
        "differences": [],
        "shards": [],
        "tenants": None,
    }


def test_an_older_checkout_sees_what_it_does_not_know(project: Project, database: Database) -> None:
    database.populate()
    before = project.contents()
    project.write("shards.yaml", fleet(1, 2, 3, head="database: {default_shard: 2}\n"))
    project.render()
    apply(project, database)
    for path in files(project)[5:]:
        path.unlink()
    for name, content in before.items():
        project.write(name, content)
    ran = asked(project, database)
    assert ran.code == 1
    assert "unknown: the database has 0006_add_shard_3, which is not in migrations" in ran.out
    found = as_json(project, database)["database"]
    assert [each["name"] for each in found["unknown"]] == ["0006_add_shard_3"]


def test_another_branch_is_seen(project: Project, database: Database, tmp_path: Path) -> None:
    database.populate()
    other = Project(tmp_path / "other", fleet(1, 3, head="database: {default_shard: 3}\n"))
    other.render()
    apply(other, database)
    ran = asked(project, database)
    assert ran.code == 1
    assert "different: as number 0004 the database has another file, 0004_add_shard_3" in ran.out
    states = [each["database"] for each in as_json(project, database)["migrations"]]
    assert states == ["applied"] * 3 + ["different"] * 2


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("UPDATE whatsapp_shard_registry SET state = 'draining' WHERE id = 1",
         "shard 1 is draining there; by the ledger it is active"),
        ("INSERT INTO whatsapp_shard_registry VALUES (9, 'active')",
         "shard 9 is active there; by the ledger it is not registered"),
        ("ALTER TABLE business ALTER whatsapp_shard SET DEFAULT 1",
         "new rows go to shard 1 there; by the ledger they go to shard 2"),
        ("ALTER TABLE business ALTER whatsapp_shard DROP DEFAULT",
         "new rows go to no shard there; by the ledger they go to shard 2"),
        ("ALTER TABLE business DROP CONSTRAINT business_whatsapp_shard_fkey",
         "the foreign key is gone: tenants can be put on shards that do not exist"),
        ("ALTER TABLE business DROP COLUMN whatsapp_shard", "new rows go to no shard there"),
    ],
)  # fmt: skip
def test_what_was_changed_by_hand_is_named(
    project: Project, database: Database, statement: str, line: str
) -> None:
    database.populate()
    apply(project, database)
    database.run(statement)
    ran = asked(project, database)
    assert ran.code == 1
    assert f"different: {line}" in ran.out


def test_a_schema_and_names_that_need_quotes(database: Database, tmp_path: Path) -> None:
    head = "database: {schema: order, table: user, id_column: end, shard_column: select}\n"
    project = Project(tmp_path / "project", fleet(1, 2, head=head))
    project.render()
    database.run('CREATE SCHEMA "order"; CREATE TABLE "order"."user" ("end" integer PRIMARY KEY)')
    database.run('INSERT INTO "order"."user" SELECT generate_series(1, 7)')
    apply(project, database)
    ran = asked(project, database)
    assert ran.code == 0
    assert "1      active  active    7        the default" in ran.out


def test_the_transaction_is_read_only_and_one_moment(database: Database) -> None:
    """Whoever asks as a superuser could change everything, and does not."""
    database.populate()
    names = derive_names(
        schema=None, table="business", id_column="id", shard_column="whatsapp_shard"
    )
    seen: list[tuple[str, str]] = []
    answers = live.answers

    def watched(connection: Any, named: Any) -> Any:
        for setting in ("transaction_read_only", "transaction_isolation"):
            row = connection.execute(f"SHOW {setting}").fetchone()
            seen.append((setting, row[0]))
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connection.transaction():
            connection.execute("CREATE TABLE more ()")
        return answers(connection, named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "answers", watched)
        live.read_live(database.dsn, names)
    assert seen == [("transaction_read_only", "on"), ("transaction_isolation", "repeatable read")]
    # what a pooler would hand on to the next client stays as it was
    assert database.rows("SHOW default_transaction_read_only") == [("off",)]


def test_tenants_that_take_too_long_to_count_are_left_out(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.populate()
    apply(project, database)
    counted = live.counted

    def slow(connection: Any, table: str, names: Any) -> Any:
        connection.execute("SET LOCAL statement_timeout = 20")
        return counted(connection, "(SELECT * FROM business, pg_sleep(1)) AS slow", names)

    monkeypatch.setattr(live, "counted", slow)
    ran = asked(project, database)
    assert ran.code == 0
    assert "1      active  active    –\n" in ran.out
    assert as_json(project, database)["database"]["tenants"] is None


def test_without_the_right_to_read_it_says_so(project: Project, database: Database) -> None:
    database.populate()
    apply(project, database)
    role = f"reader_{database.name[-12:]}"
    database.run(f"CREATE ROLE {role} LOGIN PASSWORD 'geheim'")
    try:
        target = {**conninfo_to_dict(database.dsn), "user": role, "password": "geheim"}
        dsn = psycopg.conninfo.make_conninfo("", **target)
        ran = project.run("ledger", "--database", dsn)
        assert ran.code == 2
        assert "error: --database: permission denied for table whatsapp_shard_ledger" in ran.err
        assert "geheim" not in ran.err
    finally:
        database.run(f"DROP ROLE {role}")


def test_a_database_that_is_not_there(project: Project, database: Database) -> None:
    dsn = database.server.at("nowhere")
    ran = project.run("ledger", "--database", dsn)
    assert ran.code == 2
    assert 'database "nowhere" does not exist' in ran.err
