"""`shardgen rebalance`: the fewest moves to an even load, shown and, where wanted, written."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from shardgen import report
from shardgen.errors import InvalidInput, UsageError
from shardgen.infile import lines_of, listed_in, texts_of
from shardgen.publication import failing_as_json
from shardgen.rebalance.order import in_order
from shardgen.rebalance.pins import read_pins
from shardgen.rebalance.problem import build_problem
from shardgen.rebalance.solve import solve
from shardgen.rebalance.telling import Proposal, proposal_json, proposal_text
from shardgen.rebalance.tenants import from_roster, from_rows, unknown_pins
from shardgen.terminal import out, painter
from shardgen.validate import validate

if TYPE_CHECKING:
    from collections.abc import Collection

    from shardgen.disk import Disk
    from shardgen.model import Fleet
    from shardgen.rebalance.tenants import Tenants
    from shardgen.transitions import Standing

IDS = re.compile(r"-?[0-9]{1,19}(,-?[0-9]{1,19})*")


def rebalance(  # noqa: PLR0913 - one for each option
    disk: Disk,
    config: str,
    *,
    tenants: str | None = None,
    database: str | None = None,
    by: str = "count",
    weight_column: str = "weight",
    tolerance: float = 0.1,
    max_moves: int | None = None,
    pin: Collection[str] = (),
    write: str | None = None,
    exit_code: bool = False,
    output_format: str = "text",
) -> int:
    """Print the moves; returns 1 with `exit_code` where there are some, else 0.

    With `write` they are put into shards.yaml as assignments ('assign'), or rendered with it
    ('migrations'). Raises InvalidInput, UsageError, or Refused as a render does.
    """
    with failing_as_json(config, is_wanted=output_format == "json"):
        if (tenants is None) == (database is None):
            raise UsageError("name one list of the tenants: --tenants FILE.csv or --database URL")
        if not math.isfinite(tolerance):
            raise UsageError("--tolerance takes a number from 0 to 100: 0.1 is 10 %")
        fleet = validate(disk.required(config), config, disk).fleet
        column = weight_column if by == "weight" else None
        if tenants is not None:
            found = listed(tenants, fleet, column)
        else:
            found = stored(database or "", fleet, column)
        pins = pinned(pin, found)
        problem = build_problem(fleet, found, pins, Fraction(str(tolerance)))
        outcome = solve(problem)
        moves = in_order(problem, outcome.moved, outcome.loads, max_moves)
        proposal = Proposal(problem=problem, tenants=found, outcome=outcome, moves=moves)
        if output_format == "json":
            out(json.dumps(proposal_json(proposal), indent=2) + "\n")
        else:
            out(proposal_text(proposal, painter()))
    if moves and write:
        put(disk, config, proposal, write, is_text=output_format == "text")
    elif moves and output_format == "text":
        out("\nnext  the same command with --write puts them into shards.yaml\n")
    return 1 if exit_code and moves else 0


def listed(path: str, fleet: Fleet, weight_column: str | None) -> Tenants:
    """Return the tenants of a CSV file, or of stdin for '-'."""
    roster = listed_in(path, fleet.database, weight_column)
    try:
        return from_roster(roster, fleet, by_weight=weight_column is not None)
    except InvalidInput as error:
        raise InvalidInput(error.diagnostics, texts=texts_of(path)) from None


def stored(url: str, fleet: Fleet, weight_column: str | None) -> Tenants:
    """Return the tenants of a PostgreSQL."""
    from shardgen.live import read_tenants

    batches = read_tenants(url, fleet.database.names, weight_column)
    return from_rows(batches, fleet, by_weight=weight_column is not None)


def pinned(texts: Collection[str], found: Tenants) -> set[int]:
    """Return the tenants that must stay: ids with commas, or files of them.

    Raises InvalidInput where a pin is on no tenant.
    """
    pins: set[int] = set()
    wrong = []
    for text in texts:
        if IDS.fullmatch(text):
            here = [int(each) for each in text.split(",")]
            wrong += unknown_pins(here, found, "--pin")
        else:
            content = pins_in(text)
            try:
                here = read_pins(content, text)
            except InvalidInput as error:
                raise InvalidInput(error.diagnostics, texts={text: content}) from None
            wrong += unknown_pins(here, found, text)
        pins.update(here)
    if wrong:
        raise InvalidInput(wrong)
    return pins


def pins_in(path: str) -> str:
    """Return the text of a file of pins. Raises UsageError where there is none."""
    try:
        with lines_of(path, "--pin") as lines:
            return "".join(lines)
    except UsageError as error:
        raise UsageError(f"{error}; ids have commas alone between them: 101,205") from None


def put(disk: Disk, config: str, proposal: Proposal, how: str, *, is_text: bool) -> None:
    """Write the moves to shards.yaml, and with 'migrations' render in the same run."""
    from shardgen.commands import proposal as proposals
    from shardgen.edit.rebalanced import with_moves
    from shardgen.files import held

    targets: dict[int, list[int]] = {}
    for move in proposal.moves:
        place = proposal.problem.places[move.target]
        targets.setdefault(place.id, []).append(proposal.problem.ids[move.tenant])

    def verb(standing: Standing) -> proposals.Proposal:
        """Return the edit."""
        return proposals.Proposal(text=with_moves(standing.document, targets))

    with held(disk.root):
        edit = proposals.edit_of(disk, config, verb)
    if edit is None:
        return
    renders = how == "migrations"
    with held(disk.root):
        workspace = proposals.written(disk, config, edit, render=renders)
    if not is_text:
        return
    out(f"\n{config} assigns them to their shards\n")
    if renders:
        out("\n" + report.render_text(workspace, dry=False, paint=painter()))
    else:
        out("\n".join(report.typed_lines(workspace, [workspace.commands.render])) + "\n")
