"""The query of the generated page counts the tenants of each active shard, under any names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shardgen.ledger.sql import quote_identifier
from tests import pages
from tests.router.routers import execute
from tests.support import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres

SHARDS = "shards: [{id: 1}, {id: 2}, {id: 3, state: draining}, {id: 4}]\n"


@pytest.mark.parametrize(
    ("schema", "table", "id_column", "column"),
    [(None, "business", "id", "whatsapp_shard"), ("analyse", "order", "user", "group")],
)
def test_the_first_row_is_the_emptiest_shard(
    database: Database, tmp_path: Path, schema: str | None, table: str, id_column: str, column: str
) -> None:
    said = f"{{schema: {schema or 'null'}, table: {table}, id_column: {id_column}, shard_column: {column}}}"
    project = Project(tmp_path / "project", f"version: 1\ndatabase: {said}\n{SHARDS}")
    project.render()
    name = quote_identifier([schema, table] if schema else table)
    if schema:
        database.run(f"CREATE SCHEMA {quote_identifier(schema)}")
    database.run(f"CREATE TABLE {name} ({quote_identifier(id_column)} bigint PRIMARY KEY)")
    for path in sorted(project.path("migrations").glob("0*.sql")):
        database.run(path.read_text())
    for tenant, shard in enumerate((1, 1, 1, 2, 3, 4, 4)):
        database.run(f"INSERT INTO {name} VALUES ({tenant}, {shard})")
    (query,) = pages.blocks(project.read("server/SSOT_SHARDING.md"), "sql")
    rows = database.rows(query)
    assert rows == [(2, 1), (4, 2), (1, 3)]
    router = execute(project.read("server/whatsapp_shard_router.py"))
    assert router.pick_shard(dict(rows)) == 2
