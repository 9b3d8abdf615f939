"""One file that is looked at: its text, its lines, and diagnostics at places in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from shardgen.diagnostics import Diagnostic

LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A file. `file` is its name as the one who typed the command sees it; `path` is relative to
    the folder of shards.yaml, with '/'. A byte order mark is not part of the text.
    """

    file: str
    path: str
    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...] = field(repr=False)

    def at(
        self, line: int, column: int, width: int, code: str, message: str, hint: str
    ) -> Diagnostic:
        """Return a diagnostic at a line and a column, both counted from 1 and kept inside."""
        line = min(max(line, 1), len(self.lines))
        length = len(self.lines[line - 1])
        column = min(max(column, 1), length + 1)
        return Diagnostic(
            file=self.file,
            line=line,
            column=column,
            width=max(1, min(width, length + 1 - column)),
            code=code,
            message=message,
            hint=hint,
        )

    def span(self, start: int, end: int, code: str, message: str, hint: str) -> Diagnostic:
        """Return a diagnostic from one offset in the text to another, on the line of the first."""
        line, column = self.place(start)
        return self.at(line, column, end - start, code, message, hint)

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, counted from 1, of an offset in the text."""
        line = bisect_right(self.starts, max(offset, 0))
        return line, offset - self.starts[line - 1] + 1

    def offset(self, line: int, column: int = 1) -> int:
        """Return the offset in the text of a line and a column, both counted from 1."""
        return self.starts[min(max(line, 1), len(self.starts)) - 1] + column - 1


def read_page(text: str, file: str, path: str | None = None) -> Page:
    """Return the page of a text; its lines end where those of Python, shells and editors do."""
    text = text.removeprefix("\ufeff")
    lines = LINE_END.split(text) if "\r" in text else text.split("\n")
    if "\r" in text:
        starts = [0, *(match.end() for match in LINE_END.finditer(text))]
    else:
        starts = [*accumulate((len(line) + 1 for line in lines[:-1]), initial=0)]
    return Page(
        file=file,
        path=file if path is None else path,
        text=text,
        lines=tuple(lines),
        starts=tuple(starts),
    )
