"""A file of the user's with our blocks in; what it defines outside of them out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shardgen import blocks, plan
from shardgen.base import read_base
from shardgen.document import children

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardgen.base import Base

    Read = Callable[[str], bytes | None]


def surroundings(content: bytes | None, file: str, read: Read) -> Base | None:
    """Return what a compose file with blocks defines outside of them; None where it has none.

    A text that cannot be read says nothing here: the plan of its output says why.
    """
    if content is None or plan.is_marked(content):
        return None
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    if not blocks.has_markers(text):
        return None
    try:
        spans = list(blocks.find_blocks(text).values())
    except blocks.BadMarkers:
        return None
    base = read_base(text, file, read)
    if base.document.data is None:
        return None

    def outside(section: str, found: dict[str, Any]) -> dict[str, Any]:
        node = next(children(base.document.root, section), (None, None))[1]
        ours = {
            key.value
            for key, _ in getattr(node, "value", ())
            if any(start <= key.start_mark.index < end for start, end in spans)
        }
        return {name: value for name, value in found.items() if name not in ours}

    return replace(
        base,
        services=outside("services", base.services),
        volumes=outside("volumes", base.volumes),
        networks=outside("networks", base.networks),
    )
