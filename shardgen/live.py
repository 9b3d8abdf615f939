"""Reads what a PostgreSQL database says of the ledger; nothing in it is changed."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shardgen.errors import UsageError
from shardgen.ledger.sql import quote_identifier
from shardgen.standing import Applied, Live

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.ledger.names import Names

    #: id, shard where there is one, weight in millionths where it was asked for
    Row = tuple[int, int | None, int | None]

#: seconds to wait for the server to answer, and milliseconds for one query
CONNECT_SECONDS = 10
QUERY_MILLISECONDS = 60_000
#: rows that the server hands out at once
BATCH = 20_000

MISSING = (
    "--database needs psycopg, which is not installed; type `pip install 'shardgen[live]'`, or "
    "`pip install 'psycopg[binary]'`"
)
URL = re.compile(r"postgres(?:ql)?(?:\+\w+)?://(.*)", re.DOTALL)
DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")

COLUMN_DEFAULT = """
    SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = to_regclass(%s) AND a.attname = %s AND NOT a.attisdropped
"""
FOREIGN_KEY = """
    SELECT convalidated FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s
"""


def read_live(url: str, names: Names, name: str = "shardgen ledger") -> Live:
    """Return what a database says, all of it as of one moment; `name` is what the server shows.

    Raises UsageError without psycopg, without a connection, and where it may not be read; no
    message holds the password.
    """
    with connected(url, name) as connection:
        return answers(connection, names)


def read_tenants(
    url: str, names: Names, weight_column: str | None = None
) -> Iterator[Sequence[Row]]:
    """Yield every tenant of a database in batches: id, shard, and the weight in millionths.

    All of it is as of one moment, and the server keeps what is not asked for yet. Raises UsageError
    as `read_live` does.
    """
    columns = ", ".join(map(quote_identifier, (names.id_column, names.shard_column)))
    table = quote_identifier(names.qualified(names.table))
    with connected(url, "shardgen tenants") as connection:
        connection.execute(f"SET LOCAL statement_timeout = {QUERY_MILLISECONDS}")
        weight = "NULL" if weight_column is None else millionths(connection, weight_column)
        with connection.cursor(name="tenants") as cursor:
            cursor.execute(f"SELECT {columns}, {weight} FROM {table}")  # noqa: S608 - quoted
            while rows := cursor.fetchmany(BATCH):
                refuse_other_types(rows, names)
                yield rows


def refuse_other_types(rows: Sequence[Sequence[Any]], names: Names) -> None:
    """Raise UsageError where a row's id or shard is no integer, as in a column of uuid."""
    for tenant, shard, _ in rows:
        if type(tenant) is not int:
            column, what, value = names.id_column, "the id of a tenant", tenant
        elif shard is not None and type(shard) is not int:
            column, what, value = names.shard_column, "a shard", shard
        else:
            continue
        raise UsageError(
            f"--database: {names.table}.{column} has {told_value(value)}, and {what} is an "
            "integer; name another column under database: in shards.yaml"
        )


def told_value(value: object) -> str:
    """Return a value of a row for a message."""
    return "NULL" if value is None else repr(str(value)[:40])


def millionths(connection: Any, column: str) -> str:
    """Return the SQL of a column of numbers in millionths; its name may be any."""
    from psycopg.sql import Identifier

    quoted = Identifier(column).as_string(connection)
    return f"CAST(round(CAST({quoted} AS numeric) * 1000000) AS bigint)"


@contextmanager
def connected(url: str, name: str) -> Iterator[Any]:
    """Give a connection in one read-only transaction; `name` is what the server shows of it."""
    try:
        import psycopg
    except ImportError as error:
        raise UsageError(MISSING) from error
    checked = checked_url(url)
    try:
        with psycopg.connect(
            checked, connect_timeout=CONNECT_SECONDS, application_name=name
        ) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.prepare_threshold = None  # a pooler gives each transaction another session
            yield connection
    except psycopg.ProgrammingError as error:
        raise UsageError(read_failure(error)) from None
    except psycopg.Error as error:
        raise UsageError(f"--database: {told(error, checked)}") from None


def checked_url(url: str) -> str:
    """Return a connection string that libpq splits where its author meant.

    A password with a bare '@', '/', '?' or '#' would end up in the host, and so in messages.
    """
    url = DRIVER.sub(r"\1://", url)
    found = URL.fullmatch(url)
    if found:
        authority = re.split("[/?#]", found[1], maxsplit=1)[0]
        if found[1].count("@") > 1 or ("@" in found[1] and "@" not in authority):
            raise UsageError(
                "--database: the password has a sign that a URL gives a meaning; write @ as %40, "
                "/ as %2F, ? as %3F, # as %23, or leave it out and set PGPASSWORD"
            )
    elif "=" not in url and url:
        raise UsageError(
            "--database takes a URL, postgresql://user@host:5432/name, or libpq's host=… dbname=…"
        )
    return url


def answers(connection: Any, names: Names) -> Live:
    """Return what a connection answers; without the table of tenants, all that can be said."""
    tables = {
        table: quote_identifier(names.qualified(table))
        for table in (names.table, names.registry, names.ledger)
    }
    connection.execute(f"SET LOCAL statement_timeout = {QUERY_MILLISECONDS}")
    there = {
        table: connection.execute("SELECT to_regclass(%s)", [quoted]).fetchone()[0] is not None
        for table, quoted in tables.items()
    }
    applied, registry = None, {}
    if there[names.ledger]:
        query = f"SELECT number, name, id FROM {tables[names.ledger]} ORDER BY number"  # noqa: S608
        rows = connection.execute(query)
        applied = tuple(Applied(number=row[0], name=row[1], id=row[2]) for row in rows)
    if there[names.registry]:
        query = f"SELECT id, state, move_to FROM {tables[names.registry]}"  # noqa: S608 - quoted
        rows = connection.execute(query)
        registry = {shard: (state, to) for shard, state, to in rows}
    column = connection.execute(
        COLUMN_DEFAULT, [tables[names.table], names.shard_column]
    ).fetchone()
    key = connection.execute(FOREIGN_KEY, [tables[names.table], names.foreign_key]).fetchone()
    return Live(
        applied=applied,
        registry=registry,
        default=column[0] if column else None,
        foreign_key=key[0] if key else None,
        tenants=counted(connection, tables[names.table], names) if column else None,
    )


def counted(connection: Any, table: str, names: Names) -> dict[int | None, int] | None:
    """Return how many rows each shard has; None where that takes too long."""
    import psycopg

    column = quote_identifier(names.shard_column)
    query = f"SELECT {column}, count(*) FROM {table} GROUP BY {column}"  # noqa: S608 - quoted
    try:
        with connection.transaction():
            return dict(connection.execute(query).fetchall())
    except psycopg.errors.QueryCanceled:
        return None


def read_failure(error: Exception) -> str:
    """Return why the database's tables cannot be read, or the connection string itself."""
    if getattr(error, "sqlstate", None) is None:
        return "--database: libpq cannot read that; write postgresql://user@host:5432/name"
    return f"--database: {first_line(error)}"


def told(error: Exception, url: str) -> str:
    """Return why there is no answer, without any password."""
    from psycopg.conninfo import conninfo_to_dict

    text = first_line(error)
    password = str(conninfo_to_dict(url).get("password") or "")
    return text.replace(password, "***") if password else text


def first_line(error: Exception) -> str:
    """Return the first line of a server's message."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
