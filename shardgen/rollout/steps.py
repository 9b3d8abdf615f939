"""What a change does in, the steps that bring it about out: in order, with the way back of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from shardgen.ledger.state import ACTIVE
from shardgen.rollout.clusters import applied, removed_there
from shardgen.rollout.containers import CREATE, RECREATE, REMOVE
from shardgen.rollout.elsewhere import relocated, removed_elsewhere, started_elsewhere
from shardgen.rollout.step import EARLIER, Step
from shardgen.telling import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from shardgen.instructions import Commands
    from shardgen.ledger.migration import Migration
    from shardgen.model import Fleet
    from shardgen.rollout.clusters import Deployment
    from shardgen.rollout.containers import Container
    from shardgen.rollout.elsewhere import Away, Relocation

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
#: Services that a title names; more of them are counted.
MOST_NAMED = 5
NO_WAY_BACK = "there is none: an id is used once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All that there is to do. `volumes` are the external ones to make, quoted for a shell.

    `containers` is None where what becomes of each is not looked at: then `starts` says whether
    any may be another, and `gone` names the services that no file defines any more. `builds` says
    that the router is another one, which the images of the consumers hold. `aways` is what there is
    to do on other hosts, `moving` are the shards that go from one to another, `clusters` is what
    there is to do in other engines than compose, `reloads` in programs that read what changed.
    """

    fleet: Fleet
    commands: Commands
    migrations: Sequence[Migration]
    containers: Sequence[Container] | None
    volumes: Sequence[str] = ()
    builds: bool = True
    starts: bool = True
    gone: Sequence[str] = ()
    aways: Sequence[Away] = ()
    moving: Sequence[Relocation] = ()
    clusters: Sequence[Deployment] = ()
    reloads: Sequence[Step] = ()

    @property
    def build(self) -> str:
        """The command that builds the consumers; '' where none has to be."""
        return self.commands.build if self.builds else ""

    @property
    def phases(self) -> list[tuple[str, tuple[Migration, ...]]]:
        """What waits until the new shards run: for each kind what it does, and its migrations."""
        found = ((title, of_kind(self.migrations, kinds)) for kinds, title in PHASES)
        return [(title, migrations) for title, migrations in found if migrations]


def steps(work: Work) -> Iterator[Step]:
    """Yield the steps: what is new is made and registered first, what goes is taken away last."""
    for name in work.volumes:
        yield Step(
            title=f"make the volume {name}",
            command=f"docker volume create {name}",
            back=f"docker volume rm {name}",
        )
    registration = of_kind(work.migrations, REGISTRATION)
    can_stop = migrate_upto(work.fleet, work.migrations) is not None
    if registration and not work.phases:
        yield registered(work, registration, work.commands.migrate)
    elif registration and can_stop:
        yield registered(work, registration, migrate_upto(work.fleet, registration) or "")
    if of_kind(work.migrations, (Retire,)) and (can_stop or not of_kind(registration, (Init,))):
        # before the router forgets the shard, and its callers get errors
        verify = f'shardgen ledger --database "$DATABASE_URL"{work.commands.option}'
        yield Step(title="see that the shard has no tenants left", command=verify)
    yield from relocated(work.moving, work.aways, work.commands.compose)
    yield from started_elsewhere(work.aways)
    yield from applied(work.clusters, work.build, builds=work.builds)
    local = started(work) if work.containers is None else replaced(work, work.containers)
    yield from beside_clusters(local, work)
    yield from work.reloads
    if work.phases and not can_stop:
        title = "apply the migrations, in one go: this runner cannot stop between them"
        back = back_of(work.migrations[-1], work.commands)
        yield Step(title=title, command=work.commands.migrate, back=back)
    else:
        yield from phased(work)
    yield from beside_clusters(removed(work), work)
    yield from removed_elsewhere(work.aways)
    yield from removed_there(work.clusters)


def beside_clusters(steps: Iterable[Step], work: Work) -> Iterator[Step]:
    """Yield steps of compose's; where a cluster has the shards, they would start them twice."""
    for step in steps:
        if not work.clusters:
            yield step
        elif work.commands.has_overlay and step.command != work.build:
            mark = ", " if "   # " in step.command else "   # "
            note = f"{mark}only where compose runs the shards"
            yield replace(step, command=f"{step.command}{note}")


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
    return Step(title=title, command=command, back=back_of_added(work, added))


