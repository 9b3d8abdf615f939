"""A page and its findings in; what its inline ignores leave of them, and say amiss, out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen.audit.comments import comments
from shardgen.audit.selection import close_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.audit.page import Page
    from shardgen.diagnostics import Diagnostic

IGNORE = re.compile(r"shardgen:\s*ignore(?:\[(?P<codes>[^\]\n]*)\])?(?P<reason>[^\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One comment. It is for the findings from line `first` to line `last`."""

    line: int
    column: int
    width: int
    codes: tuple[str, ...]
    reason: str
    first: int
    last: int


def without_ignored(
    page: Page, language: str, found: Sequence[Diagnostic], known: Sequence[str]
) -> tuple[list[Diagnostic], int]:
    """Return the findings that no comment ignores, with those about comments, and how many are
    ignored. `known` are all codes that there are.
    """
    if "shardgen:" not in page.text:
        return list(found), 0
    ignores = [*read_ignores(page, language)]
    left, used = [], set()
    for diagnostic in found:
        matching = [
            (index, diagnostic.code)
            for index, ignore in enumerate(ignores)
            if ignore.first <= diagnostic.line <= ignore.last and diagnostic.code in ignore.codes
        ]
        used.update(matching)
        if not matching:
            left.append(diagnostic)
    for index, ignore in enumerate(ignores):
        left += faults(
            page, ignore, [code for code in ignore.codes if (index, code) not in used], known
        )
    return left, len(found) - sum(each in found for each in left)


def faults(
    page: Page, ignore: Ignore, unused: Sequence[str], known: Sequence[str]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a comment itself."""
    place = page.at(ignore.line, ignore.column, ignore.width, "SG807", "", "")
    if not ignore.codes:
        message = "the comment says to ignore, but not what"
        yield replace(place, message=message, hint="name the codes: shardgen: ignore[SG803] reason")
        return
    if not ignore.reason:
        codes = ", ".join(ignore.codes)
        message = (
            f"{codes} is ignored here without a reason: nobody will know whether it still holds"
        )
        yield replace(place, message=message, hint="write the reason behind the bracket")
    for code in unused:
        close = "" if code in known else close_code(code, known)
        what = "is found here" if code in known else "is a code of shardgen"
        message = f"nothing is ignored: no {code} {what}"
        hint = f"did you mean {close}?" if close else "remove it, before it hides the next one"
        yield replace(place, code="SG808", message=message, hint=hint)


def read_ignores(page: Page, language: str) -> Iterator[Ignore]:
    """Yield the comments of a page that tell to ignore something, with the lines they are for."""
    for comment in comments(page, language):
        match = IGNORE.match(page.lines[comment.line - 1], comment.start)
        if match:
            codes = (code.strip().upper() for code in (match["codes"] or "").split(","))
            reason = re.sub(r"\s*-->\s*$", "", match["reason"])
            yield Ignore(
                line=comment.line,
                column=comment.start + 1,
                width=len(match[0]) - len(match["reason"]),
                codes=tuple(dict.fromkeys(filter(None, codes))),
                reason=reason.strip(" \t:-\u2013\u2014"),
                first=comment.first,
                last=comment.last,
            )
