"""A list or mapping between brackets in, the splices that add parts to it or take some away out."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.edit.layout import (
    STEP,
    comments_in,
    content_end,
    line_end,
    line_start,
    pair_end,
    width_of,
    wrapped,
)
from shardgen.edit.splice import Splice, insertion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shardgen.document import Document

    Span = tuple[int, int]

#: What may stand between a part and the end of its line: a comma, a comment.
REST = re.compile(r"([ \t]*,)?([ \t]*(#[^\r\n]*))?")
LINE_END = re.compile(r"[ \t]*\r?\n")
LEAD = re.compile(r"[ \t]*(?:-[ \t]+)*")


def spans_of(document: Document, node: Any) -> list[Span]:
    """Return where each part of a flow collection begins and ends."""
    if isinstance(node, yaml.MappingNode):
        return [(p[0].start_mark.index, pair_end(document, p)) for p in node.value]
    return [(item.start_mark.index, content_end(document, item)) for item in node.value]


def with_parts(
    document: Document, node: Any, parts: Sequence[str], after: int | None = None
) -> list[Splice]:
    """Return the splices that add parts after one of those that are there, by default the last.

    Where each part has a line of its own the new ones have, too, else the lines are filled.
    """
    spans = spans_of(document, node)
    if not spans:
        return [first_parts(document, node, parts)]
    text, end = document.text, line_end(document.text)
    place = spans[-1 if after is None else after][1]
    rest = REST.match(text, place)
    comma, comment = (rest[1], rest[3]) if rest else (None, None)
    if has_own_lines(document, node, spans):
        pad = " " * column(text, spans[-1][0])
        new = f",{end}{pad}".join(parts)
    elif comment:
        pad = " " * continuation(text, spans, node)
        new = wrapped(document, parts, len(pad), len(pad))
    else:
        return [insertion(place, filled(document, place, parts, continuation(text, spans, node)))]
    below = rest.end() if rest else place
    if comma:
        return [insertion(below, f"{end}{pad}{new},")]
    return [insertion(place, ","), insertion(below, f"{end}{pad}{new}")]


def first_parts(document: Document, node: Any, parts: Sequence[str]) -> Splice:
    """Return the splice that puts parts into empty brackets."""
    text = document.text
    place = text.index("{" if isinstance(node, yaml.MappingNode) else "[", node.start_mark.index)
    end = node.end_mark.index - 1
    pad = lead(text, place) + STEP
    new = list_of_parts(document, parts, column(text, place) + 1, pad)
    blank = not text[place + 1 : end].strip()
    return Splice(start=place + 1, end=end if blank else place + 1, text=new)


def list_of_parts(document: Document, parts: Sequence[str], first: int, pad: int) -> str:
    """Return what stands between brackets: on the line of the first one, or on lines below it."""
    line = ", ".join(parts)
    if first + len(line) + 1 <= width_of(document) or len(parts) == 1:
        return line
    return f"{line_end(document.text)}{' ' * pad}{wrapped(document, parts, pad, pad)}"


def filled(document: Document, place: int, parts: Sequence[str], pad: int) -> str:
    """Return parts that go on after the one which ends at a place."""
    used = column(document.text, place) + len(", ")
    if used + len(parts[0]) + 1 > width_of(document):
        start = f",{line_end(document.text)}{' ' * pad}"
        return start + wrapped(document, parts, pad, pad)
    return ", " + wrapped(document, parts, used, pad)


def has_own_lines(document: Document, node: Any, spans: Sequence[Span]) -> bool:
    """Return whether every part stands on a line of its own, and no bracket beside the first."""
    starts = [line_start(document.text, start) for start, _ in spans]
    opening = line_start(document.text, node.start_mark.index)
    return len(set(starts)) == len(starts) and (len(starts) > 1 or starts[0] != opening)


def continuation(text: str, spans: Sequence[Span], node: Any) -> int:
    """Return the column of a further line: that of the last one's parts, or one step in."""
    last, opening = line_start(text, spans[-1][0]), line_start(text, node.start_mark.index)
    if last == opening:
        return lead(text, opening) + STEP
    return next(column(text, start) for start, _ in spans if line_start(text, start) == last)


def column(text: str, place: int) -> int:
    """Return the column of a place, from 0."""
    return place - line_start(text, place)


def lead(text: str, place: int) -> int:
    """Return the column at which the words of a place's line begin, dashes left out."""
    start = line_start(text, place)
    found = LEAD.match(text, start)
    return found.end() - start if found else 0


def without_parts(document: Document, node: Any, gone: Collection[int]) -> list[Splice]:
    """Return the splices that take parts away, by their index; some part must stay.

    A line that held nothing else goes with them; comments stay.
    """
    text, spans = document.text, spans_of(document, node)
    splices = []
    numbered = enumerate(spans)
    for _, found in groupby(numbered, key=lambda each: line_start(text, each[1][0])):
        line = list(found)
        if all(index in gone for index, _ in line) and (
            whole := whole_line(document, line[0][1][0], line[-1][1][1])
        ):
            splices.append(whole)
        else:
            splices += shortened(document, line, gone)
    kept = max(index for index in range(len(spans)) if index not in gone)
    after = REST.match(text, spans[kept][1])
    last = REST.match(text, spans[-1][1])
    is_cut = any(splice.start <= spans[kept][1] < splice.end for splice in splices)
    if kept < len(spans) - 1 and after and after[1] and not (last and last[1]) and not is_cut:
        splices.append(Splice(start=spans[kept][1], end=after.end(1), text=""))
    return splices


def emptied(document: Document, node: Any) -> Splice:
    """Return the splice that takes all parts of a list away; comments among them stay."""
    start, end = document.text.index("[", node.start_mark.index) + 1, node.end_mark.index - 1
    kept = comments_in(document, start, end)
    pad = line_end(document.text) + " " * (lead(document.text, node.start_mark.index) + STEP)
    closing = line_end(document.text) + " " * lead(document.text, node.start_mark.index)
    text = "".join(pad + comment for comment in kept) + (closing if kept else "")
    return Splice(start=start, end=end, text=text)


def whole_line(document: Document, start: int, end: int) -> Splice | None:
    """Return the splice that takes parts away which have their lines for themselves."""
    text = document.text
    first, rest = line_start(text, start), REST.match(text, end)
    after = rest.end() if rest else end
    if text[first:start].strip() or not LINE_END.match(text, after):
        return None
    if kept := comments_in(document, start, after):
        return Splice(
            start=start, end=after, text=f"{line_end(text)}{text[first:start]}".join(kept)
        )
    return Splice(start=first, end=text.index("\n", after) + 1, text="")


def shortened(
    document: Document, line: Sequence[tuple[int, Span]], gone: Collection[int]
) -> Iterator[Splice]:
    """Yield the splices that take parts out of a line on which something stays."""
    text = document.text
    runs = [
        (is_gone, list(run)) for is_gone, run in groupby(line, key=lambda each: each[0] in gone)
    ]
    for number, (is_gone, run) in enumerate(runs):
        if not is_gone:
            continue
        start, end = run[0][1][0], run[-1][1][1]
        if number + 1 < len(runs):
            end = runs[number + 1][1][0][1][0]
        elif number:
            start = runs[number - 1][1][-1][1][1]
        else:
            rest = REST.match(text, end)
            end = rest.end(1) if rest and rest[1] else end
        pad = line_end(text) + " " * (lead(text, start) + STEP)
        kept = "".join(f" {comment}{pad}" for comment in comments_in(document, start, end))
        yield Splice(start=start, end=end, text=kept)
