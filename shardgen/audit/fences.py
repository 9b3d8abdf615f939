"""A Markdown text in; its blocks of code out, each with the place of every line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: A fence may stand in a list or in a quotation.
FENCE = re.compile(
    r"(?P<indent>(?:[ \t]|>[ \t]?)*(?:(?:[-*+]|[0-9]{1,3}[.)])[ \t]+)?)"
    r"(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)"
)
HEADING = re.compile(r"\s{0,3}(?P<level>#{1,6})\s+(?P<text>.*)")
QUOTED = re.compile(r"[ \t]*(?:>[ \t]?)+")
PROMPT = re.compile(r"(?:\(\w+\) ?)?(?:[\w.-]+@[\w.-]+[: ][^\s$#%]*)?[$%] |root@\S+# ")
CONTINUATION = re.compile(r"> ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a block: its number in the document, how many characters come before it there,
    and its text.
    """

    number: int
    shift: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code: the language that it names in small letters, and what is said before it:
    the headings that it stands under, and the paragraph above.
    """

    language: str
    lines: tuple[Line, ...]
    headings: tuple[str, ...]
    paragraph: str

    @property
    def text(self) -> str:
        """The text of the block."""
        return "\n".join(line.text for line in self.lines)


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """Yield the blocks of code of a document, by their fences."""
    headings: dict[int, str] = {}
    paragraph: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if match := FENCE.fullmatch(line.rstrip()):
            end = closing(lines, at, match["mark"])
            indent = QUOTED.sub("", match["indent"])
            yield Block(
                language=language_of(match["info"]),
                lines=tuple(
                    inner_line(number + 1, lines[number], len(indent), is_quoted=">" in match[1])
                    for number in range(at, end)
                ),
                headings=tuple(headings.values()),
                paragraph=" ".join(paragraph),
            )
            at = end + 1
            paragraph = []
        elif match := HEADING.fullmatch(line):
            level = len(match["level"])
            headings = {k: v for k, v in headings.items() if k < level} | {level: match["text"]}
            paragraph = []
        elif line.strip():
            paragraph.append(line.strip())
        elif at < len(lines) and not FENCE.match(lines[at]):
            paragraph = []


def closing(lines: Sequence[str], start: int, mark: str) -> int:
    """Return the index of the line that closes a fence, that behind the last where none does."""
    for index in range(start, len(lines)):
        text = QUOTED.sub("", lines[index]).strip()
        if text.startswith(mark) and not text.strip(mark[0]):
            return index
    return len(lines)


def language_of(info: str) -> str:
    """Return the language that the info string of a fence names."""
    match = re.match(r"\{?\.?([\w+.-]+)", info.strip())
    return match[1].lower() if match else ""


def inner_line(number: int, line: str, indent: int, *, is_quoted: bool) -> Line:
    """Return a line of a block without what indents or quotes all of it."""
    shift = 0
    if is_quoted and (match := QUOTED.match(line)):
        shift = match.end()
    spaces = len(line) - shift - len(line[shift:].lstrip())
    shift += min(indent, spaces)
    return Line(number=number, shift=shift, text=line[shift:])


def typed_lines(block: Block) -> tuple[Line, ...]:
    """Return what a person types in a block of a session: no prompts, and no output."""
    if not any(PROMPT.match(line.text) for line in block.lines):
        return block.lines
    result, is_open, delimiter = [], False, ""
    for line in block.lines:
        match = PROMPT.match(line.text)
        if match is None and is_open:
            match = CONTINUATION.match(line.text)
            cut = match.end() if match else 0
        elif match is None:
            result.append(Line(number=line.number, shift=line.shift, text=""))
            continue
        else:
            cut = match.end()
        text = line.text[cut:]
        result.append(Line(number=line.number, shift=line.shift + cut, text=text))
        here = re.search(r"<<-?\s*['\"]?(\w+)", text)
        delimiter = "" if text.strip() == delimiter else (here[1] if here else delimiter)
        is_open = text.rstrip().endswith("\\") or bool(delimiter)
    return tuple(result)
