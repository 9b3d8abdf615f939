"""What `plan` says, as golden files; `ACCEPT=1` rewrites them from what the code does."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from shardgen.resources import resource_text
from tests.support import BASE, Project, commit, fleet

GOLDEN = Path(__file__).parent / "golden"
FORMATS = {"text": "txt", "markdown": "md", "json": "json"}
DRAINING = "shards:\n  - id: 1\n  - {id: 2, state: draining, move_to: 1}\n"


@dataclass(frozen=True)
class Case:
    """An edit: shards.yaml before it was rendered last, None for never, and now."""

    before: str | None
    after: str
    options: tuple[str, ...] = ()
    base: str | None = None
    files: dict[str, str] = field(default_factory=dict)


def shards(text: str, head: str = "") -> str:
    """Return a shards.yaml with the consumer of the small base."""
    return f"version: 1\nservice:\n  consumers: [api]\n{head}{text}"


CASES = {
    "first_render": Case(None, fleet(1, 2)),
    "nothing": Case(fleet(1, 2), fleet(1, 2)),
    "grow_1_to_2": Case(fleet(1), fleet(1, 2)),
    "grow_2_to_3": Case(fleet(1, 2), fleet(1, 2, 3)),
    "grow_frozen": Case(fleet(1, 2), fleet(1, 2, 3, head="routing: {fallback_shards: [1, 2]}\n")),
    "grow_by_20": Case(fleet(1, 2), fleet(*range(1, 23))),
    "grow_and_assign": Case(
        fleet(1, 2), fleet(1, 2, 3, tail="assign:\n  - {shard: 3, tenants: [101, 205]}\n")
    ),
    "external_volume_of_another_name": Case(
        fleet(1, 2),
        fleet(1, 2, tail="  - {id: 3, volume: wa, storage: {external: true}}\n"),
        base=BASE.replace(
            "  whatsapp_auth:\n", "  wa: {external: true, name: real}\n  whatsapp_auth:\n"
        ),
    ),
    "external_volume": Case(
        fleet(1, 2), fleet(1, 2, tail="  - {id: 3, storage: {external: true}}\n")
    ),
    "drain": Case(fleet(1, 2), shards(DRAINING)),
    "drain_without_goal": Case(
        fleet(1, 2), shards("shards:\n  - id: 1\n  - {id: 2, state: draining}\n")
    ),
    "retire": Case(
        shards(DRAINING), shards("shards:\n  - id: 1\n  - {id: 2, state: retired, move_to: 1}\n")
    ),
    "activate": Case(shards(DRAINING), fleet(1, 2)),
    "new_default": Case(fleet(1, 2), fleet(1, 2, head="database: {default_shard: 2}\n")),
    "another_address": Case(fleet(1, 2), fleet(1, tail="  - {id: 2, url: 'https://eu:3300'}\n")),
    "another_volume": Case(fleet(1, 2), fleet(1, tail="  - {id: 2, volume: other}\n")),
    "another_image_in_the_base": Case(
        fleet(1, 2), fleet(1, 2), base=BASE.replace("image: baileys", "image: baileys:2")
    ),
    "stated_for_all": Case(fleet(1, 2), fleet(1, 2, head="  restart: always\n")),
    "dbmate": Case(
        fleet(1, 2, head="database: {migrations: {runner: dbmate}}\n"),
        fleet(
            1,
            2,
            3,
            head="database: {migrations: {runner: dbmate}}\n",
            tail="assign:\n  - {shard: 3, tenants: [101]}\n",
        ),
    ),
    "listed_tenants": Case(
        fleet(1, 2),
        fleet(1, 2, 3, tail="assign:\n  - {shard: 3, tenants: [1, 2]}\n"),
        ("--tenants", "tenants.csv"),
        files={
            "tenants.csv": "id,shard\n"
            + "".join(f"{n},{1 + n % 2 if n < 8 else ''}\n" for n in range(1, 15))
        },
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return an empty project."""
    return Project(tmp_path / "p")


def edited(project: Project, case: Case) -> None:
    """Render the fleet before, commit it, and make the edit."""
    if case.before is not None:
        project.write("shards.yaml", case.before)
        project.render()
        commit(project.root)
    project.write("shards.yaml", case.after)
    if case.base:
        project.write("docker-compose.yml", case.base)
    for name, text in case.files.items():
        project.write(name, text)


@pytest.mark.parametrize("name", CASES)
def test_what_a_change_means(project: Project, name: str) -> None:
    case = CASES[name]
    edited(project, case)
    files = project.contents()
    for form, ending in FORMATS.items():
        said = project.ok("plan", "--format", form, *case.options).out
        golden = GOLDEN / f"{name}.{ending}"
        if os.environ.get("ACCEPT"):
            golden.write_text(said)
        assert said == golden.read_text()
    assert project.contents() == files, "a plan writes nothing"


