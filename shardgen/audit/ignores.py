"""A page and its findings in; what its inline ignores leave of them, and say amiss, out."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen.audit.selection import close_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shardgen.audit.page import Page
    from shardgen.diagnostics import Diagnostic

WORD = "shardgen: ignore"
IGNORE = re.compile(r"shardgen:\s*ignore(?:\[(?P<codes>[^\]\n]*)\])?(?P<reason>[^\n]*)")
#: How a comment begins, by language; in Markdown a block of code has its own language's.
COMMENT = {
    "markdown": re.compile(r"<!--[ \t]*(?=shardgen:)|(?:^|(?<=\s))#[ \t]*(?=shardgen:)"),
    "dockerfile": re.compile(r"^[ \t]*#[ \t]*(?=shardgen:)"),
}
HASH = re.compile(r"(?:^|(?<=\s))#[^\n]*?(?=shardgen:)")
FENCE = re.compile(r"[ \t]{0,3}(?P<mark>`{3,}|~{3,})")
#: A comment cannot stand on a line that ends with one of these: the next one belongs to it.
CONTINUED = {"shell": "\\", "dockerfile": "\\"}
#: What ends a line of YAML whose indented lines below are one text.
BLOCK = re.compile(r"(?:^|[\s:-])[|>][0-9+-]*\s*(?:#.*)?$")


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
    for line, start, alone in comments(page, language):
        match = IGNORE.match(page.lines[line - 1], start)
        if match:
            codes = (code.strip().upper() for code in (match["codes"] or "").split(","))
            reason = re.sub(r"\s*-->\s*$", "", match["reason"])
            first, last = (line + 1, line + 1) if alone else (line, line)
            first, last = widened(page, language, first, last, alone=alone)
            yield Ignore(
                line=line,
                column=start + 1,
                width=len(match[0]) - len(match["reason"]),
                codes=tuple(dict.fromkeys(filter(None, codes))),
                reason=reason.strip(" \t:-\u2013\u2014"),
                first=first,
                last=last,
            )


def comments(page: Page, language: str) -> Iterator[tuple[int, int, bool]]:
    """Yield line, index in it, and whether it stands alone, of each comment with our word."""
    if language == "python":
        yield from python_comments(page)
        return
    pattern = COMMENT.get(language, HASH)
    for number, line in enumerate(page.lines, 1):
        if "shardgen:" in line and (match := pattern.search(line)):
            yield number, match.end(), not line[: match.start()].strip()


def python_comments(page: Page) -> Iterator[tuple[int, int, bool]]:
    """Yield the same for Python, where a text may look like a comment."""
    try:
        for token in tokens(page.text):
            if token.type == tokenize.COMMENT and (match := IGNORE.search(token.string)):
                before = token.line[: token.start[1]]
                yield token.start[0], token.start[1] + match.start(), not before.strip()
    except (tokenize.TokenError, SyntaxError):
        return  # what cannot be parsed is a finding of its own


def tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens of a Python text."""
    readline: Callable[[], str] = io.StringIO(text).readline
    yield from tokenize.generate_tokens(readline)


def widened(page: Page, language: str, first: int, last: int, *, alone: bool) -> tuple[int, int]:
    """Return the lines that a comment is for, with those that can hold no comment of their own."""
    lines = page.lines
    if alone:
        while first < len(lines) and is_comment(lines[first - 1]):
            first, last = first + 1, last + 1
    if language == "python":
        return widened_python(page, first, last, alone=alone)
    if not alone:
        return first, last
    if language in CONTINUED:
        while last < len(lines) and lines[last - 1].rstrip().endswith(CONTINUED[language]):
            last += 1
    elif language == "markdown":
        last = end_of_fence(lines, last)
    elif language == "compose" and last <= len(lines) and BLOCK.search(lines[last - 1]):
        indent = indentation(lines[last - 1])
        while last < len(lines) and (not lines[last].strip() or indentation(lines[last]) > indent):
            last += 1
    return first, last


def is_comment(line: str) -> bool:
    """Return whether a line holds nothing but a comment."""
    return line.lstrip().startswith(("#", "<!--"))


def indentation(line: str) -> int:
    """Return by how many spaces a line is indented."""
    return len(line) - len(line.lstrip(" "))


def end_of_fence(lines: Sequence[str], first: int) -> int:
    """Return the last line of the block of code that begins at a line, else that line."""
    match = FENCE.match(lines[first - 1]) if first <= len(lines) else None
    if not match:
        return first
    for number in range(first + 1, len(lines) + 1):
        if lines[number - 1].strip().startswith(match["mark"]):
            return number
    return len(lines)


def widened_python(page: Page, first: int, last: int, *, alone: bool) -> tuple[int, int]:
    """Return the lines with all of a text that spans several, in which no comment can stand."""
    try:
        spans = [
            (token.start[0], token.end[0])
            for token in tokens(page.text)
            if token.end[0] > token.start[0] and token.type not in {tokenize.NEWLINE, tokenize.NL}
        ]
    except (tokenize.TokenError, SyntaxError):
        return first, last
    for start, end in spans:
        if alone and start == last:
            last = end
        elif not alone and end == first:
            first = start
    return first, last
