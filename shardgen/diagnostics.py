"""Diagnostics as data, and their text: place, code, message, source line, caret, hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One error at one place. `line` and `column` count from 1; 0 where a file has no such place.

    `width` is the number of characters that the caret underlines: the offending token. `level` is
    'error', or 'warning' for what does not fail a run.
    """

    file: str
    line: int
    column: int
    width: int
    code: str
    message: str
    hint: str
    level: str = "error"

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sort key: by place, then by code."""
        return self.file, self.line, self.column, self.code, self.message


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics by place, each once."""
    return tuple(sorted(set(diagnostics), key=lambda diagnostic: diagnostic.order))


def plain(text: str, _style: str) -> str:
    """Return the text as it is: the painter for anything that is not a terminal."""
    return text


def diagnostic_text(
    diagnostic: Diagnostic, lines: Sequence[str], paint: Callable[[str, str], str] = plain
) -> str:
    """Return one diagnostic as it is shown; `lines` are the lines of its file."""
    place = diagnostic.file
    if diagnostic.line:
        place += f":{diagnostic.line}:{diagnostic.column}"
    what = paint(f"{diagnostic.level}[{diagnostic.code}]", diagnostic.level)
    head = f"{place}: {what}: {visible(diagnostic.message)}"
    hint = visible(diagnostic.hint)
    if not 0 < diagnostic.line <= len(lines):
        return f"{head}\n    {hint}"
    source, start = window(lines[diagnostic.line - 1], diagnostic.column - 1)
    margin = " " * (len(str(diagnostic.line)) + 2)
    underline = paint("^" * min(diagnostic.width, max(1, len(source) - start)), diagnostic.level)
    pad = "".join("\t" if character == "\t" else " " for character in source[:start])
    return f"{head}\n  {diagnostic.line} | {source}\n{margin} | {pad}{underline} {hint}"


def visible(text: str) -> str:
    """Return a text with control characters as '?': a hostile file cannot steer the terminal."""
    return "".join(c if c == "\t" or c.isprintable() else "?" for c in text)


def window(line: str, start: int, limit: int = 96) -> tuple[str, int]:
    """Return the part of a long line that shows `start`, and where `start` is in it."""
    if len(line) <= limit:
        return visible(line), start
    left = max(0, start - 20)
    cut = visible(line[left : left + limit])
    prefix = "…" if left else ""
    suffix = "…" if left + limit < len(line) else ""
    return f"{prefix}{cut}{suffix}", start - left + len(prefix)


def report_text(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, Sequence[str]],
    paint: Callable[[str, str], str] = plain,
) -> str:
    """Return all diagnostics by place, and a last line that counts them."""
    found = ordered(diagnostics)
    parts = [diagnostic_text(each, sources.get(each.file, ()), paint) for each in found]
    count = f"{len(found)} error" + ("s" if len(found) != 1 else "")
    parts.append(f"{count}; nothing was written. `shardgen explain {found[0].code}` says more.")
    return "\n\n".join(parts) + "\n"
