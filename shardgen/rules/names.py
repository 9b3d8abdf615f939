"""Names that are made from what is written: legal and free where they end up."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject

#: The longest label of a host name, and the longest name of PostgreSQL.
LONGEST = 63
#: Names that the router itself uses.
ROUTER_WORDS = frozenset({
    "_given", "_live", "bool", "dict", "getattr", "hasattr", "hashlib", "id", "int", "isinstance",
    "len", "logging", "max", "operator", "os", "property", "range", "re", "str", "type",
})  # fmt: skip


def service_names(subject: Subject) -> Iterator[Diagnostic]:
    """Require that the longest name of a shard is a label of a host name."""
    longest = max((shard.alias for shard in subject.shards), key=len)
    if len(longest) > LONGEST:
        yield subject.error(
            ("service", "name"),
            "SG513",
            f"{longest!r} has {len(longest)} characters, a host name {LONGEST}",
            f"shorten the name by {len(longest) - LONGEST}",
        )


def sql_names(subject: Subject) -> Iterator[Diagnostic]:
    """Require that derived SQL names fit, and are not those of the user's table."""
    database = subject.fleet.database
    table, column = database.table, database.shard_column
    derived = (f"{column}_registry", f"{column}_ledger", f"{table}_{column}_fkey")
    longest = max(derived, key=len)
    path = ("database", "shard_column")
    if len(longest) > LONGEST:
        if longest == derived[2] and len(table) > len(column):
            path = ("database", "table")
        yield subject.error(
            path,
            "SG514",
            f"the SQL name {longest!r} has {len(longest)} characters, PostgreSQL's have {LONGEST}",
            f"shorten {path[1]} by {len(longest) - LONGEST}",
        )
    if table in {*derived[:2], f"{column}_migrations"}:
        yield subject.error(
            ("database", "table"),
            "SG520",
            f"{table!r} is a table that shardgen makes",
            "name the table of your tenants",
        )
    if column == database.id_column:
        written = (
            "shard_column" if "shard_column" in subject.data.get("database", {}) else "id_column"
        )
        yield subject.error(
            ("database", written),
            "SG520",
            f"{column!r} is both the id and the shard of a tenant",
            "name the column that says where a tenant lives",
        )


def python_names(subject: Subject) -> Iterator[Diagnostic]:
    """Require that table and shard column can be parameters of the router's functions."""
    router = subject.fleet.router
    stated = subject.data.get("database", {})
    for key, name in (("table", router.entity_parameter), ("shard_column", router.shard_parameter)):
        if keyword.iskeyword(name) or name in ROUTER_WORDS:
            yield subject.error(
                ("database", key),
                "SG515",
                f"{name!r} cannot be the name of a parameter in Python",
                "rename it in the database, or use a view of another name",
            )
    if router.shard_parameter in {router.entity_parameter, router.tenant_parameter}:
        key = "shard_column" if "shard_column" in stated else "table"
        yield subject.error(
            ("database", key),
            "SG515",
            f"{router.shard_parameter!r} would be two parameters of one function in Python",
            "a shard column is named apart from the table and its id, as whatsapp_shard",
        )
