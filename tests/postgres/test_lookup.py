"""The lookups of docs/routing.md, on a real table: tenants move, the query breaks, and works again."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests import needs, pages
from tests.router.routers import load, shards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres

PAGE = Path(__file__).parents[2] / "docs" / "routing.md"


class Example:
    """A block of the page, run as a consumer's module: it gives a router its lookup."""

    def __init__(self, library: str, url: str) -> None:
        needs.module(library)
        (block,) = (
            block
            for block in pages.blocks(PAGE.read_text(encoding="utf-8"), "python")
            if "use_shard_lookup" in block
            and (f"import {library}\n" in block or f"from {library} import" in block)
        )
        self.router: Any = load(shards(1, 2, 3))
        self.clock = 0.0
        self.router.time = SimpleNamespace(monotonic=lambda: self.clock)
        self.module = ModuleType(f"consumer_{library}")
        self.module.__dict__["DATABASE_URL"] = url
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "server", ModuleType("server"))
            patch.setitem(sys.modules, "server.whatsapp_shard_router", self.router)
            exec(compile("from __future__ import annotations\n" + block, str(PAGE), "exec"), self.module.__dict__)  # fmt: skip

    def shards(self) -> list[int]:
        """Where the router sees tenants 1 to 4, and one that does not exist."""
        return [self.router.shard_for(tenant) for tenant in (1, 2, 3, 4, 99)]


@pytest.fixture(params=["sqlalchemy", "psycopg"])
def example(request: pytest.FixtureRequest, database: Database) -> Iterator[Example]:
    database.populate(", whatsapp_shard integer DEFAULT 1", tenants=4)
    database.run("UPDATE business SET whatsapp_shard = 3 WHERE id = 3")
    database.run("UPDATE business SET whatsapp_shard = NULL WHERE id = 4")
    url = database.url("postgresql+psycopg") if request.param == "sqlalchemy" else database.dsn
    made = Example(request.param, url)
    yield made
    if engine := made.module.__dict__.get("engine"):
        engine.dispose()


def test_the_pages_lookups_answer_with_the_column(
    example: Example, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    router = example.router
    fallback = [router._hash_shard(tenant, 3) for tenant in (4, 99)]
    assert example.shards() == [1, 1, 3, *fallback]
    assert router.get_baileys_base_url(3) == "http://baileys-3:3300"

    database.run("UPDATE business SET whatsapp_shard = 2 WHERE id IN (1, 2)")
    assert example.shards() == [1, 1, 3, *fallback]
    router.forget_shard(1)
    assert example.shards() == [2, 1, 3, *fallback]
    example.clock += 60
    assert example.shards() == [2, 2, 3, *fallback]
    assert not caplog.records


def test_the_pages_lookups_survive_a_query_that_fails(
    example: Example, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    before = example.shards()
    database.run("ALTER TABLE business RENAME COLUMN whatsapp_shard TO moved")
    for _ in range(5):
        example.clock += 60
        assert example.shards() == before
    (record,) = caplog.records
    assert 'column "whatsapp_shard" does not exist' in record.getMessage()
    database.run("ALTER TABLE business RENAME COLUMN moved TO whatsapp_shard")
    database.run("UPDATE business SET whatsapp_shard = 2")
    example.clock += 60
    assert example.shards() == [2, 2, 2, 2, before[-1]]
    assert len(caplog.records) == 1
