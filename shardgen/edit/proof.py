"""A document, an edited text and what it should say in; the text out, once it says that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.edit.splice import spliced
from shardgen.errors import UsageError
from shardgen.source import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shardgen.document import Document
    from shardgen.edit.splice import Splice


def proven(
    document: Document, splices: Iterable[Splice], data: Mapping[str, Any], by_hand: str
) -> str:
    """Return the edited text; `data` is what it must say.

    Raises UsageError with the lines to write by hand where it says anything else.
    """
    text = spliced(document.text, splices)
    again = parse(text, document.file)
    if again.problems or not same(again.data, data):
        raise UsageError(
            f"{document.file} is written in a way that cannot be edited safely; "
            f"write by hand: {by_hand}"
        )
    return text


def same(one: Any, other: Any) -> bool:
    """Return whether data is the same, types included: 1 is neither true nor 1.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def refuse_shared(document: Document, node: Any, what: str, by_hand: str) -> None:
    """Raise UsageError where a node, or one above it, stands for an alias too."""
    for each in shared_above(document.root, node):
        line = each.start_mark.line + 1
        raise UsageError(
            f"{what} is an alias, or the anchor of one ({document.file}:{line}), and an edit would "
            f"change both; write it out, or write by hand: {by_hand}"
        )


def shared_above(root: Any, node: Any) -> list[Any]:
    """Return those of a node and of what is above it that stand in several places."""
    places: dict[int, int] = {}
    above: dict[int, Any] = {}
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        for child in parts_of(parent):
            places[id(child)] = places.get(id(child), 0) + 1
            if id(child) not in above:
                above[id(child)] = parent
                waiting.append(child)
    chain = [node]
    while id(chain[-1]) in above:
        chain.append(above[id(chain[-1])])
    return [each for each in reversed(chain) if places.get(id(each), 0) > 1]


def parts_of(node: Any) -> list[Any]:
    """Return the values in a node."""
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
