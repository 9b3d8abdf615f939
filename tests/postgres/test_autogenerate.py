"""The application's own Alembic, with the lines of docs/migrations.md: it leaves what is ours alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import needs
from tests.ledger.support import desired, rendered
from tests.postgres.tools import HISTORY

if TYPE_CHECKING:
    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres

PAGE = Path(__file__).parents[2] / "docs" / "migrations.md"


def lines_of_the_page() -> dict[str, Any]:
    """What the three lines for env.py define."""
    (block,) = re.findall(r"```python\n(# env\.py\n.*?)```", PAGE.read_text(), re.DOTALL)
    code, configure = block.split("context.configure(")
    assert "include_name=include_name" in configure
    assert len(code.strip().splitlines()) == 1 + 3
    found: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), found)
    return found


def differences(database: Database, driver: str, **options: Any) -> list[Any]:
    """What autogenerate would write for a model of the application that knows nothing of shards."""
    sa, autogenerate = needs.module("sqlalchemy"), needs.module("alembic.autogenerate")
    migration = needs.module("alembic.runtime.migration")
    needs.module(driver)
    metadata = sa.MetaData()
    sa.Table(
        "business",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.Text),
        sa.Column("whatsapp_shard", sa.Integer, nullable=False),
    )
    engine = sa.create_engine(database.url(f"postgresql+{driver}"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = migration.MigrationContext.configure(
            connection, opts={"target_metadata": metadata, **options}
        )
        return [
            each
            for each in autogenerate.compare_metadata(context, metadata)
            if isinstance(each, tuple)
        ]


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_autogenerate_drops_nothing_of_ours_with_the_lines_of_the_page(
    database: Database, driver: str
) -> None:
    database.populate()
    for content in rendered(desired("1 2")).files.values():
        database.run(content.decode())
    database.run(f"CREATE TABLE {HISTORY} (version_num varchar(32) PRIMARY KEY)")
    without = {(what[0], getattr(what[1], "name", "")) for what in differences(database, driver)}
    assert without == {
        ("remove_table", "whatsapp_shard_registry"),
        ("remove_table", "whatsapp_shard_ledger"),
        ("remove_table", HISTORY),
        ("remove_fk", "business_whatsapp_shard_fkey"),
    }
    include_name = lines_of_the_page()["include_name"]
    assert differences(database, driver, include_name=include_name) == []
