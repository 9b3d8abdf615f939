"""What a change does in, the steps that bring it about out: in order, with the way back of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.instructions import migrate_upto
from shardgen.ledger.operations import (
    Activate,
    Add,
    Assign,
    Default,
    Drain,
    Init,
    Move,
    Pin,
    Retire,
    Validate,
)
from shardgen.rollout.containers import CREATE, RECREATE, REMOVE
from shardgen.telling import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.instructions import Commands
    from shardgen.ledger.migration import Migration
    from shardgen.model import Fleet
    from shardgen.rollout.containers import Container

#: What must be known to the database before tenants can be sent to a new shard.
REGISTRATION = (Init, Pin, Validate, Add)
#: The kinds that need what runs to be ready, each with what it does, in the order of the ledger.
PHASES = (
    ((Default, Activate), "let new rows go where shards.yaml says"),
    ((Assign,), "bring the tenants' data over, then move their rows"),
    ((Drain,), "mark as draining"),
    ((Move,), "bring the tenants' data over, then move their rows"),
    ((Retire,), "take out of the registry, once it is empty"),
)
#: A recorded shard cannot be taken out of shards.yaml again, but an earlier commit can be deployed.
EARLIER = "the same, from the commit before"
#: Services that a title names; more of them are counted.
MOST_NAMED = 5
NO_WAY_BACK = "there is none: an id is used once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do: what it is for, the command to type, and what takes it back."""

    title: str
    command: str
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All that there is to do. `volumes` are the commands that make external ones.

    `containers` is None where what becomes of them is not known.
    """

    fleet: Fleet
    commands: Commands
    migrations: Sequence[Migration]
    containers: Sequence[Container] | None
    volumes: Sequence[str] = ()
    is_first: bool = False


def steps(work: Work) -> Iterator[Step]:
    """Yield the steps: what is new is made and registered first, what goes is taken away last."""
    for command in work.volumes:
        name = command.rpartition(" ")[2]
        yield Step(
            title=f"make the volume {name}", command=command, back=f"docker volume rm {name}"
        )
    phases = [found for kinds, _ in PHASES if (found := of_kind(work.migrations, kinds))]
    registration = of_kind(work.migrations, REGISTRATION)
    can_stop = migrate_upto(work.fleet, work.migrations) is not None
    is_split = bool(phases) and can_stop
    if registration and not phases:
        yield registered(work, registration, work.commands.migrate)
    elif registration and is_split:
        yield registered(work, registration, migrate_upto(work.fleet, registration) or "")
    yield from running(work)
    if phases and not is_split:
        title = "apply the migrations, in one go: this runner cannot stop between them"
        yield Step(title=title, command=work.commands.migrate, back=back_of(work.migrations[-1]))
    elif phases:
        yield from phased(work)
    yield from removed(work)


def of_kind(
    migrations: Sequence[Migration], kinds: tuple[type[object], ...]
) -> tuple[Migration, ...]:
    """Return the migrations of some kinds of operation."""
    return tuple(each for each in migrations if isinstance(each.operation, kinds))


def registered(work: Work, migrations: Sequence[Migration], command: str) -> Step:
    """Return the step that makes new shards known to the database."""
    added = [number for each in migrations if isinstance(each.operation, Add)
             for number in each.operation.ids]  # fmt: skip
    is_new = any(isinstance(each.operation, Init) for each in migrations)
    title = "create the column and the registry" if is_new else "register " + listed("shard", added)
    to = work.fleet.database.default_shard
    back = " && ".join(f"shardgen drain {number} --to {to}" for number in added[:1])
    return Step(title=title, command=command, back=back and f"{back}, later retire it")


def running(work: Work) -> Iterator[Step]:
    """Yield the steps that start and recreate containers."""
    if work.is_first:
        if build := work.commands.build:
            yield Step(title="build the consumers with the router in them", command=build)
        yield Step(title="start the shards and the consumers", command=work.commands.up)
        return
    if work.containers is None:
        yield Step(title="start what is new, recreate what changed", command=work.commands.up)
        return
    shards = {shard.service for shard in work.fleet.live}
    new = [each.service for each in work.containers if each.fate == CREATE]
    again = [each.service for each in work.containers if each.fate == RECREATE]
    up = f"{work.commands.compose} up -d --no-deps"
    if new:
        names = " ".join(new)
        back = f"{work.commands.compose} rm --stop {names}   # the volumes stay"
        yield Step(title=f"start {shortened(new)}", command=f"{up} {names}", back=back)
    if found := [each for each in again if each in shards]:
        command = f"{up} {' '.join(found)}"
        yield Step(title="recreate running shards", command=command, back=EARLIER)
    if build := work.commands.build:
        yield Step(title="build the consumers with the new router in them", command=build)
    if found := [each for each in again if each not in shards]:
        is_built = bool(work.commands.build) or not set(found) & set(work.fleet.service.consumers)
        note = "" if is_built else ": their image must hold the new router"
        title = f"recreate the services beside them{note}"
        yield Step(title=title, command=f"{up} {' '.join(found)}", back=EARLIER)


def phased(work: Work) -> Iterator[Step]:
    """Yield a step for each kind of migration that needs its own moment."""
    for kinds, title in PHASES:
        found = of_kind(work.migrations, kinds)
        if not found:
            continue
        last = found[-1] is work.migrations[-1]
        is_all = last and len(found) == len(work.migrations)
        command = work.commands.migrate if is_all else migrate_upto(work.fleet, found) or ""
        if kinds == (Retire,):
            verify = 'shardgen ledger --database "$DATABASE_URL"'
            yield Step(title="see that the shard has no tenants left", command=verify)
        yield Step(title=f"{subject(found)}: {title}", command=command, back=back_of(found[-1]))


def subject(migrations: Sequence[Migration]) -> str:
    """Return what some migrations are about: shards, or the number of tenants."""
    operations = [each.operation for each in migrations]
    tenants = sum(len(each.tenants) for each in operations if isinstance(each, Assign))
    if tenants:
        return f"{tenants:,} tenant" + ("" if tenants == 1 else "s")
    ids = {each.shard for each in operations if isinstance(each, (Activate, Drain, Move, Retire))}
    ids |= {each.shard for each in operations if isinstance(each, Default)}
    return listed("shard", sorted(ids))


def back_of(migration: Migration) -> str:
    """Return what takes a migration back, as the next edit of shards.yaml."""
    match migration.operation:
        case Drain(shard=shard):
            return f"shardgen activate {shard}"
        case Activate(shard=shard):
            return f"shardgen drain {shard}"
        case Assign(tenants=tenants):
            return f"shardgen move {tenants[0]}{' …' if len(tenants) > 1 else ''} --to …"
        case Move(shard=shard):
            return f"shardgen activate {shard}, then shardgen move … --to {shard}"
        case Default():
            return "shardgen set-default …"
        case Retire():
            return NO_WAY_BACK
        case _:
            return ""


def removed(work: Work) -> Iterator[Step]:
    """Yield the step that takes containers away which no file defines any more."""
    gone = [each.service for each in work.containers or () if each.fate == REMOVE]
    if gone:
        command = f"{work.commands.up} --remove-orphans"
        title = f"stop {shortened(gone)}; the volumes stay"
        yield Step(title=title, command=command, back=EARLIER)


def shortened(names: Sequence[str]) -> str:
    """Return names in a row, or how many they are."""
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} shards"
