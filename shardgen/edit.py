"""A shards.yaml's text in, the same text with one shard more out: every other byte stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from shardgen.errors import UsageError
from shardgen.quoting import yaml_flow
from shardgen.source import children, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.source import Document


def with_shard(document: Document, entry: Mapping[str, Any]) -> str:
    """Return the text with an entry appended to `shards`.

    Raises UsageError where the list is written in a way that cannot be extended safely.
    """
    found = next(children(document.root, "shards"), None)
    node = found[1] if found else None
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise UsageError("there is no list of shards to add to; write `shards:` with one `- id: 1`")
    text = in_flow(document, node, entry) if node.flow_style else in_block(document, node, entry)
    expected = [*document.data["shards"], dict(entry)]
    again = parse(text, document.file)
    if again.problems or again.data != {**document.data, "shards": expected}:
        raise UsageError(f"`shards` is written in a way that `add` cannot extend; add by hand: - {yaml_flow(dict(entry))}")
    return text


def in_flow(document: Document, node: Any, entry: Mapping[str, Any]) -> str:
    """Return the text with an entry at the end of a `[…]` list."""
    end = node.value[-1].end_mark.index
    return f"{document.text[:end]}, {yaml_flow(dict(entry))}{document.text[end:]}"


def in_block(document: Document, node: Any, entry: Mapping[str, Any]) -> str:
    """Return the text with an entry below the list's last line, indented as the others are."""
    ending = "\r\n" if "\r\n" in document.text else "\n"
    end = content_end(document, node.value[-1])
    line_end = document.text.find("\n", end)
    at = len(document.text) if line_end < 0 else line_end + 1
    before = document.text[:at]
    before += "" if before.endswith("\n") else ending
    first = node.value[0].start_mark
    line_start = document.text.rfind("\n", 0, first.index) + 1
    dash = document.text[line_start : first.index].find("-")
    pad = " " * dash
    lines = [f"{pad}- id: {entry['id']}"]
    lines += [f"{pad}  {key}: {yaml_flow(value)}" for key, value in entry.items() if key != "id"]
    return before + "".join(line + ending for line in lines) + document.text[at:]


def content_end(document: Document, node: Any) -> int:
    """Return where the text of a node ends; libyaml's own mark is past the blank lines below it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return content_end(document, last[1] if isinstance(last, tuple) else last)
    end = int(node.end_mark.index)
    while end > node.start_mark.index and document.text[end - 1] in " \r\n\t":
        end -= 1
    return end
