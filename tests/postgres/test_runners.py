"""One history under each runner, applied by the command that `render` prints, from the first edit to a retired shard."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from shardgen.fallback import fallback_shard
from shardgen.ledger.runners import RUNNERS
from shardgen.ledger.verify import read_ledger
from tests.postgres import tools
from tests.postgres.test_life_cycle import assert_equals
from tests.support import Project

if TYPE_CHECKING:
    from pathlib import Path

    from shardgen.ledger.verify import Ledger
    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres

HEAD = """\
version: 1
database:
  migrations: {{runner: {runner}, batches: 2}}
  adopt: {{shards: 2, route: hash}}
  default_shard: {default}
"""
SHARDS = {
    "adopt": ("1", "shards: [{id: 1}, {id: 2}]\n"),
    "add": ("1", "shards: [{id: 1}, {id: 2}, {id: 3}]\nassign: [{shard: 3, tenants: [4, 5]}]\n"),
    "drain": ("3", "shards: [{id: 1}, {id: 2, state: draining, move_to: 3}, {id: 3}]\n"),
    "retire": ("3", "shards: [{id: 1}, {id: 2, state: retired}, {id: 3}, {id: 4}]\n"),
}

#: What a render prints to apply migrations.
APPLYING = re.compile(r"^(?:next)? +((?:psql|dbmate|migrate|flyway|alembic) .*)$", re.MULTILINE)


class Life:
    """A project whose shards.yaml is edited step by step, and the database that follows."""

    def __init__(self, way: str, root: Path, database: Database) -> None:
        self.way, self.runner, self.database = way, tools.WAYS[way][0], database
        self.project = Project(root, self.text("adopt"))

    def text(self, step: str) -> str:
        """The shards.yaml of a step."""
        default, shards = SHARDS[step]
        return HEAD.format(runner=self.runner, default=default) + shards

    def render(self, step: str) -> str:
        """Write what a step needs; return the command that is printed to apply it."""
        self.project.write("shards.yaml", self.text(step))
        ran = self.project.ok("render")
        self.project.ok("check", "--full")
        command = RUNNERS[self.runner].apply.format(folder="migrations", history=tools.HISTORY)
        printed = APPLYING.findall(ran.out)
        assert printed
        assert len(printed) > 1 or printed == [command], "several stop between the migrations"
        return command

    def apply(self, command: str) -> str:
        """Apply everything that is rendered."""
        return tools.apply(self.way, self.project.root, command, self.database)

    @property
    def ledger(self) -> Ledger:
        """The ledger as it is on disk."""
        folder = self.project.path("migrations")
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        return read_ledger(files, files.pop("shardgen.sum"))

    def is_as_recorded(self) -> None:
        """Prove that the database is what the ledger says, and that all of it was applied."""
        assert_equals(self.database, self.ledger.recorded)
        names = [migration.name for migration in self.ledger.migrations]
        assert self.database.applied() == names
        if self.runner != "psql":
            assert self.database.rows(f"SELECT * FROM {tools.HISTORY}")
        for usual in ("schema_migrations", "alembic_version", "flyway_schema_history"):
            assert self.database.rows(f"SELECT to_regclass('{usual}')") == [(None,)]

    def state(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything in the database but the runner's own table."""
        found = self.database.state()
        return {
            key: [row for row in rows if tools.HISTORY not in str(row)]
            for key, rows in found.items()
            if tools.HISTORY not in key
        }


