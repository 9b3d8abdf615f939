"""A mapping in, the splices that set some of its keys or take some away out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen.edit.flow import with_parts, without_parts
from shardgen.edit.layout import (
    column_of,
    comments_in,
    flow_value,
    is_block,
    line_after,
    line_start,
    lines_below,
    pair_end,
)
from shardgen.edit.splice import Splice, insertion
from shardgen.quoting import yaml_scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shardgen.document import Document

ANCHOR = re.compile(r"&\S+\s+")
#: The head of a block scalar, up to its comment.
HEAD = re.compile(r"[|>][^#\r\n]*?(?=[ \t]+#|[ \t]*[\r\n])([ \t]+#[^\r\n]*)?")


def with_values(
    document: Document, node: Any, values: Mapping[str, Any], order: Sequence[str]
) -> list[Splice]:
    """Return the splices that set keys to scalars.

    A value that is there is replaced where it stands; a new key follows the one before it in
    `order`, or the last of the mapping.
    """
    pairs = {key.value: (index, (key, value)) for index, (key, value) in enumerate(node.value)}
    after = len(node.value) - 1
    splices: list[Splice] = []
    new: dict[int, list[str]] = {}
    for name in order:
        if name in pairs:
            after = pairs[name][0]
            if name in values:
                splices.append(replaced(document, pairs[name][1], values[name]))
        elif name in values:
            new.setdefault(after, []).append(name)
    for index, names in new.items():
        splices += new_keys(document, node, index, {name: values[name] for name in names})
    return splices


def new_keys(document: Document, node: Any, after: int, values: Mapping[str, Any]) -> list[Splice]:
    """Return the splices that put new keys behind a pair of the mapping."""
    if not is_block(node):
        written = [f"{flow_value(document, key)}: {flow_value(document, value)}"
                   for key, value in values.items()]  # fmt: skip
        return with_parts(document, node, written, after if node.value else None)
    pad = " " * column_of(document, node)
    lines = [f"{pad}{key}: {yaml_scalar(value)}" for key, value in values.items()]
    return [lines_below(document, pair_end(document, node.value[after]), lines)]


def replaced(document: Document, pair: tuple[Any, Any], value: Any) -> Splice:
    """Return the splice that puts a scalar in the place of another one.

    Quotes, an anchor before it and a comment after it stay.
    """
    text, node = document.text, pair[1]
    start, end = int(node.start_mark.index), pair_end(document, pair)
    if anchor := ANCHOR.match(text, start):
        start = anchor.end()
    new = yaml_scalar(value, flow=True)
    if isinstance(value, str) and node.style in {"'", '"'}:
        new = f"{node.style}{value}{node.style}"
    if start >= end:  # nothing is written after the colon
        return insertion(start, f" {new}")
    if head := HEAD.match(text, start):
        new += head[1] or ""
    return Splice(start=start, end=end, text=new)


def removable(document: Document, node: Any, names: Iterable[str]) -> list[str]:
    """Return those of the keys that can go without a comment that goes with them.

    A key that does not begin a line of its own stays, too, and so does the first of a mapping.
    """
    wanted = set(names)
    return [
        pair[0].value
        for index, pair in enumerate(node.value)
        if index and pair[0].value in wanted and is_alone(document, node, index)
    ]


def is_alone(document: Document, node: Any, index: int) -> bool:
    """Return whether a pair of a mapping stands apart from comments and from other pairs."""
    text, (key, value) = document.text, node.value[index]
    end = pair_end(document, (key, value))
    if not is_block(node):
        before = pair_end(document, node.value[index - 1])
        return "#" not in text[before:end]
    start = line_start(text, key.start_mark.index)
    is_first = not text[start : key.start_mark.index].strip()
    return is_first and not comments_in(document, start, line_after(text, end))


def without_keys(document: Document, node: Any, names: Iterable[str]) -> list[Splice]:
    """Return the splices that take keys away; they are `removable`."""
    wanted, text = set(names), document.text
    gone = [index for index, (key, _) in enumerate(node.value) if key.value in wanted]
    if not is_block(node):
        return without_parts(document, node, gone) if gone else []
    return [
        Splice(
            start=line_start(text, node.value[index][0].start_mark.index),
            end=line_after(text, pair_end(document, node.value[index])),
            text="",
        )
        for index in gone
    ]
