"""The fleet and the base in; what files declare beside services out, and the consumers."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.base import moved_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardgen.base import Base
    from shardgen.model import Fleet, Shard

    Services = list[tuple[Shard, dict[str, Any]]]

#: What a service names and its file declares, beside volumes.
DECLARED = ("secrets", "configs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One service or volume of the overlay; definition None is an empty entry."""

    name: str
    definition: Mapping[str, Any] | None


def without(entries: Sequence[Entry], names: Mapping[str, Any] | None) -> tuple[Entry, ...]:
    """Return the entries that are not among some names."""
    return tuple(entry for entry in entries if entry.name not in (names or ()))


def consumers(fleet: Fleet, paths: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return what each consumer receives: the shard variables, after its own env files."""
    if "env" not in paths:
        return ()
    path = relative_to_project(fleet, paths.get("compose", ""), paths["env"])
    definition = {"env_file": [path]}
    return tuple(Entry(name=name, definition=definition) for name in fleet.service.consumers)


def volumes(fleet: Fleet, base: Base | None, defined: list[Shard]) -> tuple[Entry, ...]:
    """Return the volumes that the overlay declares: those of its shards that the base does not."""
    declared = base.volumes if base else {}
    return tuple(
        Entry(name=shard.volume, definition=volume_definition(shard, fleet, base))
        for shard in defined
        if shard.volume not in declared
    )


def volume_definition(shard: Shard, fleet: Fleet, base: Base | None) -> dict[str, Any] | None:
    """Return a volume's definition: external, or with the driver and labels of shard 1's."""
    if shard.external:
        return {"external": True}
    first = next((each for each in fleet.shards if each.id == 1), None)
    model = base.volumes.get(first.volume, {}) if base and first else {}
    return {key: model[key] for key in ("driver", "labels") if model.get(key)} or None


def networks(entries: Sequence[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Return the networks that the services join; without a base the overlay declares them."""
    joined = {name: None for each in entries for name in each.get("networks", ())}
    return tuple(Entry(name=name, definition=None) for name in joined if name != "default")


def project_folder(fleet: Fleet, overlay: str) -> str:
    """Return the folder that paths in services are relative to: that of compose's first file."""
    return posixpath.dirname(fleet.service.base or overlay)


def relative_to_project(fleet: Fleet, overlay: str, path: str) -> str:
    """Return a path as compose reads it: relative to the folder of its first file."""
    return posixpath.relpath(path, project_folder(fleet, overlay) or ".")


def declared_volumes(services: Services, fleet: Fleet, base: Base | None) -> list[dict[str, Any]]:
    """Return the named volumes that some services mount: as the base has them, else by rule."""
    known = base.volumes if base else {}
    found: dict[str, Any] = {}
    for shard, service in services:
        for mounted in compose.mounts(service.get("volumes")):
            if not mounted.named:
                continue
            rule = volume_definition(shard, fleet, base) if mounted.source == shard.volume else None
            found[mounted.source] = known.get(mounted.source) or rule
    return [{"name": name, "definition": each} for name, each in found.items()]


def declared(key: str, services: Services, base: Base | None, way: str) -> list[dict[str, Any]]:
    """Return the secrets or configs that some services name, as the base declares them."""
    data = base.document.data if base else None
    known = data.get(key) if isinstance(data, dict) else None
    names = {
        str(each.get("source") if isinstance(each, dict) else each): None
        for _, service in services
        for each in compose.listed(service.get(key))
    }
    return [
        {"name": name, "definition": moved_file(known[name], way)}
        for name in names
        if isinstance(known, dict) and name in known
    ]


def moved_file(stated: Any, way: str) -> Any:
    """Return a secret or config; the file that it is made from is relative to another folder."""
    if isinstance(stated, dict) and "file" in stated and way != ".":
        return {**stated, "file": moved_path(stated["file"], way)}
    return stated
