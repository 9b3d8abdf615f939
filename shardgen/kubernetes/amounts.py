"""Durations, sizes and processors as compose spells them in, as Kubernetes counts them out."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from shardgen.kubernetes.interpolation import Unclear, literal

PART = re.compile("([0-9]+(?:\\.[0-9]+)?)(w|d|h|ms|m|s|us|µs|ns)")
SECONDS = {
    "w": Decimal(604800), "d": Decimal(86400), "h": Decimal(3600), "m": Decimal(60),
    "s": Decimal(1), "ms": Decimal("1e-3"), "us": Decimal("1e-6"), "µs": Decimal("1e-6"),
    "ns": Decimal("1e-9"),
}  # fmt: skip
#: Compose counts in powers of 1024, whichever way it is written.
SIZE = re.compile("([0-9]+(?:\\.[0-9]+)?) ?([kmgtp]?)(?:i?b)?", re.IGNORECASE)
POWERS = ("", "k", "m", "g", "t", "p")
UNITS = ("", "Ki", "Mi", "Gi", "Ti", "Pi")
#: The longest time and the highest count that Kubernetes takes: what 32 bits with a sign hold.
MOST = 2**31 - 1


def seconds(value: Any) -> int:
    """Return a duration in whole seconds, rounded up; raises Unclear for what is none."""
    text = literal(value)
    parts = PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Unclear(f"is no duration: {text!r}")
    total = sum((Decimal(number) * SECONDS[unit] for number, unit in parts), Decimal(0))
    return min(math.ceil(total), MOST)


def memory(value: Any) -> str | None:
    """Return a size as a quantity in the largest unit that fits; None for 0, which is no limit."""
    text = literal(value)
    match = SIZE.fullmatch(text)
    if match is None:
        raise Unclear(f"is no size: {text!r}")
    size = math.floor(Decimal(match[1]) * 1024 ** POWERS.index(match[2].lower()))
    if size == 0:
        return None
    power = 0
    while size % 1024 == 0 and power + 1 < len(UNITS):
        size, power = size // 1024, power + 1
    return f"{size}{UNITS[power]}"


def processors(value: Any) -> str | None:
    """Return a number of processors as a quantity, rounded up to thousandths; None for 0."""
    text = literal(value)
    if not re.fullmatch("[0-9]+(\\.[0-9]+)?", text):
        raise Unclear(f"is no number of processors: {text!r}")
    thousandths = math.ceil(Decimal(text) * 1000)
    if thousandths == 0:
        return None
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)
