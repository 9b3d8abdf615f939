"""Diagnostics in; Markdown out, as GitHub shows it on the page of a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shardgen.diagnostics import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.diagnostics import Diagnostic

#: What GitHub takes from one step, in bytes; it drops a longer summary as a whole.
LIMIT = 1024 * 1024
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
HEAD = "| place | code | what | way out |\n|---|---|---|---|\n"


def summary(
    diagnostics: Sequence[Diagnostic], title: str, fix: Sequence[str], room: int = LIMIT
) -> str:
    """Return a table of the diagnostics under a title, and the way back, in `room` bytes at most.

    A table that is too long ends with how many there are more; '' where not even that has room.
    """
    head = f"### {escaped(title)}\n\n{HEAD}"
    tail = fenced(fix)
    left = room - size(head) - size(tail) - size(more(len(diagnostics)))
    rows = []
    for diagnostic in diagnostics:
        line = row(diagnostic)
        left -= size(line)
        if left < 0:
            break
        rows.append(line)
    if not rows:
        return "" if not fix else summary(diagnostics, title, (), room)
    rest = len(diagnostics) - len(rows)
    return head + "".join(rows) + (more(rest) if rest else "\n") + tail


def size(text: str) -> int:
    """Return how many bytes a text takes in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def more(count: int) -> str:
    """Return the line below a table that lacks some rows."""
    return f"\n{count} more in the log of this step.\n\n"


def row(diagnostic: Diagnostic) -> str:
    """Return the row of one diagnostic."""
    place = f"{diagnostic.file}:{diagnostic.line}" if diagnostic.line > 0 else diagnostic.file
    cells = (place, f"{diagnostic.level} {diagnostic.code}", diagnostic.message, diagnostic.hint)
    return f"| {' | '.join(map(escaped, cells))} |\n"


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is: no link, no mention, no cell's end."""
    lines = (PUNCTUATION.sub(r"\\\1", visible(line).strip()) for line in text.split("\n"))
    return "<br>".join(lines)


def fenced(lines: Sequence[str]) -> str:
    """Return lines as a block of code; '' where there are none."""
    if not lines:
        return ""
    text = "\n".join(visible(line) for line in lines)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n\n"
