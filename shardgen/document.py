"""A YAML file read: its data, and the place in its text of every key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.diagnostics import Diagnostic
from shardgen.syntax import LINE_BREAK

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple["str | int", ...]
TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML file: its name, its text, its root node, its data, and what is wrong with the text."""

    file: str
    text: str
    root: Any = field(repr=False)
    data: Any
    problems: tuple[Diagnostic, ...]

    @property
    def lines(self) -> list[str]:
        """The lines of the text, split where YAML splits them."""
        return LINE_BREAK.split(self.text)

    def error(
        self, path: Path, code: str, message: str, hint: str, *, key: bool = False
    ) -> Diagnostic:
        """Return a diagnostic at the value of `path`, or at its key.

        A path that is not written is shown at the nearest parent that is; a value of which
        nothing is written, at its key.
        """
        node, is_written = nearest(self.root, path)
        if key or not is_written or is_empty(node):
            node = key_node(self.root, path) or node
        return token_error(self, node, code, message, hint)


def token_width(node: Any, text: str) -> int:
    """Return how many characters of its first line a node's text takes."""
    start, end = node.start_mark, node.end_mark
    if isinstance(node, yaml.ScalarNode) and start.line == end.line:
        return max(1, int(end.index - start.index))
    rest = LINE_BREAK.split(text[start.index : start.index + 400], maxsplit=1)[0]
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        match = re.match(r"[^\s:]+", rest)
        return len(match[0]) if match else 1
    if start.line == end.line:
        return max(1, int(end.index - start.index))
    return max(1, len(rest.rstrip()))


def token_error(document: Document, node: Any, code: str, message: str, hint: str) -> Diagnostic:
    """Return a diagnostic at a node of a document; without a node, at the file as a whole."""
    line = column = width = 0
    if node is not None:
        mark = node.start_mark
        line, column = mark.line + 1, mark.column + 1
        width = token_width(node, document.text)
    return Diagnostic(
        file=document.file,
        line=line,
        column=column,
        width=width,
        code=code,
        message=message,
        hint=hint,
    )


def children(node: Any, step: str | int) -> Iterator[tuple[Any, Any]]:
    """Yield (key node, value node) of one step into a node; the last one written wins."""
    if isinstance(node, yaml.MappingNode):
        for key, child in reversed(node.value):
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                yield key, child
        for key, child in node.value:
            if key.tag == TAG + "merge":
                sources = child.value if isinstance(child, yaml.SequenceNode) else [child]
                for source in sources:
                    yield from children(source, step)
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        yield node.value[step], node.value[step]


def nearest(root: Any, path: Path) -> tuple[Any, bool]:
    """Return the node of a path or its nearest written parent, and whether all is written."""
    node = root
    for step in path:
        found = next(children(node, step), None)
        if found is None:
            return node, False
        node = found[1]
    return node, True


def is_empty(node: Any) -> bool:
    """Return whether nothing is written of a node: the null after `key:`."""
    return isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index


def key_node(root: Any, path: Path) -> Any:
    """Return the key of the last written step of a path, None where that is a list's item."""
    node, last = root, None
    for step in path:
        found = next(children(node, step), None)
        if found is None:
            break
        last = found[0] if found[0] is not found[1] else None
        node = found[1]
    return last
