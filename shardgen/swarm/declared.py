"""The services of a stack and the base in; what the stack declares besides them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.declarations import DECLARED, declared, declared_volumes
from shardgen.engine import engine_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shardgen.base import Base
    from shardgen.model import Fleet, Shard

    Services = list[tuple[Shard, dict[str, Any]]]

#: What the section of a stack file knows of a volume, of a network, of a secret or config.
VOLUME = ("name", "external", "driver", "driver_opts", "labels")
NETWORK = ("name", "internal", "labels")
#: What means the same to a network that is an overlay already, and nothing to another.
OVERLAY = ("driver_opts", "ipam")
FILE = ("name", "external", "file", "labels")


def networks(services: Services, base: Base | None, known: Collection[str]) -> list[dict[str, Any]]:
    """Return the networks that the shards join, but for those that are known already."""
    stated = base.networks if base else {}
    joined = {name: None for _, service in services for name in service.get("networks", ())}
    return [
        {"name": name, "definition": network(stated.get(name) or {})}
        for name in joined
        if name not in known
    ]


def network(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return a network that reaches every node; attachable, so that `docker run` can look in."""
    if is_external(stated):
        return external("network", stated)
    has_driver = stated.get("driver") == "overlay"
    keys = (*NETWORK, *OVERLAY) if has_driver else NETWORK
    kept = {key: stated[key] for key in keys if stated.get(key)}
    return {"driver": "overlay", "attachable": True, **kept}


def volumes(
    services: Services, fleet: Fleet, base: Base | None, known: Collection[str]
) -> list[dict[str, Any]]:
    """Return the volumes that the shards mount, but for those that are known already."""
    found = declared_volumes(services, fleet, base)
    return [
        {"name": each["name"], "definition": volume(each["definition"] or {})}
        for each in found
        if each["name"] not in known
    ]


def volume(stated: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a volume as the base has it."""
    if is_external(stated):
        return external("volume", stated)
    return {key: stated[key] for key in VOLUME if stated.get(key)} or None


def files(
    services: Services, base: Base | None, way: str, known: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the sections of secrets and configs that the shards read."""
    for key in DECLARED:
        yield (
            key,
            [
                {"name": each["name"], "definition": file(each["definition"] or {})}
                for each in declared(key, services, base, way)
                if each["name"] not in known[key]
            ],
        )


def file(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return a secret or config as the base has it."""
    if is_external(stated):
        return external("secret", stated)
    return {key: stated[key] for key in FILE if stated.get(key)}


def is_external(stated: Mapping[str, Any]) -> bool:
    """Return whether something is made by others."""
    return stated.get("external") not in (None, False, "false")


def external(what: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is made by others, by the name that the engine has for it."""
    where, name = engine_name(what, stated, what)
    return {"external": True, "name": name} if where[-1] == "name" else {"external": True}
