"""The fleet and the base file in; what the compose file of each other host says out.

Such a file is complete by itself: on its host there is no base to merge it with, none of the
services and networks of the base, and no profile to name.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.base import moved
from shardgen.declarations import DECLARED, declared, declared_volumes
from shardgen.instructions import compose_of
from shardgen.overlay import build_parts, layered, resets, shard_service, short_form
from shardgen.ports import container_port
from shardgen.shard import bracketed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.base import Base
    from shardgen.model import Fleet, Host, Shard
    from shardgen.overlay import Parts

    Service = dict[str, Any]

#: Keys of a service that say how it goes together with others of the first host.
LEFT = frozenset({"depends_on", "networks", "profiles"})


def host_files(
    data: Mapping[str, Any], fleet: Fleet, base: Base | None, folder: str, files: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return what the template of the hosts' files receives, by the name of the host.

    `folder` is the one that paths in the services are relative to, and `files` the destination of
    each host: compose reads the paths in a file relative to where that is.
    """
    found: dict[str, dict[str, Any]] = {}
    for host, made_from, services in on_hosts(data, fleet, base):
        way = posixpath.relpath(folder or ".", posixpath.dirname(files[host.name]) or ".")
        shared = moved(elsewhere(made_from.shared), way)
        parts = replace(made_from, shared={k: v for k, v in shared.items() if k != "ports"})
        whole = [(shard, moved(service, way)) for shard, service in services]
        found[host.name] = {
            "name": host.name,
            "address": host.address,
            "bind": host.bind,
            "up": f"{compose_of(files[host.name])} up -d",
            "project": project_name(base),
            "anchor": fleet.service.name,
            "shared": parts.shared,
            "environment_anchor": f"{fleet.service.name}-environment",
            "shared_environment": parts.environment,
            "services": [
                {"name": shard.service, "url": shard.url, "definition": short_form(service, parts)}
                for shard, service in whole
            ],
            "volumes": declared_volumes(whole, fleet, base),
            **{key: declared(key, whole, base, way) for key in DECLARED},
        }
    return found


def on_hosts(
    data: Mapping[str, Any], fleet: Fleet, base: Base | None
) -> Iterator[tuple[Host, Parts, list[tuple[Shard, Service]]]]:
    """Yield each host with what its shards are made from, and all that each of them is there."""
    if not fleet.hosts:
        return
    inherited = base.service(fleet.service.name) if base else {}
    parts = build_parts(data, fleet, inherited, has_base=False)
    shards: dict[str, list[Shard]] = {}
    for shard in fleet.live:
        shards.setdefault(shard.host, []).append(shard)
    for host in fleet.hosts:
        stated = (data.get("hosts", {}).get(host.name) or {}).get("environment")
        own = with_environment(parts, stated or {})
        yield host, own, [(each, on_host(each, host, own)) for each in shards[host.name]]


def with_environment(parts: Parts, stated: Mapping[str, Any]) -> Parts:
    """Return what shards are made from with the variables of a host over those that all have."""
    if not stated:
        return parts
    layer = ({"environment": resets("environment", stated)},)
    complete = {on: layered(service, layer) for on, service in parts.complete.items()}
    environment = compose.pairs(complete[parts.hardened].get("environment"))
    return replace(parts, complete=complete, environment=environment)


def on_host(shard: Shard, host: Host, parts: Parts) -> Service:
    """Return all that a shard is on another host, where it publishes its port."""
    service = elsewhere(shard_service(shard, parts))
    port = parts.fleet.service.port
    kept = [each for each in compose.listed(service.get("ports")) if container_port(each) != port]
    address = f"{bracketed(host.bind)}:" if host.bind else ""
    return {**service, "ports": [*kept, f"{address}{shard.host_port}:{port}"]}


def elsewhere(service: Mapping[str, Any]) -> Service:
    """Return a service without what ties it to the first host."""
    return {key: value for key, value in service.items() if key not in LEFT}


def project_name(base: Base | None) -> str:
    """Return the name that the base gives its project, and so all volumes; '' for the folder's."""
    data = base.document.data if base else None
    return str(data.get("name") or "") if isinstance(data, dict) else ""
