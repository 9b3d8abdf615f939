"""The text of a list of pins in; the ids in it out, or every line that has none."""

from __future__ import annotations

import re

from shardgen.errors import InvalidInput
from shardgen.rebalance.tenants import problem
from shardgen.roster import TOLD

ID = re.compile(r"-?[0-9]{1,19}")


def read_pins(text: str, file: str) -> list[int]:
    """Return the ids of a text: one a line, or the first column of a CSV text.

    Blank lines, comments and a first line of headings are passed over. Raises InvalidInput.
    """
    pins, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        cell = line.partition(",")[0].partition("#")[0].strip()
        if ID.fullmatch(cell):
            pins.append(int(cell))
        elif cell and (number > 1 or cell[:1].isdigit()):
            message = f"{cell[:40]!r} is no id of a tenant"
            wrong.append(problem(file, number, "SG001", message, "write one id in each line"))
    if wrong:
        raise InvalidInput(wrong[:TOLD])
    return pins
