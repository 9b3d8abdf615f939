"""The ledger of a commit and the files of today in; what these do not keep of it out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.digest import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from shardgen.committed import Committed

    Read = Callable[[str], bytes | None]

NUMBER = re.compile("V?([0-9]+)_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unkept:
    """A committed migration that is not there any more as it was; `file` is its name."""

    file: str
    reason: str


def not_kept(committed: Committed, read: Read, names: Collection[str]) -> Iterator[Unkept]:
    """Yield each migration of a commit that is not in the folder of today, byte for byte.

    Where the folder is sound too (which its own sum proves), all else in it comes after them.
    """
    ours = {place(name): name for name in sorted(names)}
    for file, sha256 in committed.sums.entries:
        content = read(file)
        other = ours.get(place(file), file)
        if content is not None and digest(content) == sha256:
            continue
        if content is not None:
            reason = f"is not what {committed.ref} has: what was committed there stays as it is"
        elif other != file:
            reason = f"is in {committed.ref}, but {other} has its number here"
        else:
            reason = f"is in {committed.ref}, but not here"
        yield Unkept(file=file, reason=reason)


def place(name: str) -> tuple[str, str]:
    """Return what two files cannot share: a number, and the kind of the file."""
    number = NUMBER.match(name)
    return (number[1], name.partition(".")[2]) if number else (name, "")
