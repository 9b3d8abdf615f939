"""What shards.yaml wants the ledger to say, and why that cannot follow on what is recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.ledger.runners import PSQL
from shardgen.ledger.state import ACTIVE, DRAINING, RETIRED, Recorded

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredShard:
    """One entry of `shards:`; `move_to` counts for a shard that is draining or retired."""

    id: int
    state: str = ACTIVE
    move_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The part of shards.yaml that migrations follow, defaults resolved.

    `adopt_shards`, `adopt_route` (column or hash), `fallback` (what runs today: md5, modulo or
    rendezvous) and `weights` (the pairs that the last draws from) count for the first migrations
    only; `batches` is into how many files a pin or a move is split. `is_assumed`: nothing was
    rendered yet, so that what runs today is what shards.yaml says of it.
    """

    schema: str | None
    table: str
    id_column: str
    shard_column: str
    default_shard: int
    adopt_shards: int
    adopt_route: str
    fallback: str
    shards: tuple[DesiredShard, ...]
    assign: tuple[tuple[int, tuple[int, ...]], ...] = ()
    runner: str = PSQL.name
    batches: int = 1
    weights: tuple[tuple[int, int], ...] = ()
    is_assumed: bool = False

    @property
    def states(self) -> dict[int, str]:
        """Return the state of every shard, by id."""
        return {shard.id: shard.state for shard in self.shards}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProblem:
    """A wish that no migration can fulfil.

    `kind` is for programs, `shard` (an id) or `key` (a dotted path) say where in shards.yaml it is.
    """

    kind: str
    message: str
    hint: str
    shard: int | None = None
    key: str | None = None


def problems_of(recorded: Recorded, desired: Desired) -> tuple[PlanProblem, ...]:
    """Return every reason why no migration leads from the recorded state to the desired one."""
    history = (
        (*_changed_objects(recorded, desired), *_lost_shards(recorded, desired))
        if recorded.initialised
        else tuple(_unlisted(desired))
    )
    return (*history, *_bad_targets(recorded, desired), *_bad_assignments(desired))


def _changed_objects(recorded: Recorded, desired: Desired) -> Iterator[PlanProblem]:
    for key in ("schema", "table", "id_column", "shard_column"):
        before, after = getattr(recorded, key), getattr(desired, key)
        if before != after:
            yield PlanProblem(
                kind=f"{key}_changed",
                message=f"{key} is {after!r} but the committed migrations use {before!r}",
                hint=f"write {key}: {before or 'null'}; another {key} needs a ledger of its own, "
                "in another folder (migrations.path); `shardgen render --replan` plans anew "
                "what no commit has",
                key=f"database.{key}",
            )
    if recorded.runner != desired.runner:
        yield PlanProblem(
            kind="runner_changed",
            message=f"the runner is {desired.runner!r} but the committed migrations are for "
            f"{recorded.runner!r}",
            hint=f"write runner: {recorded.runner}; only while no database has them: take the "
            "folder out of git, commit, `shardgen render --replan`",
            key="database.migrations.runner",
        )


def _lost_shards(recorded: Recorded, desired: Desired) -> Iterator[PlanProblem]:
    states = desired.states
    for shard, before in recorded.shards.items():
        if shard not in states:
            way = "retired" if before.state == RETIRED else "draining, later retired"
            yield PlanProblem(
                kind="shard_deleted",
                message=f"shard {shard} is recorded as {before.state} but not listed",
                hint=f"put the entry back, with state: {way}",
                shard=shard,
            )
        elif before.state == RETIRED != states[shard]:
            yield PlanProblem(
                kind="retired_returns",
                message=f"shard {shard} was retired and cannot become {states[shard]}",
                hint=f"write state: retired; the next free id is {_free_id(recorded, desired)}",
                shard=shard,
            )


def _free_id(recorded: Recorded, desired: Desired) -> int:
    return max((*recorded.shards, *desired.states)) + 1


def _unlisted(desired: Desired) -> Iterator[PlanProblem]:
    states = desired.states
    for shard in range(1, desired.adopt_shards + 1):
        if shard not in states:
            yield PlanProblem(
                kind="adopt_unlisted",
                message=f"adopt.shards is {desired.adopt_shards}, but shard {shard} is not listed",
                hint=f"list shard {shard}, or correct adopt.shards",
                shard=shard,
                key="database.adopt.shards",
            )
            return
    if desired.is_assumed and desired.fallback == "rendezvous" and desired.adopt_shards > 1:
        yield PlanProblem(
            kind="adopt_assumed",
            message=f"{desired.adopt_shards} shards run today, and nothing was rendered that says "
            "they are picked by rendezvous",
            hint="write the fallback that runs today (md5 or modulo), render, apply, then "
            "change it",
            key="routing.fallback",
        )
    most = max((shard for shard, _ in desired.weights), default=0)
    if most > desired.adopt_shards:
        yield PlanProblem(
            kind="adopt_too_few",
            message=f"adopt.shards is {desired.adopt_shards}, but the fallback of the last render "
            f"draws shard {most}",
            hint=f"write database: {{adopt: {{shards: {most}}}}}: shards 1 to {most} run today",
            key="database.adopt.shards",
        )


def _bad_targets(recorded: Recorded, desired: Desired) -> Iterator[PlanProblem]:
    states = desired.states
    if states.get(desired.default_shard) != ACTIVE:
        state = states.get(desired.default_shard, "not listed")
        yield PlanProblem(
            kind="default_inactive",
            message=f"default_shard is {desired.default_shard}, which is {state}",
            hint="name an active shard",
            key="database.default_shard",
        )
    for shard in desired.shards:
        to = shard.move_to
        if to is not None and _moves(recorded, desired, shard) and states.get(to) != ACTIVE:
            state = states.get(to, "not listed")
            yield PlanProblem(
                kind="move_to_inactive",
                message=f"the tenants of shard {shard.id} move to shard {to}, which is {state}",
                hint="name an active shard",
                shard=shard.id,
            )


def _moves(recorded: Recorded, desired: Desired, shard: DesiredShard) -> bool:
    """Return whether the shard may have tenants that its `move_to` concerns."""
    adopted = not recorded.initialised and shard.id <= desired.adopt_shards
    runs = adopted or recorded.state_of(shard.id) in {ACTIVE, DRAINING}
    return shard.state == DRAINING or (shard.state == RETIRED and runs)


def _bad_assignments(desired: Desired) -> Iterator[PlanProblem]:
    states = desired.states
    for shard, _ in desired.assign:
        if states.get(shard) != ACTIVE:
            yield PlanProblem(
                kind="assign_inactive",
                message=f"tenants are assigned to shard {shard}, "
                f"which is {states.get(shard, 'not listed')}",
                hint="name an active shard, or delete the entry: applied ones are recorded",
                shard=shard,
                key="assign",
            )
    times = Counter(tenant for _, tenants in desired.assign for tenant in tenants)
    for tenant in sorted(tenant for tenant, count in times.items() if count > 1):
        yield PlanProblem(
            kind="assigned_twice",
            message=f"tenant {tenant} is assigned {times[tenant]} times",
            hint="keep one of the entries",
            key="assign",
        )
