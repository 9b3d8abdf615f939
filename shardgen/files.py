"""Writes a plan: all of it staged first, then renamed, so that every file is whole, old or new."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from shardgen.errors import Refused
from shardgen.lock import read_lock
from shardgen.outputs import STAGED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shardgen.plan import Change


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
    try:
        handle = os.open(root, os.O_RDONLY)
    except FileNotFoundError:
        yield  # whoever reads in it says what is missing
        return
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
    paths = [on_disk(root, change.destination) for change in written]
    lock_path = on_disk(root, lock)
    begun = False
    try:
        stage(lock_path, (lock_during if touched else lock_after).encode())
        for change, path in zip(written, paths, strict=True):
            stage(path, change.after or b"")
        if touched:
            begun = True
            os.replace(staged(lock_path), lock_path)
            sync_folders([lock_path])
        for path in paths:
            os.replace(staged(path), path)
        for change in touched:
            if change.after is None:
                remove(on_disk(root, change.destination))
        sync_folders(paths)
        if touched:
            stage(lock_path, lock_after.encode())
        os.replace(staged(lock_path), lock_path)
    except OSError as error:
        raise Refused(failure(error, begun=begun)) from error
    finally:
        unstage([*paths, lock_path])


def failure(error: OSError, *, begun: bool) -> str:
    """Return what could not be written, why, and how the project stands now."""
    what = f"cannot write {error.filename}" if error.filename else "cannot write"
    state = "every file is whole; render again to complete" if begun else "nothing was written"
    return f"{what}: {error.strerror or error}; {state}"


def clear(root: str, lock: str) -> None:
    """Remove what a render that was killed left waiting.

    The lock is staged before all else and stands in its place before the first rename, so that
    one of the two names every file that may be left.
    """
    path = on_disk(root, lock)
    texts = [text_of(staged(path)), text_of(path)]
    left = [found for text in texts if (found := read_lock(text)) and not found.is_complete]
    unstage([*(on_disk(root, name) for each in left for name in each.outputs), path])


def text_of(path: str) -> str:
    """Return a file's text; empty where there is none, or it cannot be read."""
    if not os.path.isfile(path):  # a pipe would be waited for
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    except OSError:
        return ""


def on_disk(root: str, name: str) -> str:
    """Return the path of a file of the project."""
    return os.path.join(root, *name.split("/"))


def staged(path: str) -> str:
    """Return where a file waits until all others are ready; same folder, so a rename suffices."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}{STAGED}")


def stage(path: str, content: bytes) -> None:
    """Write content beside its destination, with the permissions of the file it replaces.

    What lies there already is removed, never written to: it may be a link to anywhere.
    """
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(staged(path))
    with open(staged(path), "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileNotFoundError):
        os.chmod(staged(path), os.stat(path).st_mode & 0o7777)


def replace_text(path: str, text: str) -> None:
    """Replace a file by text in one step. Raises Refused where it cannot be written."""
    try:
        stage(path, text.encode())
        os.replace(staged(path), path)
    except OSError as error:
        raise Refused(failure(error, begun=False)) from error
    finally:
        unstage([path])


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
            handle = os.open(folder or ".", os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
