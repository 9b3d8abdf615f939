"""Blocks between markers in a file of the user's: found, read and replaced, all else untouched."""

from __future__ import annotations

import re

MARKER = re.compile(r"[ \t]*(?:#|//|--|<!--)[ \t]*shardgen:(begin|end)[ \t]+(\S+)(?:[ \t]*-->)?[ \t]*")


class BadMarkers(ValueError):
    """Markers that are doubled, crossed or open; `str()` says which, with the line."""


def find_blocks(text: str) -> dict[str, tuple[int, int]]:
    """Return where the inside of each block begins and ends in the text."""
    found: dict[str, tuple[int, int]] = {}
    opened: tuple[str, int, int] | None = None
    position = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        match = MARKER.fullmatch(line.rstrip("\r\n"))
        start, position = position, position + len(line)
        if match is None:
            continue
        kind, name = match.groups()
        if kind == "begin":
            if opened:
                raise BadMarkers(f"line {number}: block {name!r} begins inside {opened[0]!r}")
            if name in found:
                raise BadMarkers(f"line {number}: block {name!r} stands twice")
            opened = (name, position, number)
        else:
            if opened is None or opened[0] != name:
                raise BadMarkers(f"line {number}: block {name!r} ends where it was not begun")
            found[name] = (opened[1], start)
            opened = None
    if opened:
        raise BadMarkers(f"line {opened[2]}: block {opened[0]!r} has no end")
    return found


def has_markers(text: str) -> bool:
    """Return whether a text holds a marker, well-formed or not."""
    return "shardgen:" in text and any(
        MARKER.fullmatch(line) for line in text.splitlines() if "shardgen:" in line
    )


def owned(text: str) -> str:
    """Return what is ours in a file with blocks: the names and insides of all of them, in order.

    Line ends count as LF, so that a file with CRLF is compared by what it says.
    """
    parts = (
        f"{name}\n{text[start:end]}" for name, (start, end) in sorted(find_blocks(text).items())
    )
    return "\0".join(parts).replace("\r\n", "\n")


def splice(text: str, contents: dict[str, str]) -> str:
    """Return the text with the inside of every named block replaced; the rest byte for byte."""
    blocks = find_blocks(text)
    for name, (start, end) in sorted(blocks.items(), key=lambda item: -item[1][0]):
        ending = "\r\n" if text[:start].endswith("\r\n") else "\n"
        text = text[:start] + contents[name].replace("\n", ending) + text[end:]
    return text


def append(text: str, name: str, content: str, comment: str = "#") -> str:
    """Return the text with a new block at its end."""
    ending = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else ending if text.endswith("\n") else ending * 2
    block = f"{comment} shardgen:begin {name}\n{content}{comment} shardgen:end {name}\n"
    return text + gap + block.replace("\n", ending)


def without(text: str) -> str:
    """Return the text without its blocks and their markers."""
    kept, inside = [], False
    find_blocks(text)
    for line in text.splitlines(keepends=True):
        match = MARKER.fullmatch(line.rstrip("\r\n"))
        if match:
            inside = match[1] == "begin"
        elif not inside:
            kept.append(line)
    return "".join(kept)
