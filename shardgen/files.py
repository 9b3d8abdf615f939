"""Writes a plan: all of it staged first, then renamed, so that every file is whole, old or new."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from shardgen.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shardgen.plan import Change

STAGED = ".shardgen-new"


@contextlib.contextmanager
def held(root: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the project's lock: one render at a time, and no check in the middle of one.

    The folder itself is locked, so that nothing is left behind. Where the system has no flock
    (Windows), nothing is held.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_plan(
    root: str, changes: Sequence[Change], lock: str, lock_during: str, lock_after: str
) -> None:
    """Write every change. The lock stands first with old and new digests, and last with the new.

    Whatever step fails, each file is old or new as a whole and is known to be ours, so that the
    next render heals. Migrations go before `shardgen.sum`: a file that the sum does not list was
    never committed.
    """
    touched = [change for change in changes if change.kind in {"create", "update", "remove"}]
    written = [change for change in touched if change.after is not None]
    paths = [os.path.join(root, *change.destination.split("/")) for change in written]
    lock_path = os.path.join(root, *lock.split("/"))
    try:
        for change, path in zip(written, paths, strict=True):
            stage(path, change.after or b"")
        if touched:
            replace_text(lock_path, lock_during)
        for path in paths:
            os.replace(staged(path), path)
        for change in touched:
            if change.after is None:
                remove(os.path.join(root, *change.destination.split("/")))
        sync_folders(paths)
        replace_text(lock_path, lock_after)
    except OSError as error:
        raise Refused(f"error: cannot write {error.filename!r}: {error.strerror}") from error
    finally:
        unstage([*paths, lock_path])


def staged(path: str) -> str:
    """Return where a file waits until all others are ready; same folder, so a rename suffices."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}{STAGED}")


def stage(path: str, content: bytes) -> None:
    """Write content beside its destination, with the permissions of the file it replaces."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(staged(path), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileNotFoundError):
        os.chmod(staged(path), os.stat(path).st_mode & 0o7777)


def replace_text(path: str, text: str) -> None:
    """Replace a file by text in one step."""
    stage(path, text.encode())
    os.replace(staged(path), path)


def remove(path: str) -> None:
    """Remove a stale file."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def unstage(paths: Iterable[str]) -> None:
    """Remove what an unfinished run left waiting."""
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(staged(path))


def sync_folders(paths: Iterable[str]) -> None:
    """Make the renames last: a folder's entries survive a power cut once it is synced."""
    for folder in sorted({os.path.dirname(path) for path in paths}):
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
