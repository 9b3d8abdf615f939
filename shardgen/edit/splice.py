"""Places of a text and what is to stand there in, the edited text out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """A stretch of a text, and what takes its place; an empty stretch is an insertion."""

    start: int
    end: int
    text: str


def insertion(place: int, text: str) -> Splice:
    """Return the splice that puts text at a place and takes nothing away."""
    return Splice(start=place, end=place, text=text)


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return the text with every splice done; at one place they stand in the order given."""
    parts, done = [], 0
    for splice in sorted(splices, key=lambda each: (each.start, each.end)):
        parts += [text[done : splice.start], splice.text]
        done = max(done, splice.end)
    return "".join([*parts, text[done:]])
