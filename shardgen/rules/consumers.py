"""Consumers: services of the base that receive the shard variables and reach every shard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.base import service_networks
from shardgen.declarations import relative_to_project
from shardgen.rules.basefile import known
from shardgen.rules.settings import env_file_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject


def consumers(subject: Subject) -> Iterator[Diagnostic]:
    """Require that consumers are other services of the base, on a network with every shard."""
    seen: set[str] = set()
    reach = networks_of_shards(subject) if subject.base else []
    for index, name in enumerate(subject.fleet.service.consumers):
        path: Path = ("service", "consumers", index)
        if name in seen:
            yield subject.error(
                path, "SG325", f"the consumer {name!r} is listed twice", "keep one of them"
            )
        elif name == subject.fleet.service.name:
            yield subject.error(
                path,
                "SG326",
                f"{name!r} is the service that runs as shards",
                "consumers are the services that call it",
            )
        elif subject.base is not None and not is_around(subject, name):
            yield from in_base(subject, subject.base, path, name, reach)
        seen.add(name)


def is_around(subject: Subject, name: str) -> bool:
    """Return whether the overlay defines a service outside of its blocks."""
    return subject.around is not None and name in subject.around.services


def outside_of_blocks(subject: Subject) -> Iterator[Diagnostic]:
    """Require that consumers outside of the overlay's blocks name the env output themselves.

    They are the user's lines: shardgen writes no second entry of that name into the file.
    """
    env = subject.output("env")
    around = subject.around
    if around is None or env is None:
        return
    wanted = relative_to_project(subject.fleet, around.file, env.destination)
    for name in dict.fromkeys(subject.fleet.service.consumers):
        if not is_around(subject, name):
            continue
        yield from own_variables(subject, around, name, around.services[name])
        listed = compose.listed(around.services[name].get("env_file"))
        if wanted not in [env_file_path(each).removeprefix("./") for each in listed]:
            yield around.document.error(
                ("services", name, "env_file"),
                "SG328",
                f"the consumer {name} is outside of the blocks, and does not read {wanted}",
                f"add {wanted} as the last entry of its env_file",
                key=True,
            )


def in_base(
    subject: Subject, base: Base, path: Path, name: str, reach: list[tuple[Shard, frozenset[str]]]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a consumer that the base should have."""
    if name not in base.services:
        if not base.is_partial:
            yield subject.error(
                path,
                "SG320",
                f"{base.file} has no service {name!r}",
                known(name, base.services, "services"),
            )
        return
    service = base.services[name]
    yield from own_variables(subject, base, name, service)
    mode = service.get("network_mode")
    if mode is not None:
        yield base.document.error(
            ("services", name, "network_mode"),
            "SG322",
            f"the consumer {name} has network_mode {mode!r}, where no shard has a name",
            "give it networks: that it shares with the shards",
        )
        return
    joined = service_networks(service).keys()
    for shard, networks in reach:
        if not networks & joined:
            yield subject.error(
                path,
                "SG321",
                f"{name} shares no network with shard {shard.id}",
                f"{name} is on {', '.join(joined)}, the shard on {', '.join(sorted(networks))}",
            )
            return


def networks_of_shards(subject: Subject) -> list[tuple[Shard, frozenset[str]]]:
    """Return the networks of the shards that a consumer must reach by name.

    Shards on the same networks are looked at once; those with a URL of their own need none.
    """
    if not subject.base_service or "network_mode" in subject.base_service:
        return []
    found: dict[frozenset[str], Shard] = {}
    plain: frozenset[str] | None = None
    for shard in subject.here:
        if shard.explicit_url and not is_own_name(shard):
            continue
        if "networks" in subject.entry(shard):
            networks = joined_by(subject, shard)
        else:
            plain = networks = plain or joined_by(subject, shard)
        found.setdefault(networks, shard)
    return [(shard, networks) for networks, shard in found.items()]


def is_own_name(shard: Shard) -> bool:
    """Return whether a stated URL is by the shard's own name, which only its networks know."""
    return shard.url.partition("://")[2].partition("/")[0].partition(":")[0] == shard.service


def joined_by(subject: Subject, shard: Shard) -> frozenset[str]:
    """Return the networks that a shard joins; without any, it is compose's default."""
    return frozenset(compose.named(subject.effective("networks", shard), "networks") or ["default"])


def own_variables(
    subject: Subject, base: Base, name: str, service: dict[str, Any]
) -> Iterator[Diagnostic]:
    """Yield the shard variables that a consumer sets itself: `environment` wins over env_file."""
    prefix = re.escape(subject.fleet.service.prefix)
    ours = re.compile(rf"{prefix}_(NUM_SHARDS|PORT|BASE_URL|SHARD_IDS|SHARD_[0-9]+_URL)")
    for step, key in variables(service.get("environment")):
        if ours.fullmatch(key):
            yield base.document.error(
                ("services", name, "environment", step),
                "SG323",
                f"the consumer {name} sets {key} itself, which wins over the generated value",
                f"remove it: {name} receives {key} through its env_file",
                key=isinstance(step, str),
            )


def variables(environment: Any) -> Iterator[tuple[str | int, str]]:
    """Yield the variables of an `environment`, each with its step in a path."""
    if isinstance(environment, dict):
        yield from ((key, key) for key in environment)
    else:
        for index, item in enumerate(compose.listed(environment)):
            yield index, str(item).partition("=")[0]


def variables_reach(subject: Subject) -> Iterator[Diagnostic]:
    """Require the env output, from which consumers get their variables."""
    if not subject.fleet.service.consumers or not subject.has_overlay:
        return
    if subject.output("env") is None:
        yield subject.error(
            ("outputs", "env", "enabled"),
            "SG324",
            "the env output is off, but consumers receive their variables from it",
            "turn it on, or remove service.consumers",
        )
