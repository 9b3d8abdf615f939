"""`shardgen explain`: what a diagnostic's code means, with an example."""

from __future__ import annotations

import difflib

from shardgen.codes import CODES
from shardgen.errors import UsageError
from shardgen.terminal import out


def explain(code: str | None) -> int:
    """Print one code's explanation, or the list of all codes; returns 0."""
    if code is None:
        out("".join(f"{each}  {CODES[each].title}\n" for each in sorted(CODES)))
        return 0
    found = CODES.get(code.upper())
    if found is None:
        near = difflib.get_close_matches(code.upper(), CODES, n=1)
        hint = f"did you mean {near[0]}?" if near else "`shardgen explain` lists all"
        raise UsageError(f"there is no code {code!r}; {hint}")
    out(f"{code.upper()}  {found.title}\n\n{found.explanation.strip()}\n")
    return 0
