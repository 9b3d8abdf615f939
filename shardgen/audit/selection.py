"""Codes and prefixes of codes in; which findings are wanted out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: How like a code a text must be to be one that was misspelt.
CLOSE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The codes that are reported. The longer of two prefixes decides, as in ruff."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def wants(self, code: str) -> bool:
        """Return whether findings of a code are reported."""
        chosen = longest(code, self.select or ("SG8",))
        return chosen > longest(code, self.ignore)


def longest(code: str, prefixes: Iterable[str]) -> int:
    """Return the length of the longest prefix of a code among several, 0 for none."""
    return max((len(each) for each in prefixes if code.startswith(each)), default=0)


def read_selection(select: Sequence[str], ignore: Sequence[str], known: Sequence[str]) -> Selection:
    """Return the selection of a command line: codes or prefixes, with commas or repeated.

    Raises UsageError for what no code begins with.
    """
    return Selection(
        select=tuple(prefixes("--select", select, known)),
        ignore=tuple(prefixes("--ignore", ignore, known)),
    )


def prefixes(option: str, written: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the prefixes that an option was given."""
    found = [each.strip().upper() for text in written for each in text.split(",")]
    for each in filter(None, found):
        if not any(code.startswith(each) for code in known):
            close = close_code(each, known)
            way = f"did you mean {close}?" if close else "`shardgen explain` lists all codes"
            raise UsageError(f"{option}: no code of audit begins with {each!r}; {way}")
    return [each for each in found if each]


def close_code(written: str, known: Sequence[str]) -> str:
    """Return the code that a misspelt one most likely means, '' where there is none."""
    import difflib

    text = written.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    ratios = [(difflib.SequenceMatcher(None, text, code).ratio(), code) for code in known]
    best = max((ratio for ratio, _ in ratios), default=0)
    return next((code for ratio, code in ratios if ratio == best and best >= CLOSE), "")
