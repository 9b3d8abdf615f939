"""A page in; its comments to shardgen out, each with the lines that it is for.

A comment at the end of a line is for that line. One that stands alone is for the next line, with
those below it that can hold no comment of their own.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.audit.fences import blocks
from shardgen.audit.markdown import OTHERS, is_shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.audit.page import Page

WORD = "shardgen:"
HASH = re.compile(r"(?:^|(?<=\s))#[^\n]*?(?=shardgen:)")
#: An instruction of a Dockerfile takes a `#` behind it for an argument.
ALONE = re.compile(r"^[ \t]*#[ \t]*(?=shardgen:)")
HTML = re.compile(r"<!--[ \t]*(?=shardgen:)")
#: A comment cannot stand on a line that ends with this: the next one belongs to it.
CONTINUED = "\\"
#: What ends a line of YAML whose indented lines below are one text.
BLOCK = re.compile(r"(?:^|[\s:-])[|>][0-9+-]*\s*(?:#.*)?$")
#: Tokens of Python that say nothing of texts and comments.
LAYOUT = frozenset({tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment whose word to shardgen starts at an index of a line; for lines first to last."""

    line: int
    start: int
    first: int
    last: int


def comments(page: Page, language: str) -> Iterator[Comment]:
    """Yield the comments to shardgen in a page."""
    if WORD not in page.text:
        return
    if language == "python":
        yield from python_comments(page)
    elif language == "markdown":
        yield from markdown_comments(page)
    else:
        numbers = range(1, len(page.lines) + 1)
        yield from line_comments(page, language, numbers)


def line_comments(page: Page, language: str, numbers: range) -> Iterator[Comment]:
    """Yield the comments of lines in a language whose comments begin with a `#`."""
    pattern = ALONE if language == "dockerfile" else HASH
    for number in numbers:
        line = page.lines[number - 1]
        if WORD not in line or not (match := pattern.search(line)):
            continue
        first = last = number
        if not line[: match.start()].strip():
            first = below(page.lines, number, numbers.stop)
            last = last_of(page.lines, language, first, numbers.stop)
        yield Comment(line=number, start=match.end(), first=first, last=last)


def below(lines: Sequence[str], number: int, stop: int) -> int:
    """Return the next line that is no comment."""
    number += 1
    while number < stop and lines[number - 1].lstrip().startswith("#"):
        number += 1
    return number


def last_of(lines: Sequence[str], language: str, first: int, stop: int) -> int:
    """Return the last line of what begins at a line."""
    last = first
    if language in {"shell", "dockerfile"}:
        while last + 1 < stop and lines[last - 1].rstrip().endswith(CONTINUED):
            last += 1
    elif language == "compose" and last < stop and BLOCK.search(lines[last - 1]):
        indent = indentation(lines[last - 1])
        while last + 1 < stop and (not lines[last].strip() or indentation(lines[last]) > indent):
            last += 1
    return last


def indentation(line: str) -> int:
    """Return by how many spaces a line is indented."""
    return len(line) - len(line.lstrip(" "))


def markdown_comments(page: Page) -> Iterator[Comment]:
    """Yield the comments of a document: HTML's for a line or a block of code, and those in code.

    A comment in code that is not audited is an example of one.
    """
    inside: dict[int, range] = {}
    for block in blocks(page.lines):
        if block.lines:
            numbers = range(block.lines[0].number, block.lines[-1].number + 1)
            inside.update(dict.fromkeys(numbers, numbers))
            if is_shell(block):
                yield from line_comments(page, "shell", numbers)
            elif block.language in OTHERS:
                yield from line_comments(page, "compose", numbers)
    for number, line in enumerate(page.lines, 1):
        match = None if number in inside else HTML.search(line)
        if match is None or line[: match.start()].count("`") % 2:  # in code it is an example
            continue
        first = last = number
        if not line[: match.start()].strip():
            first = number + 1
            while first < len(page.lines) and not page.lines[first - 1].strip():
                first += 1
            last = inside[first + 1].stop if first + 1 in inside else first
        yield Comment(line=number, start=match.end(), first=first, last=last)


def python_comments(page: Page) -> Iterator[Comment]:
    """Yield the comments of a Python file; in it, a text may look like one.

    A text that spans several lines can hold none: one at its end, or above it, is for all of it.
    """
    found = python_tokens(page)
    spans = [(token.start[0], token.end[0]) for token in found if token.end[0] > token.start[0]]
    for token in found:
        if token.type != tokenize.COMMENT or (at := token.string.find(WORD)) < 0:
            continue
        line = first = last = token.start[0]
        if not token.line[: token.start[1]].strip():
            first = below(page.lines, line, len(page.lines) + 1)
            last = max([end for start, end in spans if start == first], default=first)
        else:
            first = min([start for start, end in spans if end == line], default=line)
        yield Comment(line=line, start=token.start[1] + at, first=first, last=last)


def python_tokens(page: Page) -> list[tokenize.TokenInfo]:
    """Return the tokens of a Python page; none where it cannot be read, which is a finding."""
    try:
        every = list(tokenize.generate_tokens(io.StringIO(page.text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token for token in every if token.type not in LAYOUT]
