"""One database of a test: runs migration files in it the way runners do, and tells all that they change."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pglast
import psycopg
from psycopg.conninfo import conninfo_to_dict

from shardgen.ledger.sql import quote_identifier
from tests.ledger.support import desired, names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shardgen.ledger.names import Names
    from tests.postgres.servers import Server

BUSINESS = names(desired())


@dataclass(frozen=True, slots=True)
class Database:
    """A fresh database; `named` are the objects that the ledger has in it."""

    server: Server
    name: str
    folder: Path
    named: Names = BUSINESS
    opened: list[psycopg.Connection[Any]] = field(default_factory=list)
    watching: list[psycopg.Connection[Any]] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        """The database's connection string."""
        return self.server.at(self.name)

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """A connection that is closed with the test."""
        connection = psycopg.connect(self.dsn, autocommit=autocommit)
        self.opened.append(connection)
        return connection

    @property
    def watcher(self) -> psycopg.Connection[Any]:
        """The connection that only looks; one is enough, and connecting takes time."""
        if not self.watching:
            self.watching.append(self.connect())
        return self.watching[0]

    def close(self) -> None:
        """Close every connection of the test."""
        for connection in self.opened:
            connection.close()

    def run(self, text: str) -> None:
        """Run statements in one go, as a client that sends the whole file does."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(text.encode())

    def run_as(self, runner: str, text: str) -> None:
        """Run a file the way a runner does; the transaction is its own for all but two of them.

        psql and golang-migrate send what is there; dbmate and Alembic send the text in a
        transaction of theirs, Flyway one statement after the other.
        """
        if runner in {"psql", "golang-migrate"}:
            self.run(text)
            return
        parts = [upwards(text)] if runner != "flyway" else pglast.split(text)
        with psycopg.connect(self.dsn) as connection:
            for part in parts:
                connection.execute(part.encode())

    def url(self, scheme: str = "postgresql", socket: str = "host") -> str:
        """The database as a URL; `socket` is the name that a driver has for a socket's folder."""
        known = conninfo_to_dict(self.dsn)
        user = quote(str(known.get("user", "postgres")))
        password = f":{quote(str(known['password']))}" if known.get("password") else ""
        host, port = str(known.get("host", "")), str(known.get("port", ""))
        if host.startswith("/"):
            extra = {socket: host, "sslmode": "disable", **({"port": port} if port else {})}
            return f"{scheme}://{user}{password}@/{self.name}?{urlencode(extra, safe='/')}"
        return f"{scheme}://{user}{password}@{host}:{port or 5432}/{self.name}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query returns."""
        return self.watcher.execute(query.encode()).fetchall()

    def psql(self, content: bytes, *options: str) -> subprocess.CompletedProcess[str]:
        """Apply a file with the real psql, as the documentation tells users to."""
        path = self.folder / "migration.sql"
        path.write_bytes(content)
        stop = options or ("-v", "ON_ERROR_STOP=1")
        command = [self.server.psql, "-X", *stop, "-f", str(path), self.dsn]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def apply(self, content: bytes) -> str:
        """Apply a file that must succeed; return what psql said on stderr."""
        done = self.psql(content)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def refused(self, content: bytes) -> str:
        """Apply a file that must fail and change nothing; return the error."""
        before = self.state()
        done = self.psql(content)
        assert done.returncode != 0
        assert self.state() == before
        return done.stderr

    def one_by_one(self, content: bytes) -> str:
        """Send each statement by itself in autocommit, without BEGIN and COMMIT; return the errors."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return "\n".join(tried(connection, text) for text in statements(content))

    def scattered(self, content: bytes) -> None:
        """Send each statement over a connection of its own, as a pooler may; errors ignored."""
        for statement in pglast.split(content.decode()):
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                tried(connection, statement)

    def populate(self, columns: str = "", tenants: int = 200) -> None:
        """Create the table as the application has it, with tenants 1..n."""
        table = quote_identifier(self.named.qualified(self.named.table))
        identifier = quote_identifier(self.named.id_column)
        self.run(f"CREATE TABLE {table} ({identifier} integer PRIMARY KEY, title text{columns})")
        self.run(
            f"INSERT INTO {table} ({identifier}, title) "
            f"SELECT n, concat('business ', n) FROM generate_series(1, {tenants}) AS n"
        )

    def tenants(self) -> dict[int, int | None]:
        """The shard of each tenant."""
        named = self.named
        shard, identifier = map(quote_identifier, (named.shard_column, named.id_column))
        table = quote_identifier(named.qualified(named.table))
        return dict(self.rows(f"SELECT {identifier}, {shard} FROM {table}"))

    def registry(self) -> dict[int, tuple[str, int | None]]:
        """The state of each registered shard, and where its tenants go."""
        table = quote_identifier(self.named.qualified(self.named.registry))
        found = self.rows(f"SELECT id, state, move_to FROM {table}")
        return {shard: (state, to) for shard, state, to in found}

    def applied(self) -> list[str]:
        """The names of the applied migrations, in order."""
        table = quote_identifier(self.named.qualified(self.named.ledger))
        return [name for (name,) in self.rows(f"SELECT name FROM {table} ORDER BY number")]

    def default(self) -> str | None:
        """The default of the shard's column, as PostgreSQL spells it."""
        ((default,),) = self.rows(COLUMN_DEFAULT.format(**self.literals()))
        return None if default is None else str(default)

    def validated(self) -> bool:
        """Whether the foreign key holds for all rows."""
        query = f"SELECT convalidated FROM pg_constraint WHERE conname = '{self.named.foreign_key}'"
        return self.rows(query) == [(True,)]

    def literals(self) -> dict[str, str]:
        """The names, for a query of the catalog."""
        return {"table": self.named.table, "column": self.named.shard_column}

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that a migration can change: definitions, and every row of every table."""
        found = {query: self.rows(query) for query in CATALOG}
        for (table,) in self.rows(TABLES):
            found[table] = self.rows(f"SELECT to_json(t)::text FROM {table} AS t ORDER BY 1")
        return found


COLUMN_DEFAULT = """
    SELECT column_default FROM information_schema.columns
    WHERE table_name = '{table}' AND column_name = '{column}'
"""
USER_SCHEMAS = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
TABLES = f"""
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname {USER_SCHEMAS} ORDER BY 1
"""
CATALOG = (
    f"""
    SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema {USER_SCHEMAS} ORDER BY 1, 2, 3
    """,
    """
    SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid <> 0
      AND connamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    ORDER BY 1, 2
    """,
)


def upwards(text: str) -> str:
    """What dbmate sends of a file: the section that leads up."""
    return text.partition("-- migrate:up\n")[2].partition("-- migrate:down")[0] or text


def statements(content: bytes) -> Iterator[str]:
    """The statements of a file without those that begin and end its transaction."""
    for statement in pglast.split(content.decode()):
        if statement.split()[-1] not in {"BEGIN", "COMMIT"}:
            yield statement


def tried(connection: psycopg.Connection[Any], statement: str) -> str:
    """Run a statement whatever becomes of it; return the error, if any."""
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        connection.rollback()
        return str(error)
    return ""


@contextmanager
def fresh(server: Server, name: str, folder: Path) -> Iterator[Database]:
    """A database of its own, dropped at the end."""
    with psycopg.connect(server.at("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        database = Database(server, name, folder)
        try:
            yield database
        finally:
            database.close()
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
