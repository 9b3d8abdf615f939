"""`shardgen explain`: what a diagnostic's code means, with an example."""

from __future__ import annotations

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
        raise UsageError(f"there is no code {code!r}; `shardgen explain` lists all")
    out(f"{code.upper()}  {found.title}\n\n{found.explanation.strip()}\n")
    return 0
