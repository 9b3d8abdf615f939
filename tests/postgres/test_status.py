"""`shardgen status --database` on a real PostgreSQL: tenants counted, the registry compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from shardgen.resources import resource_text
from tests.status.stand_ins import running
from tests.support import Project, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of three shards, rendered."""
    made = Project(tmp_path / "project", fleet(1, 2, 3))
    made.render()
    return made


@pytest.fixture
def urls() -> Iterator[dict[str, str]]:
    """Three shards that are well."""
    with running("ok", "ok", "ok") as found:
        yield {f"BAILEYS_SHARD_{number}_URL": url for number, url in enumerate(found, 1)}


def apply(project: Project, database: Database) -> None:
    """Apply all migrations."""
    for path in sorted(project.path("migrations").glob("0*.sql")):
        database.run(path.read_text())


def asked(project: Project, database: Database, urls: dict[str, str], code: int) -> dict[str, Any]:
    """Return what the command says, and prove that it changes nothing."""
    before = database.state()
    ran = project.run("status", "--database", database.dsn, "--format", "json", **urls)
    assert database.state() == before
    assert (ran.code, ran.err) == (code, "")
    data: dict[str, Any] = json.loads(ran.out)
    jsonschema.validate(data, json.loads(resource_text("schema/status.schema.json")))
    return data


def tenants(data: dict[str, Any]) -> list[int | None]:
    """Return the tenants of each shard."""
    return [each["tenants"] for each in data["shards"]]


def test_tenants_and_the_registry(
    project: Project, each_database: Database, urls: dict[str, str]
) -> None:
    database = each_database
    database.populate(tenants=9)
    data = asked(project, database, urls, 0)
    assert tenants(data) == [None] * 3
    assert [each["kind"] for each in data["findings"]] == ["registry", "tenants"]

    apply(project, database)
    database.run("UPDATE business SET whatsapp_shard = 1 + id % 2; "
                 "ALTER TABLE business ALTER whatsapp_shard DROP NOT NULL; "
                 "UPDATE business SET whatsapp_shard = NULL WHERE id = 1")  # fmt: skip
    data = asked(project, database, urls, 0)
    assert (tenants(data), data["tenants_without_shard"]) == ([4, 4, 0], 1)
    assert data["findings"] == []

    database.run("UPDATE whatsapp_shard_registry SET state = 'draining', move_to = 1 WHERE id = 3")
    (finding,) = asked(project, database, urls, 1)["findings"]
    assert (finding["kind"], finding["shards"]) == ("registry", [3])
    assert finding["text"] == ("draining towards shard 1 in the database, active in shards.yaml")
    text = project.run("status", "--database", database.dsn, **urls).out
    assert "\n1      active  ok" in text
    assert "1 tenant has no shard in the database: the fallback routes them" in text


def test_tenants_of_a_shard_that_does_not_run(
    project: Project, database: Database, urls: dict[str, str]
) -> None:
    database.populate(tenants=9)
    apply(project, database)
    database.run("UPDATE business SET whatsapp_shard = 3 WHERE id < 4")
    text = project.read("shards.yaml")
    project.write("shards.yaml", text.replace("- id: 3", "- {id: 3, state: retired, move_to: 1}"))
    found = {each["kind"]: each for each in asked(project, database, urls, 1)["findings"]}
    assert found["tenants"]["text"] == "3 tenants are there, and it does not run"
    assert (
        found["registry"]["text"]
        == "active in the database, retired towards shard 1 in shards.yaml"
    )


def test_without_an_answer_it_says_so_and_no_password(project: Project, database: Database) -> None:
    dsn = f"{database.server.at('nowhere')} password=geheim"
    ran = project.run("status", "--database", dsn)
    assert (ran.code, ran.out) == (2, "")
    assert 'database "nowhere" does not exist' in ran.err
    assert "geheim" not in ran.err
