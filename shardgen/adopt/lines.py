"""The overlay's document in; the lines that belong to entries of it, and what borrows from them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.document import TAG, token_error
from shardgen.edit.layout import is_block, line_after, line_start, pair_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Document

    Pair = tuple[Any, Any]

COMMENT = re.compile(r"(?P<pad>[ \t]*)#(?P<text>[^\r\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Whole lines of a text that belong to one entry, its comments included."""

    section: str
    name: str
    start: int
    end: int
    value: Any = None

    def holds(self, node: Any) -> bool:
        """Return whether a node is written here."""
        return bool(self.start <= node.start_mark.index < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment in lines that go. `is_full` where it has its line for itself."""

    name: str
    line: int
    text: str
    is_full: bool


def top(document: Document) -> list[Pair]:
    """Return the keys and values at the top of a file; none of an empty one."""
    return list(document.root.value) if isinstance(document.root, yaml.MappingNode) else []


def section_of(document: Document, section: str) -> Pair | None:
    """Return the key and the value of a top-level section; the last one written."""
    found = [pair for pair in top(document) if pair[0].value == section]
    return found[-1] if found else None


def region_of(document: Document, section: str, pair: Pair) -> Region:
    """Return the lines of an entry of a mapping that is laid out in lines.

    Comments directly above its key, as deep as that, belong to it, and those right below it that
    are deeper.
    """
    text, key = document.text, pair[0]
    column = int(key.start_mark.column)
    start, end = line_start(text, key.start_mark.index), line_after(text, pair_end(document, pair))
    while start and depth(above := text[line_start(text, start - 1) : start]) == column:
        start -= len(above)
    while end < len(text) and (depth(text[end : line_after(text, end + 1)]) or 0) > column:
        end = line_after(text, end + 1)
    return Region(section=section, name=str(key.value), start=start, end=end, value=pair[1])


def depth(line: str) -> int | None:
    """Return how deep a line's comment is; None where the line is no comment."""
    match = COMMENT.match(line)
    return len(match["pad"]) if match else None


def joined(text: str, regions: Sequence[Region]) -> list[Region]:
    """Return the regions in order; one that only blank lines part from the next takes those."""
    ordered = sorted(regions, key=lambda each: each.start)
    found: list[Region] = []
    for place, region in enumerate(ordered):
        after = next(iter(ordered[place + 1 :]), None)
        is_next = after is not None and after.section == region.section
        if after and is_next and not text[region.end : after.start].strip():
            found.append(replace(region, end=after.start))
        else:
            found.append(region)
    return found


def shared_lines(document: Document, section: str, names: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield entries that stand on a line with something else, so that no line is theirs alone."""
    found = section_of(document, section)
    if found is None:
        return
    mapping = found[1]
    for key, _ in getattr(mapping, "value", ()):
        start = line_start(document.text, key.start_mark.index)
        is_first = not document.text[start : key.start_mark.index].strip()
        if key.value in names and not (is_block(mapping) and is_first):
            yield token_error(
                document,
                key,
                "SG728",
                f"{key.value} shares its lines with other entries of {section}",
                "write it as a key on a line of its own, with what belongs to it below",
            )


def borrowed(document: Document, regions: Sequence[Region]) -> Iterator[tuple[Any, Any, Region]]:
    """Yield (key, node, region) where something else uses an anchor that stands in a region."""
    owners = {
        id(node): region
        for region in regions
        for node in nodes_in(region.value)
        if region.holds(node)
    }
    seen: set[int] = set()
    pending = top(document)
    while pending:
        key, node = pending.pop()
        if any(region.holds(key) for region in regions):
            continue
        if id(node) in owners:
            yield key, node, owners[id(node)]
        elif id(node) not in seen:
            seen.add(id(node))
            pending += pairs_in(key, node)


def pairs_in(key: Any, node: Any) -> list[Pair]:
    """Return what a node holds, each with the key by which a person finds it."""
    if isinstance(node, yaml.MappingNode):
        return [(key if each.tag == TAG + "merge" else each, child) for each, child in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [(key, child) for child in node.value]
    return []


def comments_in(document: Document, regions: Sequence[Region]) -> list[Comment]:
    """Return the comments in lines, in order; what looks like one inside a text is none."""
    spans = scalar_spans(document)
    found = []
    for region in regions:
        for match in re.finditer(r"(?:^|(?<=[ \t]))#[^\r\n]*", document.text[region.start :
                                 region.end], re.MULTILINE):  # fmt: skip
            place = region.start + match.start()
            if any(start <= place < end for start, end in spans):
                continue
            begin = line_start(document.text, place)
            found.append(
                Comment(
                    name=region.name,
                    line=document.text.count("\n", 0, place) + 1,
                    text=match[0].rstrip(),
                    is_full=not document.text[begin:place].strip(),
                )
            )
    return found


def scalar_spans(document: Document) -> list[tuple[int, int]]:
    """Return where the texts of the document stand that hold a `#`."""
    return [
        (node.start_mark.index, node.end_mark.index)
        for node in nodes_in(document.root)
        if isinstance(node, yaml.ScalarNode) and "#" in node.value
    ]


def nodes_in(root: Any) -> list[Any]:
    """Return a node and all below it, each once."""
    found: dict[int, Any] = {}
    pending = [root]
    while pending:
        node = pending.pop()
        if node is None or id(node) in found:
            continue
        found[id(node)] = node
        if isinstance(node, yaml.MappingNode):
            pending += [each for pair in node.value for each in pair]
        elif isinstance(node, yaml.SequenceNode):
            pending += node.value
    return list(found.values())
