"""What a change means in, the tenants whose data are brought over out: in batches, and who is left.

A batch has one shard that the tenants come from, and one that they go to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.impact import share_text
from shardgen.ledger.operations import Assign, Move
from shardgen.rollout.risks import plural
from shardgen.rollout.tenants import Exposure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.ledger.migration import Migration
    from shardgen.model import Fleet, Shard
    from shardgen.rollout.outlook import Outlook


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Tenants that one migration, or one in parts, moves from one shard to another.

    `tenants` is None where it moves all of the source's, `source` where no list says it. The
    migration moves its rows at once: it waits until the data of all its batches are there. `waits`
    says that the rows move with a later batch, because the runner applies all migrations at once.
    """

    migrations: tuple[Migration, ...]
    source: Shard | None
    goal: Shard
    tenants: tuple[int, ...] | None
    is_last: bool = True
    waits: bool = False


def batches(
    migrations: tuple[Migration, ...], fleet: Fleet, sources: Mapping[int, int] | None
) -> Iterator[Batch]:
    """Yield the batches in the order of the migrations; tenants who are there already are none."""
    shards = {shard.id: shard for shard in fleet.shards}
    for each in migrations:
        operation = each.operation
        if isinstance(operation, Move) and operation.part == 1:
            source, goal = shards[operation.shard], shards[operation.to]
            yield Batch(
                migrations=parts_of(operation, migrations), source=source, goal=goal, tenants=None
            )
        elif isinstance(operation, Assign):
            goal = shards[operation.shard]
            if sources is None:
                yield Batch(migrations=(each,), source=None, goal=goal, tenants=operation.tenants)
                continue
            known = {tenant: sources.get(tenant, 0) for tenant in operation.tenants}
            numbers = sorted(set(known.values()) - {goal.id, 0})
            for number in numbers:
                yield Batch(
                    migrations=(each,),
                    source=shards.get(number),
                    goal=goal,
                    tenants=tuple(tenant for tenant, place in known.items() if place == number),
                    is_last=number == numbers[-1],
                )


def parts_of(move: Move, migrations: tuple[Migration, ...]) -> tuple[Migration, ...]:
    """Return the migrations that empty a shard: one, or as many as there are parts."""
    return tuple(
        each
        for each in migrations
        if isinstance(each.operation, Move)
        and (each.operation.shard, each.operation.to) == (move.shard, move.to)
    )


def left_out(outlook: Outlook) -> Iterator[str]:
    """Yield who else moves, whose data none of the batches brings over."""
    way = "`routing.fallback_shards` keeps them where they are, `assign` brings them over."
    if isinstance(outlook.who, Exposure):
        if outlook.who.reroute:
            share = share_text(outlook.who.reroute)
            yield f"! The fallback moves {share} of those without a shard of their own as well:"
            yield way
        return
    if outlook.who.rerouted:
        yield f"! The fallback moves {plural(outlook.who.rerouted, 'tenant')} as well:"
        yield way
    named = {
        tenant
        for each in outlook.migrations
        if isinstance(each.operation, Assign)
        for tenant in each.operation.tenants
    }
    if unknown := sorted(named - outlook.who.sources.keys()):
        yield f"! {plural(len(unknown), 'tenant')} that migrations move, too, not on the list:"
        yield f"{', '.join(map(str, unknown))}. Make the list anew, or take them out of `assign`."


def title(batch: Batch) -> str:
    """Return what a batch is about."""
    who = "every tenant" if batch.tenants is None else plural(len(batch.tenants), "tenant")
    source = f"shard {batch.source.id}" if batch.source else "where they are"
    return f"{who}, {source} → shard {batch.goal.id}"


def services_of(batch: Batch) -> list[str]:
    """Return the services that run again after a batch; an emptied shard stays stopped."""
    old = batch.source.service if batch.source else "$OLD"
    return [batch.goal.service] if batch.tenants is None else [old, batch.goal.service]


def home(batch: Batch) -> str:
    """Return the id of the shard where the tenants were."""
    return str(batch.source.id) if batch.source else "…"
