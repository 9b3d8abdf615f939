"""How a fleet stands in; a table of 80 columns, one line that sums it up, and what to do out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.diagnostics import plain
from shardgen.status import health
from shardgen.status.findings import subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardgen.status.body import Sessions
    from shardgen.status.findings import Finding, Row
    from shardgen.status.overview import Overview

    Paint = Callable[[str, str], str]
    Cells = tuple[tuple[str, str], ...]

NOTHING = "–"
#: Columns of numbers, which end at the right.
RIGHT = {"latency", "sessions", "tenants"}


def overview_text(overview: Overview, paint: Paint = plain) -> str:
    """Return how the fleet stands."""
    parts = [table_lines(overview, paint), [summary(overview, paint)]]
    parts += [finding_lines(each, paint) for each in overview.findings]
    if overview.loose:
        parts[1].append(loose_text(overview.loose))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def screen_text(overview: Overview, title: str, height: int, paint: Paint = plain) -> str:
    """Return the same for a screen of so many lines; of the shards, the well ones give way."""
    head, *rows = table_lines(overview, paint)
    rest = ["", *overview_text(overview, paint).split("\n\n", 1)[1].splitlines()]
    room = max(height - len(rest) - 3, 4)
    if len(rows) > room:
        order = sorted(range(len(rows)), key=lambda place: is_quiet(overview.rows[place]))
        shown = sorted(order[: room - 1])
        left = f"… {len(rows) - len(shown)} more"
        rows = [*(rows[place] for place in shown), left]
    return "\n".join([title, "", head, *rows, *rest][:height])


def is_quiet(row: Row) -> bool:
    """Return whether there is nothing to see at a shard."""
    standing = row.standing
    return row.health.kind == health.OK and (standing is None or standing.is_right)


def table_lines(overview: Overview, paint: Paint) -> list[str]:
    """Return the table; a cell is painted after it was padded."""
    names = ["shard", "state", "health", "latency", "sessions"]
    if not any(row.health.sessions for row in overview.rows):
        names.remove("sessions")
    names += ["tenants"] * overview.has_tenants + ["container"] * overview.has_containers
    rows = [dict(zip(names, ((name, "") for name in names), strict=True))]
    rows += [cells(row) for row in overview.rows]
    widths = {name: max(len(row[name][0]) for row in rows) for name in names}
    lines = []
    for row in rows:
        parts = []
        for name in names:
            text, style = row[name]
            space = " " * (widths[name] - len(text))
            parts.append(
                f"{space}{paint(text, style)}" if name in RIGHT else paint(text, style) + space
            )
        lines.append("  ".join(parts).rstrip())
    return lines


def cells(row: Row) -> dict[str, tuple[str, str]]:
    """Return the cells of a shard, each with its style."""
    found, standing = row.health, row.standing
    style = {health.OK: "create", health.SLOW: "warning"}.get(found.kind, "error")
    is_right = standing is None or standing.is_right
    return {
        "shard": (str(row.shard.id), ""),
        "state": (row.shard.state, "update" if row.shard.state != "active" else ""),
        "health": (found.word, style),
        "latency": (latency(found.seconds) if found.has_latency else NOTHING, ""),
        "sessions": (sessions(found.sessions), ""),
        "tenants": (NOTHING if row.tenants is None else str(row.tenants), ""),
        "container": (standing.word if standing else NOTHING, "" if is_right else "error"),
    }


def latency(seconds: float) -> str:
    """Return a time in milliseconds."""
    return f"{max(1, round(seconds * 1000))} ms"


def sessions(found: Sessions | None) -> str:
    """Return how many sessions there are; where some are not connected, both numbers."""
    if found is None:
        return NOTHING
    if found.total is None or found.connected in {None, found.total}:
        return str(found.connected if found.total is None else found.total)
    return f"{found.connected}/{found.total}"


def summary(overview: Overview, paint: Paint) -> str:
    """Return how many shards are well, in one line."""
    every = len(overview.rows)
    ill = sum(not row.health.is_well for row in overview.rows)
    slow = sum(row.health.kind == health.SLOW for row in overview.rows)
    if ill:
        text = f"{ill} of {every} shards {'is' if ill == 1 else 'are'} not well"
    else:
        text = f"all {every} shards are well" if every > 1 else "the shard is well"
    if slow:
        text += f", {slow} {'is' if slow == 1 else 'are'} slow"
    kinds = {row.health.kind for row in overview.rows}
    others = sum(each.serious and each.kind not in kinds for each in overview.findings)
    if others and not ill:
        text += f"; {others} other {'thing is' if others == 1 else 'things are'} not as declared"
    style = "bold" if overview.is_well else "error"
    return paint(text, style)


def loose_text(count: int) -> str:
    """Return how many tenants have no shard in the database."""
    who = "1 tenant has" if count == 1 else f"{count:,} tenants have"
    return f"{who} no shard in the database: the fallback routes them"


def finding_lines(finding: Finding, paint: Paint) -> list[str]:
    """Return one finding, and below it what to type."""
    sign = paint("!", "error") if finding.serious else " "
    who = subject(finding)
    text = f"{paint(who, 'bold')}: {finding.text}" if who else finding.text
    return [f"{sign} {text}", *(f"    {each}" for each in finding.commands)]
