"""The stack file as a whole: what changes in it when the fleet does, and what it must say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shardgen.details import details
from shardgen.outputs import find
from shardgen.validate import validate
from tests.support import BASE, Project, fleet

CASES = Path(__file__).parents[1] / "cases"
FILE = "docker-stack.yml"
OUTPUT = "outputs:\n  swarm: {enabled: true, stack: shop}\n"
OWN = """\
version: "3.8"
services:
  api: {image: api, networks: [net]}
networks:
  net: {driver: overlay}
"""
WITH_OWN = "outputs:\n  swarm: {enabled: true, stack: shop, base: stack.yml}\n"


class Texts(dict[str, str]):
    """The files of a project that is on no disk."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes."""
        return self[path].encode() if path in self else None

    peek = read

    def kind(self, path: str) -> str | None:
        """Return what is there."""
        return "file" if path in self else None


def stack_of(shards: str) -> dict[str, Any]:
    """Return the data of the stack file's template."""
    text = f"version: 1\nservice: {{consumers: [api]}}\n{OUTPUT}shards:\n{shards}"
    inputs = validate(text.encode(), "shards.yaml", Texts({"docker-compose.yml": BASE}))
    output = find(inputs.outputs, "swarm")
    assert output
    found: dict[str, Any] = details(output, inputs)
    return found


ENTRY = st.sampled_from(["{id: %d}", "{id: %d, image: other}", "{id: %d, environment: {TZ: UTC}}",
                         "{id: %d, restart: null}", "{id: %d, storage: {external: true}}",
                         "{id: %d, state: draining}", "{id: %d, compose: {cap_add: [A], ipc: host}}"])  # fmt: skip


@given(st.lists(ENTRY, min_size=2, max_size=7))
def test_a_new_shard_changes_no_other_and_declares_its_own(entries: list[str]) -> None:
    """Everything that shards share, and each of those before, is what it was without the last."""
    lines = [f"  - {entry % number}\n" for number, entry in enumerate(["{id: %d}", *entries], 1)]
    before, after = stack_of("".join(lines[:-1])), stack_of("".join(lines))
    for key in ("shared", "shared_environment", "shared_deploy", "networks", "version", "deploy"):
        assert before[key] == after[key]
    for key in ("services", "volumes"):
        assert after[key][:-1] == before[key]
        assert len(after[key]) == len(lines)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a rendered project with a stack."""
    found = Project(tmp_path / "project", fleet(1, 2, head=WITH_OWN))
    found.write("stack.yml", OWN)
    found.render()
    return found


def stack(project: Project) -> dict[str, Any]:
    """Return what the stack file says, its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load(project.read(FILE))
    return found


def config(project: Project) -> str:
    """Return the name of the config."""
    return str(stack(project)["configs"]["baileys_shards"]["name"])


def test_a_config_has_another_name_when_it_says_something_else(project: Project) -> None:
    """An engine refuses to change one; what is no part of it leaves its name as it is."""
    first = config(project)
    project.change("shards.yaml", "  - id: 2\n", "  - id: 2\n    labels: {a: b}\n")
    project.render()
    assert config(project) == first
    project.change("shards.yaml", "service:\n", "service:\n  port: 3301\n")
    project.render()
    second = config(project)
    assert second != first
    project.write(
        "templates/env.j2",
        "# by the team {{ header | text }}\n{% for v in variables %}\n{{ v.name | name }}={{ v.value | env }}\n{% endfor %}\n",
    )
    project.render()
    assert config(project) not in {first, second}
    project.is_clean()


def test_without_the_variables_there_is_no_config(tmp_path: Path) -> None:
    """A file of theirs, with a block of ours, may hold what is nobody else's business."""
    off = OUTPUT + "  compose: {enabled: false}\n  env: {enabled: false}\n"
    project = Project(tmp_path / "project", fleet(1, 2, head=off, consumers=""))
    project.render()
    assert "configs" not in stack(project)
    project.change("shards.yaml", "env: {enabled: false}", "env: {path: own.env}")
    project.write("own.env", "SECRET=s3\n")
    project.render()
    assert "configs" not in stack(project)
    project.is_clean()


def test_the_stack_file_of_the_consumers_is_an_input(project: Project) -> None:
    """What it declares, and its version, are not said again in another way."""
    assert stack(project)["version"] == "3.8"
    assert "networks" not in stack(project)
    project.write("stack.yml", OWN.partition("networks:\n  net")[0].replace("3.8", "3.9"))
    assert project.run("check").code == 1
    project.render()
    assert stack(project)["version"] == "3.9"
    assert stack(project)["networks"] == {"net": {"driver": "overlay", "attachable": True}}
    project.write("stack.yml", OWN.replace('version: "3.8"\n', ""))
    project.render()
    assert "version" not in stack(project)
    project.is_clean()


@pytest.mark.parametrize(("old", "new", "fault"), [
    ("  {{ shard.name | name }}:", "  a{{ loop.index }}:", "defines no service 'baileys'"),
    ("{{ shard.definition | yaml_block(4) }}", "    image: a", "gives 'baileys' the shard id None"),
    ("{{ shard.definition | yaml_block(4) }}", "{{ dict(shard.definition, volumes=[]) | yaml_block(4) }}", "does not mount 'whatsapp_auth'"),
    ("{{ shard.definition | yaml_block(4) }}", "{{ dict(shard.definition, deploy={}) | yaml_block(4) }}", "may run two tasks of 'baileys'"),
    ("{{ shard.definition | yaml_block(4) }}", "{{ dict(shard.definition, networks=['net']) | yaml_block(4) }}", "does not give 'baileys' the alias 'baileys-1'"),
])  # fmt: skip
def test_a_template_of_the_team_cannot_lose_a_shard(
    project: Project, old: str, new: str, fault: str
) -> None:
    source = Path(__file__).parents[2] / "templates" / "swarm.yml.j2"
    assert old in source.read_text()
    project.write("templates/swarm.yml.j2", source.read_text().replace(old, new))
    ran = project.run("render")
    assert ran.code == 2
    assert fault in ran.err


def test_it_is_imported_where_it_is_on_alone(tmp_path: Path) -> None:
    """A render without it pays for no more of it than its settings."""
    project = Project(tmp_path / "project")
    heavy = {"shardgen.swarm.stack", "shardgen.swarm.service", "shardgen.rules.swarm"}
    code = (
        "import sys; from shardgen.exits import run; run(['render']);"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    for expected in ([], sorted(heavy)):
        ran = subprocess.run(
            [sys.executable, "-c", code],
            cwd=project.root,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.splitlines()[-1] == str(expected)
        project.write("shards.yaml", fleet(1, 2, head=OUTPUT))


def test_it_conforms_to_the_published_schema() -> None:
    """That of compose files, which knows every key of a stack."""
    files = [
        each
        for each in CASES.glob("swarm_*/expected/**/*.yml")
        if "services:" in each.read_text() and "stack deploy" in each.read_text()
    ]
    assert len(files) == len(list(CASES.glob("swarm_*")))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
