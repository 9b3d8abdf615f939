"""Runners, writers and readers at the same time: nobody's tenant is lost, and nobody waits for long."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from shardgen.ledger.operations import Retire
from shardgen.ledger.runners import RUNNERS
from tests.ledger.support import desired, life, rendered
from tests.postgres.databases import BUSINESS, Database, upwards
from tests.postgres.test_life_cycle import assert_equals

pytestmark = pytest.mark.postgres


def waits_for_lock(database: Database) -> None:
    """Return once some session of the database waits for a lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + 10
    while database.rows(query) == [(0,)]:
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


def retiring(database: Database) -> str:
    """Prepare an empty, draining shard 2; return the file that retires it."""
    database.populate()
    folder = rendered(desired("1 2"), desired("1 2:draining"))
    for content in folder.files.values():
        database.apply(content)
    (file,) = folder.append([Retire(shard=2)], BUSINESS)
    return folder.files[file].decode()


def in_background(database: Database, text: str) -> tuple[threading.Thread, list[psycopg.Error]]:
    """Run statements in a thread; return it with the errors that it will have met."""
    errors: list[psycopg.Error] = []

    def work() -> None:
        try:
            database.run(text)
        except psycopg.Error as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, errors


def test_a_tenant_that_comes_while_the_shard_retires_keeps_it(each_database: Database) -> None:
    retire = retiring(each_database)
    writer = each_database.connect(autocommit=False)
    writer.execute("INSERT INTO business (id, whatsapp_shard) VALUES (1000, 2)")
    before = each_database.registry()
    thread, errors = in_background(each_database, retire)
    waits_for_lock(each_database)
    writer.commit()
    thread.join()
    assert "shard 2 still has tenants: 1" in str(errors[0])
    assert each_database.registry() == before
    assert each_database.tenants()[1000] == 2


def test_a_tenant_cannot_come_once_the_shard_retires(each_database: Database) -> None:
    retire = retiring(each_database)
    runner = each_database.connect()
    runner.execute(retire.replace("COMMIT;\n", "").encode())
    thread, errors = in_background(
        each_database, "INSERT INTO business (id, whatsapp_shard) VALUES (1000, 2)"
    )
    waits_for_lock(each_database)
    runner.execute("COMMIT")
    thread.join()
    assert isinstance(errors[0], psycopg.errors.ForeignKeyViolation)
    assert 2 not in each_database.registry()
    assert 1000 not in each_database.tenants()


ROUNDS = 20
#: One runner for each way to hold a transaction: BEGIN in the file, one query, one of the tool's.
STYLES = ("psql", "golang-migrate", "dbmate")


@pytest.mark.parametrize("style", STYLES)
def test_three_runners_at_once_apply_each_file_once(database: Database, style: str) -> None:
    """Twenty times, because two of forty-five went wrong without the advisory lock."""
    folder = life(runner=style)
    names = [migration.name for migration in folder.ledger.migrations]
    texts = [folder.files[migration.file].decode() for migration in folder.ledger.migrations]
    start = threading.Barrier(3)

    def runner() -> None:
        with psycopg.connect(database.dsn, autocommit=style != "dbmate") as connection:
            start.wait()
            for text in texts:
                connection.execute((upwards(text) if style == "dbmate" else text).encode())
                connection.commit()

    for _ in range(ROUNDS):
        database.populate()
        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(runner) for _ in range(3)]:
                done.result()
        assert database.applied() == names
        assert_equals(database, folder.ledger.recorded)
        database.run("DROP TABLE business, whatsapp_shard_registry, whatsapp_shard_ledger")


@pytest.mark.parametrize("runner", RUNNERS)
def test_behind_an_idle_transaction_a_file_gives_up_and_leaves_nothing(
    database: Database, runner: str
) -> None:
    """Each file in turn waits for its lock_timeout, here a short one, and changes nothing."""
    database.populate()
    folder = life(runner=runner)
    for migration in folder.ledger.migrations:
        text = folder.files[migration.file].decode()
        impatient = text.replace("lock_timeout = '5s'", "lock_timeout = '30ms'")
        assert impatient != text
        blocked = "business" if migration.number == 1 else "business, whatsapp_shard_registry"
        before = database.state()
        with database.connect(autocommit=False) as idle:
            idle.execute(f"LOCK TABLE {blocked} IN ACCESS EXCLUSIVE MODE".encode())
            with pytest.raises(psycopg.errors.LockNotAvailable):
                database.run_as(runner, impatient)
            idle.rollback()
        assert database.state() == before
        database.run_as(runner, text)
    assert_equals(database, folder.ledger.recorded)


def test_tenants_may_move_while_parts_are_applied(database: Database) -> None:
    """Whatever comes onto the shard between two parts, no tenant is lost: the retirement tells."""
    database.populate(tenants=300)
    wanted = desired("1 2", adopt_shards=2, adopt_route="hash", batches=4)
    folder = rendered(wanted, replace(wanted, shards=desired("1 2:retired>1").shards))
    *before, move_1, move_2, move_3, move_4, retire = (
        content.decode() for content in folder.files.values()
    )
    for text in (*before, move_1, move_2):
        database.run(text)
    database.run("INSERT INTO business (id, whatsapp_shard) VALUES (1000, 2), (1003, 2)")
    for text in (move_3, move_4):
        database.run(text)
    with pytest.raises(psycopg.errors.RaiseException, match="shard 2 still has tenants: 1; move"):
        database.run(retire)
    assert [tenant for tenant, shard in database.tenants().items() if shard == 2] == [1000]
    database.run("UPDATE business SET whatsapp_shard = 1 WHERE whatsapp_shard = 2")
    database.run(retire)
    assert set(database.tenants().values()) == {1}