@pytest.fixture
def life(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Life:
    """A project and a database for one way to apply."""
    database.populate()
    return Life(request.param, tmp_path / "project", database)


each_way = pytest.mark.parametrize("life", tools.WAYS, indirect=True)


@each_way
def test_a_life(life: Life) -> None:
    """Every step leaves the database as recorded; replays change nothing; a refusal can be retried."""
    for step in ("adopt", "add", "drain"):
        command = life.render(step)
        life.apply(command)
        life.is_as_recorded()
    before = life.state()
    life.apply(command)
    assert life.state() == before
    forgets_and_replays(life, command)
    assert life.state() == before
    retire_is_refused_and_retried(life)


@each_way
def test_a_pin_by_rendezvous(life: Life) -> None:
    """Its SQL has literal colons, which a runner could take for the beginning of a parameter."""
    text = life.text("adopt").replace("{id: 2}", "{id: 2, weight: 3}")
    drawn = text + "routing: {fallback: rendezvous}\n"
    life.project.write("shards.yaml", drawn + "outputs: {migrations: {enabled: false}}\n")
    life.project.ok("render")  # so that it is recorded what runs
    life.project.write("shards.yaml", drawn)
    (command,) = APPLYING.findall(life.project.ok("render").out)
    life.apply(command)
    life.is_as_recorded()
    found = life.database.tenants()
    assert found == {n: fallback_shard("rendezvous", n, [1, 2], [1, 3]) for n in found}
    assert {*found.values()} == {1, 2}


def forgets_and_replays(life: Life, command: str) -> None:
    """Have the runner apply every file again, as if its own table were lost."""
    life.database.run(f"DROP TABLE IF EXISTS {tools.HISTORY}")
    life.apply(command)
    life.is_as_recorded()


def retire_is_refused_and_retried(life: Life) -> None:
    """A tenant that is left stops the retirement; with it gone, the same command goes through.

    The shard that the same command adds first is there: each file is a transaction of its own.
    """
    command = life.render("retire")
    life.database.run("UPDATE business SET whatsapp_shard = 2 WHERE id <= 3")
    before = (life.database.tenants(), life.database.registry())
    with pytest.raises(tools.Failed, match="shard 2 still has tenants: 3") as caught:
        life.apply(command)
    assert "UPDATE business SET whatsapp_shard = 3 WHERE whatsapp_shard = 2" in str(caught.value)
    tenants, registry = before
    assert life.database.tenants() == tenants
    assert life.database.registry() == {**registry, 4: ("active", None)}
    assert life.database.applied()[-1].endswith("_add_shard_4")
    life.database.run("UPDATE business SET whatsapp_shard = 3 WHERE whatsapp_shard = 2")
    if life.runner == "golang-migrate":
        with pytest.raises(tools.Failed, match="Dirty database version"):
            life.apply(command)
        tools.force(life.database, len(life.ledger.migrations) - 1)
    life.apply(command)
    life.is_as_recorded()
    assert life.database.registry() == dict.fromkeys((1, 3, 4), ("active", None))


@pytest.mark.parametrize(
    ("life", "option", "all_succeed"),
    [
        ("psql", "", True),
        ("dbmate", " --migration-lock", True),
        ("dbmate", "", False),
        ("alembic-psycopg", "", False),
    ],
    indirect=["life"],
)
def test_three_at_once_do_no_harm(life: Life, option: str, *, all_succeed: bool) -> None:
    """Where a tool has no lock of its own, its second run may fail; typed again, it goes through."""
    command = life.render("drain").replace("dbmate ", f"dbmate{option} ")
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(life.apply, command) for _ in range(3)]
    errors = [run.exception() for run in runs]
    assert not all_succeed or errors == [None, None, None]
    assert all(isinstance(error, tools.Failed) for error in errors if error)
    life.apply(command)
    life.is_as_recorded()


@each_way
def test_a_file_that_is_missed_out_stops_all_that_follow(life: Life) -> None:
    command = life.render("adopt")
    for path in life.project.path("migrations").glob("*0002_*"):
        path.unlink()
    with pytest.raises(tools.Failed) as caught:
        life.apply(command)
    assert "0002" in str(caught.value)
    assert life.runner == "alembic" or "pin_part_1_of_2" in str(caught.value)
    applied = life.database.applied() if life.runner != "alembic" else ["0001_init"]
    assert applied == ["0001_init"]


@pytest.mark.parametrize("life", ["dbmate"], indirect=True)
def test_dbmate_does_not_roll_back(life: Life) -> None:
    command = life.render("adopt")
    life.apply(command)
    before = life.state()
    with pytest.raises(tools.Failed, match="is not taken back, because rows may rely on it"):
        life.apply(command.replace("up --strict", "rollback"))
    assert life.state() == before


@pytest.mark.parametrize("life", ["golang-migrate"], indirect=True)
def test_golang_migrate_does_not_roll_back(life: Life) -> None:
    command = life.render("adopt")
    life.apply(command)
    before = life.state()
    for path in sorted(life.project.path("migrations").glob("*.down.sql")):
        with pytest.raises(psycopg.errors.RaiseException, match="is not taken back"):
            life.database.run(path.read_text())
    assert life.state() == before


