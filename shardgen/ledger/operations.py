"""Operations on the fleet in, the JSON of a migration's header out; and committed JSON back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from shardgen.fallback import MOST_WEIGHT, RENDEZVOUS
from shardgen.ledger.runners import PSQL, RUNNERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: tenants that one assign may name; more of them go to further files
MOST_TENANTS = 500
#: what the INTEGER column of the shard and a BIGINT id can hold
LARGEST_SHARD = 2**31 - 1
LARGEST_TENANT = 2**63 - 1
#: shards that init may register, and draws of a pin: a forged file cannot exhaust the memory
MOST_ADOPTED = 100_000
#: files that one pin or one move may be split into
MOST_PARTS = 1000

#: the names that the migrations accept: what PostgreSQL keeps as it is, quoted or not
NAME = re.compile("[a-z_][a-z0-9_]{0,62}")

ROUTES = ("column", "hash")
FALLBACKS = ("md5", "modulo", RENDEZVOUS)
#: keys that are written only where they say something, so that older files keep their text
OPTIONAL = frozenset({("pin", "weights")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """Creates the column, the registry with shards 1..shards, the foreign key, the ledger table.

    `runner` is the tool that applies this file and all that follow.
    """

    op: ClassVar[str] = "init"
    schema: str | None
    table: str
    id_column: str
    shard_column: str
    shards: int
    default: int
    runner: str = PSQL.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Writes today's shard into rows: those without one (route column), or all (route hash).

    Part i of k, from 1, is about the rows whose id modulo k is i - 1. `weights` are the pairs of a
    shard's id and its weight that rendezvous draws from, sorted; the others take 1..shards.
    """

    op: ClassVar[str] = "pin"
    route: str
    fallback: str
    shards: int
    part: int = 1
    parts: int = 1
    weights: tuple[tuple[int, int], ...] = ()

    @property
    def ids(self) -> Sequence[int]:
        """Return the shards that it gives rows, sorted."""
        return [shard for shard, _ in self.weights] or range(1, self.shards + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validate:
    """Has PostgreSQL check the rows that the foreign key has not seen yet."""

    op: ClassVar[str] = "validate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Registers shards as active; their ids are sorted."""

    op: ClassVar[str] = "add"
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """Makes a shard the column's default: new rows go there."""

    op: ClassVar[str] = "default"
    shard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activate:
    """Lets a draining shard take tenants again."""

    op: ClassVar[str] = "activate"
    shard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Puts tenants on a shard; their ids are sorted and at most `MOST_TENANTS`."""

    op: ClassVar[str] = "assign"
    shard: int
    tenants: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Marks a shard as draining, with the shard that its tenants go to, if any."""

    op: ClassVar[str] = "drain"
    shard: int
    to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Puts every tenant of a draining shard on another one, in parts as `Pin` has them."""

    op: ClassVar[str] = "move"
    shard: int
    to: int
    part: int = 1
    parts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """Takes an empty shard out of the registry; the ledger keeps its id from coming back."""

    op: ClassVar[str] = "retire"
    shard: int


Operation: TypeAlias = (
    Init | Pin | Validate | Add | Default | Activate | Assign | Drain | Move | Retire
)

#: in the order in which one render plans them
OPERATIONS: tuple[type[Operation], ...] = (
    Init,
    Pin,
    Validate,
    Add,
    Default,
    Activate,
    Assign,
    Drain,
    Move,
    Retire,
)


def operations_json(operations: tuple[Operation, ...]) -> str:
    """Return the operations as one line of ASCII, the same for equal operations."""
    return json.dumps([_record(operation) for operation in operations])


def read_operations(text: str) -> tuple[Operation, ...] | None:
    """Return the operations of a committed text; None unless `operations_json` would write it."""
    try:
        records = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(records, list):
        return None
    operations = tuple(
        operation for record in records if (operation := _operation(record)) is not None
    )
    return operations if operations_json(operations) == text else None


def _record(operation: Operation) -> dict[str, object]:
    values = {field.name: getattr(operation, field.name) for field in fields(operation)}
    said = {k: v for k, v in values.items() if v or (operation.op, k) not in OPTIONAL}
    return {"op": operation.op, **said}


def _operation(record: object) -> Operation | None:
    """Return the operation of a JSON object; None where a key or a value is not acceptable."""
    if not isinstance(record, dict):
        return None
    kind = next((kind for kind in OPERATIONS if kind.op == record.get("op")), None)
    if kind is None or not _has_keys(record, kind):
        return None
    values = {name: _frozen(value) for name, value in record.items() if name != "op"}
    nullable = {("init", "schema"), ("drain", "to")}
    for name, value in values.items():
        if not _acceptable(name, value) and not (value is None and (kind.op, name) in nullable):
            return None
    make: Callable[..., Operation] = kind
    return make(**values)


def _has_keys(record: dict[str, object], kind: type[Operation]) -> bool:
    """Return whether an object has the keys of its operation; a pin has weights to draw by."""
    known = {"op", *(field.name for field in fields(kind))}
    if kind is Pin and record.get("fallback") != RENDEZVOUS:
        known -= {"weights"}
    return record.keys() == known


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _acceptable(name: str, value: object) -> bool:
    """Return whether a value may stand under the key, in whichever operation."""
    match name:
        case "schema" | "table" | "id_column" | "shard_column":
            return _is_name(value)
        case "route":
            return value in ROUTES
        case "fallback":
            return value in FALLBACKS
        case "runner":
            return value in RUNNERS
        case "shards":
            return _is_shard(value, MOST_ADOPTED)
        case "part" | "parts":
            return _is_shard(value, MOST_PARTS)
        case "ids":
            return isinstance(value, tuple) and _are_shards(value)
        case "tenants":
            return isinstance(value, tuple) and _are_tenants(value)
        case "weights":
            return isinstance(value, tuple) and _are_weights(value)
        case _:
            return _is_shard(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _is_shard(value: object, largest: int = LARGEST_SHARD) -> bool:
    return type(value) is int and 1 <= value <= largest


def _are_tenants(values: tuple[object, ...]) -> bool:
    whole = all(type(value) is int and abs(value) <= LARGEST_TENANT for value in values)
    return whole and 1 <= len(values) <= MOST_TENANTS and list(values) == sorted(set(values))  # type: ignore[type-var]


def _are_shards(values: tuple[object, ...]) -> bool:
    whole = all(_is_shard(value) for value in values)
    return whole and bool(values) and list(values) == sorted(set(values))  # type: ignore[type-var]


def _are_weights(pairs: tuple[object, ...]) -> bool:
    """Return whether these are pairs of a shard and its weight that rendezvous can draw by."""
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        return False
    ids, weights = zip(*pairs, strict=True) if pairs else ((), ())
    whole = all(_is_shard(weight, MOST_WEIGHT) for weight in weights)
    return whole and _are_shards(ids) and sum(weights) <= MOST_ADOPTED
