"""A list laid out by indentation in, the splices that add items to it or take some away out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen.edit.layout import (
    column_of,
    comments_in,
    content_end,
    dash_of,
    line_after,
    line_end,
    line_start,
    lines_below,
)
from shardgen.edit.splice import Splice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shardgen.document import Document

BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")


def with_items(document: Document, node: Any, items: Iterable[Sequence[str]]) -> list[Splice]:
    """Return the splices that add items below the last one; each is given as its lines.

    They are indented and spaced as the others are; a comment below the list stays below it.
    """
    pad = " " * column_of(document, node)
    gap = [""] if is_spaced(document, node) else []
    lines = [line for item in items for line in (*gap, *dashed(item, pad))]
    return [lines_below(document, content_end(document, node), lines)]


def is_spaced(document: Document, node: Any) -> bool:
    """Return whether blank lines stand between all the items that are there."""
    text, items = document.text, node.value
    return len(items) > 1 and all(
        BLANK_LINE.search(text, content_end(document, items[index - 1]), dash)
        for index in range(1, len(items))
        if (dash := dash_of(document, node, index))
    )


def dashed(lines: Sequence[str], pad: str) -> list[str]:
    """Return the lines of an item of a list, with its dash."""
    return [f"{pad}{'  ' if number else '- '}{line}" for number, line in enumerate(lines)]


def without_items(document: Document, node: Any, gone: Iterable[int]) -> list[Splice]:
    """Return the splices that take items away, by their index; their comments stay."""
    return [without_item(document, node, index) for index in gone]


def without_item(document: Document, node: Any, index: int) -> Splice:
    """Return the splice that takes an item's lines away; its comments have lines of their own."""
    text, dash = document.text, dash_of(document, node, index)
    start, end = line_start(text, dash), line_after(text, content_end(document, node.value[index]))
    kept = comments_in(document, start, end)
    break_ = line_end(text)
    return Splice(
        start=start,
        end=end,
        text="".join(f"{text[start:dash]}{comment}{break_}" for comment in kept),
    )
