"""The ledger's folder for each runner, through the command line: written, proven by check, fixed for good."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shardgen.ledger.operations import MOST_PARTS
from shardgen.ledger.runners import RUNNERS
from shardgen.resources import resource_text
from tests.support import BASE, Project, commit, shell

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
version: 1
database:
  migrations: {runner: %s}
shards:
  - id: 1
  - id: 2
"""


def made(root: Path, runner: str) -> Project:
    """A project that a runner's migrations are rendered in."""
    project = Project(root / runner, TEXT % runner, BASE)
    project.render()
    return project


def files(project: Project) -> dict[str, bytes]:
    """Every file in the ledger's folder."""
    folder = project.path("migrations")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_schema_knows_every_runner_and_how_many_parts_there_may_be() -> None:
    schema = json.loads(resource_text("schema/shards.schema.json"))
    keys = schema["properties"]["database"]["properties"]["migrations"]["properties"]
    assert keys["runner"]["enum"] == [*RUNNERS]
    assert keys["batches"]["maximum"] == MOST_PARTS


@pytest.mark.parametrize("runner", RUNNERS)
def test_G7_check_finds_every_change_in_the_folder(tmp_path: Path, runner: str) -> None:
    project = made(tmp_path, runner)
    assert project.run("check").code == 0
    assert project.run("check", "--full").code == 0
    for name, content in files(project).items():
        path = project.path(f"migrations/{name}")
        for wrong in (content + b"\n", content[:-1], content.replace(b"e", b"E", 1), None):
            path.unlink()
            if wrong is not None:
                path.write_bytes(wrong)
            ran = project.run("check", "--no-diff")
            assert ran.code == 1, (name, wrong)
            assert name in ran.out
            path.write_bytes(content)
        assert project.run("check").code == 0


@pytest.mark.parametrize("runner", RUNNERS)
def test_an_edit_adds_files_and_changes_none_of_those_that_are_committed(
    tmp_path: Path, runner: str
) -> None:
    project = made(tmp_path, runner)
    before = files(project)
    project.write("shards.yaml", TEXT % runner + "  - id: 3\n")
    project.render()
    after = files(project)
    known = RUNNERS[runner]
    added = {known.file_of("0005_add_shard_3"), *known.beside("0005_add_shard_3")}
    assert after.keys() - before.keys() == added
    changed = {name for name, content in before.items() if after[name] != content}
    whole = {each.file for each in known.whole}
    assert changed <= {"shardgen.sum", "apply.sql"} & {"shardgen.sum", *whole}


@pytest.mark.parametrize("runner", sorted({*RUNNERS} - {"psql"}))
def test_another_runner_later_is_an_error_at_its_place(tmp_path: Path, runner: str) -> None:
    project = made(tmp_path, "psql")
    commit(project.root)
    project.write("shards.yaml", TEXT % runner)
    before = files(project)
    for command in ("render", "check"):
        ran = project.run(command)
        assert ran.code == 2
        place = "shards.yaml:3:24: error[SG608]: "
        assert (
            f"{place}the runner is {runner!r} but the committed migrations are for 'psql'"
            in ran.err
        )
        assert "write runner: psql" in ran.err
    assert files(project) == before
    assert shell(project.root, "git rm -rq migrations && git commit -qm none").returncode == 0
    project.ok("render", "--replan")
    assert files(project).keys() == files(made(tmp_path / "other", runner)).keys()
    project.is_clean()


@pytest.mark.parametrize("runner", RUNNERS)
def test_before_the_commit_a_new_plan_takes_another_runner(tmp_path: Path, runner: str) -> None:
    project = Project(tmp_path / "project", TEXT % "psql", BASE)
    commit(project.root)
    project.render()
    project.write("shards.yaml", TEXT % runner)
    project.ok("render", "--replan")
    assert files(project).keys() == files(made(tmp_path, runner)).keys()
    project.ok("check", "--full")


def test_a_shard_that_cannot_retire_is_an_error_at_its_entry(tmp_path: Path) -> None:
    project = made(tmp_path, "psql")
    text = TEXT % "psql"
    project.write("shards.yaml", text + "assign: [{shard: 2, tenants: [7]}]\n")
    project.render()
    project.write("shards.yaml", text.replace("- id: 2", "- {id: 2, state: retired}"))
    ran = project.run("render")
    assert ran.code == 2
    assert "shards.yaml:6:5: error[SG607]: shard 2 still has assigned tenants: 7" in ran.err


