"""The tools that apply migrations: real ones by the command that `render` prints, two emulated."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pglast
import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests import needs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.postgres.databases import Database

HISTORY = "whatsapp_shard_migrations"

#: For each way to apply a folder: the runner of shards.yaml, and the program that must be there.
WAYS: dict[str, tuple[str, str]] = {
    "psql": ("psql", "psql"),
    "dbmate": ("dbmate", "dbmate"),
    "golang-migrate": ("golang-migrate", ""),
    "flyway": ("flyway", ""),
    "alembic-psycopg2": ("alembic", "alembic"),
    "alembic-psycopg": ("alembic", "alembic"),
}


class Failed(Exception):
    """A tool did not apply everything; the text is what it said."""


def apply(way: str, root: Path, command: str, database: Database) -> str:
    """Apply a project's migrations with the printed command; return what was said, or fail."""
    runner, program = WAYS[way]
    if runner in EMULATED:
        try:
            return EMULATED[runner](root / "migrations", database)
        except psycopg.Error as error:
            raise Failed(f"{error} {error.diag.message_hint}") from error
    if runner != "psql":
        needs.require(program)
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=root,
        env=environment(way, database),
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    if done.returncode:
        raise Failed(said)
    return said


def environment(way: str, database: Database) -> dict[str, str]:
    """Where each tool looks for its database."""
    known = conninfo_to_dict(database.dsn)
    variables = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    given = {variables[key]: str(known[key]) for key in variables if known.get(key)}
    url = {
        "dbmate": database.url("postgres", socket="socket"),
        "alembic-psycopg": database.url("postgresql+psycopg"),
        "alembic-psycopg2": database.url("postgresql+psycopg2"),
    }.get(way, "")
    folder = os.path.dirname(database.server.psql)
    path = os.pathsep.join([needs.path(), folder])
    return {**given, "PGDATABASE": database.name, "DATABASE_URL": url, "PATH": path,
            "PYTHONWARNINGS": "error::DeprecationWarning", "LC_ALL": "C.UTF-8"}  # fmt: skip


def golang_migrate(folder: Path, database: Database) -> str:
    """What golang-migrate does: one simple query a file; a failed one leaves its version dirty."""
    files = sorted(folder.glob("*.up.sql"), key=lambda path: int(path.name.split("_")[0]))
    for path in files:
        assert re.fullmatch(r"[0-9]+_.*\.(?:up|down)\..*", path.name)
        assert path.with_name(path.name.replace(".up.", ".down.")).exists()
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {HISTORY} (version bigint NOT NULL PRIMARY KEY, "
            "dirty boolean NOT NULL)"
        )
        found = connection.execute(f"SELECT version, dirty FROM {HISTORY}").fetchone()
        if found and found[1]:
            raise Failed(f"Dirty database version {found[0]}. Fix and force version.")
        for path in files:
            version = int(path.name.split("_")[0])
            if found and version <= found[0]:
                continue
            set_version(connection, version, dirty=True)
            simple_query(connection, path.read_bytes())
            set_version(connection, version, dirty=False)
    return ""


def set_version(connection: psycopg.Connection[Any], version: int, *, dirty: bool) -> None:
    """Write the only row of golang-migrate's table, in a transaction of its own."""
    with connection.transaction():
        connection.execute(f"TRUNCATE {HISTORY}")
        connection.execute(f"INSERT INTO {HISTORY} VALUES (%s, %s)", (version, dirty))


def simple_query(connection: psycopg.Connection[Any], text: bytes) -> None:
    """Send a text as one query of the simple protocol; raise what the server says."""
    result = connection.pgconn.exec_(text)
    if result.status not in {psycopg.pq.ExecStatus.COMMAND_OK, psycopg.pq.ExecStatus.TUPLES_OK}:
        raise psycopg.errors.error_from_result(result)


def force(database: Database, version: int) -> None:
    """What `migrate force` does."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        set_version(connection, version, dirty=False)


def flyway(folder: Path, database: Database) -> str:
    """What Flyway does: a transaction of its own for each file, in it one statement at a time."""
    named = {
        path: re.fullmatch(r"V([0-9]+)__(.+)\.sql", path.name) for path in folder.glob("*.sql")
    }
    files = sorted((int(match[1]), path) for path, match in named.items() if match)
    assert len(files) == len(named)
    with psycopg.connect(database.dsn) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {HISTORY} (version bigint PRIMARY KEY)")
        connection.commit()
        for version, path in files:
            known = connection.execute(f"SELECT version FROM {HISTORY} WHERE version = {version}")
            if known.fetchone():
                continue
            for statement in pglast.split(path.read_text()):
                connection.execute(statement.encode())
            connection.execute(f"INSERT INTO {HISTORY} VALUES ({version})")
            connection.commit()
    return ""


EMULATED: dict[str, Callable[[Path, Database], str]] = {
    "golang-migrate": golang_migrate,
    "flyway": flyway,
}
