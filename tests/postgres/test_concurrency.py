"""Runners, writers and readers at the same time: nobody's tenant is lost, and nobody waits for long."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from shardgen.ledger.operations import Retire
from tests.ledger.support import LIFE, desired, rendered
from tests.postgres.databases import BUSINESS, Database

pytestmark = pytest.mark.postgres

FOLDER = rendered(*(wanted for _, wanted in LIFE))


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


def test_three_runners_at_once_apply_each_file_once(database: Database) -> None:
    database.populate(tenants=2_000)
    texts = [content.decode() for content in FOLDER.files.values()]
    start = threading.Barrier(3)

    def runner() -> None:
        connection = database.connect()
        start.wait()
        for text in texts:
            connection.execute(text.encode())

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(runner) for _ in range(3)]:
            done.result()
    assert database.applied() == [migration.name for migration in FOLDER.ledger.migrations]


@pytest.mark.parametrize("file", [*FOLDER.files])
def test_behind_an_idle_transaction_a_file_gives_up_and_leaves_nothing(
    database: Database, file: str
) -> None:
    database.populate()
    for name, content in FOLDER.files.items():
        if name == file:
            break
        database.run(content.decode())
    content = FOLDER.files[file].replace(b"lock_timeout = '5s'", b"lock_timeout = '50ms'")
    assert b"50ms" in content
    idle = database.connect(autocommit=False)
    blocked = "business, whatsapp_shard_registry" if file != "0001_init.sql" else "business"
    idle.execute(f"LOCK TABLE {blocked} IN ACCESS EXCLUSIVE MODE".encode())
    with pytest.raises(psycopg.errors.LockNotAvailable):
        database.run(content.decode())
    idle.rollback()
    assert file.removesuffix(".sql") not in (database.applied() if file[3] != "1" else [])
    database.run(FOLDER.files[file].decode())
