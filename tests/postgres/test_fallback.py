"""G12: the SQL of the pin gives each tenant the shard that the router gives it."""

from __future__ import annotations

import re

import pytest

from shardgen.fallback import fallback_index
from shardgen.ledger.migration import make_migration
from shardgen.ledger.operations import Pin
from tests.ledger.support import sql
from tests.postgres.databases import BUSINESS, Database

pytestmark = pytest.mark.postgres

SHARDS = range(1, 65)
LARGEST = 2**63 - 1
IDS = (*range(-2_000, 10_001), 12345, 2**31 - 2, 2**31 - 1, 2**31, LARGEST - 1, LARGEST)

#: id → its shard among 1, 2, 3, 4, 8 and 64, as the deployed router has it
GOLDEN = {
    1: (1, 2, 2, 4, 4, 28),
    2: (1, 1, 1, 1, 5, 45),
    42: (1, 1, 2, 3, 7, 39),
    101: (1, 1, 2, 3, 3, 19),
    12345: (1, 2, 2, 4, 4, 60),
    2**31 - 1: (1, 1, 1, 3, 3, 59),
    LARGEST: (1, 2, 1, 4, 8, 8),
}
COUNTS = (1, 2, 3, 4, 8, 64)


def expression(kind: str, shards: int) -> str:
    """The value that the pin's file writes, cut out of its text."""
    pin = make_migration(1, Pin(route="hash", fallback=kind, shards=shards), None)
    found = re.search(
        r"^SET whatsapp_shard = (.*?)^WHERE", sql(pin, None, BUSINESS), re.MULTILINE | re.DOTALL
    )
    assert found
    return found[1]


def shards_in_sql(
    database: Database, kind: str, counts: range | tuple[int, ...]
) -> dict[int, tuple[int, ...]]:
    """The shard of each tenant for each number of shards, all in one query."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE business (id bigint PRIMARY KEY)")
        with connection.cursor().copy("COPY business FROM STDIN") as copy:
            for tenant in sorted(set(IDS)):
                copy.write_row((tenant,))
    values = ", ".join(expression(kind, count) for count in counts)
    rows = database.rows(f"SELECT id, {values} FROM business AS tenant")
    return {tenant: shards for tenant, *shards in map(tuple, rows)}  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["md5", "modulo"])
def test_G12_the_fallback_in_sql_equals_python(database: Database, kind: str) -> None:
    found = shards_in_sql(database, kind, SHARDS)
    assert len(found) > 10_000
    for tenant, shards in found.items():
        assert list(shards) == [fallback_index(kind, tenant, n) + 1 for n in SHARDS]


def test_G12_the_golden_vectors_hold_in_sql(each_database: Database) -> None:
    found = shards_in_sql(each_database, "md5", COUNTS)
    assert {tenant: tuple(found[tenant]) for tenant in GOLDEN} == GOLDEN


def test_G12_the_golden_vectors_hold_in_python() -> None:
    for tenant, shards in GOLDEN.items():
        assert shards == tuple(fallback_index("md5", tenant, n) + 1 for n in COUNTS)


def test_G12_the_largest_adoptable_number_of_shards(database: Database) -> None:
    found = shards_in_sql(database, "md5", (100_000,))
    for tenant, (shard,) in found.items():
        assert shard == fallback_index("md5", tenant, 100_000) + 1