def test_a_new_revision_beside_the_others_defeats_the_quick_answer(tmp_path: Path) -> None:
    project = made(tmp_path, "alembic")
    project.write("migrations/0005_users.py", "revision = 'x'\n")
    ran = project.run("check")
    assert ran.code == 1
    assert "migrations/0005_users.py   is in the folder but not in shardgen.sum" in ran.out


def test_what_alembic_leaves_in_the_folder_does_no_harm(tmp_path: Path) -> None:
    project = made(tmp_path, "alembic")
    project.write("migrations/__pycache__/0001_init.cpython-311.pyc", b"\0")
    assert project.run("check").code == 0


def test_apply_sql_is_made_again_and_a_hand_edit_of_it_is_refused(tmp_path: Path) -> None:
    project = made(tmp_path, "psql")
    script = project.read("migrations/apply.sql")
    project.path("migrations/apply.sql").unlink()
    project.render()
    assert project.read("migrations/apply.sql") == script
    project.write("migrations/apply.sql", script + "\\echo done\n")
    ran = project.run("render")
    assert ran.code == 3
    assert "migrations/apply.sql" in ran.err + ran.out
    project.ok("render", "--overwrite", "migrations/apply.sql")
    assert project.read("migrations/apply.sql") == script


def test_a_template_of_ones_own_for_apply_sql_is_an_input(tmp_path: Path) -> None:
    project = made(tmp_path, "psql")
    project.write("templates/runners/apply.sql.j2", "-- {{ header | text }}\n\\echo nothing\n")
    assert project.run("check").code == 1
    project.render()
    assert project.read("migrations/apply.sql").endswith("\n\\echo nothing\n")


@pytest.mark.parametrize(
    ("runner", "old", "new", "fault"),
    [
        ("psql", "{% if begins %}\nBEGIN;\n{% endif %}\n", "", "one BEGIN and one COMMIT"),
        ("psql", "SET LOCAL lock_timeout", "COMMIT;\nSET LOCAL lock_timeout", "one BEGIN and one"),
        ("flyway", "{% if begins %}\nBEGIN;", "{% if true %}\nBEGIN;", "no transaction of its own"),
        ("dbmate", "-- migrate:up", "-- up", "its two sections"),
        ("psql", "-- shardgen:id", "-- id", "does not bear the header of its migration"),
        ("psql", "BEGIN\n    IF current", "BEGIN (\n    IF current", ""),
        ("psql", "DO $guard$", "DO $other$", "is not closed"),
    ],
)
def test_a_template_of_ones_own_must_keep_what_the_runner_needs(
    tmp_path: Path, runner: str, old: str, new: str, fault: str
) -> None:
    project = Project(tmp_path / "project", TEXT % runner, BASE)
    packaged = (tmp_path.cwd() / "templates/migrations/_file.sql.j2").read_text()
    assert old in packaged
    project.write("templates/migrations/_file.sql.j2", packaged.replace(old, new, 1))
    ran = project.run("render")
    if not fault:
        assert ran.code == 0  # inside a body only the server can tell
        return
    assert ran.code == 2
    assert fault in ran.err
    assert not project.path("migrations").exists()


@pytest.mark.parametrize("name", ["alembic", "golang-migrate"])
def test_a_template_beside_the_migrations_is_read_back(tmp_path: Path, name: str) -> None:
    project = Project(tmp_path / "project", TEXT % name, BASE)
    template = RUNNERS[name].each[0].template
    project.write(f"templates/{template}", "(\n")
    ran = project.run("render")
    assert ran.code == 2
    assert f"rendered from templates/{template}, cannot be read back" in ran.err


def test_a_broken_environment_of_alembic_is_not_written(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", TEXT % "alembic", BASE)
    project.write("templates/runners/env.py.j2", "import (\n")
    ran = project.run("render")
    assert ran.code == 2
    assert "alembic/env.py: rendered from templates/runners/env.py.j2" in ran.err
