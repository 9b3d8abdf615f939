"""Small worlds: every fleet of up to four shards that a few edits lead to, and its database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen.ledger.desired import Desired, DesiredShard
from shardgen.ledger.fold import fold
from shardgen.ledger.history import Planned, plan
from shardgen.ledger.operations import Assign, Default, Init, Move, Operation, Retire
from shardgen.ledger.state import Recorded
from tests.ledger.support import desired

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARDS = range(1, 5)
#: the tenant that `assign` names; others are only known as "somebody is on this shard"
NAMED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is recorded and wanted, and where tenants are: the named one, and any others."""

    recorded: Recorded
    wanted: Desired
    named: int
    others: frozenset[int]

    @property
    def key(self) -> tuple[object, ...]:
        """What two worlds have in common that go on in the same ways."""
        return (*key_of(self.recorded), self.wanted, self.named, self.others)


def key_of(recorded: Recorded) -> tuple[object, ...]:
    """What two recorded states of these worlds may differ in."""
    shards = tuple(sorted((shard, entry) for shard, entry in recorded.shards.items()))
    return shards, recorded.default_shard, tuple(sorted(recorded.assigned.items()))


def start() -> World:
    """A fleet of one shard, adopted and rendered."""
    wanted = desired("1")
    recorded = fold(plan(Recorded(), wanted).operations).recorded
    return World(recorded=recorded, wanted=wanted, named=1, others=frozenset({1}))


def edits(wanted: Desired) -> Iterator[Desired]:
    """Every edit of shards.yaml that a person may make, sensible or not."""
    states = wanted.states
    free = [shard for shard in SHARDS if shard not in states]
    for new in {*free[:1], *free[-1:]}:  # the next id, or one that leaves a hole
        yield with_entry(wanted, DesiredShard(id=new))
    for shard, state in states.items():
        if shard != wanted.default_shard:
            yield replace(wanted, default_shard=shard)
        if len(states) > 1:
            kept = tuple(each for each in wanted.shards if each.id != shard)
            yield replace(wanted, shards=kept)
        if wanted.assign != ((shard, (NAMED,)),):
            yield replace(wanted, assign=((shard, (NAMED,)),))
        yield from moods(wanted, shard, state)
    if wanted.assign:
        yield replace(wanted, assign=())


def moods(wanted: Desired, shard: int, state: str) -> Iterator[Desired]:
    """Every other state of one entry, with every place that its tenants may go to."""
    (now,) = (entry for entry in wanted.shards if entry.id == shard)
    if state != "active":
        yield with_entry(wanted, DesiredShard(id=shard))
    for to in (None, *(other for other in wanted.states if other != shard)):
        for mood in ("draining", "retired"):
            entry = DesiredShard(id=shard, state=mood, move_to=to)
            if entry != now and (mood == "draining" or to is None or state == "active"):
                yield with_entry(wanted, entry)


def with_entry(wanted: Desired, entry: DesiredShard) -> Desired:
    """The desired state with an entry for one shard."""
    others = (each for each in wanted.shards if each.id != entry.id)
    return replace(wanted, shards=tuple(sorted((*others, entry), key=lambda each: each.id)))


def step(world: World, wanted: Desired) -> tuple[Planned, World | None, list[str]]:
    """Render an edit and apply the files: the plan, the new world, what the database refused.

    None where the plan is refused. After a refused retire the operator moves the tenants, as the
    database's message says, and applies the file again.
    """
    planned = plan(world.recorded, wanted)
    if planned.problems:
        return planned, None, []
    folded = fold(planned.operations, world.recorded)
    assert folded.illegal == ()
    named, others, refused = world.named, world.others, []
    for operation in planned.operations:
        if isinstance(operation, Retire) and operation.shard in {named, *others}:
            refused.append(f"shard {operation.shard} still has tenants")
            escape = Move(shard=operation.shard, to=folded.recorded.default_shard)
            named, others = applied(escape, named, others)
        named, others = applied(operation, named, others)
    others |= {folded.recorded.default_shard}  # somebody signs up
    made = World(recorded=folded.recorded, wanted=wanted, named=named, others=others)
    return planned, made, refused


def applied(operation: Operation, named: int, others: frozenset[int]) -> tuple[int, frozenset[int]]:
    """Where the tenants are after an operation."""
    match operation:
        case Init(default=shard) | Default(shard=shard):
            return named, others | {shard}
        case Assign(shard=shard):
            return shard, others
        case Move(shard=shard, to=to):
            moved = (others - {shard}) | {to} if shard in others else others
            return (to if named == shard else named), moved
        case _:
            return named, others
