"""A CSV of tenants in; id, shard and weight of each out, or everything that is wrong with it."""

from __future__ import annotations

import csv
import re
from array import array
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from shardgen.diagnostics import Diagnostic, ordered
from shardgen.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shardgen.model import Database

WHOLE = re.compile(r"\s*-?[0-9]+\s*", re.ASCII)
#: What a column of bigint holds, the largest id of a shard, and the heaviest weight.
SMALLEST, LARGEST = -(2**63), 2**63 - 1
#: Characters of a cell with a number; Python makes none of more than a few thousand.
WIDEST = 100
LARGEST_SHARD = 2**31 - 1
HEAVIEST = 10**12
#: Weights are kept in millionths, so that no sum depends on an order.
PARTS = 1_000_000
#: So many wrong lines are told.
TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All tenants of a list, in columns: id, shard (0: none is written), weight in millionths.

    `lines` are where they stand; `file` is what the list is called in messages.
    """

    file: str
    ids: Sequence[int]
    shards: Sequence[int]
    weights: Sequence[int]
    lines: Sequence[int]


class Wrong(Exception):
    """A cell that cannot be what it should be."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class Complaints:
    """What is wrong with a list: the first lines of it, and how many more there are."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []
        self.more = 0

    def add(self, line: int, code: str, message: str, hint: str) -> None:
        """Note what is wrong with a line; 0 for the list as a whole."""
        if len(self.found) < TOLD:
            self.found.append(
                Diagnostic(
                    file=self.file,
                    line=line,
                    column=1 if line else 0,
                    width=1,
                    code=code,
                    message=message,
                    hint=hint,
                )
            )
        else:
            self.more += 1

    def end(self) -> None:
        """Raise InvalidInput where anything is wrong."""
        if self.more:
            last = self.found.pop()
            self.more += 1
            hint = f"{last.hint}; {self.more:,} lines are wrong from here on"
            self.found.append(
                Diagnostic(
                    file=last.file,
                    line=last.line,
                    column=last.column,
                    width=last.width,
                    code=last.code,
                    message=last.message,
                    hint=hint,
                )
            )
        if self.found:
            raise InvalidInput(ordered(self.found))


def read_roster(
    lines: Iterable[str], file: str, database: Database, weight_column: str | None = None
) -> Roster:
    """Return the tenants of a CSV text: id, shard, and a weight where a column for it is named.

    A first line that does not begin with a number names the columns, in any order, others among
    them; they may be called as in the database. Raises InvalidInput with every wrong line.
    """
    ids, weights, places = array("q"), array("q"), array("q")
    shards = array("q")
    wrong = Complaints(file)
    columns: tuple[int, ...] | None = None
    rows = csv.reader(lines)
    try:
        for row in rows:
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            if columns is None:
                columns = columns_of(row, rows.line_num, wrong, database, weight_column)
                if not WHOLE.fullmatch(row[0]):
                    continue
            try:
                tenant, shard = tenant_of(row[columns[0]]), shard_of(row[columns[1]])
                weight = weight_of(row[columns[2]]) if len(columns) > 2 else PARTS
            except IndexError:
                few_cells(wrong, rows.line_num, row, columns)
            except Wrong as error:
                wrong.add(rows.line_num, "SG001", error.message, error.hint)
            else:
                ids.append(tenant)
                shards.append(shard)
                weights.append(weight)
                places.append(rows.line_num)
    except csv.Error as error:
        wrong.add(rows.line_num, "SG001", f"the line is no CSV: {error}", "check its quotes")
    check_whole(wrong, columns, ids, places)
    wrong.end()
    return Roster(file=file, ids=ids, shards=shards, weights=weights, lines=places)


def columns_of(
    row: list[str], line: int, wrong: Complaints, database: Database, weight_column: str | None
) -> tuple[int, ...]:
    """Return where id, shard and weight stand, from a line that names them or holds the first."""
    if WHOLE.fullmatch(row[0]):
        return (0, 1, 2) if weight_column else (0, 1)
    names = [cell.strip().lower() for cell in row]
    wanted: list[tuple[str, ...]] = [("id", database.id_column), ("shard", database.shard_column)]
    if weight_column:
        wanted.append((weight_column.lower(),))
    places = []
    for each in wanted:
        there = [names.index(name) for name in each if name in names]
        if not there:
            what = " or ".join(repr(name) for name in dict.fromkeys(each))
            hint = "the first line names the columns, with commas: id,shard or id,shard,weight"
            if weight_column and each == (weight_column.lower(),):
                hint += "; --weight-column names another one"
            wrong.add(line, "SG001", f"there is no column {what}", hint)
            wrong.end()
        places.append(there[0])
    return tuple(places)


def tenant_of(text: str) -> int:
    """Return a tenant's id; raises Wrong where a cell is none."""
    if len(text) <= WIDEST and WHOLE.fullmatch(text):
        tenant = int(text)
        if SMALLEST <= tenant <= LARGEST:
            return tenant
    raise Wrong(f"{shown(text)} is no id of a tenant", "ids are whole numbers")


def shard_of(text: str) -> int:
    """Return a shard's id, 0 for none; raises Wrong where a cell is neither."""
    if not text or text.isspace():
        return 0
    if WHOLE.fullmatch(text) and len(text) < 19 and 0 <= int(text) <= LARGEST_SHARD:
        return int(text)
    hint = "write the id of a shard, or nothing where none is given"
    raise Wrong(f"{shown(text)} is no shard", hint)


def weight_of(text: str) -> int:
    """Return a weight in millionths; raises Wrong where a cell is none."""
    if text.isdigit() and text.isascii() and len(text) <= 12:
        return int(text) * PARTS
    try:
        weight = Decimal(text.strip())
    except InvalidOperation:
        weight = Decimal(-1)
    if not weight.is_finite() or not 0 <= weight <= HEAVIEST:
        hint = f"write a number from 0 to {HEAVIEST:,}, without separators"
        raise Wrong(f"{shown(text)} is no weight" if text.strip() else "the weight is empty", hint)
    return round(weight * PARTS)


def few_cells(wrong: Complaints, line: int, row: list[str], columns: tuple[int, ...]) -> None:
    """Note that a line ends too early."""
    have = f"{len(row)} column{'' if len(row) == 1 else 's'}"
    hint = "write id,shard,weight" if len(columns) > 2 else "write id,shard"
    wrong.add(line, "SG001", f"the line has {have} of {max(columns) + 1}", hint)


def check_whole(
    wrong: Complaints, columns: tuple[int, ...] | None, ids: Sequence[int], lines: Sequence[int]
) -> None:
    """Note what is wrong with a list though each line is right.

    One without any line is what a pipe gives whose command failed: that is no list of nobody.
    """
    if columns is None and not wrong.found:
        hint = "a list without tenants has its first line: id,shard or id,shard,weight"
        wrong.add(0, "SG001", "the list is empty", hint)
    if len(set(ids)) < len(ids):
        find_twins(wrong, ids, lines)


def find_twins(wrong: Complaints, ids: Sequence[int], lines: Sequence[int]) -> None:
    """Note every tenant that is there a second time."""
    first: dict[int, int] = {}
    for tenant, line in zip(ids, lines, strict=True):
        if tenant in first:
            where = f"the first is at line {first[tenant]}; " if line else ""
            hint = f"{where}a tenant lives on exactly one shard: keep one of them"
            wrong.add(line, "SG002", f"tenant {tenant} is there twice", hint)
        first.setdefault(tenant, line)


def shown(text: str) -> str:
    """Return a cell for a message."""
    return repr(text if len(text) <= 40 else text[:39] + "…")
