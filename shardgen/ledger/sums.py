"""shardgen.sum: the migrations' bytes in, one sha256 each under a head line out; and back again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shardgen.digest import digest
from shardgen.ledger.runners import WHOLE

SUM_FILE = "shardgen.sum"

_FILE_NAME = re.compile(r"V?([0-9]{4,})_[a-z0-9_]+(?:\.up)?\.sql")
_BESIDE = re.compile(r"([0-9]{4,})_[a-z0-9_]+\.(?:down\.sql|py)")
_LINE = re.compile(r"([0-9a-f]{64})  ([^/\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A sum file as read: its (file name, sha256) lines, and whether it is as it was written."""

    entries: tuple[tuple[str, str], ...]
    intact: bool
    strange: tuple[str, ...] = ()


def number_of(file: str) -> int | None:
    """Return the number that a migration's file name starts with, or None for any other file."""
    match = _FILE_NAME.fullmatch(file)
    return int(match[1]) if match else None


def number_beside(file: str) -> int | None:
    """Return the number of a file that a runner has beside a migration, or None for any other."""
    match = _BESIDE.fullmatch(file)
    return int(match[1]) if match else None


def belongs(file: str) -> bool:
    """Return whether a file is for the ledger to judge: a migration, one beside it, or strange."""
    is_sql = file.endswith(".sql") and file not in WHOLE
    return is_sql or number_beside(file) is not None


def _place(file: str) -> tuple[int, bool, str]:
    number = number_of(file)
    beside = number_beside(file)
    return (number or beside or 0, number is None, file)


def sum_text(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> str:
    """Return the sum file of the migrations, ordered by number; what is beside one follows it."""
    pairs = files.items() if isinstance(files, Mapping) else files
    ordered = sorted(pairs, key=lambda pair: _place(pair[0]))
    body = "".join(f"{digest(content)}  {file}\n" for file, content in ordered)
    return f"head {digest(body.encode())}\n{body}"


def read_sums(content: bytes) -> Sums:
    """Return what a sum file lists; lines that list nothing (conflict markers) are strange."""
    text = content.decode("utf-8", "replace")
    head, _, body = text.partition("\n")
    matches = [(line, _LINE.fullmatch(line)) for line in body.splitlines()]
    entries = tuple((match[2], match[1]) for _, match in matches if match)
    strange = tuple(line for line, match in matches if not match)
    whole = not body or body.endswith("\n")
    written = whole and not strange and head == f"head {digest(body.encode())}"
    return Sums(entries=entries, intact=written, strange=strange)
