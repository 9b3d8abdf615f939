"""Rows of a fleet's shards, what engine and database say in; all that is wrong, worst first, out.

Shards with the same trouble share a finding, and a command.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from shardgen.status import answers, health, running
from shardgen.status.engine import volume_of
from shardgen.status.typed import logs, quoted, to_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shardgen.instructions import Commands
    from shardgen.model import Fleet, Shard
    from shardgen.standing import Live
    from shardgen.status.engine import Container, Engine
    from shardgen.status.health import Health
    from shardgen.status.running import Standing

Key = TypeVar("Key")
Value = TypeVar("Value")
SHARED, EXTRA, REGISTRY, TENANTS, OUTSIDE = (
    "shared volume",
    "extra",
    "registry",
    "tenants",
    "outside",
)
#: What a container that does not run brings about: the probe's own words say nothing more.
AWAY = {running.MISSING, running.STOPPED, running.RESTARTING}
#: Ends that a container which does not run may have; to start it is the first thing to try.
GONE = {answers.REFUSED, answers.UNNAMED}
#: What no log of the shard explains.
UNLOGGED = {health.REDIRECT, answers.UNASKABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One shard that serves, and all that is known of it."""

    shard: Shard
    url: str
    health: Health
    tenants: int | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about some shards that is not as it should be, and what to type.

    One that is not `serious` leaves the exit code as it is.
    """

    kind: str
    shards: tuple[int, ...]
    text: str
    commands: tuple[str, ...] = ()
    serious: bool = True


def findings(
    fleet: Fleet, rows: Sequence[Row], commands: Commands, engine: Engine | None, live: Live | None
) -> tuple[Finding, ...]:
    """Return all that is wrong; without `commands.compose` nothing is typed for compose."""
    found = [
        *(shared_volumes(fleet, engine) if engine else ()),
        *of_containers(rows, commands),
        *(extra_containers(fleet, engine) if engine else ()),
        *of_health(rows, commands, has_engine=engine is not None),
        *(of_database(fleet, live, commands.option) if live else ()),
    ]
    return tuple(sorted(found, key=lambda each: (each.kind != SHARED, not each.serious)))


def shared_volumes(fleet: Fleet, engine: Engine) -> Iterator[Finding]:
    """Yield the volumes of shards that two containers write to: each destroys the other's state."""
    for shard in fleet.shards:
        volume = volume_of(shard, engine.model)
        users = [each for each in engine.containers if each.is_running and writes(each, volume)]
        if len(users) < 2:
            continue
        own = [each for each in users
               if (each.project, each.service) == (engine.project, shard.service)]  # fmt: skip
        names = [each.name for each in [*own, *(each for each in users if each not in own)]]
        yield Finding(
            kind=SHARED,
            shards=(shard.id,),
            text=f"{running.named(names)} write to the volume {volume} at once",
            commands=(f"docker stop {' '.join(map(shlex.quote, names[1:]))}",),
        )


def writes(container: Container, volume: str) -> bool:
    """Return whether a container may write to a volume."""
    mounts = container.mounts.values()
    return any(each.volume == volume and each.is_writable for each in mounts)


def of_containers(rows: Sequence[Row], commands: Commands) -> Iterator[Finding]:
    """Yield what is wrong with the containers that should run."""
    troubles = ((trouble, row) for row in rows for trouble in troubled(row))
    for (kind, text, serious), some in grouped(troubles):
        services = [row.shard.service for row in some]
        typed = to_type(commands, kind, services)
        ids = tuple(row.shard.id for row in some)
        yield Finding(kind=kind, shards=ids, text=text, commands=typed, serious=serious)


def troubled(row: Row) -> Iterator[tuple[str, str, bool]]:
    """Yield what is wrong with the container of one shard, and whether that is serious."""
    found = row.standing
    if found is None:
        return
    code = found.container.exit_code if found.container else 0
    texts = {
        running.MISSING: "no container",
        running.UNDECLARED: "in no compose file yet",
        running.STOPPED: f"stopped (exit {code})",
        running.RESTARTING: f"ends, and is started again and again (exit {code})",
        running.UNHEALTHY: "unhealthy, says the healthcheck in the container",
        running.STARTING: "",
        running.ELSEWHERE: "",
        running.UP: "",
    }
    if text := texts.get(found.state, found.state):
        yield found.state, text, True
    for each in found.differences:
        more = ""
        if each.what == running.VOLUME:
            more = "; bring its data over before you start it anew"
        yield each.what, each.text + more, each.what not in running.HARMLESS


