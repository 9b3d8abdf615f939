"""A document in, where the text of its nodes begins and ends, and how its lines are laid out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.edit.splice import Splice, insertion
from shardgen.quoting import yaml_flow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shardgen.document import Document

#: A line that is written here is no longer than this, where its parts allow.
WIDTH = 100
#: Where nothing written says how far to indent.
STEP = 2
ALIAS_OF_KEY = re.compile(r"\s*:\s*(\*[^\s,\[\]{}]+)")
#: A comment, as long as no text scalar is near.
COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\r\n]*", re.MULTILINE)


def line_end(text: str) -> str:
    """Return how the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def line_start(text: str, place: int) -> int:
    """Return where the line of a place begins."""
    return text.rfind("\n", 0, place) + 1


def line_after(text: str, place: int) -> int:
    """Return where the line after a place begins; a place at the start of a line is one."""
    if text[place - 1 : place] == "\n":
        return place
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def lines_below(document: Document, place: int, lines: Iterable[str]) -> Splice:
    """Return the splice that puts lines below the line of a place."""
    text, end = document.text, line_end(document.text)
    at = line_after(text, place)
    first = end if at and text[at - 1] != "\n" else ""
    return insertion(at, first + "".join(line + end for line in lines))


def content_end(document: Document, node: Any) -> int:
    """Return where the text of a node ends; libyaml's own mark is past the blank lines below it.

    They belong to a block scalar that keeps them (`|+`). An alias has the marks of its anchor.
    """
    if is_block(node) and node.value:
        last = node.value[-1]
        if isinstance(last, tuple):
            return pair_end(document, last)
        before = max((item.start_mark.index for item in node.value[:-1]), default=0)
        if last.start_mark.index <= max(before, node.start_mark.index - 1):
            return rewound(document.text, node.end_mark.index)
        return content_end(document, last)
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    head = document.text[start:end].partition("\n")[0]
    if getattr(node, "style", "") in {"|", ">"} and "+" in head.partition("#")[0]:
        return end
    while end > start and document.text[end - 1] in " \r\n\t":
        end -= 1
    return end


def pair_end(document: Document, pair: tuple[Any, Any]) -> int:
    """Return where the text of a mapping's pair ends."""
    key, value = pair
    if value.start_mark.index >= key.end_mark.index:
        return content_end(document, value)
    found = ALIAS_OF_KEY.match(document.text, key.end_mark.index)
    return found.end() if found else int(key.end_mark.index)


def rewound(text: str, place: int) -> int:
    """Return where the last line before a place ends that is neither blank nor a comment."""
    while True:
        place = len(text[:place].rstrip())
        start = line_start(text, place)
        if not text[start:place].lstrip().startswith("#"):
            return place
        place = start


def is_block(node: Any) -> bool:
    """Return whether a node is a list or a mapping that is laid out by indentation."""
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def column_of(document: Document, node: Any) -> int:
    """Return the column of the dashes of a block list, or of the keys of a block mapping."""
    if isinstance(node, yaml.MappingNode):  # an anchor may stand before the mapping itself
        return int(node.value[0][0].start_mark.column)
    dash = dash_of(document, node, 0)
    return dash - line_start(document.text, dash)


def dash_of(document: Document, node: Any, index: int) -> int:
    """Return the place of the dash of an item of a block list."""
    text, place = document.text, int(node.value[index].start_mark.index)
    if index:
        pad = " " * column_of(document, node)
        return text.rfind(f"\n{pad}-", 0, place) + len(pad) + 1
    start = int(node.start_mark.index)
    return start if text[start : start + 1] == "-" else text.rfind("-", 0, place)


def comments_in(document: Document, start: int, end: int) -> list[str]:
    """Return the comments of a stretch of the text that holds no text scalar but keys."""
    return COMMENT.findall(document.text[start:end])


def is_json(document: Document) -> bool:
    """Return whether a document is written as JSON, and is to stay that."""
    return re.match(r'\s*\{\s*"', document.text) is not None


def flow_value(document: Document, value: Any) -> str:
    """Return a value on one line, as the document writes such."""
    if is_json(document):
        return json.dumps(value, ensure_ascii=False)
    return yaml_flow(value)


def width_of(document: Document) -> int:
    """Return how long a line may be; JSON that is written on one line stays on it."""
    root = document.root
    is_one_line = is_json(document) and root.start_mark.line == root.end_mark.line
    return len(document.text) + 10**9 if is_one_line else WIDTH


def wrapped(document: Document, parts: Sequence[str], first: int, pad: int) -> str:
    """Return parts with commas between, the first line from column `first`, the others from `pad`.

    A part that is longer than a line has one of its own.
    """
    width = width_of(document)
    lines, room = [""], width - first
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        word = part if is_last else f"{part},"
        if lines[-1] and len(lines[-1]) + 1 + len(word) + 2 * is_last > room:
            lines, room = [*lines, ""], width - pad
        lines[-1] += f" {word}" if lines[-1] else word
    return f"{line_end(document.text)}{' ' * pad}".join(lines)
