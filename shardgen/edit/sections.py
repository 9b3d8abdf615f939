"""A document in, the splices that give it a section of its own at the top out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.document import children
from shardgen.edit.flow import with_parts
from shardgen.edit.layout import (
    STEP,
    column_of,
    flow_value,
    is_block,
    line_after,
    lines_below,
    pair_end,
)
from shardgen.edit.splice import Splice
from shardgen.quoting import yaml_scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.document import Document

#: The sections in the order of the schema, in which people find them.
ORDER = (
    "version",
    "templates",
    "service",
    "routing",
    "database",
    "shards",
    "hosts",
    "assign",
    "outputs",
)
#: A comment that belongs to the section above it: an indented one.
BELOW = re.compile(r"(?:[ \t]*\r?\n)*[ \t]+#[^\n]*(?:\n|$)")
#: Comments right below a section, with nothing right below them: they are its last words.
CLOSING = re.compile(r"(?:#[^\n]*(?:\n|$))+(?=[ \t]*(?:\r?\n|$))")


def with_section(document: Document, name: str, lines: Sequence[str], value: str) -> list[Splice]:
    """Return the splices that add a section: its indented lines, or its text between brackets.

    It follows the section that comes before it in the schema.
    """
    root = document.root
    place = predecessor(root, name)
    if not is_block(root):
        part = f"{flow_value(document, name)}: {value}"
        return with_parts(document, root, [part], place)
    pad = " " * column_of(document, root)
    below = end_of_section(document, root, place)
    gap = [""] if is_spaced(document, root) else []
    heading = f"{pad}{yaml_scalar(name)}:"
    return [lines_below(document, below, [*gap, heading, *(pad + line for line in lines)])]


def predecessor(root: Any, name: str) -> int:
    """Return the index of the section after which one belongs."""
    keys = [key.value for key, _ in root.value]
    before = [each for each in ORDER[: ORDER.index(name)] if each in keys]
    return keys.index(before[-1]) if before else len(keys) - 1


def end_of_section(document: Document, root: Any, index: int) -> int:
    """Return where a section ends, with the comments that belong to it."""
    text = document.text
    place = line_after(text, pair_end(document, root.value[index]))
    while found := BELOW.match(text, place):
        place = found.end()
    if found := CLOSING.match(text, place):
        place = found.end()
    return place


def is_spaced(document: Document, root: Any) -> bool:
    """Return whether blank lines stand between the sections that are there."""
    return any(
        re.search(r"\n[ \t]*\r?\n", document.text[pair_end(document, pair) : key.start_mark.index])
        for pair, (key, _) in zip(root.value, root.value[1:], strict=False)
    )


def step_of(document: Document) -> int:
    """Return how far the sections of a document indent what is in them."""
    for _, value in document.root.value:
        if isinstance(value, yaml.MappingNode) and is_block(value) and value.value:
            return max(1, column_of(document, value) - column_of(document, document.root))
    return STEP


def dashes_of(document: Document) -> int:
    """Return how far the list of shards is indented, as one of assignments is to be, too."""
    found = next(children(document.root, "shards"), None)
    if found and is_block(found[1]) and found[1].value:
        return column_of(document, found[1]) - column_of(document, document.root)
    return STEP


def filled_section(document: Document, node: Any, lines: Sequence[str]) -> list[Splice]:
    """Return the splices that put indented lines below a key that has nothing yet.

    What says so (`null`, `[]`) goes, a comment beside it stays.
    """
    text = document.text
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    pad = " " * column_of(document, document.root)
    below = lines_below(document, end, [pad + line for line in lines])
    if text[start:end].strip():
        start = len(text[:start].rstrip(" \t"))
        return [Splice(start=start, end=end, text=""), below]
    return [below]
