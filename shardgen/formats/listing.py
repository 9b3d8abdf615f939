"""Diagnostics in, the list of them as plain data out: what every `--format json` says of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardgen.diagnostics import Diagnostic


def listed(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Return each diagnostic as data. Lines and columns count from 1, in characters.

    `end_column` is that of the character after the last one. All three are None for a finding
    about a file as a whole.
    """
    return [entry(each) for each in diagnostics]


def entry(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return one diagnostic as data."""
    is_placed = diagnostic.line > 0
    return {
        "code": diagnostic.code,
        "level": diagnostic.level,
        "file": diagnostic.file,
        "line": diagnostic.line if is_placed else None,
        "column": diagnostic.column if is_placed else None,
        "end_column": diagnostic.column + diagnostic.width if is_placed else None,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }
