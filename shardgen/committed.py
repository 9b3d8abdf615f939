"""A commit of a project in; what it has of the ledger, and its lock, out."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.digest import lock_name
from shardgen.ledger.sums import SUM_FILE, read_sums
from shardgen.lock import lock_in

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.git import Commit
    from shardgen.ledger.sums import Sums
    from shardgen.lock import Lock

FOLDER = "migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The ledger of a commit: its folder as that commit's shards.yaml names it, and the names and
    the sum in there. `ref` is the commit as it was typed.
    """

    ref: str
    folder: str
    names: frozenset[str]
    sum: bytes | None
    lock: Lock | None

    @property
    def sums(self) -> Sums:
        """What the sum lists, whatever its line ends."""
        return read_sums((self.sum or b"").replace(b"\r\n", b"\n"))

    @property
    def stays(self) -> frozenset[str]:
        """The names of the files that must stay as the commit has them."""
        return self.names | {name for name, _ in self.sums.entries}


def committed_in(commit: Commit, disk: Disk, config: str) -> Committed:
    """Return what a commit has of a project's ledger."""
    folder = folder_of(commit, config) or folder_of(disk, config) or FOLDER
    lock = commit.read(lock_name(config))
    return Committed(
        ref=commit.name,
        folder=folder,
        names=frozenset(commit.names(folder)),
        sum=commit.read(f"{folder}/{SUM_FILE}"),
        lock=lock_in(lock),
    )


def folder_of(project: Commit | Disk, config: str) -> str | None:
    """Return the ledger's folder by a shards.yaml, right or wrong; None where there is no such."""
    from shardgen.source import parse

    content = project.read(config)
    if content is None:
        return None
    data = parse(content.decode("utf-8", "replace"), config).data
    for key in ("database", "migrations", "path"):
        data = data.get(key) if isinstance(data, dict) else None
    return posixpath.normpath(data) if isinstance(data, str) and data else FOLDER