def extra_containers(fleet: Fleet, engine: Engine) -> Iterator[Finding]:
    """Yield the containers of shards that are retired, or are in no list."""
    states = {shard.service: shard for shard in fleet.shards}
    pattern = re.compile(rf"{re.escape(fleet.service.name)}(?:-([0-9]+))?")
    for container in engine.containers:
        match = pattern.fullmatch(container.service)
        shard = states.get(container.service)
        if container.project != engine.project or not match or (shard and shard.is_here):
            continue
        runs = "runs" if container.is_running else "is still there"
        why = "shards.yaml has no shard {}"
        if shard:
            why = f"shard {{}} runs on {shard.host}" if shard.is_live else "shard {} is retired"
        yield Finding(
            kind=EXTRA,
            shards=(),
            text=f"the container {container.name} {runs}, but {why.format(match[1] or 1)}",
            commands=(f"docker rm --force {shlex.quote(container.name)}",),
            serious=container.is_running,
        )


def of_health(rows: Sequence[Row], commands: Commands, *, has_engine: bool) -> Iterator[Finding]:
    """Yield what the shards did not answer well; not again what their containers explain."""
    ill = [row for row in rows if row.health.kind != health.OK
           and not (row.standing and row.standing.state in AWAY)]  # fmt: skip
    if len(ill) == len(rows) and {row.health.kind for row in ill} == {answers.UNNAMED}:
        yield outside(ill)
        return
    for (kind, text), some in grouped(((row.health.kind, row.health.detail), row) for row in ill):
        compose = commands.compose
        services = [row.shard.service for row in some if not row.shard.host] if compose else []
        typed: tuple[str, ...] = ()
        if kind == health.WRONG:
            typed = () if has_engine else (f"shardgen status --docker{commands.option}",)
        elif services and kind in GONE and not has_engine:
            typed = (f"{compose} up -d {quoted(services)}",)
        elif services and kind not in UNLOGGED:
            typed = (logs(compose, services),)
        ids = tuple(row.shard.id for row in some)
        serious = not some[0].health.is_well
        yield Finding(kind=kind, shards=ids, text=text, commands=typed, serious=serious)


def outside(rows: Sequence[Row]) -> Finding:
    """Return that no name is known, as on a machine that is not in the shards' network."""
    variable = rows[0].shard.url_variable
    return Finding(
        kind=OUTSIDE,
        shards=(),
        text=f"no name of a shard is known here: run it in a container of their network, or set "
        f"{variable} and so on to ports that are forwarded",
    )


def of_database(fleet: Fleet, live: Live, option: str) -> Iterator[Finding]:
    """Yield what the database says otherwise than shards.yaml."""
    if not live.registry:
        text = "the database has no registry of shards yet"
        yield Finding(kind=REGISTRY, shards=(), text=text, serious=False)
    else:
        yield from of_registry(fleet, live.registry, option)
    if live.tenants is None:
        text = "the tenants were not counted: the table or its column is not there, or too slow"
        yield Finding(kind=TENANTS, shards=(), text=text, serious=False)
        return
    serving = {shard.id for shard in fleet.live}
    for number, count in sorted((n, c) for n, c in live.tenants.items() if n and n > 0):
        if number not in serving:
            text = f"{count} tenant{'s are' if count > 1 else ' is'} there, and it does not run"
            yield Finding(kind=TENANTS, shards=(number,), text=text)


def of_registry(
    fleet: Fleet, registry: Mapping[int, tuple[str, int | None]], option: str
) -> Iterator[Finding]:
    """Yield the shards that stand otherwise in the registry: migrations are pending, or unknown."""
    listed_here = {shard.id: (shard.state, shard.move_to) for shard in fleet.shards}
    wanted = {shard.id: listed_here[shard.id] for shard in fleet.live}
    troubles = []
    for number in sorted({*wanted, *registry}):
        have, want = registry.get(number), wanted.get(number)
        if have != want:
            text = f"{told(have)} in the database, {told(listed_here.get(number))} in shards.yaml"
            troubles.append((text, number))
    for text, ids in grouped(troubles):
        command = f'shardgen ledger --database "$DATABASE_URL"{option}'
        yield Finding(kind=REGISTRY, shards=tuple(ids), text=text, commands=(command,))


def told(entry: tuple[str, int | None] | None) -> str:
    """Return the state of a shard in words."""
    if entry is None:
        return "not"
    state, to = entry
    return state if to is None else f"{state} towards shard {to}"


def grouped(pairs: Iterable[tuple[Key, Value]]) -> Iterable[tuple[Key, list[Value]]]:
    """Return what has the same key together, in the order in which the keys come."""
    found: dict[Key, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found.items()


def subject(finding: Finding) -> str:
    """Return which shards a finding is about; '' where it is about none."""
    if len(finding.shards) < 2:
        return "".join(f"shard {each}" for each in finding.shards)
    return f"shards {running.named([*map(str, finding.shards)])}"
