"""A project's folder in; the same, which remembers what was read from it as an input, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.digest import digest
from shardgen.render import Templates
from shardgen.resources import resource_text

if TYPE_CHECKING:
    from shardgen.disk import Disk


class Recording:
    """A disk that remembers the digest of every input that was read from it."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.inputs: dict[str, str | None] = {}

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, and note them as an input."""
        content = self.disk.read(name)
        self.inputs[name] = None if content is None else digest(content)
        return content

    def peek(self, name: str) -> bytes | None:
        """Return the bytes of a destination, which is no input."""
        return self.disk.read(name)

    def required(self, config: str) -> bytes:
        """Return the bytes of a shards.yaml, and note them as an input."""
        content = self.disk.required(config)
        self.inputs[config] = digest(content)
        return content

    def kind(self, name: str) -> str | None:
        """Return what a path is."""
        return self.disk.kind(name)


def templates(recording: Recording, folder: str) -> Templates:
    """Return where templates come from; each look into the user's folder is an input.

    Migrations are written once, so their templates decide nothing about what is there.
    """

    def user(name: str) -> str | None:
        path = f"{folder}/{name}"
        reader = recording.disk if name.startswith("migrations/") else recording
        content = reader.read(path) if is_inside(name) else None
        return None if content is None else content.decode()

    def package(name: str) -> str | None:
        try:
            return resource_text(f"templates/{name}") if is_inside(name) else None
        except FileNotFoundError:
            return None

    return Templates(package=package, user=user)


def is_inside(name: str) -> bool:
    """Return whether a template's name stays in its folder."""
    return not name.startswith("/") and ".." not in name.split("/")
