"""An operation of the ledger in, what it does in a few words out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.ledger.operations import (
    Activate,
    Add,
    Assign,
    Default,
    Drain,
    Init,
    Move,
    Pin,
    Validate,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.ledger.operations import Operation

#: ids that a sentence names; more are counted
MOST_NAMED = 5


def told(operation: Operation) -> str:
    """Return what a migration does, as a person would say it."""
    match operation:
        case Init():
            return (
                f"adds {operation.shard_column} to {operation.table}, with {upto(operation.shards)}"
            )
        case Pin():
            return f"{told_pin(operation)}{part_of(operation)}"
        case Validate():
            return "has PostgreSQL check the rows that were there before"
        case Add(ids=ids):
            return f"registers {listed('shard', ids)}"
        case Default():
            return f"makes shard {operation.shard} the default of new rows"
        case Activate():
            return f"lets shard {operation.shard} take tenants again"
        case Assign():
            return f"puts {listed('tenant', operation.tenants)} on shard {operation.shard}"
        case Drain(to=to):
            goal = "" if to is None else f"; its tenants go to shard {to}"
            return f"drains shard {operation.shard}{goal}"
        case Move():
            text = f"moves every tenant of shard {operation.shard} to shard {operation.to}"
            return f"{text}{part_of(operation)}"
        case _:
            return f"retires shard {operation.shard}"


def told_pin(operation: Pin) -> str:
    """Return which rows a pin writes, and what."""
    rows = "every row" if operation.route == "hash" else "rows without a shard"
    ids = operation.ids
    if len(ids) == 1:
        return f"puts {rows} on shard {ids[0]}"
    return f"puts {rows} where {operation.fallback} sends them, of {listed('shard', ids)}"


def part_of(operation: Pin | Move) -> str:
    """Return which part of a larger work this is; '' where it is all of it."""
    return f" (part {operation.part} of {operation.parts})" if operation.parts > 1 else ""


def upto(shards: int) -> str:
    """Return the shards from 1 to a number."""
    return listed("shard", range(1, shards + 1))


def listed(noun: str, ids: Sequence[int]) -> str:
    """Return ids with their noun: `shard 3`, `shards 3 and 5`, `shards 3 to 9`, `500 tenants`."""
    if len(ids) == 1:
        return f"{noun} {ids[0]}"
    if len(ids) > 2 and ids[-1] - ids[0] + 1 == len(ids):
        return f"{noun}s {ids[0]} to {ids[-1]}"
    if len(ids) > MOST_NAMED:
        return f"{len(ids)} {noun}s"
    return f"{noun}s {', '.join(map(str, ids[:-1]))} and {ids[-1]}"
