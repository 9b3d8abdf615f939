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
    folders = {compose.folder(shard.mount) for shard in subject.live}
    for path, message in intrusions(subject.base_service, folders, is_base=True):
        yield subject.base_error(path, "SG313", message, HINT)
    for path, layer, shard in subject.layers():
        own = folders if shard is None else {compose.folder(shard.mount)}
        for at, message in intrusions(layer.get("compose", {}), own, is_base=False):
            yield subject.error((*path, "compose", *at), "SG314", message, HINT)


def intrusions(
    service: dict[str, Any], folders: Collection[str], *, is_base: bool
) -> Iterator[tuple[Path, str]]:
    """Yield the places in a service that mount into a shard's state, each with its message."""
    stated = compose.mounts(service.get("volumes"))
    for mounted in stated:
        folder = compose.folder(mounted.target)
        if mounted.source and any(folder.startswith(f"{each}/") for each in folders):
            message = f"{mounted.source!r} at {mounted.target!r} is inside the state of a shard"
            yield ("volumes", mounted.index), message
        twin = next((m for m in stated if compose.folder(m.target) == folder), mounted)
        if is_base and folder in folders and twin is not mounted:
            yield ("volumes", mounted.index), f"{twin.source!r} is mounted at {folder} already"
    written = service.get("tmpfs")
    for index, entry in enumerate(compose.listed(written)):
        if compose.folder(str(entry).partition(":")[0]) in folders:
            path: Path = ("tmpfs", index) if isinstance(written, list) else ("tmpfs",)
            yield path, "a tmpfs here forgets the state of a shard at every start"
