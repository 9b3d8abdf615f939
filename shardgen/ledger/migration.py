"""One migration: operations in; its number, name, digest and the data of its template out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen.ledger.operations import (
    Add,
    Assign,
    Drain,
    Init,
    Move,
    Operation,
    Pin,
    Validate,
    operations_json,
    read_operations,
)
from shardgen.ledger.runners import PSQL, RUNNERS, Runner, form_of
from shardgen.ledger.sums import number_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardgen.ledger.names import Names
    from shardgen.ledger.verify import Ledger

#: what the first migration has for a parent
NO_PARENT = "none"
#: ids on one line of an add or an assign
NUMBERS_PER_LINE = 10

_ID = re.compile(r"-- shardgen:id ([0-9a-f]{64}) parent ([0-9a-f]{64}|none)")
_OPERATIONS = re.compile(r"-- shardgen:ops (\[.*\])")
#: the header stands in the first lines, so that no comment further down can pass for it
_HEADER_LINES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A committed or planned file; `name` is `0005_add_shard_3` for every runner, `id` a digest."""

    number: int
    name: str
    file: str
    id: str
    parent: str
    operations: tuple[Operation, ...]

    @property
    def operation(self) -> Operation:
        """Return the one operation that a file carries."""
        return self.operations[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Why a file is no migration: a short name for programs, a message for people."""

    kind: str
    message: str


def make_migration(
    number: int, operation: Operation, previous: Migration | None, runner: Runner = PSQL
) -> Migration:
    """Return the migration that does one operation after `previous`."""
    parent = previous.id if previous else NO_PARENT
    name = f"{number:04d}_{slug(operation)}"
    return Migration(
        number=number,
        name=name,
        file=runner.file_of(name),
        id=migration_id(parent, (operation,)),
        parent=parent,
        operations=(operation,),
    )


def next_migrations(ledger: Ledger, operations: Iterable[Operation]) -> tuple[Migration, ...]:
    """Return the migrations that follow on the ledger's last one, one for each operation."""
    previous = ledger.migrations[-1] if ledger.migrations else None
    runner = RUNNERS[ledger.recorded.runner]
    pending = []
    for operation in operations:
        if isinstance(operation, Init):
            runner = RUNNERS[operation.runner]
        number = previous.number + 1 if previous else 1
        previous = make_migration(number, operation, previous, runner)
        pending.append(previous)
    return tuple(pending)


def migration_id(parent: str, operations: tuple[Operation, ...]) -> str:
    """Return the sha256 over the parent's id and the operations: equal histories have equal ids."""
    return hashlib.sha256(f"{parent}\n{operations_json(operations)}".encode()).hexdigest()


def slug(operation: Operation) -> str:
    """Return what an operation is called in file names: `add_shard_3`, `move_shard_2_to_3`."""
    match operation:
        case Pin(parts=parts) | Move(parts=parts) if parts > 1:
            whole = slug(replace(operation, part=1, parts=1))
            return f"{whole}_part_{operation.part}_of_{parts}"
        case Init() | Pin() | Validate():
            return operation.op
        case Add(ids=ids) if len(ids) > 1:
            in_a_row = ids[-1] - ids[0] + 1 == len(ids)
            return f"add_shards_{ids[0]}_to_{ids[-1]}" if in_a_row else f"add_{len(ids)}_shards"
        case Add():
            return f"add_shard_{operation.ids[0]}"
        case Assign():
            return f"assign_to_shard_{operation.shard}"
        case Move():
            return f"move_shard_{operation.shard}_to_{operation.to}"
        case _:
            return f"{operation.op}_shard_{operation.shard}"


def is_ours(content: bytes) -> bool:
    """Return whether a file bears the header of a migration, intact or not."""
    return any(line.startswith(b"-- shardgen:") for line in content.split(b"\n", _HEADER_LINES))


def read_migration(file: str, content: bytes) -> Migration | Unreadable:
    """Return the migration that a committed file's header describes, or what is wrong with it.

    Whether the file is named as the ledger's runner wants it only the whole history tells.
    """
    lines = content.decode("utf-8", "replace").split("\n", _HEADER_LINES)[:_HEADER_LINES]
    ids = [match for line in lines if (match := _ID.fullmatch(line))]
    listed = [match[1] for line in lines if (match := _OPERATIONS.fullmatch(line))]
    number = number_of(file)
    if number is None or len(ids) != 1 or len(listed) != 1:
        return Unreadable(kind="no_header", message="has no header of shardgen")
    operations = read_operations(listed[0])
    if operations is None or len(operations) != 1:
        text = "has operations that this shardgen does not know"
        return Unreadable(kind="unknown_operation", message=text)
    own, parent = ids[0].groups()
    if own != migration_id(parent, operations):
        text = "has an id that does not belong to its parent and operations"
        return Unreadable(kind="wrong_id", message=text)
    name = f"{number:04d}_{slug(operations[0])}"
    if file != (right := form_of(file).file_of(name)):
        return Unreadable(kind="misnamed", message=f"should be called {right} by its operations")
    return Migration(
        number=number, name=name, file=file, id=own, parent=parent, operations=operations
    )


def revision(migration: Migration) -> str:
    """Return Alembic's name of a migration: readable, unique, and short enough for its table."""
    return f"{migration.number:04d}_{migration.id[:12]}"


def migration_context(
    migration: Migration, previous: Migration | None, names: Names, runner: Runner = PSQL
) -> dict[str, object]:
    """Return the plain data of the template `migrations/<op>.sql.j2`, and of the files beside it.

    Tables are tuples of name parts, which the filter `identifier` joins; whatever else is a string
    passes through `identifier`, `literal` or `sql_comment`.
    """
    return {
        "op": migration.operation.op,
        "number": migration.number,
        "title": migration.name.replace("_", " ", 1),
        "name": migration.name,
        "file": migration.file,
        "id": migration.id,
        "parent": migration.parent,
        "parent_file": previous.file if previous else None,
        "revision": revision(migration),
        "parent_revision": revision(previous) if previous else None,
        "begins": runner.begins,
        "has_sections": runner.has_sections,
        "operations": operations_json(migration.operations),
        "lock_key": names.lock_key,
        "table": names.qualified(names.table),
        "registry": names.qualified(names.registry),
        "ledger": names.qualified(names.ledger),
        "id_column": names.id_column,
        "shard_column": names.shard_column,
        "foreign_key": names.foreign_key,
        **_details(migration.operation),
    }


def _details(operation: Operation) -> dict[str, object]:
    """Return what one kind of operation adds to the context."""
    match operation:
        case Init():
            # 0 is no shard, so the pin knows the rows that the new column has given no shard yet
            column_default = operation.default if operation.shards == 1 else 0
            return {
                "shards": operation.shards,
                "default": operation.default,
                "column_default": column_default,
            }
        case Pin():
            ids, weights = operation.ids, operation.weights
            return {
                "shards": operation.shards,
                "only": ids[0] if len(ids) == 1 else None,
                "every_row": operation.route == "hash",
                "weights": weights[:-1],
                "last_weight": weights[-1] if weights else None,
                # left out beside weights: a template of the user's that knows none must fail
                **({} if weights else {"md5": operation.fallback == "md5"}),
                "part": operation.part,
                "parts": operation.parts,
            }
        case Validate():
            return {}
        case Add():
            return {"shards": len(operation.ids), **_rows(operation.ids)}
        case Assign():
            return {
                "shard": operation.shard,
                "tenants": len(operation.tenants),
                **_rows(operation.tenants),
            }
        case Drain():
            return {"shard": operation.shard, "to": operation.to}
        case Move():
            return {
                "shard": operation.shard,
                "to": operation.to,
                "part": operation.part,
                "parts": operation.parts,
            }
        case _:
            return {"shard": operation.shard}


def _rows(numbers: tuple[int, ...]) -> dict[str, object]:
    """Return numbers as short lines; the last one apart, because no comma follows it."""
    rows = [numbers[at : at + NUMBERS_PER_LINE] for at in range(0, len(numbers), NUMBERS_PER_LINE)]
    return {"rows": tuple(rows[:-1]), "last_row": rows[-1]}
