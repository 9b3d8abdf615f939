"""What a code of a diagnostic says: its meaning, the reason, what is wrong and what is right."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code: a title, the reason in a few sentences, an example of wrong and of right."""

    title: str
    reason: str
    wrong: str
    right: str

    @property
    def explanation(self) -> str:
        """What `shardgen explain` says of the code, below its title."""
        return (
            f"{textwrap.fill(self.reason, width=88)}\n\n"
            f"Wrong:\n{textwrap.indent(self.wrong, '    ')}\n\n"
            f"Right:\n{textwrap.indent(self.right, '    ')}\n"
        )


def make(title: str, reason: str, wrong: str, right: str) -> Code:
    """Return a code; the table below is read without the names of the fields."""
    return Code(title=title, reason=reason, wrong=wrong, right=right)