@pytest.mark.parametrize("life", ["alembic-psycopg"], indirect=True)
def test_alembic_does_not_roll_back(life: Life) -> None:
    command = life.render("adopt")
    life.apply(command)
    before = life.state()
    with pytest.raises(tools.Failed, match="is not taken back, because rows may rely on it"):
        life.apply(command.replace("upgrade head", "downgrade -1"))
    assert life.state() == before


@pytest.mark.parametrize("life", ["alembic-psycopg"], indirect=True)
def test_alembic_writes_the_sql_of_an_upgrade_offline(life: Life) -> None:
    """`--sql` is for people who may not touch the database: what it prints, psql applies."""
    command = life.render("drain")
    text = life.apply(command.replace("upgrade head", "upgrade head --sql 2>/dev/null"))
    life.database.apply(text.encode())
    life.is_as_recorded()
    life.apply(command)


@pytest.mark.parametrize("life", ["psql"], indirect=True)
def test_apply_sql_says_what_it_applies_and_passes_over_the_rest(life: Life) -> None:
    command = life.render("adopt")
    assert [line for line in life.apply(command).splitlines() if line.strip()] == [
        "0001_init.sql",
        "0002_pin_part_1_of_2.sql",
        "0003_pin_part_2_of_2.sql",
        "0004_validate.sql",
    ]
    assert life.apply(command) == ""
    command = life.render("add")
    applied = [line for line in life.apply(command).splitlines() if line.strip()]
    assert applied == ["0005_add_shard_3.sql", "0006_assign_to_shard_3.sql"]


@pytest.mark.parametrize("life", ["psql"], indirect=True)
def test_apply_sql_works_from_anywhere_and_stops_at_the_first_error(
    life: Life, tmp_path: Path
) -> None:
    life.render("adopt")
    script = life.project.path("migrations/apply.sql")
    life.database.run("ALTER TABLE business ADD whatsapp_shard integer DEFAULT 1")
    life.database.run("UPDATE business SET whatsapp_shard = 0 WHERE id = 1")
    (life.project.path("migrations") / "0003_pin_part_2_of_2.sql").write_text("SELECT 1 / 0;\n")
    done = subprocess.run(
        [life.database.server.psql, "-X", "-f", str(script), life.database.dsn],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "division by zero" in done.stderr
    assert life.database.applied() == ["0001_init", "0002_pin_part_1_of_2"]


@pytest.mark.parametrize("life", ["psql"], indirect=True)
def test_apply_sql_in_a_database_of_another_branch_is_refused(life: Life, tmp_path: Path) -> None:
    life.apply(life.render("add"))
    other = Life("psql", tmp_path / "other", life.database)
    default, shards = SHARDS["add"]
    other.project.write(
        "shards.yaml", HEAD.format(runner="psql", default=default) + shards.replace("3", "4")
    )
    other.project.ok("render")
    with pytest.raises(tools.Failed, match="but another file took its place"):
        other.apply("psql -X -v ON_ERROR_STOP=1 -f migrations/apply.sql")


@pytest.mark.parametrize("life", ["dbmate"], indirect=True)
def test_the_applications_own_dbmate_is_another_history(life: Life) -> None:
    """Both begin to count at 1, in tables of their own."""
    own = life.project.path("db")
    own.mkdir()
    (own / "0001_init.sql").write_text("-- migrate:up\nSELECT 1;\n-- migrate:down\n")
    life.apply("dbmate --migrations-dir db --no-dump-schema up --strict")
    life.apply(life.render("adopt"))
    assert len(life.database.applied()) == 4
    assert len(life.database.rows("SELECT * FROM schema_migrations")) == 1
    assert len(life.database.rows(f"SELECT * FROM {tools.HISTORY}")) == 4


def test_the_printed_commands_name_a_folder_with_a_space(
    database: Database, tmp_path: Path
) -> None:
    database.populate()
    life = Life("psql", tmp_path / "project", database)
    text = life.text("adopt").replace("{runner:", "{path: 'db/the migrations', runner:")
    life.project.write("shards.yaml", text)
    said = life.project.ok("render").out
    command = "psql -X -v ON_ERROR_STOP=1 -f 'db/the migrations'/apply.sql"
    assert command in said
    life.apply(command)
    assert len(database.applied()) == 4


def test_every_way_has_a_test_and_is_known() -> None:
    assert {runner for runner, _ in tools.WAYS.values()} == {
        "psql", "dbmate", "golang-migrate", "flyway", "alembic"
    }  # fmt: skip
    assert shutil.which("sh")
