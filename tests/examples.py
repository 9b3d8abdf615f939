"""How many examples a property is tried on: all of them with `make test-all`, a fifth in a hurry."""

from __future__ import annotations

import os

#: `make test` sets EXAMPLES=few.
FEW = "few"
LEAST = 5


def examples(count: int) -> int:
    """Return a number of examples, or a fifth of it where there is no time for all."""
    return max(LEAST, count // 5) if os.environ.get("EXAMPLES") == FEW else count
