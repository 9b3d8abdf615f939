"""What shardgen writes for 3 and for 4 shards in; plain templates of the same text out.

The plain script must write what shardgen writes, or the comparison would be unfair. So its
templates are the outputs for 3 shards, with a loop over the others where a fourth adds lines.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from bench.plain import BLOCK, EACH, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOURTH = re.compile(r"(?<![0-9])4(?![0-9])")


def plain_templates(three: Mapping[str, str], four: Mapping[str, str]) -> dict[str, str]:
    """Return templates by path; a file that a fourth shard adds is one for each shard."""
    known = {key_of(path): path for path in three}
    found = {}
    for path, text in four.items():
        if key_of(path) in known:
            found[path] = "".join(looped(three[known[key_of(path)]], text))
        else:
            found[FOURTH.sub(EACH, path)] = FOURTH.sub(" shard.id ".join(VARIABLE), text)
    return found


def key_of(path: str) -> str:
    """Return what two outputs of one kind have in common: a migration's number, else the path."""
    return re.sub(r"([0-9]{4})_\w+\.sql", r"\1", path)


def looped(three: str, four: str) -> Iterator[str]:
    """Yield the parts of a template: the lines for 3 shards, and a loop where a fourth has more."""
    old, new = three.splitlines(keepends=True), four.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, _, _, start, end in matcher.get_opcodes():
        lines = "".join(new[start:end])
        if tag == "insert":
            body = FOURTH.sub(" shard.id ".join(VARIABLE), lines)
            yield f"{BLOCK[0]} for shard in shards {BLOCK[1]}\n{body}{BLOCK[0]} endfor {BLOCK[1]}\n"
        else:
            yield lines
