"""What programs read where a command cannot do what was asked: one object, and its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from shardgen.resources import resource_text
from tests.support import Project

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = jsonschema.Draft202012Validator(json.loads(resource_text("schema/failure.schema.json")))
COMMANDS = {
    "plan": ("plan", "--format", "json"),
    "ledger": ("ledger", "--format", "json"),
    "rebalance": ("rebalance", "--tenants", "tenants.csv", "--format", "json"),
}


def errors(text: str) -> list[dict[str, Any]]:
    """Return the errors of an output, which must be one object."""
    data = json.loads(text)
    SCHEMA.validate(data)
    return list(data["errors"])


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_input_is_told_as_data(name: str, rendered: Project) -> None:
    rendered.write("tenants.csv", "id,whatsapp_shard\n1,1\n")
    rendered.ok(*COMMANDS[name])
    rendered.change("shards.yaml", "  - id: 2\n", "  - id: 2\n    volum: x\n")
    ran = rendered.run(*COMMANDS[name])
    assert ran.code == 2
    (found,) = errors(ran.out)
    assert found["code"] == "SG103"
    assert (found["file"], found["line"], found["column"], found["end_column"]) == (
        "shards.yaml",
        7,
        5,
        10,
    )
    assert found["hint"] == "did you mean 'volume'?"
    assert ran.err.startswith("shards.yaml:7:5: error[SG103]")
    assert rendered.run(name, *COMMANDS[name][1:-2]).out == "", "text has no such object"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("plan", "--against", "nowhere"), "--against nowhere"),
        (("plan", "--runbook"), "--runbook is Markdown"),
        (("ledger", "--database", "x"), "--database"),
        (("rebalance",), "name one list of the tenants"),
        (("rebalance", "--tenants", "none.csv"), "--tenants none.csv"),
    ],
)
def test_so_is_what_cannot_be(typed: tuple[str, ...], message: str, rendered: Project) -> None:
    ran = rendered.run(*typed, "--format", "json")
    assert ran.code == 2
    (found,) = errors(ran.out)
    assert message in found["message"]
    assert (found["line"], found["column"]) == (None, None)
    assert f"error: {message}" in ran.err


def test_adopt_tells_both_wrong_input_and_an_open_decision(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.path("shards.yaml").unlink()
    ran = project.run("adopt", "--json")
    assert ran.code == 2
    assert "no docker-compose.prod.yml here" in errors(ran.out)[0]["message"]
    project.write("docker-compose.prod.yml", "services: [\n")
    ran = project.run("adopt", "--json")
    assert ran.code == 2
    assert errors(ran.out)[0]["line"] is not None
    project.write(
        "docker-compose.prod.yml",
        "services:\n  baileys-2:\n    image: baileys\n    networks: [net]\n"
        '    volumes: ["whatsapp_auth_shard2:/app/storage/whatsapp"]\n'
        "volumes:\n  whatsapp_auth_shard2:\n",
    )
    ran = project.run("adopt", "--write", "--json")
    assert ran.code == 3, ran.err
    assert (
        errors(ran.out)[0]["message"]
        == "nothing was written: decide what becomes of what is missing"
    )
    assert (
        "error: nothing was written: decide what becomes of what is missing\n  --exact" in ran.err
    )


def test_no_message_says_itself_that_it_is_an_error(rendered: Project) -> None:
    """The one place that prints says so, once, also where lines stand above it."""
    rendered.write("server/SSOT_SHARDING.md", "mine\n")
    ran = rendered.run("render")
    assert ran.code == 3
    assert ran.err.count("error: ") == 1
    assert "\n\nerror: nothing was written: 1 file is not ours to change\nkeep the edit" in ran.err
