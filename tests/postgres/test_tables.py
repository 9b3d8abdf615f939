"""Tables as they come: with and without the column, in schemas, under reserved names; both adopt routes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shardgen.fallback import fallback_shard
from shardgen.ledger.sql import RESERVED
from tests.ledger.support import desired, names, rendered

if TYPE_CHECKING:
    from shardgen.ledger.desired import Desired
    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres

TENANTS = 300


def applied(database: Database, wanted: Desired) -> Database:
    """Apply everything that the desired state needs, replayed once."""
    folder = rendered(wanted)
    for content in folder.files.values():
        database.run(content.decode())
    before = database.state()
    for content in folder.files.values():
        database.run(content.decode())
    assert database.state() == before
    return database


def by_fallback(shards: int, kind: str = "md5") -> dict[int, int]:
    """The shard that the fallback gives each tenant."""
    ids = range(1, shards + 1)
    return {tenant: fallback_shard(kind, tenant, ids) for tenant in range(1, TENANTS + 1)}


def even(shards: int) -> tuple[tuple[int, int], ...]:
    """The pairs that rendezvous draws from, where all weights are 1."""
    return tuple((shard, 1) for shard in range(1, shards + 1))


def nullable(database: Database) -> str:
    """Whether the column admits NULL, in the catalog's words."""
    query = (
        "SELECT is_nullable FROM information_schema.columns WHERE column_name = 'whatsapp_shard'"
    )
    return str(database.rows(query)[0][0])


def test_a_new_column_is_the_mandated_one(database: Database) -> None:
    database.populate(tenants=TENANTS)
    applied(database, desired("1 2"))
    assert database.tenants() == dict.fromkeys(range(1, TENANTS + 1), 1)
    assert (nullable(database), database.default(), database.validated()) == ("NO", "1", True)


@pytest.mark.parametrize("route", ["column", "hash"])
@pytest.mark.parametrize("kind", ["md5", "modulo", "rendezvous"])
def test_a_new_column_gets_the_answer_of_today(database: Database, route: str, kind: str) -> None:
    database.populate(tenants=TENANTS)
    today = {"fallback": kind, "weights": even(3) if kind == "rendezvous" else ()}
    applied(database, desired("1 2 3 4", adopt_shards=3, adopt_route=route, **today))
    assert database.tenants() == by_fallback(3, kind)
    assert (nullable(database), database.default()) == ("NO", "1")


def test_route_column_pins_the_rows_without_a_shard_and_no_other(database: Database) -> None:
    database.populate(", whatsapp_shard integer", tenants=TENANTS)
    database.run("UPDATE business SET whatsapp_shard = mod(id, 4) WHERE mod(id, 5) <> 0")
    before = database.tenants()
    applied(database, desired("1 2 3", adopt_shards=3, adopt_route="column"))
    pinned = {tenant: before[tenant] or shard for tenant, shard in by_fallback(3).items()}
    assert database.tenants() == pinned
    assert (nullable(database), database.default(), database.validated()) == ("YES", "1", True)


def test_route_column_pins_ids_below_1(database: Database) -> None:
    database.populate(", whatsapp_shard integer NOT NULL DEFAULT -1", tenants=TENANTS)
    applied(database, desired("1 2", adopt_shards=2))
    assert database.tenants() == by_fallback(2)


def test_route_hash_pins_every_row_whatever_it_stores(database: Database) -> None:
    database.populate(", whatsapp_shard integer NOT NULL DEFAULT 1", tenants=TENANTS)
    applied(database, desired("1 2 3", adopt_shards=3, adopt_route="hash"))
    assert database.tenants() == by_fallback(3)


@pytest.mark.parametrize("route", ["column", "hash"])
@pytest.mark.parametrize("kind", ["md5", "modulo", "rendezvous"])
def test_a_pin_in_parts_is_the_pin(database: Database, route: str, kind: str) -> None:
    database.populate(", whatsapp_shard integer NOT NULL DEFAULT 0", tenants=TENANTS)
    database.run("UPDATE business SET whatsapp_shard = 3 WHERE id <= 100")
    database.run("INSERT INTO business (id) SELECT -n FROM generate_series(0, 50) AS n")
    today = {"fallback": kind, "weights": even(3) if kind == "rendezvous" else ()}
    applied(database, desired("1 2 3", adopt_shards=3, adopt_route=route, batches=7, **today))
    ids = range(1, 4)
    pinned = {tenant: fallback_shard(kind, tenant, ids) for tenant in database.tenants()}
    kept = dict.fromkeys(range(1, 101), 3) if route == "column" else {}
    assert database.tenants() == {**pinned, **kept}
    assert len(database.applied()) == 9


