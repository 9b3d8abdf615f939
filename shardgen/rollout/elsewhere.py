"""What runs on other hosts, before and after, in; what there is to do there, in order, out.

A command that is for another host says so in a comment behind it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen.instructions import compose_of
from shardgen.ledger.state import RETIRED
from shardgen.outputs import files_by_host
from shardgen.record import HERE, left_services
from shardgen.rollout.step import EARLIER, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from shardgen.model import Fleet, Shard
    from shardgen.outputs import Output
    from shardgen.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """What there is to do on one other host; `file` is '' where no shard is left there.

    `starts` says that its containers may be others, `gone` names the services that have to stop:
    where that is all, the last step does both.
    """

    host: str
    file: str
    starts: bool
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocation:
    """A running shard that goes on on another host; '' is the one where the consumers run."""

    shard: Shard
    before: str


def aways(
    before: Mapping[str, Any], fleet: Fleet, outputs: Sequence[Output], changed: Collection[str]
) -> tuple[Away, ...]:
    """Return what there is to do on each other host; `changed` are files that are others now."""
    files = files_by_host(outputs)
    left, new = left_services(before, fleet), new_hosts(before, fleet)
    found = (
        Away(
            host=host,
            file=files.get(host, ""),
            starts=files.get(host, "") in changed and (host in new or host not in left),
            gone=tuple(left.get(host, ())),
        )
        for host in sorted({*files, *left} - {""})
    )
    return tuple(each for each in found if each.starts or each.gone)


def new_hosts(before: Mapping[str, Any], fleet: Fleet) -> set[str]:
    """Return the hosts that get a shard which did not run there before."""
    ran = {
        (entry.get("host", ""), number)
        for number, entry in before.get("shards", {}).items()
        if entry["state"] != RETIRED
    }
    return {shard.host for shard in fleet.live if (shard.host, str(shard.id)) not in ran}


def relocations(before: Mapping[str, Any], fleet: Fleet) -> tuple[Relocation, ...]:
    """Return the shards that ran on another host before; `before` is a fleet's record."""
    recorded = before.get("shards", {})
    found = ((shard, recorded.get(str(shard.id))) for shard in fleet.live)
    return tuple(
        Relocation(shard=shard, before=was.get("host", ""))
        for shard, was in found
        if was and was["state"] != RETIRED and was.get("host", "") != shard.host
    )


def relocated(moving: Sequence[Relocation], aways: Sequence[Away], compose: str) -> Iterator[Step]:
    """Yield the steps that bring shards to another host: no moment has two of one shard.

    The new container is made, and not started, before the data come: it has the volume.
    """
    files = {each.host: each.file for each in aways}
    for each in moving:
        shard, mount = each.shard, shlex.quote(each.shard.mount)
        there = f"$(docker ps -aq --filter label=com.docker.compose.service={shard.service})"
        yield Step(
            title=f"stop {shard.service} on {each.before or HERE}: it goes to {shard.host or HERE}",
            command=on(each.before, f"docker stop {there}"),
            back=on(each.before, f"docker start {there}"),
        )
        start = compose_of(files.get(shard.host, ""))
        yield Step(
            title=f"make it on {shard.host or HERE}, and do not start it",
            command=on(shard.host, f"{start if shard.host else compose} create {shard.service}"),
        )
        source = over_ssh(each.before, f"docker cp -a {there}:{mount}/. -")
        goal = over_ssh(shard.host, f"docker cp -a - {there}:{mount}")
        yield Step(
            title="copy its data, with owners and modes (docs/hosts.md)",
            command=f"{source} | {goal}",
        )


def started_elsewhere(aways: Sequence[Away]) -> Iterator[Step]:
    """Yield the steps that start what is new on other hosts, before consumers learn of it."""
    for each in aways:
        if each.starts and each.file:
            yield Step(
                title=f"start what is new on {each.host}, recreate what changed",
                command=on(each.host, f"{compose_of(each.file)} up -d"),
                back=EARLIER,
            )


def removed_elsewhere(aways: Sequence[Away]) -> Iterator[Step]:
    """Yield the steps that take containers away which the file of their host defines no more."""
    for each in (each for each in aways if each.gone):
        labels = (f"label=com.docker.compose.service={service}" for service in each.gone)
        command = "; ".join(f"docker rm -f $(docker ps -aq --filter {label})" for label in labels)
        if each.file:
            command = f"{compose_of(each.file)} up -d --remove-orphans"
        yield Step(
            title=f"stop {', '.join(each.gone)} on {each.host}; the volumes stay",
            command=on(each.host, command),
            back=EARLIER,
        )


def compose_function(workspace: Workspace) -> Iterator[str]:
    """Yield the function `dc` of a shell: compose, on the host of the service that is named.

    On another host, the project is in a folder of the same path.
    """
    fleet, compose = workspace.inputs.fleet, workspace.commands.compose
    if not fleet.hosts:
        yield f'dc() {{ {compose} "$@"; }}'
        return
    files = files_by_host(workspace.inputs.outputs)
    yield 'dc() { case " $* " in'
    for host in fleet.hosts:
        names = [each.service for each in fleet.live if each.host == host.name]
        there = compose_of(files.get(host.name, ""))
        yield "  " + " | ".join(f'*" {name}"[\\ :]*' for name in names) + ")"
        yield f'    ssh {host.name} "cd $PWD && {there} $*" ;;'
    yield f'  *) {compose} "$@" ;;'
    yield "esac; }"


def on(host: str, command: str) -> str:
    """Return a command with the host that it is for."""
    return f"{command}   # on {host}" if host else command


def over_ssh(host: str, command: str) -> str:
    """Return a command that another host runs, for a pipe between two of them."""
    return f"ssh {host} {shlex.quote(command)}" if host else command
