"""Folds operations into the recorded state; a step that may not follow is skipped and named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen.ledger.operations import (
    Activate,
    Add,
    Assign,
    Default,
    Drain,
    Init,
    Move,
    Operation,
    Pin,
    Retire,
    Validate,
)
from shardgen.ledger.rules import refusal
from shardgen.ledger.state import ACTIVE, DRAINING, RETIRED, Recorded, RecordedShard

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class IllegalStep:
    """An operation that may not stand where it stands; `index` counts from 0."""

    index: int
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The state after all legal operations, and the illegal ones."""

    recorded: Recorded
    illegal: tuple[IllegalStep, ...]


def fold(operations: Iterable[Operation], before: Recorded | None = None) -> Folded:
    """Return the state after the operations, which follow on `before` or start a ledger.

    The cost is linear in the operations: both mappings are copied once, then written in place.
    """
    start = before or Recorded()
    shards, assigned = dict(start.shards), dict(start.assigned)
    recorded = replace(start, shards=shards, assigned=assigned)
    illegal = []
    for index, operation in enumerate(operations):
        if refused := refusal(recorded, operation):
            illegal.append(IllegalStep(index=index, kind=refused.kind, message=refused.message))
            continue
        recorded = _started(recorded, operation)
        shards.update(_changed_shards(recorded, operation))
        assigned.update(_changed_tenants(recorded, operation))
    return Folded(recorded=recorded, illegal=tuple(illegal))


def _started(recorded: Recorded, operation: Operation) -> Recorded:
    """Return the state with what the operation says about the ledger as a whole."""
    match operation:
        case Init():
            return replace(
                recorded,
                initialised=True,
                schema=operation.schema,
                table=operation.table,
                id_column=operation.id_column,
                shard_column=operation.shard_column,
                adopted=operation.shards,
                default_shard=operation.default,
                runner=operation.runner,
            )
        case Pin():
            return replace(recorded, pin=operation)
        case Validate():
            return replace(recorded, validated=True)
        case Default():
            return replace(recorded, default_shard=operation.shard)
        case _:
            return recorded


def _changed_shards(recorded: Recorded, operation: Operation) -> dict[int, RecordedShard]:
    match operation:
        case Init():
            active = RecordedShard(state=ACTIVE)
            return dict.fromkeys(range(1, operation.shards + 1), active)
        case Add():
            return dict.fromkeys(operation.ids, RecordedShard(state=ACTIVE))
        case Activate():
            return {operation.shard: RecordedShard(state=ACTIVE)}
        case Drain():
            return {operation.shard: RecordedShard(state=DRAINING, move_to=operation.to)}
        case Move(shard=shard, part=part, parts=parts):
            return {shard: replace(recorded.shards[shard], moved=part, parts=parts)}
        case Retire():
            drained = recorded.shards.get(operation.shard)
            to = drained.move_to if drained else None
            return {operation.shard: RecordedShard(state=RETIRED, move_to=to)}
        case _:
            return {}


def _changed_tenants(recorded: Recorded, operation: Operation) -> dict[int, int]:
    match operation:
        case Assign():
            return dict.fromkeys(operation.tenants, operation.shard)
        case Move(part=part, parts=parts):
            there = recorded.tenants_of(operation.shard)
            moved = (tenant for tenant in there if tenant % parts == part - 1)
            return dict.fromkeys(moved, operation.to)
        case _:
            return {}
