"""What else is mounted where a shard keeps its state: nothing that another container has too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.rules.subject import Subject

HINT = "the whole folder is one volume, a shard's own: keep everything else outside of it"


def mounts_in_state(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse mounts inside the state, which every shard would share, and a tmpfs in its place."""
    live, base = subject.live, subject.base_service
    folders = {compose.folder(shard.mount) for shard in live}
    is_shared = len(live) > 1
    running = {shard.volume for shard in live} if is_shared else None
    every = {shard.volume for shard in subject.shards} if is_shared else None
    for path, message in (
        *inside(base, folders, running),
        *twice(base, folders),
        *tmpfs(base, folders),
    ):
        yield subject.base_error(path, "SG313", message, HINT)
    for path, layer, shard in subject.layers():
        extra = layer.get("compose", {})
        if not extra:
            continue
        own = folders if shard is None else {compose.folder(shard.mount)}
        for at, message in (*inside(extra, own, every), *tmpfs(extra, own)):
            yield subject.error((*path, "compose", *at), "SG314", message, HINT)


def inside(
    service: dict[str, Any],
    folders: Collection[str],
    volumes: Collection[str] | None,
) -> Iterator[tuple[Path, str]]:
    """Yield mounts inside the state; without `volumes` a shard is alone, and shares with nobody.

    What is anonymous is each container's own, and the shards' volumes have rules of their own.
    """
    for mounted in compose.mounts(service.get("volumes")) if volumes is not None else ():
        is_inside = any(compose.folder(mounted.target).startswith(f"{each}/") for each in folders)
        if is_inside and mounted.source and mounted.source not in (volumes or ()):
            message = f"{mounted.source!r} at {mounted.target!r} is inside the state of a shard"
            yield ("volumes", mounted.index), message


def twice(service: dict[str, Any], folders: Collection[str]) -> Iterator[tuple[Path, str]]:
    """Yield mounts at the state's own place, but the first."""
    first: dict[str, compose.Mount] = {}
    for mounted in compose.mounts(service.get("volumes")):
        folder = compose.folder(mounted.target)
        other = first.setdefault(folder, mounted)
        if other is not mounted and folder in folders:
            yield ("volumes", mounted.index), f"{other.source!r} is mounted at {folder} already"


def tmpfs(service: dict[str, Any], folders: Collection[str]) -> Iterator[tuple[Path, str]]:
    """Yield where a tmpfs is in the state's place."""
    written = service.get("tmpfs")
    for index, entry in enumerate(compose.listed(written)):
        if compose.folder(str(entry).partition(":")[0]) in folders:
            path: Path = ("tmpfs", index) if isinstance(written, list) else ("tmpfs",)
            yield path, "a tmpfs here forgets the state of a shard at every start"