def test_every_golden_file_has_its_case() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_data_are_as_the_schema_says(name: str) -> None:
    schema = json.loads(resource_text("schema/plan.schema.json"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads((GOLDEN / f"{name}.json").read_text()))


QUIET = {"nothing", "grow_frozen", "external_volume_frozen", "activate"}


@pytest.mark.parametrize("name", CASES)
def test_exit_code_says_whether_anybody_feels_it(project: Project, name: str) -> None:
    edited(project, CASES[name])
    felt = json.loads((GOLDEN / f"{name}.json").read_text())["felt"]
    assert project.run("plan", "--exit-code", *CASES[name].options).code == felt
    assert felt == (name not in QUIET | {"new_default", "drain_without_goal", "another_address"})


def test_after_the_render_nothing_is_left_to_say(project: Project) -> None:
    edited(project, CASES["grow_2_to_3"])
    project.render()
    assert project.ok("plan").out == "shards.yaml is as the last render has it: nothing changes\n"


def test_against_a_commit_the_same_is_said_before_the_render_and_after(project: Project) -> None:
    edited(project, CASES["grow_and_assign"])
    before = project.ok("plan", "--against", "HEAD").out
    project.render()
    assert project.ok("plan", "--against", "HEAD").out == before
    commit(project.root)
    assert "(against HEAD~1)" in project.ok("plan", "--against", "HEAD~1").out
    assert project.ok("plan", "--against", "HEAD").out.endswith("nothing changes\n")


def test_an_overlay_that_was_edited_is_taken_from_the_commit(project: Project) -> None:
    edited(project, CASES["grow_2_to_3"])
    project.change("docker-compose.prod.yml", "unless-stopped", "always")
    said = project.ok("plan").out
    assert said == (GOLDEN / "grow_2_to_3.txt").read_text()


def test_without_the_files_before_containers_are_not_guessed(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", fleet(1, 2))
    project.render()
    project.change("docker-compose.yml", "image: baileys", "image: baileys:2")
    assert "not known: a file that they are made from" in project.ok("plan").out


@pytest.mark.parametrize("content", ["", "garbage", '{"version": 1}', "<<<<<<< HEAD\n"])
def test_without_the_lock_what_is_there_is_not_new(project: Project, content: str) -> None:
    """Migrations on disk are known, and no container is said to be created that may run."""
    edited(project, CASES["grow_2_to_3"])
    project.write("shardgen.lock", content)
    said = project.ok("plan").out
    assert said.startswith("Fleet  2 shards → 3   (against the overlay on disk)\n")
    assert (
        "Containers   not known: shardgen.lock is lost; `shardgen render` writes it again" in said
    )
    assert re.findall(r"000\d_\w+\.sql   ", said) == ["0005_add_shard_3.sql   "]
    assert said.index(" build ") < said.index(" up -d") if " build " in said else True


def test_the_way_back_of_new_shards_leads_to_one_that_was_there(project: Project) -> None:
    project.render()
    project.write("shards.yaml", fleet(1, 2, 5, 6, head="database: {default_shard: 6}\n"))
    said = project.ok("plan").out
    assert "back: shardgen drain 5 --to 1, and so each of them; later retire them\n" in said


def test_every_command_names_another_shards_yaml(project: Project) -> None:
    project.path("shards.yaml").rename(project.path("eu.yaml"))
    project.ok("render", "-c", "eu.yaml")
    after = fleet(1, 2, 3, tail="assign:\n  - {shard: 3, tenants: [-5, 7]}\n")
    project.write("eu.yaml", after.replace("- id: 2", "- {id: 2, state: draining, move_to: 1}"))
    project.write("list.csv", "id,shard\n-5,1\n7,1\n")
    said = project.ok("plan", "-c", "eu.yaml").out
    said += project.ok("plan", "-c", "eu.yaml", "--tenants", "list.csv", "--runbook").out
    typed = re.findall(r"shardgen [a-z][^`,\n]*", said)
    assert len(typed) > 8
    assert [each for each in typed if " -c eu.yaml" not in each] == ["shardgen plan"]
    assert "shardgen move --to … -c eu.yaml -- -5 …" in typed
    assert "shardgen route --shard 3 -c eu.yaml -- -5" in typed


def test_a_new_router_needs_its_consumers_again(tmp_path: Path) -> None:
    """It is in their image: what is built has to be started, too."""
    project = Project(tmp_path / "p", fleet(1, 2), base=BASE.replace("image: api", "build: ."))
    assert "build: ." in project.read("docker-compose.yml")
    project.render()
    ran = project.ok("drain", "2", "--to", "1", "--render")
    assert [line.rpartition("multi-shard ")[2] for line in ran.out.splitlines()[-4:-2]] == [
        "build api",
        "up -d --no-deps api",
    ]


def test_wrong_use_is_said(project: Project) -> None:
    edited(project, CASES["grow_2_to_3"])
    both = project.run("plan", "--tenants", "a.csv", "--database", "postgresql://x")
    assert (both.code, both.err) == (
        2,
        "error: --tenants and --database both list the tenants: give one of them\n",
    )
    assert project.run("plan", "--against", "nowhere").code == 2
    assert "leave out --format json" in project.run("plan", "--runbook", "--format", "json").err
    project.path("shardgen.lock").unlink()
    commit(project.root)
    lockless = project.run("plan", "--against", "HEAD")
    assert lockless.code == 2
    assert "it has no shardgen.lock" in lockless.err
    project.write("migrations/0001_init.sql", "broken")
    damaged = project.run("plan")
    assert (damaged.code, "the ledger is damaged" in damaged.err) == (2, True)
