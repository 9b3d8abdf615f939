"""A command as compose has it, a line or a list, in; its words as a manifest spells them out."""

from __future__ import annotations

import shlex
from typing import Any

from shardgen.kubernetes.interpolation import Unclear, escaped, literal


def words(value: Any) -> list[str]:
    """Return the words of a command; a line is split as compose does it, which starts no shell."""
    if value is None:
        return []
    if isinstance(value, list):
        return [escaped(literal(word)) for word in value]
    try:
        found = shlex.split(literal(value))
    except ValueError as error:
        if isinstance(error, Unclear):
            raise
        raise Unclear("has a quote that is not closed") from error
    return [escaped(word) for word in found]
