"""The shards that were found in; the volume of each that holds its state, out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shardgen import compose
from shardgen.engine import engine_name
from shardgen.model import Storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.adopt.found import Found, Member
    from shardgen.diagnostics import Diagnostic

    Mounts = dict[int, list[compose.Mount]]


def state_mounts(found: Found) -> dict[int, compose.Mount]:
    """Return the mount of each shard that holds its state, by id; none where that is unclear.

    It is a named volume at one place in all shards, of each shard's own. Where several places
    could be meant it is the usual one, or that of the volume which the user names.
    """
    named = {
        member.id: [m for m in compose.mounts(member.model.get("volumes")) if m.named]
        for member in found.members
    }
    places = likely_places(found, named)
    if len(places) == 1:
        return {number: at(each, places[0]) for number, each in named.items()}
    if not places and not found.volume and all(len(each) == 1 for each in named.values()):
        return {number: each[0] for number, each in named.items()}
    return {}


def likely_places(found: Found, named: Mounts) -> list[str]:
    """Return the folders at which every shard mounts what may be its state."""
    first = named[found.first.id]
    if found.volume:
        return [compose.folder(m.target) for m in first if m.source == found.volume][:1]
    common = [
        folder
        for folder in dict.fromkeys(compose.folder(mount.target) for mount in first)
        if all(any(compose.folder(m.target) == folder for m in each) for each in named.values())
    ]
    own = [f for f in common if len({at(each, f).source for each in named.values()}) == len(named)]
    usual = compose.folder(Storage().mount)
    likely = own or common
    return [usual] if usual in likely else likely


def at(mounts: Sequence[compose.Mount], folder: str) -> compose.Mount:
    """Return the mount at a folder."""
    return next(mount for mount in mounts if compose.folder(mount.target) == folder)


def stateless(found: Found) -> Iterator[Diagnostic]:
    """Yield shards without a volume of their own, and those that share one."""
    states = state_mounts(found)
    bare = [member for member in found.members if not has_named(member)]
    for member in bare:
        yield member.error(
            ("volumes",),
            "SG731",
            f"{member.service} mounts no named volume that would hold its state",
            "a shard's state is a named volume: mount one, and move the files into it",
            key=True,
        )
    if not states and not bare:
        yield unclear(found)
    owners: dict[str, Member] = {}
    for member in found.members if states else ():
        declared = found.model["volumes"].get(states[member.id].source, {})
        name = engine_name(states[member.id].source, declared, "*")[1]
        owner = owners.setdefault(name, member)
        if owner is not member:
            yield member.error(
                ("volumes", states[member.id].index),
                "SG729",
                f"{member.service} mounts {states[member.id].source!r}, as {owner.service} does",
                "two services on one volume destroy its state: give it a volume of its own first",
            )


def borrowers(found: Found) -> Iterator[Diagnostic]:
    """Yield a warning for each service of the overlay that mounts the state of a shard, too."""
    owners = {mount.source: number for number, mount in state_mounts(found).items()}
    shards = {member.service for member in found.members}
    overlay = found.sources.overlay
    for name, service in overlay.services.items():
        for mounted in compose.mounts(service.get("volumes")) if name not in shards else ():
            if mounted.named and mounted.source in owners:
                shard = owners[mounted.source]
                error = overlay.document.error(
                    ("services", name, "volumes", mounted.index),
                    "SG738",
                    f"{name} mounts {mounted.source!r}, the volume of shard {shard}",
                    "see that it never writes there, as with :ro; a copy is safer",
                )
                yield replace(error, level="warning")


def unclear(found: Found) -> Diagnostic:
    """Return the error where no volume, or more than one, may hold the state."""
    named = [m for m in compose.mounts(found.first.model.get("volumes")) if m.named]
    ways = [mount.source for mount in named] if named[1:] or found.volume else []
    return found.first.error(
        ("volumes",),
        "SG731",
        f"which volume of {found.first.service} holds its state is unclear",
        f"name it, as in --volume {ways[0]}; every shard has its own at the same place"
        if ways
        else f"mount the volume of every shard at one place, as {Storage().mount}",
        key=True,
    )


def has_named(member: Member) -> bool:
    """Return whether a shard mounts a named volume."""
    return any(mount.named for mount in compose.mounts(member.model.get("volumes")))
