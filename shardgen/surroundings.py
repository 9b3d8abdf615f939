"""A file of the user's with our blocks in; what it defines outside of them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen import blocks, plan
from shardgen.base import read_base

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardgen.base import Base

    Read = Callable[[str], bytes | None]


def surroundings(content: bytes | None, file: str, read: Read) -> Base | None:
    """Return what a compose file with blocks defines outside of them; None where it has none.

    Every line stays where it is. A text that cannot be read says nothing here: the plan of its
    output says why.
    """
    if content is None or plan.is_marked(content):
        return None
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    if not blocks.has_markers(text):
        return None
    try:
        found = blocks.find_blocks(text)
    except blocks.BadMarkers:
        return None
    for start, end in sorted(found.values(), reverse=True):
        text = text[:start] + "\n" * text.count("\n", start, end) + text[end:]
    around = read_base(text, file, read)
    return None if around.document.data is None else around