def test_after_route_hash_a_row_that_no_caller_gave_a_shard_is_not_where_its_hash_is(
    database: Database,
) -> None:
    """Why the callers that pass the column must be deployed together with the pin."""
    wanted = desired("1 2", adopt_shards=2, adopt_route="hash")
    database.populate(tenants=TENANTS)
    applied(database, wanted)
    database.run("INSERT INTO business (id) VALUES (12345)")
    assert fallback_shard("md5", 12345, [1, 2]) == 2
    assert database.tenants()[12345] == 1
    text = rendered(wanted).files["0002_pin.sql"].decode()
    assert "Deploy callers that pass it together with" in text
    assert "a row that is added in between gets the column's default, which is not its hash" in text


def test_growth_moves_no_pinned_tenant(database: Database) -> None:
    """G9: after the pin, a stored shard stays where it is however many shards follow."""
    database.populate(tenants=TENANTS)
    applied(database, desired("1 2", adopt_shards=2, adopt_route="hash"))
    before = database.tenants()
    steps = (desired("1 2", adopt_shards=2, adopt_route="hash"), desired("1 2 3 4 5 6 7"))
    for content in rendered(*steps).files.values():
        database.run(content.decode())
    assert (database.tenants(), len(database.registry())) == (before, 7)


@pytest.mark.parametrize("default", [1, 2, 3])
def test_new_rows_go_to_the_default(database: Database, default: int) -> None:
    database.populate(tenants=TENANTS)
    applied(database, desired("1 2 3", adopt_shards=2, default_shard=default))
    database.run("INSERT INTO business (id) VALUES (1000)")
    assert database.tenants()[1000] == default


@pytest.mark.parametrize("type_", ["smallint", "bigint"])
def test_other_integers_work_as_well(database: Database, type_: str) -> None:
    database.populate(f", whatsapp_shard {type_}", tenants=TENANTS)
    database.run(f"ALTER TABLE business ALTER COLUMN id TYPE {type_}")
    applied(database, desired("1 2", adopt_shards=2, fallback="modulo"))
    assert database.tenants() == by_fallback(2, "modulo")


@pytest.mark.parametrize(
    ("table", "id_column", "shard_column"),
    [("user", "order", "group"), ("select", "id", "whatsapp_shard"), ("shard", "hash", "words")],
)
@pytest.mark.parametrize("schema", [None, "crm", "analyse"])
def test_reserved_names_and_schemas(
    database: Database, schema: str | None, table: str, id_column: str, shard_column: str
) -> None:
    wanted = desired(
        "1 2:draining>3 3",
        adopt_shards=2,
        default_shard=3,
        adopt_route="hash",
        assign=((3, (1, 2)),),
        schema=schema,
        table=table,
        id_column=id_column,
        shard_column=shard_column,
    )
    database = replace(database, named=names(wanted))
    if schema:
        database.run(f'CREATE SCHEMA "{schema}"')
    database.populate(tenants=TENANTS)
    folder = rendered(wanted, replace(wanted, shards=desired("1 2:retired 3").shards))
    for content in folder.files.values():
        database.run(content.decode())
    assert database.registry() == {1: ("active", None), 3: ("active", None)}
    expected = {tenant: 3 if shard == 2 else shard for tenant, shard in by_fallback(2).items()}
    assert database.tenants() == {**expected, 1: 3, 2: 3}


def test_names_that_are_too_long_are_shortened_alike(database: Database) -> None:
    wanted = desired("1 2", table="t" * 63, shard_column="s" * 63)
    database = replace(database, named=names(wanted))
    database.populate(tenants=TENANTS)
    applied(database, wanted)
    assert database.validated()


def test_two_ledgers_live_side_by_side(database: Database) -> None:
    other = desired("1 2", table="account", shard_column="media_shard")
    database.populate(tenants=TENANTS)
    replace(database, named=names(other)).populate(tenants=TENANTS)
    applied(database, desired("1 2"))
    applied(database, other)
    assert len(replace(database, named=names(other)).applied()) == 4


def test_reserved_words_are_those_of_the_server(each_database: Database) -> None:
    query = "SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'"
    words = {word for (word,) in each_database.rows(query)}
    assert words <= RESERVED
    if int(each_database.rows("SHOW server_version_num")[0][0]) >= 180000:
        assert words == RESERVED
