"""Pages and a subject in; every finding that no comment ignores out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen import blocks
from shardgen.audit.ignores import without_ignored
from shardgen.audit.languages import ANALYZERS
from shardgen.audit.usage import with_usage
from shardgen.codes.auditing import CODES
from shardgen.diagnostics import Diagnostic, ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page, and the language in which it is written."""

    page: Page
    language: str


def inspect(
    sources: Sequence[Source], subject: Subject, others: Iterable[Page] = ()
) -> tuple[tuple[Diagnostic, ...], int]:
    """Return the findings by place, and how many more a comment ignores.

    What one Python file says of the router holds for all of them, so they are read first; `others`
    are those of the project that are read for that alone.
    """
    own = (each.page for each in sources if each.language == "python")
    subject = with_usage(subject, (*own, *others))
    known = sorted(CODES)
    left: list[Diagnostic] = []
    ignored = 0
    for source in sources:
        found = ordered(findings_of(source, subject))
        kept, count = without_ignored(source.page, source.language, found, known)
        left += kept
        ignored += count
    return ordered(left), ignored


def findings_of(source: Source, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what the analyzer of its language finds in a page, outside the blocks that are ours."""
    ours = [*generated_lines(source.page)]
    for found in ANALYZERS[source.language](source.page, subject):
        if not any(first <= found.line <= last for first, last in ours):
            yield found


def generated_lines(page: Page) -> Iterator[tuple[int, int]]:
    """Yield the first and last line of each block that shardgen renders into a page."""
    if not blocks.has_markers(page.text):
        return
    try:
        found = blocks.find_blocks(page.text)
    except blocks.BadMarkers:
        return  # `check` says so; what is ours in it, nobody can tell
    for start, end in found.values():
        yield page.place(start)[0], page.place(max(start, end - 1))[0]