def back_of_added(work: Work, added: Sequence[int]) -> str:
    """Return what takes new shards back: they are drained towards one that was there before."""
    active = (shard.id for shard in work.fleet.shards if shard.state == ACTIVE)
    there = [work.fleet.database.default_shard, *active]
    goal = next((number for number in there if number not in added), None)
    if goal is None or not added:
        return ""
    command = f"shardgen drain {added[0]} --to {goal}{work.commands.option}"
    rest = ", later retire it" if len(added) == 1 else ", and so each of them; later retire them"
    return command + rest


def started(work: Work) -> Iterator[Step]:
    """Yield the steps that start all containers, and recreate those whose definition changed."""
    if work.build:
        yield Step(title="build the consumers with the router in them", command=work.build)
    is_later = bool(work.gone) and not work.phases
    if is_later:
        return
    if work.starts:
        yield Step(title="start what is new, recreate what changed", command=work.commands.up)
    elif work.build:
        compose = work.commands.compose
        names = work.build.removeprefix(f"{compose} build ")
        yield Step(title="recreate the consumers", command=f"{compose} up -d --no-deps {names}")


def replaced(work: Work, containers: Sequence[Container]) -> Iterator[Step]:
    """Yield the steps that start and recreate one container after the other."""
    shards = {shard.service for shard in work.fleet.live}
    here = [each for each in containers if not each.host]
    new = [each.service for each in here if each.fate == CREATE]
    again = [each.service for each in here if each.fate == RECREATE]
    up = f"{work.commands.compose} up -d --no-deps"
    if new:
        names = " ".join(new)
        back = f"{work.commands.compose} rm --stop {names}   # the volumes stay"
        yield Step(title=f"start {shortened(new, shards)}", command=f"{up} {names}", back=back)
    if found := [each for each in again if each in shards]:
        command = f"{up} {' '.join(found)}"
        yield Step(title="recreate running shards", command=command, back=EARLIER)
    if work.build:
        yield Step(title="build the consumers with the new router in them", command=work.build)
    if found := [each for each in again if each not in shards]:
        is_built = bool(work.build) or not set(found) & set(work.fleet.service.consumers)
        note = "" if is_built else ": their image must hold the new router"
        title = f"recreate the services beside them{note}"
        yield Step(title=title, command=f"{up} {' '.join(found)}", back=EARLIER)


def phased(work: Work) -> Iterator[Step]:
    """Yield a step for each kind of migration that needs its own moment."""
    for title, found in work.phases:
        is_all = len(found) == len(work.migrations)
        command = work.commands.migrate if is_all else migrate_upto(work.fleet, found) or ""
        back = back_of(found[-1], work.commands)
        yield Step(title=f"{subject(found)}: {title}", command=command, back=back)


def subject(migrations: Sequence[Migration]) -> str:
    """Return what some migrations are about: shards, or the number of tenants."""
    operations = [each.operation for each in migrations]
    tenants = sum(len(each.tenants) for each in operations if isinstance(each, Assign))
    if tenants:
        return f"{tenants:,} tenant" + ("" if tenants == 1 else "s")
    ids = {each.shard for each in operations if isinstance(each, (Activate, Drain, Move, Retire))}
    ids |= {each.shard for each in operations if isinstance(each, Default)}
    return listed("shard", sorted(ids))


def back_of(migration: Migration, commands: Commands) -> str:
    """Return what takes a migration back, as the next edit of shards.yaml."""
    option = commands.option
    match migration.operation:
        case Drain(shard=shard):
            return f"shardgen activate {shard}{option}"
        case Activate(shard=shard):
            return f"shardgen drain {shard}{option}"
        case Assign(tenants=tenants):
            return commands.move(tenants, "…")
        case Move(shard=shard):
            again = f"shardgen move … --to {shard}{option}"
            return f"shardgen activate {shard}{option}, then {again}"
        case Default():
            return f"shardgen set-default …{option}"
        case Retire():
            return NO_WAY_BACK
        case _:
            return ""


def removed(work: Work) -> Iterator[Step]:
    """Yield the step that takes containers away which no file defines any more."""
    fates = work.containers or ()
    left = (each.service for each in fates if each.fate == REMOVE and not each.host)
    gone = [*work.gone, *left]
    if gone:
        command = f"{work.commands.up} --remove-orphans   # stops {', '.join(gone)}"
        title = f"stop {shortened(gone)}; the volumes stay"
        yield Step(title=title, command=command, back=EARLIER)


def shortened(names: Sequence[str], shards: Collection[str] = ()) -> str:
    """Return names in a row, or how many they are."""
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{len(names)} {'shards' if {*names} <= {*shards} else 'services'}"
