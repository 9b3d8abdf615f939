"""`python -m bench.sql`: how long each kind of migration keeps a reader and a writer waiting.

A PostgreSQL of this machine, a table of a million rows; one process reads rows by their id, another
updates them, one statement a transaction, all through a whole life of migrations. The worst latency
of each while a file runs is printed beside that while nothing runs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psycopg

from tests.ledger.support import LIFE, rendered
from tests.postgres.servers import installations, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from shardgen.ledger.desired import Desired

READ = "SELECT title FROM business WHERE id = %s"
WRITE = "UPDATE business SET title = concat(title, '') WHERE id = %s"
QUIET_SECONDS = 3.0
#: Latencies below this are not kept.
NOTABLE = 0.0005
TENANTS = tuple(range(1, 501))
HEAD = ("file", "files", "longest", "reader waits", "writer waits")


@dataclass(frozen=True, slots=True)
class Window:
    """When one file ran, and which kind of file it is."""

    kind: str
    begin: float
    end: float


def main() -> None:
    """Print the table; a bench is no test, so the exit code is 0 whatever it says."""
    options = parser().parse_args()
    version, folder = next(iter(installations().items()))
    machine = f"{os.cpu_count()} processors, {platform.machine()}, load {os.getloadavg()[0]:.1f}"
    print(f"PostgreSQL {version}, {options.rows:,} rows, fsync off, {machine}")
    print("worst of one reader and one writer, in milliseconds\n")
    print(line(HEAD))
    print("|---|" + "---:|" * (len(HEAD) - 1))
    with running(folder) as server:
        for batches in dict.fromkeys((1, options.batches)):
            for row in life(server.dsn, options.rows, batches):
                print(line(row), flush=True)


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    found = argparse.ArgumentParser(prog="python -m bench.sql", description=__doc__)
    found.add_argument("--rows", type=int, default=1_000_000, help="tenants in the table")
    found.add_argument("--batches", type=int, default=20, help="files of a pin or a move")
    return found


def life(dsn: str, rows: int, batches: int) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table for one life of a fleet; in batches, only what they change."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        populate(connection, rows)
        windows, waits = under_load(dsn, rows, lambda: list(applied(connection, batches)))
    kinds = dict.fromkeys(window.kind for window in windows)
    for kind in kinds:
        parts = [window for window in windows if window.kind == kind]
        if batches == 1 or kind in {"pin", "move"}:
            yield (
                kind if batches == 1 else f"{kind}, batches: {batches}",
                str(len(parts)) if kind != "nothing" else "",
                longest(parts) if kind != "nothing" else "",
                *(milliseconds(worst(found, parts)) for found in waits),
            )


def populate(connection: psycopg.Connection[Any], rows: int) -> None:
    """Make the application's table anew."""
    for table in ("business", "whatsapp_shard_registry", "whatsapp_shard_ledger"):
        connection.execute(f"DROP TABLE IF EXISTS {table} CASCADE".encode())
    connection.execute("CREATE TABLE business (id bigint PRIMARY KEY, title text NOT NULL)")
    connection.execute(
        "INSERT INTO business SELECT n, concat('business ', n) FROM generate_series(1, %s) AS n",
        (rows,),
    )
    connection.execute("VACUUM ANALYZE business")


def applied(connection: psycopg.Connection[Any], batches: int) -> Iterator[Window]:
    """Apply the migrations one after the other; yield when each ran, the quiet time first."""
    begin = time.monotonic()
    time.sleep(QUIET_SECONDS)
    yield Window("nothing", begin, time.monotonic())
    folder = rendered(*(wished(wanted, batches) for _, wanted in LIFE))
    for migration in folder.ledger.migrations:
        time.sleep(0.3)
        begin = time.monotonic()
        connection.execute(folder.files[migration.file])
        yield Window(migration.operation.op, begin, time.monotonic())


def wished(wanted: Desired, batches: int) -> Desired:
    """Return a step of the life with rows to write: every row pinned, 500 tenants assigned."""
    assign = ((3, TENANTS),) if wanted.assign else ()
    return replace(wanted, adopt_route="hash", batches=batches, assign=assign)


def under_load(
    dsn: str, rows: int, work: Any
) -> tuple[list[Window], list[list[tuple[float, float]]]]:
    """Return what the work returns, and the latencies of a reader and a writer meanwhile."""
    stop = multiprocessing.Event()
    pipes, processes = [], []
    for statement in (READ, WRITE):
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=client, args=(dsn, rows, statement, stop, theirs))
        process.start()
        ours.recv()
        pipes.append(ours)
        processes.append(process)
    try:
        found = work()
    finally:
        stop.set()
    waits = [pipe.recv() for pipe in pipes]
    for process in processes:
        process.join()
    return found, waits


def client(dsn: str, rows: int, statement: str, stop: Any, pipe: Connection) -> None:
    """Run one statement on random rows until told to stop; send when each began and took long."""
    found: list[tuple[float, float]] = []
    numbers = random.Random(1)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode(), (1,))
        pipe.send("ready")
        while not stop.is_set():
            begin = time.monotonic()
            connection.execute(statement.encode(), (numbers.randint(1, rows),))
            if (took := time.monotonic() - begin) > NOTABLE:
                found.append((begin, took))
    pipe.send(found)


def worst(found: list[tuple[float, float]], windows: list[Window]) -> float:
    """Return the longest of the statements that ran, in part, in one of the windows; in seconds."""
    return max(
        (
            took
            for begin, took in found
            for window in windows
            if begin < window.end and begin + took > window.begin
        ),
        default=0.0,
    )


def longest(windows: list[Window]) -> str:
    """Return how long the slowest of some files ran."""
    return milliseconds(max(window.end - window.begin for window in windows))


def milliseconds(seconds: float) -> str:
    """Return a duration for the table; what was not even kept is below the least that is."""
    if not seconds:
        return f"< {NOTABLE * 1000:.1f}"
    return f"{seconds * 1000:,.1f}" if seconds < 0.1 else f"{seconds * 1000:,.0f}"


def line(cells: tuple[str, ...]) -> str:
    """Return one line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
