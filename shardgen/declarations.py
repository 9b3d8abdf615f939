"""The fleet and the base in; consumers, volumes and networks of the overlay out."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardgen.base import Base
    from shardgen.model import Fleet, Shard


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


def relative_to_project(fleet: Fleet, overlay: str, path: str) -> str:
    """Return a path as compose reads it: relative to the folder of its first file."""
    folder = posixpath.dirname(fleet.service.base or overlay)
    return posixpath.relpath(path, folder or ".")
