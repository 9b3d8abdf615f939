"""A shards.yaml in; the same with a shard more, or with a shard in another state, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from shardgen.document import children
from shardgen.edit.block import with_items
from shardgen.edit.flow import with_parts
from shardgen.edit.layout import flow_value, is_block
from shardgen.edit.mapping import removable, with_values, without_keys
from shardgen.edit.proof import proven, refuse_shared
from shardgen.errors import UsageError
from shardgen.quoting import yaml_flow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.document import Document

#: The first keys of an entry, in the order in which people read them.
ORDER = ("id", "state", "move_to")


def with_shard(document: Document, entry: Mapping[str, Any]) -> str:
    """Return the text with an entry appended to `shards`.

    Raises UsageError where the list is written in a way that cannot be extended safely.
    """
    found = next(children(document.root, "shards"), None)
    node = found[1] if found else None
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise UsageError("there is no list of shards to add to; write `shards:` with one `- id: 1`")
    by_hand = f"- {yaml_flow(dict(entry))}"
    refuse_shared(document, node, "`shards`", by_hand)
    if is_block(node):
        lines = [f"{key}: {yaml_flow(value)}" for key, value in entry.items()]
        splices = with_items(document, node, [lines])
    else:
        splices = with_parts(document, node, [flow_value(document, dict(entry))])
    data = {**document.data, "shards": [*document.data["shards"], dict(entry)]}
    return proven(document, splices, data, by_hand)


def with_state(document: Document, index: int, values: Mapping[str, Any]) -> str:
    """Return the text with the state, and perhaps the `move_to`, of the entry at an index set."""
    by_hand = ", ".join(f"{key}: {yaml_flow(value)}" for key, value in values.items())
    node, entry = entry_at(document, index, by_hand)
    splices = with_values(document, node, values, ORDER)
    return proven(document, splices, with_entry(document, index, {**entry, **values}), by_hand)


def without_state(document: Document, index: int) -> str:
    """Return the text with the entry at an index active again.

    Its `state` and `move_to` go; where one has a comment, it says what is so without it.
    """
    by_hand = "state: active, without move_to"
    node, entry = entry_at(document, index, by_hand)
    gone = removable(document, node, ("state", "move_to"))
    plain = {"state": "active", "move_to": None}
    stated = {key: plain[key] for key in plain if key in entry and key not in gone}
    splices = [*without_keys(document, node, gone), *with_values(document, node, stated, ORDER)]
    left = {key: value for key, value in entry.items() if key not in gone}
    return proven(document, splices, with_entry(document, index, {**left, **stated}), by_hand)


def entry_at(document: Document, index: int, by_hand: str) -> tuple[Any, dict[str, Any]]:
    """Return the node and the data of an entry. Raises UsageError where an alias shares it."""
    node = next(children(document.root, "shards"))[1].value[index]
    entry = document.data["shards"][index]
    refuse_shared(document, node, f"the entry of shard {entry['id']}", by_hand)
    return node, entry


def with_entry(document: Document, index: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with another entry at an index."""
    shards = [*document.data["shards"]]
    shards[index] = entry
    return {**document.data, "shards": shards}
