"""`shardgen move`: the edit to shards.yaml that assigns tenants to a shard."""

from __future__ import annotations

import csv
import os
import re
from typing import TYPE_CHECKING

from shardgen.commands.proposal import Proposal, propose
from shardgen.edit.assignments import with_tenants
from shardgen.errors import UsageError
from shardgen.infile import lines_of
from shardgen.roster import LARGEST, SMALLEST
from shardgen.transitions import few, no_arrival

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shardgen.disk import Disk
    from shardgen.transitions import Standing

TENANT = re.compile(r"-?[0-9]{1,19}")
DELIMITER = re.compile("[,;\t]")


def move(
    disk: Disk,
    config: str,
    *,
    tenants: Sequence[int],
    to: int,
    file: str | None = None,
    **options: bool,
) -> int:
    """Assign tenants to a shard, those of a file ('-' is stdin) as well as those given."""
    named = {*tenants, *(() if file is None else ids_in(text_in(file), file))}
    if not named:
        raise UsageError("no tenant is given: name their ids, or a file of them with --file")

    def verb(standing: Standing) -> Proposal:
        if reason := no_arrival(standing, to, "takes no tenants"):
            raise UsageError(reason)
        there = {
            tenant
            for entry in standing.fleet.assign
            if entry.shard == to
            for tenant in entry.tenants
        }
        who = people(named)
        if named <= there:
            return Proposal(told=f"{who} {verb_of(named)} assigned to shard {to} already")
        return Proposal(
            text=with_tenants(standing.document, named, to),
            would=f"would assign {who} to shard {to}",
            did=f"{who} {verb_of(named)} assigned to shard {to} in {config}",
        )

    return propose(disk, config, verb, **options)


def people(tenants: Collection[int]) -> str:
    """Return who is meant, in words: a few by their ids, many by their number."""
    if len(tenants) > 12:
        return f"{len(tenants)} tenants"
    noun = "tenant" if len(tenants) == 1 else "tenants"
    return f"{noun} {few(sorted(tenants), ', ')}"


def verb_of(tenants: Collection[int]) -> str:
    """Return the verb that fits the number of tenants."""
    return "is" if len(tenants) == 1 else "are"


def text_in(file: str) -> str:
    """Return the text of a file, or of stdin. Raises UsageError where there is none."""
    with lines_of(os.path.expanduser(file), "--file") as lines:
        return "".join(lines)


def ids_in(text: str, file: str) -> Iterator[int]:
    """Yield the tenants of a text: one a line, or the first column of a CSV file.

    Blank lines, comments and a CSV file's line of headings are passed over.
    """
    found = DELIMITER.search(text)
    rows = csv.reader(text.splitlines(), delimiter=found[0] if found else ",")
    try:
        for number, row in enumerate(rows, 1):
            first = row[0].strip() if row else ""
            if not first or first.startswith("#"):
                continue
            if TENANT.fullmatch(first) and SMALLEST <= int(first) <= LARGEST:
                yield int(first)
            elif number > 1 or first[:1].isdigit():
                raise UsageError(f"--file {file}, line {number}: {first!r} is not a tenant's id")
    except csv.Error as error:
        raise UsageError(f"--file {file}, line {rows.line_num}: it is no CSV: {error}") from None
