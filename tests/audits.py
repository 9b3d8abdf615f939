"""What the audit of one text finds: code, line, and what the caret is under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.audit.inspection import Source, inspect
from shardgen.audit.page import read_page
from tests.audit_subjects import subject_of

if TYPE_CHECKING:
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

SHARDS = "version: 1\nservice: {consumers: [api]}\nshards:\n  - id: 1\n  - id: 2\n"
#: What is audited against, where a test says nothing else: two shards with all defaults.
SUBJECT = subject_of(SHARDS)


def audit(
    text: str, language: str, path: str = "server/send.py", subject: Subject = SUBJECT
) -> tuple[Diagnostic, ...]:
    """Return all that is found in one file."""
    found, _ = inspect([Source(page=read_page(text, path), language=language)], subject)
    return found


def marks(text: str, found: tuple[Diagnostic, ...]) -> list[tuple[str, int, str]]:
    """Return code, line and underlined text of each finding."""
    lines = read_page(text, "").lines
    return [
        (each.code, each.line, lines[each.line - 1][each.column - 1 :][: each.width])
        for each in found
    ]
