"""G12: the SQL of the pin gives each tenant the shard that the router gives it."""

from __future__ import annotations

import random
import re

import pytest

from shardgen.fallback import fallback_index, fallback_of
from shardgen.ledger.migration import make_migration
from shardgen.ledger.operations import Pin
from tests.ledger.support import sql
from tests.needs import lacking
from tests.postgres.databases import BUSINESS, Database
from tests.router import test_router_rendezvous as rendezvous

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


#: fleets that rendezvous draws from: alone, with holes, with weights, and as many as it takes
FLEETS: tuple[dict[int, int], ...] = (
    {1: 1},
    {7: 3},
    {1: 1, 2: 1},
    {1: 1, 2: 3, 4: 2},
    {2: 100, 3: 1, 10: 99},
    {9: 1, 10: 1, 99: 1, 100: 1, 2**31 - 1: 1},
    dict.fromkeys(range(1, 65), 1),
)


def drawn_at_random(seed: int) -> dict[int, int]:
    """A fleet of any ids and weights."""
    chance = random.Random(seed)
    ids = chance.sample(range(1, 2 ** chance.randint(4, 31)), chance.randint(2, 9))
    return {shard: chance.randint(1, 12) for shard in sorted(ids)}


def expression(kind: str, shards: int, weights: dict[int, int] | None = None) -> str:
    """The value that the pin's file writes, cut out of its text."""
    pairs = tuple((weights or {}).items())
    operation = Pin(route="hash", fallback=kind, shards=shards, weights=pairs)
    pin = make_migration(1, operation, None)
    found = re.search(
        r"^SET whatsapp_shard = (.*?)^WHERE", sql(pin, None, BUSINESS), re.MULTILINE | re.DOTALL
    )
    assert found
    return found[1]


def shards_in_sql(
    database: Database, kind: str, counts: range | tuple[int, ...]
) -> dict[int, tuple[int, ...]]:
    """The shard of each tenant for each number of shards."""
    return answers(database, [expression(kind, count) for count in counts])


def answers(
    database: Database, expressions: list[str], ids: tuple[int, ...] = IDS
) -> dict[int, tuple[int, ...]]:
    """The values of each tenant, all in one query."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE business (id bigint PRIMARY KEY)")
        with connection.cursor().copy("COPY business FROM STDIN") as copy:
            for tenant in sorted(set(ids)):
                copy.write_row((tenant,))
    rows = database.rows(f"SELECT id, {', '.join(expressions)} FROM business AS tenant")
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


def test_G12_rendezvous_in_sql_equals_python_and_the_golden_vectors(
    each_database: Database,
) -> None:
    drawn = [dict.fromkeys(range(1, count + 1), 1) for count in rendezvous.COUNTS]
    fleets = (*drawn, rendezvous.WEIGHTED, *FLEETS, *map(drawn_at_random, range(20)))
    ids = (*range(-50, 250), *rendezvous.GOLDEN, -LARGEST, *IDS[-6:])
    found = answers(each_database, [expression("rendezvous", 2, fleet) for fleet in fleets], ids)
    golden = {tenant: tuple(found[tenant][: len(drawn) + 1]) for tenant in rendezvous.GOLDEN}
    assert golden == rendezvous.GOLDEN
    for place, fleet in enumerate(fleets):
        shard_of = fallback_of("rendezvous", fleet, fleet.values()).picker()
        assert {tenant: shards[place] for tenant, shards in found.items()} == {
            tenant: shard_of(tenant) for tenant in found
        }


def test_G12_rendezvous_does_not_depend_on_the_collation(database: Database) -> None:
    """Danish sorts `aa` behind `z`, and a hash may begin so."""
    if not database.rows("SELECT FROM pg_collation WHERE collname = 'da-x-icu'"):
        lacking("this PostgreSQL was built without ICU")
    fleet = dict.fromkeys(range(1, 31), 1)
    value = expression("rendezvous", 2, fleet)
    danish = value.replace('COLLATE "C"', 'COLLATE "da-x-icu"')
    found = answers(database, [value, danish], tuple(range(1, 3001)))
    shard_of = fallback_of("rendezvous", fleet).picker()
    assert {tenant: shards[0] for tenant, shards in found.items()} == {
        tenant: shard_of(tenant) for tenant in found
    }
    assert any(ours != theirs for ours, theirs in found.values())
