"""The text of an env file in; the same with a block where the shard variables stood, out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shardgen.blocks import lines_of

LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An env file with a block, and the variables that stood in its place."""

    text: str
    variables: dict[str, str]


def marked_env(text: str, ours: re.Pattern[str]) -> Marked:
    """Return the text with a block in place of the lines of our variables; as it is without any.

    `ours` matches the name of a shard variable. All other lines stay.
    """
    kept: list[str] = []
    variables: dict[str, str] = {}
    ending = "\r\n" if "\r\n" in text else "\n"
    for line in lines_of(text):
        match = LINE.fullmatch(line)
        if match is None or not ours.fullmatch(match[1]):
            kept.append(line)
            continue
        if not variables:
            kept += [f"# shardgen:begin shards{ending}", f"# shardgen:end shards{ending}"]
        variables[match[1]] = match[2].strip().strip("'\"")
    return Marked(text="".join(kept), variables=variables)
