"""The body of an answer in; which shard says it is there, and how many sessions it has, out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where a shard says who it is: a number, or the name of its service.
SHARD = ("shard", "shard_id", "shardId")
#: Where it says how many sessions it has: a number, a list, or a mapping.
TOTAL = ("sessions", "session_count", "sessionCount")
#: Where it says how many of them are connected; in a mapping of `sessions`, too.
CONNECTED = ("connected", "connected_sessions", "connectedSessions")
#: What a mapping of `sessions` calls their number; without one of these, its entries are counted.
COUNT = ("total", "count")
MOST = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """How many sessions a shard has, and how many of them are connected; None where unsaid."""

    total: int | None
    connected: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a body says; each is None where it does not."""

    shard: int | str | None = None
    sessions: Sessions | None = None


def said(body: bytes) -> Said:
    """Return what a body says; nothing, unless it is an object of JSON."""
    if not body.lstrip().startswith(b"{"):
        return Said()
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Said()
    return Said(shard=stated_shard(data), sessions=stated_sessions(data))


def stated_shard(data: Mapping[str, Any]) -> int | str | None:
    """Return the shard that an object says it is: a number, else a name."""
    for key in SHARD:
        value = data.get(key)
        if isinstance(value, dict):
            value = value.get("id")
        if isinstance(value, str) and value.strip():
            text = value.strip()
            return int(text) if text.isdecimal() and len(text) < 10 else text
        if (number := counted(value)) is not None and not isinstance(value, list):
            return number
    return None


def stated_sessions(data: Mapping[str, Any]) -> Sessions | None:
    """Return the sessions that an object counts, or lists."""
    nested = data.get("sessions")
    connected = first(data, CONNECTED)
    if isinstance(nested, dict):
        inner = first(nested, CONNECTED)
        connected = inner if inner is not None else connected
        total = first(nested, COUNT)
        if total is None and inner is None:
            total = len(nested)
    else:
        total = first(data, TOTAL)
    if total is None and connected is None:
        return None
    return Sessions(total=total, connected=connected)


def first(data: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    """Return the first number among some keys."""
    found = (counted(data.get(key)) for key in keys)
    return next((number for number in found if number is not None), None)


def counted(value: object) -> int | None:
    """Return a number that counts something, or how long a list is."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value < MOST and value == int(value) else None
