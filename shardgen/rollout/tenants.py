"""A list of tenants and a change of the fleet in, who moves out: exactly, or as a share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardgen import record
from shardgen.fallback import fallback_of
from shardgen.ledger.operations import Assign, Move, Pin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from shardgen.ledger.operations import Operation
    from shardgen.model import Fleet

    #: a tenant's id and the shard in its row (0 for none) → the shard in its row
    Rows = Callable[[int, int], int]

#: Moves that are kept as examples; all of them are counted.
MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantMove:
    """One tenant that another shard answers now."""

    tenant: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Tenants that move, counted over a list. `flows` counts them by (shard before, after).

    `sources` are the shards where the tenants are whom migrations assign. `stranded` counts those
    whose row names a shard that no router knows afterwards, by that shard. `rerouted` move without
    a migration.
    """

    total: int
    moved: int
    flows: Mapping[tuple[int, int], int] = field(default_factory=dict)
    first: tuple[TenantMove, ...] = ()
    sources: Mapping[int, int] = field(default_factory=dict)
    stranded: Mapping[int, int] = field(default_factory=dict)
    rerouted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Who moves, as far as the files alone can tell.

    `reroute` is about tenants without a shard of their own, None where their shard stays;
    `assigned` counts tenants that a migration names, `emptied` are shards whose tenants all leave.
    """

    reroute: record.Reroute | None
    assigned: int
    emptied: tuple[tuple[int, int], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nobody moves."""
        return self.reroute is None and not self.assigned and not self.emptied


def exposure(
    before: Mapping[str, Any],
    fleet: Fleet,
    operations: Sequence[Operation],
    committed: Mapping[str, Any] | None = None,
) -> Exposure:
    """Return who moves where no list of tenants is at hand.

    A change of the fallback that was rendered and is taken back before it was `committed` has moved
    nobody.
    """
    is_back = committed is not None and record.routes_alike(committed, fleet)
    return Exposure(
        reroute=None if is_back else record.reroute(before, fleet),
        assigned=sum(len(each.tenants) for each in operations if isinstance(each, Assign)),
        emptied=tuple(
            (each.shard, each.to)
            for each in operations
            if isinstance(each, Move) and each.part == 1
        ),
    )


def moves(
    tenants: Iterable[tuple[int, int]],
    before: Mapping[str, Any],
    fleet: Fleet,
    operations: Sequence[Operation],
) -> Moves:
    """Return which of the tenants, (id, shard or 0), another shard answers after a change.

    Callers pass the shard of the row where it has one; where `adopt.route` is hash and the rows
    are about to be pinned they do not, and the fallback answers until then.
    """
    recorded = record.recorded_fallback(before or record.adopted_record(fleet), fleet)
    now = fleet.fallback.picker()
    was = recorded.picker() if recorded else now
    rows = rows_after(operations)
    is_by_hash = any(isinstance(each, Pin) and each.route == "hash" for each in operations)
    assigned = {
        each
        for operation in operations
        if isinstance(operation, Assign)
        for each in operation.tenants
    }
    sources: dict[int, int] = {}
    live = {shard.id for shard in fleet.live}
    stranded: Counter[int] = Counter()
    flows: Counter[tuple[int, int]] = Counter()
    first: list[TenantMove] = []
    emptied = {each.shard for each in operations if isinstance(each, Move)}
    total = rerouted = 0
    for tenant, row in tenants:
        total += 1
        old = was(tenant) if is_by_hash or row <= 0 else row
        new = rows(tenant, row) or now(tenant)
        if new not in live:
            stranded[new] += 1
        if tenant in assigned:
            sources[tenant] = old
        if old != new:
            flows[old, new] += 1
            rerouted += tenant not in assigned and row not in emptied
            if len(first) < MOST_NAMED:
                first.append(TenantMove(tenant=tenant, before=old, after=new))
    return Moves(
        total=total,
        moved=sum(flows.values()),
        flows={flow: flows[flow] for flow in sorted(flows)},
        first=tuple(first),
        sources=sources,
        stranded={shard: stranded[shard] for shard in sorted(stranded)},
        rerouted=rerouted,
    )


def rows_after(operations: Sequence[Operation]) -> Rows:
    """Return what migrations make of a tenant's row, as PostgreSQL applies them, one by one."""
    steps = [step_of(operation) for operation in merged_assigns(operations)]

    def rows(tenant: int, row: int) -> int:
        found = max(row, 0)
        for step in steps:
            if step is not None:
                found = step(tenant, found)
        return found

    return rows


def merged_assigns(operations: Sequence[Operation]) -> list[Operation | dict[int, int]]:
    """Return the operations with each run of assignments as one mapping from tenant to shard."""
    found: list[Operation | dict[int, int]] = []
    for operation in operations:
        if not isinstance(operation, Assign):
            found.append(operation)
            continue
        if not found or not isinstance(found[-1], dict):
            found.append({})
        latest = found[-1]
        if isinstance(latest, dict):
            latest.update(dict.fromkeys(operation.tenants, operation.shard))
    return found


def step_of(operation: Operation | dict[int, int]) -> Rows | None:
    """Return what one migration makes of a row; None where it leaves all rows alone."""
    if isinstance(operation, dict):
        return operation.get
    if isinstance(operation, Move):
        source, to, part, parts = operation.shard, operation.to, operation.part, operation.parts
        return lambda tenant, row: to if row == source and tenant % parts == part - 1 else row
    if isinstance(operation, Pin):
        return pinned(operation)
    return None


def pinned(operation: Pin) -> Rows:
    """Return what a pin makes of a row."""
    weights = (weight for _, weight in operation.weights)
    answer = fallback_of(operation.fallback, operation.ids, weights).picker()
    is_everyone, part, parts = operation.route == "hash", operation.part, operation.parts

    def rows(tenant: int, row: int) -> int:
        is_due = tenant % parts == part - 1 and (is_everyone or not row)
        return answer(tenant) if is_due else row

    return rows
