"""The project's folder, read: contents, kinds and listings of paths relative to it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from shardgen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Disk:
    """Reads a project. Paths are relative to its root, with '/'."""

    def __init__(self, root: str) -> None:
        self.root = root

    def path(self, name: str) -> str:
        """Return the path on disk."""
        return os.path.join(self.root, *name.split("/"))

    def typed(self, name: str) -> str:
        """Return the path as the one who typed the root would type it."""
        return name if self.root == "." else f"{self.root}/{name}"

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; None where there is no file."""
        try:
            if not stat.S_ISREG(os.stat(self.path(name)).st_mode):
                return None  # a pipe or a device would be waited for
            with open(self.path(name), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def peek(self, name: str) -> bytes | None:
        """Return the bytes of a destination; `Recording` notes it as no input."""
        return self.read(name)

    def required(self, config: str) -> bytes:
        """Return the bytes of a shards.yaml. Raises UsageError where there is none."""
        content = self.read(config)
        if content is not None:
            return content
        above = os.path.join(self.root, os.pardir, config)
        way = "`shardgen init` starts one"
        if os.path.isfile(above):
            way = f"there is one above: type `-c {os.path.normpath(above)}`"
        raise UsageError(f"there is no {self.typed(config)!r} here; {way}")

    def kind(self, name: str) -> str | None:
        """Return 'file', 'folder', 'link' or 'other'; None where there is nothing."""
        try:
            mode = os.lstat(self.path(name)).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISLNK(mode):
            return "link"
        if stat.S_ISDIR(mode):
            return "folder"
        return "file" if stat.S_ISREG(mode) else "other"

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where there is no folder."""
        try:
            return sorted(os.listdir(self.path(folder)))
        except (FileNotFoundError, NotADirectoryError):
            return []


class Drafted(Disk):
    """A project in which some files already have texts that are not written yet."""

    def __init__(self, disk: Disk, drafts: Mapping[str, bytes]) -> None:
        super().__init__(disk.root)
        self.drafts = drafts

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, a draft's from memory."""
        return self.drafts[name] if name in self.drafts else super().read(name)

    def kind(self, name: str) -> str | None:
        """Return what a path is; a draft of a file that is not there yet is a file."""
        found = super().kind(name)
        return "file" if found is None and name in self.drafts else found
