"""A shards.yaml's text in, the same text with one shard more out: every other byte stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from shardgen.document import children
from shardgen.errors import UsageError
from shardgen.quoting import yaml_flow
from shardgen.source import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.document import Document


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
        line = f"- {yaml_flow(dict(entry))}"
        raise UsageError(
            f"`shards` is written in a way that `add` cannot extend; add by hand: {line}"
        )
    return text


def in_flow(document: Document, node: Any, entry: Mapping[str, Any]) -> str:
    """Return the text with an entry at the end of a `[…]` list."""
    end = node.value[-1].end_mark.index
    return f"{document.text[:end]}, {yaml_flow(dict(entry))}{document.text[end:]}"


def in_block(document: Document, node: Any, entry: Mapping[str, Any]) -> str:
    """Return the text with an entry below the list's last line, indented as the others are."""
    text, ending = document.text, "\r\n" if "\r\n" in document.text else "\n"
    at = line_after(text, content_end(document, node.value[-1]))
    before = text[:at] if not at or text[at - 1] == "\n" else text[:at] + ending
    pad = " " * node.start_mark.column
    lines = [f"{pad}- id: {entry['id']}"]
    lines += [f"{pad}  {key}: {yaml_flow(value)}" for key, value in entry.items() if key != "id"]
    return before + "".join(line + ending for line in lines) + text[at:]


def line_after(text: str, place: int) -> int:
    """Return where the line after a place begins; a place at the start of a line is one."""
    if text[place - 1 : place] == "\n":
        return place
    line_end = text.find("\n", place)
    return len(text) if line_end < 0 else line_end + 1


def content_end(document: Document, node: Any) -> int:
    """Return where the text of a node ends; libyaml's own mark is past the blank lines below it.

    They belong to a block scalar that keeps them (`|+`).
    """
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return content_end(document, last[1] if isinstance(last, tuple) else last)
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    head = document.text[start:end].partition("\n")[0]
    if getattr(node, "style", "") in {"|", ">"} and "+" in head.partition("#")[0]:
        return end
    while end > start and document.text[end - 1] in " \r\n\t":
        end -= 1
    return end
