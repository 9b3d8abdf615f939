"""An operation and the state before it in, the reason why it may not follow out."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
from shardgen.ledger.state import ACTIVE, DRAINING, RETIRED, Recorded, RecordedShard


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an operation may not follow: a short name for programs, a message for people."""

    kind: str
    message: str


def refusal(recorded: Recorded, operation: Operation) -> Refusal | None:
    """Return why the operation may not follow on the recorded state, or None when it may."""
    match operation:
        case Init() | Pin() | Validate():
            return _refused_start(recorded, operation)
        case _ if not recorded.validated:
            return Refusal(
                kind="not_validated",
                message=f"{operation.op} comes before init, pin and validate",
            )
        case Add():
            return _refused_add(recorded, operation)
        case Default() | Activate() | Assign():
            return _refused_growth(recorded, operation)
        case Drain() | Move():
            return _refused_drain(recorded, operation) or _refused_target(recorded, operation)
        case _:
            return _refused_retire(recorded, operation)


def _refused_start(recorded: Recorded, operation: Init | Pin | Validate) -> Refusal | None:
    match operation:
        case Init() if recorded.initialised:
            return Refusal(kind="init_twice", message="init can only be the first operation")
        case Init(default=default, shards=shards) if default > shards:
            text = f"init sets the default to shard {default} but registers shards 1 to {shards}"
            return Refusal(kind="init_default", message=text)
        case Pin() if not recorded.initialised or recorded.pinned:
            return Refusal(kind="pin_order", message="pin follows init, once")
        case Pin(part=part) if operation != replace(recorded.pin or operation, part=part):
            return Refusal(kind="pin_parts", message="the parts of the pin do not agree")
        case Pin(part=part) if part != (recorded.pin.part if recorded.pin else 0) + 1:
            return Refusal(kind="pin_parts", message=f"part {part} of the pin has another place")
        case Pin(shards=shards) if shards != recorded.adopted:
            text = f"pin spreads tenants over {shards} shards but init registers {recorded.adopted}"
            return Refusal(kind="pin_shards", message=text)
        case Pin(weights=weights) if weights and weights[-1][0] > recorded.adopted:
            text = f"pin draws shard {weights[-1][0]} but init registers {recorded.adopted}"
            return Refusal(kind="pin_shards", message=text)
        case Validate() if not recorded.pinned or recorded.validated:
            return Refusal(kind="validate_order", message="validate follows pin, once")
        case _:
            return None


def _refused_add(recorded: Recorded, operation: Add) -> Refusal | None:
    for shard in operation.ids:
        if state := recorded.state_of(shard):
            text = f"shard {shard} is registered already ({state}); an id is used once"
            return Refusal(kind="add_twice", message=text)
    return None


def _refused_growth(recorded: Recorded, operation: Default | Activate | Assign) -> Refusal | None:
    shard, state = operation.shard, recorded.state_of(operation.shard)
    match operation:
        case Default() if state not in {ACTIVE, DRAINING}:
            text = f"shard {shard} is {state or 'not registered'} and cannot be the default"
            return Refusal(kind="default_inactive", message=text)
        case Activate() if state != DRAINING:
            text = f"shard {shard} is {state or 'not registered'}; only a draining one is activated"
            return Refusal(kind="activate_order", message=text)
        case Assign() if state != ACTIVE:
            text = f"shard {shard} is {state or 'not registered'} and cannot take tenants"
            return Refusal(kind="assign_inactive", message=text)
        case _:
            return None


def _refused_drain(recorded: Recorded, operation: Drain | Move) -> Refusal | None:
    shard, to, before = operation.shard, operation.to, recorded.shards.get(operation.shard)
    match operation:
        case Drain() if before is None or before.state == RETIRED:
            text = f"shard {shard} is {before.state if before else 'not registered'}"
            return Refusal(kind="drain_order", message=f"{text} and cannot be drained")
        case Drain() if shard == recorded.default_shard:
            text = f"shard {shard} is the default; another one must become it before the drain"
            return Refusal(kind="drain_default", message=text)
        case Drain() if before and (before.state, before.move_to) == (DRAINING, to):
            return Refusal(kind="drain_twice", message=f"shard {shard} is draining already")
        case Move() if before is None or (before.state, before.move_to) != (DRAINING, to):
            text = f"shard {shard} must be drained towards shard {to} before its tenants move"
            return Refusal(kind="move_order", message=text)
        case Move() if before and not _continues(operation, before):
            text = f"part {operation.part} of the move from shard {shard} has another place"
            return Refusal(kind="move_parts", message=text)
        case _:
            return None


def _continues(operation: Move, before: RecordedShard) -> bool:
    """Return whether the operation is the next part of the shard's move."""
    is_next = operation.part == before.moved + 1 <= operation.parts
    return is_next and operation.parts == (before.parts or operation.parts)


def _refused_target(recorded: Recorded, operation: Drain | Move) -> Refusal | None:
    shard, to = operation.shard, operation.to
    if to is None or (to != shard and recorded.state_of(to) == ACTIVE):
        return None
    state = "itself" if to == shard else recorded.state_of(to) or "not registered"
    text = f"the tenants of shard {shard} cannot move to shard {to}, which is {state}"
    return Refusal(kind="move_to_inactive", message=text)


def _refused_retire(recorded: Recorded, operation: Retire) -> Refusal | None:
    shard, state = operation.shard, recorded.state_of(operation.shard)
    if state == RETIRED:
        return Refusal(kind="retire_twice", message=f"shard {shard} is retired already")
    if state == ACTIVE or shard == recorded.default_shard:
        text = f"shard {shard} must be drained before it is retired"
        return Refusal(kind="retire_order", message=text)
    if tenants := recorded.tenants_of(shard):
        named = ", ".join(map(str, tenants[:3])) + (", …" if tenants[3:] else "")
        text = f"shard {shard} still has assigned tenants: {named} ({len(tenants)} in all)"
        return Refusal(kind="retire_assigned", message=text)
    return None
