"""Blocks between markers in a file of the user's: found, read and replaced, all else untouched."""

from __future__ import annotations

import re

MARKER = re.compile(
    r"[ \t]*(?:#|//|--|<!--)[ \t]*shardgen:(begin|end)[ \t]+(\S+)(?:[ \t]*-->)?[ \t]*"
)


class BadMarkers(ValueError):
    """Markers that are doubled, crossed or open; `str()` says which, with the line."""


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their ends; LF and CRLF alone end one."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def marker(line: str) -> tuple[str, str] | None:
    """Return 'begin' or 'end' and the block's name where a line is a marker."""
    match = MARKER.fullmatch(line.removesuffix("\n").removesuffix("\r"))
    return (match[1], match[2]) if match else None


def find_blocks(text: str) -> dict[str, tuple[int, int]]:
    """Return where the inside of each block begins and ends in the text."""
    found: dict[str, tuple[int, int]] = {}
    opened: tuple[str, int, int] | None = None
    position = 0
    for number, line in enumerate(lines_of(text), 1):
        start, position = position, position + len(line)
        kind, name = marker(line) or ("", "")
        if kind == "begin":
            if opened:
                raise BadMarkers(f"line {number}: block {name!r} begins inside {opened[0]!r}")
            if name in found:
                raise BadMarkers(f"line {number}: block {name!r} stands twice")
            opened = (name, position, number)
        elif kind == "end":
            if opened is None or opened[0] != name:
                raise BadMarkers(f"line {number}: block {name!r} ends where it was not begun")
            found[name] = (opened[1], start)
            opened = None
    if opened:
        raise BadMarkers(f"line {opened[2]}: block {opened[0]!r} has no end")
    return found


def has_markers(text: str) -> bool:
    """Return whether a text holds a marker, well-formed or not."""
    return "shardgen:" in text and any(map(marker, lines_of(text)))


def owned(text: str) -> str:
    """Return what is ours in a file with blocks: the names and insides of all of them, in order.

    A file that was saved with CRLF throughout says the same as before; a block in which only some
    line ends changed does not.
    """
    return "\0".join(
        f"{name}\n{inside(text, start, end)}"
        for name, (start, end) in sorted(find_blocks(text).items())
    )


def inside(text: str, start: int, end: int) -> str:
    """Return the inside of a block, with LF where all its lines end as its first marker does."""
    body = text[start:end]
    if not text[:start].endswith("\r\n"):
        return body
    if body.count("\n") == body.count("\r\n"):
        return body.replace("\r\n", "\n")
    return "\r" + body


def splice(text: str, contents: dict[str, str]) -> str:
    """Return the text with the inside of every named block replaced; the rest byte for byte."""
    blocks = find_blocks(text)
    for name, (start, end) in sorted(blocks.items(), key=lambda item: -item[1][0]):
        opening = lines_of(text[:start])[-1]
        ending = "\r\n" if opening.endswith("\r\n") else "\n"
        content = indented(contents[name], depth(opening))
        text = text[:start] + content.replace("\n", ending) + text[end:]
    return text


def depth(line: str) -> int:
    """Return by how many blanks a line is indented."""
    return len(line) - len(line.lstrip(" "))


def indented(content: str, wanted: int) -> str:
    """Return a block's content as deep as its first marker stands; never less deep than it is."""
    lines = lines_of(content)
    deeper = wanted - min((depth(line) for line in lines if line.strip()), default=wanted)
    if deeper <= 0:
        return content
    return "".join(" " * deeper + line if line.strip() else line for line in lines)


def append(text: str, name: str, content: str) -> str:
    """Return the text with a new block at its end, below an empty line, ended as its own lines are.

    What `without` leaves of the result takes the block at the same place again.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += ending
    if text and not re.search(r"(?:^|\n)\r?\n\Z", text):
        text += ending
    block = f"# shardgen:begin {name}\n{content}# shardgen:end {name}\n"
    return text + block.replace("\n", ending)


def without(text: str) -> str:
    """Return the text without its blocks and their markers."""
    find_blocks(text)
    kept, is_ours = [], False
    for line in lines_of(text):
        if found := marker(line):
            is_ours = found[0] == "begin"
        elif not is_ours:
            kept.append(line)
    return "".join(kept)
