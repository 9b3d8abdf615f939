"""The recorded state and the desired one in, ordered operations or problems out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen.ledger.desired import Desired, DesiredShard, PlanProblem, problems_of
from shardgen.ledger.fold import IllegalStep, fold
from shardgen.ledger.operations import (
    MOST_TENANTS,
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
from shardgen.ledger.state import ACTIVE, DRAINING, RETIRED, Recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Desired", "DesiredShard", "PlanProblem", "Planned", "plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The operations that lead to the desired state, one file each; none if there are problems."""

    operations: tuple[Operation, ...]
    problems: tuple[PlanProblem, ...]


def plan(recorded: Recorded, desired: Desired) -> Planned:
    """Return what must follow on the recorded state; folded, it gives the desired one.

    The order is that of `OPERATIONS`: a shard exists before tenants go to it, and loses its tenants
    before it is retired.
    """
    if problems := problems_of(recorded, desired):
        return Planned(operations=(), problems=problems)
    first = tuple(_first(recorded, desired))
    started = fold(first, recorded).recorded
    operations = (*first, *_growth(started, desired), *_retreat(started, desired))
    if illegal := fold(operations, recorded).illegal:
        problems = tuple(_problem(step, operations[step.index]) for step in illegal)
        return Planned(operations=(), problems=problems)
    return Planned(operations=operations, problems=())


def _first(recorded: Recorded, desired: Desired) -> Iterator[Operation]:
    """Yield what the ledger starts with; a later render adds whatever of it is not recorded yet."""
    adopted = recorded.adopted if recorded.initialised else desired.adopt_shards
    if not recorded.initialised:
        yield Init(
            schema=desired.schema,
            table=desired.table,
            id_column=desired.id_column,
            shard_column=desired.shard_column,
            shards=adopted,
            default=desired.default_shard if desired.default_shard <= adopted else 1,
            runner=desired.runner,
        )
    if not recorded.pinned:
        pin = recorded.pin or Pin(
            route=desired.adopt_route,
            fallback=desired.fallback,
            shards=adopted,
            part=0,
            parts=desired.batches,
            weights=desired.weights,
        )
        for part in range(pin.part + 1, pin.parts + 1):
            yield replace(pin, part=part)
    if not recorded.validated:
        yield Validate()


def _growth(recorded: Recorded, desired: Desired) -> Iterator[Operation]:
    """Yield the operations that let shards take tenants, and give them some."""
    wanted = sorted(desired.states.items())
    running = (shard for shard, state in wanted if state != RETIRED)
    if new := tuple(shard for shard in running if recorded.state_of(shard) is None):
        yield Add(ids=new)
    if desired.default_shard != recorded.default_shard:
        yield Default(shard=desired.default_shard)
    for shard, state in wanted:
        if recorded.state_of(shard) == DRAINING and state == ACTIVE:
            yield Activate(shard=shard)
    for shard, tenants in _assignments(recorded, desired):
        for start in range(0, len(tenants), MOST_TENANTS):
            yield Assign(shard=shard, tenants=tuple(tenants[start : start + MOST_TENANTS]))


def _assignments(recorded: Recorded, desired: Desired) -> list[tuple[int, list[int]]]:
    """Return, by shard, the tenants that the ledger last put elsewhere, or nowhere; all sorted."""
    wanted: dict[int, list[int]] = {}
    for shard, tenants in desired.assign:
        news = [tenant for tenant in tenants if recorded.assigned.get(tenant) != shard]
        wanted.setdefault(shard, []).extend(news)
    return [(shard, sorted(tenants)) for shard, tenants in sorted(wanted.items())]


def _retreat(recorded: Recorded, desired: Desired) -> Iterator[Operation]:
    """Yield the operations that take tenants and then the shard away."""
    leaving = sorted((s for s in desired.shards if s.state != ACTIVE), key=lambda shard: shard.id)
    drained = [shard for shard in leaving if _needs_drain(recorded, shard)]
    for shard in drained:
        yield Drain(shard=shard.id, to=shard.move_to)
    for shard in leaving:
        yield from _moves(recorded, desired, shard, drained=shard in drained)
    for shard in leaving:
        if shard.state == RETIRED != recorded.state_of(shard.id):
            yield Retire(shard=shard.id)


def _moves(
    recorded: Recorded, desired: Desired, shard: DesiredShard, *, drained: bool
) -> Iterator[Move]:
    """Yield what is to move: all parts after a drain, or those that an earlier plan still owes."""
    if drained:
        to, done, parts = shard.move_to, 0, desired.batches
    elif (before := recorded.shards.get(shard.id)) and before.is_moving:
        to, done, parts = before.move_to, before.moved, before.parts or desired.batches
    else:
        return
    if to is not None:
        for part in range(done + 1, parts + 1):
            yield Move(shard=shard.id, to=to, part=part, parts=parts)


def _needs_drain(recorded: Recorded, shard: DesiredShard) -> bool:
    """Return whether the shard starts to drain, or drains to another place than before.

    A retired one keeps the place that its drain had unless it names one, and an id that was never
    used is retired without a drain.
    """
    before = recorded.shards.get(shard.id)
    if before is None:
        return shard.state == DRAINING
    if before.state != DRAINING:
        return before.state == ACTIVE
    return before.move_to != shard.move_to and (
        shard.state == DRAINING or shard.move_to is not None
    )


def _problem(step: IllegalStep, operation: Operation) -> PlanProblem:
    """Return what the fold refused as a problem of the shard's entry."""
    return PlanProblem(
        kind=step.kind,
        message=step.message,
        hint="drain it with move_to, or assign them to another shard, before you retire it",
        shard=getattr(operation, "shard", None),
    )
