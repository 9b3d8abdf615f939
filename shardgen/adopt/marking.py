"""The overlay's text in; the same with markers where the shards' lines were, all else kept, out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen.adopt.lines import (
    Comment,
    Region,
    borrowed,
    comments_in,
    depth,
    joined,
    region_of,
    section_of,
    shared_lines,
    top,
)
from shardgen.document import is_empty, token_error
from shardgen.edit.layout import content_end, is_block, line_after, line_end, line_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Document


#: How deep the entries in a block are, at the least.
DEEP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What goes from an overlay: entries by section. `shared` are names of x- blocks and anchors
    that the overlay gets; a section in `blocks` gets a block even where nothing of it goes.
    """

    entries: Mapping[str, Sequence[str]]
    blocks: Sequence[str]
    shared: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An overlay with empty blocks, the lines that went, and the comments in them."""

    text: str
    regions: tuple[Region, ...]
    comments: tuple[Comment, ...]


def marked_overlay(document: Document, plan: Plan) -> Marked | tuple[Diagnostic, ...]:
    """Return the marked text; or why it cannot be marked without touching what is not ours."""
    problems = [*unmarkable(document, plan)]
    if problems:
        return tuple(problems)
    regions = [*entry_regions(document, plan), *shared_regions(document, plan)]
    problems = [*lent(document, regions), *taken_names(document, regions, plan)]
    if problems:
        return tuple(problems)
    gone = joined(document.text, regions)
    edits = [
        shared_edit(document),
        *(block_edit(document, section, regions) for section in plan.blocks),
        *(Edit(start=each.start, end=each.end, text="") for each in gone),
    ]
    return Marked(
        text=edited(document.text, edits),
        regions=tuple(regions),
        comments=tuple(comments_in(document, regions)),
    )


def unmarkable(document: Document, plan: Plan) -> Iterator[Diagnostic]:
    """Yield entries and sections that do not stand on lines of their own."""
    for section in plan.blocks:
        yield from shared_lines(document, section, plan.entries.get(section, ()))
        found = section_of(document, section)
        if found and is_block(found[1]) and found[1].value:
            first = found[1].value[0][0]
            if first.start_mark.column < DEEP:
                yield token_error(
                    document,
                    first,
                    "SG734",
                    f"the entries of {section} are less deep than those in a block",
                    f"indent everything below {section}: by two blanks or more",
                )
        is_inline = found is not None and not is_block(found[1]) and not is_empty(found[1])
        if found is not None and is_inline and not plan.entries.get(section):
            yield token_error(
                document,
                found[0],
                "SG728",
                f"{section} stands on one line, where no block can be put",
                "write each entry on a line of its own",
            )


def entry_regions(document: Document, plan: Plan) -> Iterator[Region]:
    """Yield the lines of the entries that go."""
    for section, names in plan.entries.items():
        found = section_of(document, section)
        for pair in getattr(found[1], "value", ()) if found else ():
            if pair[0].value in names:
                yield region_of(document, section, pair)


def shared_regions(document: Document, plan: Plan) -> Iterator[Region]:
    """Yield the lines of x- blocks whose names the overlay's own will have."""
    for pair in top(document):
        if pair[0].value in [f"x-{name}" for name in plan.shared]:
            yield region_of(document, "", pair)


def lent(document: Document, regions: Sequence[Region]) -> Iterator[Diagnostic]:
    """Yield anchors in lines that go, which something else uses."""
    for key, node, region in borrowed(document, regions):
        anchor = anchor_of(document, node)
        user = f"{key.value!r} at line {key.start_mark.line + 1}"
        where = f"in the lines of {region.name}"
        yield token_error(
            document,
            node,
            "SG726",
            f"{anchor} {where} is used by {user}, which is no shard's",
            f"move what {anchor} stands for into an x- block of another name, above services:",
        )


def anchor_of(document: Document, node: Any) -> str:
    """Return the anchor of a node as it is written."""
    start = int(node.start_mark.index)
    before = document.text[:start].rsplit("\n", 1)[-1] if document.text[start] != "&" else ""
    match = re.search(r"&[^\s,\[\]{}]+", before + document.text[start : start + 200])
    return match[0] if match else "an anchor"


def taken_names(document: Document, regions: Sequence[Region], plan: Plan) -> Iterator[Diagnostic]:
    """Yield anchors outside of the shards' lines that have the names of ours."""
    names = "|".join(re.escape(name) for name in plan.shared)
    for match in re.finditer(rf"(?:^|[\s\[{{,])&({names})(?=[\s,\]}}]|$)", document.text):
        place = match.start(1) - 1
        line = line_start(document.text, place)
        is_ours = any(each.start <= place < each.end for each in regions)
        if not is_ours and "#" not in document.text[line:place]:
            yield at_place(
                document,
                place,
                len(match[1]) + 1,
                "SG732",
                f"the anchor &{match[1]} has the name that the shards' own gets",
                "give it, and each * that refers to it, another name",
            )


def at_place(
    document: Document, place: int, width: int, code: str, message: str, hint: str
) -> Diagnostic:
    """Return a diagnostic at a place of a text."""
    from shardgen.diagnostics import Diagnostic

    return Diagnostic(
        file=document.file,
        line=document.text.count("\n", 0, place) + 1,
        column=place - line_start(document.text, place) + 1,
        width=width,
        code=code,
        message=message,
        hint=hint,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Text that takes the place of other text."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return a text with every edit made; they do not overlap, and keep their order at a place."""
    parts, position = [], 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


def markers(name: str, pad: str, ending: str) -> str:
    """Return the two markers of a block."""
    return f"{pad}# shardgen:begin {name}{ending}{pad}# shardgen:end {name}{ending}"


def block_edit(document: Document, section: str, regions: Sequence[Region]) -> Edit:
    """Return where the block of a section goes: to the first line that went, else to its end."""
    text, ending = document.text, line_end(document.text)
    found = section_of(document, section)
    ours = sorted(each.start for each in regions if each.section == section)
    if found is None:
        start = "" if text.endswith("\n") or not text else ending
        body = f"{start}{ending}{section}:{ending}{markers(section, '  ', ending)}"
        return Edit(start=len(text), end=len(text), text=body)
    key, value = found
    if not is_block(value) or not value.value:
        place = line_after(text, max(key.end_mark.index, value.end_mark.index))
        return Edit(start=place, end=place, text=markers(section, "  ", ending))
    pad = " " * int(value.value[0][0].start_mark.column)
    place = ours[0] if ours else line_after(text, content_end(document, value))
    start = "" if place == 0 or text[place - 1] == "\n" else ending
    return Edit(start=place, end=place, text=start + markers(section, pad, ending))


def shared_edit(document: Document) -> Edit:
    """Return where the block of what all shards share goes: above `services` and its comments.

    Comments from the first line on are about the whole file, and stay on top.
    """
    text, ending = document.text, line_end(document.text)
    found = section_of(document, "services")
    place = below = line_start(text, found[0].start_mark.index) if found else len(text)
    while place and depth(above := text[line_start(text, place - 1) : place]) == 0:
        place -= len(above)
    place = place or below
    start = "" if place == 0 or text[place - 1] == "\n" else ending
    return Edit(start=place, end=place, text=start + markers("shared", "", ending) + ending)
