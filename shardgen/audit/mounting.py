"""A compose file in; the services in it that share the volume of a shard out (SG815, SG811)."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from shardgen import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.sheet import Sheet
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path


def shared_state(sheet: Sheet) -> Iterator[Diagnostic]:
    """Yield the mounts by which a service reaches the state of a shard that it is not."""
    owners = owners_of(sheet)
    live = {shard.id for shard in sheet.subject.fleet.here}
    for name, service in sheet.services.items():
        own = sheet.subject.hosts.get(name)
        reading: list[tuple[Path, int, str]] = []
        for path, number, text, is_reading in reached(sheet, name, service, owners):
            if number == own:
                continue
            if is_reading and own is None:
                reading.append((path, number, text))
                continue
            yield sheet.at(
                path,
                "SG815",
                f"{name} writes into {text!r}, the state of shard {number}: two processes on it "
                "destroy it, and every tenant there has to pair again",
                f"give {name} a volume of its own, or let it ask the shard",
                part=text,
            )
        missing = sorted(live - {number for _, number, _ in reading})
        for path, number, text in reading if missing else ():
            yield sheet.at(
                path,
                "SG811",
                f"{name} reads the state of shard {number} alone: that of shard {missing[0]} is "
                "missed",
                f"mount the volumes of all shards into {name}, by an output of your own",
                part=text,
            )


def owners_of(sheet: Sheet) -> dict[str, int]:
    """Return the volumes that are a shard's, by the names that this file has for them.

    A volume without a name of its own belongs to the project, and so does its file: that of
    another folder, or of another name, has other volumes.
    """
    subject, base = sheet.subject, sheet.subject.fleet.service.base or sheet.subject.overlay or ""
    is_same = posixpath.dirname(sheet.page.path) == posixpath.dirname(base)
    data = sheet.base.document.data
    stated = data.get("name") if isinstance(data, dict) else None
    known = subject.base.document.data.get("name") if subject.base else None
    is_same = is_same and stated in {None, known}
    found = dict(subject.volumes) if is_same else {}
    for key, volume in sheet.base.volumes.items():
        external = volume.get("external")
        older = external.get("name") if isinstance(external, dict) else None
        name = older or volume.get("name") or (key if external else None)
        if name is not None:
            number = subject.engine_volume(str(name))
            found.pop(key, None)
            if number is not None:
                found[key] = number
    return found


def reached(
    sheet: Sheet, name: str, service: dict[str, Any], owners: dict[str, int]
) -> Iterator[tuple[Path, int, str, bool]]:
    """Yield where a service reaches the state of a shard, whose it is, by what, and if it reads."""
    for mounted in compose.mounts(service.get("volumes")):
        if mounted.named and mounted.source in owners:
            path = ("services", name, "volumes", mounted.index)
            yield path, owners[mounted.source], mounted.source, is_reading(mounted)
    for index, entry in enumerate(compose.listed(service.get("volumes_from"))):
        other, _, mode = str(entry).removeprefix("container:").partition(":")
        number = sheet.subject.hosts.get(other)
        if number is not None:
            yield ("services", name, "volumes_from", index), number, other, mode == "ro"


def is_reading(mounted: compose.Mount) -> bool:
    """Return whether a mount can only be read."""
    if isinstance(mounted.entry, dict):
        return mounted.entry.get("read_only") is True
    options = str(mounted.entry)[len(f"{mounted.source}:{mounted.target}") :].lstrip(":")
    return "ro" in options.split(",")
