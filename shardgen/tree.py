"""Paths that were typed in; the files below them that are worth reading, as one would type them,
out.
"""

from __future__ import annotations

import os
import stat
import subprocess
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from shardgen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Folders of tools, of which nothing is the user's own.
SKIPPED = frozenset({
    ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox",
    ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".terraform", "site-packages",
})  # fmt: skip
#: Bytes; what is larger was not typed by people.
LARGEST = 2_000_000


def files_below(paths: Sequence[str], exclude: Sequence[str] = ()) -> list[str]:
    """Return the regular files at or below paths, each once, sorted; links are not followed.

    In a git work tree those count that git tracks, or would. A file that was typed counts always.
    Raises UsageError for a path at which there is nothing.
    """
    found: dict[str, None] = {}
    for path in paths:
        name = os.path.normpath(path)
        if os.path.isfile(name):
            found[name] = None
        elif os.path.isdir(name):
            found.update(dict.fromkeys(files_in(name)))
        else:
            raise UsageError(f"there is no {path!r} here; name files or folders")
    return sorted(each for each in found if not is_excluded(each, exclude))


def files_in(folder: str) -> Iterator[str]:
    """Yield the regular files below a folder."""
    listed = listed_by_git(folder)
    for name in walked(folder) if listed is None else listed:
        path = name if folder == os.curdir else os.path.join(folder, name)
        if SKIPPED.isdisjoint(name.split("/")) and is_regular(path):
            yield path


def listed_by_git(folder: str) -> list[str] | None:
    """Return what git tracks below a folder, or would; None where git does not know it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    names = list(dict.fromkeys(filter(None, os.fsdecode(done.stdout).split("\0"))))
    if not names and is_ignored(folder):
        return None  # it was typed: what git ignores as a whole is meant
    return names


def is_ignored(folder: str) -> bool:
    """Return whether git ignores a folder as a whole."""
    command = ["git", "check-ignore", "--quiet", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0  # noqa: S603


def walked(folder: str) -> Iterator[str]:
    """Yield the names of all files below a folder, relative to it, with '/'."""
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in SKIPPED)
        start = os.path.relpath(above, folder)
        for name in names:
            yield name if start == os.curdir else f"{start}/{name}".replace(os.sep, "/")


def is_regular(path: str) -> bool:
    """Return whether a path is a file itself, and no link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def is_excluded(path: str, patterns: Sequence[str]) -> bool:
    """Return whether a pattern fits a path, a folder above it, or the name of one of them."""
    if not patterns:
        return False
    parts = path.replace(os.sep, "/").split("/")
    every = {"/".join(parts[:count]) for count in range(1, len(parts) + 1)} | set(parts)
    wanted = [pattern.removeprefix("./").rstrip("/") for pattern in patterns]
    return any(fnmatchcase(each, pattern) for each in every for pattern in wanted)


def content_of(path: str) -> bytes | None:
    """Return a file's bytes; None where it is binary or too large to be anybody's source."""
    if os.path.getsize(path) > LARGEST:
        return None
    with open(path, "rb") as file:
        content = file.read()
    return None if b"\0" in content[:8000] else content
