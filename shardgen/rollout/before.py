"""A project as its lock, or a commit, has it in; what was rendered then out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardgen.base import read_base
from shardgen.digest import digest
from shardgen.languages import read_env
from shardgen.outputs import HELD
from shardgen.stack import merged_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from shardgen.lock import Lock

    Read = Callable[[str], bytes | None]

#: What a project whose lock is lost is compared with.
OVERLAY = "the overlay on disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was rendered. `fleet` is its record, empty for nothing.

    `services` is the merged compose model, None where a file that went into it is not to be had;
    `migrations` are the names of the files of the ledger's folder, `routers` are the digests of
    what the consumers' images hold.
    """

    name: str
    fleet: Mapping[str, Any]
    services: Mapping[str, Mapping[str, Any]] | None
    variables: Mapping[str, str | None]
    migrations: Collection[str] = ()
    routers: frozenset[str] = frozenset()
    #: The services of each compose file of another host, by the file's path.
    elsewhere: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    #: The digest of each output, by its path.
    digests: Mapping[str, str] = field(default_factory=dict)


def read_before(
    name: str, lock: Lock, base: str | None, read: Read, names: Collection[str] = ()
) -> Before:
    """Return what a lock describes; `read` gives the files as they were with it.

    A file that is not as the lock has it was edited since, and tells nothing.
    """
    paths = {entry.output: path for path, entry in lock.outputs.items()}
    elsewhere = [path for path, entry in lock.outputs.items() if entry.output == "hosts"]
    overlay = text_of(read(paths.get("compose", "")) if "compose" in paths else b"")
    env = text_of(read(paths.get("env", "")) if "env" in paths else b"")
    services = None
    content = read(base) if base else b""
    if overlay is not None and content is not None and is_as_locked(base, content, lock):
        files = [read_base(text_of(content) or "", base, read)] if base else []
        files.append(read_base(overlay, paths.get("compose", "")))
        services = merged_files(files)["services"]
    return Before(
        name=name,
        fleet=lock.fleet,
        services=services,
        variables=read_env(env or ""),
        migrations=names,
        routers=frozenset(e.digest for e in lock.outputs.values() if e.output in HELD),
        elsewhere={path: read_base(text_of(read(path)) or "", path).services for path in elsewhere},
        digests={path: entry.digest for path, entry in lock.outputs.items()},
    )


def is_as_locked(base: str | None, content: bytes, lock: Lock) -> bool:
    """Return whether the base is the one that was rendered from."""
    return base is None or lock.inputs.get(base) in {digest(content), None}


def text_of(content: bytes | None) -> str | None:
    """Return the text of a file; None where there is none."""
    return None if content is None else content.decode("utf-8", "replace")
