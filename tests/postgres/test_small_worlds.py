"""G8: a thousand of the small worlds on PostgreSQL, each in a schema of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from shardgen.ledger.history import plan
from shardgen.ledger.migration import make_migration
from shardgen.ledger.operations import Retire
from shardgen.ledger.state import RETIRED, Recorded
from tests.ledger.support import names, sql
from tests.worlds import NAMED, World, edits, start, step

if TYPE_CHECKING:
    from shardgen.ledger.migration import Migration
    from shardgen.ledger.operations import Operation
    from tests.postgres.databases import Database

pytestmark = pytest.mark.postgres

WORLDS = 1000
EDITS = 5


@dataclass
class Life:
    """A world, and the statements that lead to it in a schema of its own."""

    schema: str
    world: World
    text: list[str] = field(default_factory=list)
    last: Migration | None = None
    people: int = 1

    def begin(self) -> None:
        """Create the table of tenants: the named one, and one more."""
        self.text.append(f"CREATE SCHEMA {self.schema};")
        self.text.append(f"CREATE TABLE {self.schema}.business (id integer PRIMARY KEY);")
        self.text.append(f"INSERT INTO {self.schema}.business VALUES ({NAMED});")
        self.append(plan(Recorded(), replace(self.world.wanted, schema=self.schema)).operations)

    def append(self, operations: tuple[Operation, ...]) -> None:
        """Write the files of a render; the operator empties a shard that a file would refuse."""
        named = names(replace(self.world.wanted, schema=self.schema))
        for operation in operations:
            number = self.last.number + 1 if self.last else 1
            made = make_migration(number, operation, self.last)
            if isinstance(operation, Retire):
                self.text.append(
                    f"UPDATE {self.schema}.business SET whatsapp_shard = DEFAULT "
                    f"WHERE whatsapp_shard = {operation.shard};"
                )
            self.text.append(sql(made, self.last, named))
            self.last = made
        self.people += 1
        self.text.append(f"INSERT INTO {self.schema}.business (id) VALUES ({self.people});")


def lived(number: int) -> Life:
    """A life of a few random edits; those that are refused are edited again."""
    draw = random.Random(number)
    life = Life(schema=f"w{number}", world=start())
    life.begin()
    for _ in range(EDITS):
        wanted = draw.choice([*edits(life.world.wanted)])
        planned, after, _ = step(life.world, wanted)
        life.world = after or replace(life.world, wanted=wanted)
        if after:
            life.append(planned.operations)
    return life


def test_G8_a_thousand_small_worlds(database: Database) -> None:
    ended = set()
    with database.connect() as connection:
        connection.execute("SET client_min_messages = error")
        for number in range(WORLDS):
            life = lived(number)
            connection.execute("\n".join(life.text).encode())
            world, schema = life.world, life.schema
            registry = connection.execute(
                f"SELECT id, state, move_to FROM {schema}.whatsapp_shard_registry".encode()
            ).fetchall()
            recorded = world.recorded.shards
            assert {shard: (state, to) for shard, state, to in registry} == {
                shard: (entry.state, entry.move_to)
                for shard, entry in recorded.items()
                if entry.state != RETIRED
            }
            tenants = dict(
                connection.execute(
                    f"SELECT id, whatsapp_shard FROM {schema}.business".encode()
                ).fetchall()
            )
            assert tenants[NAMED] == world.named
            assert {shard for tenant, shard in tenants.items() if tenant != NAMED} == world.others
            ended.add(world.key)
    assert len(ended) > WORLDS / 4
