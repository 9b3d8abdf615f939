"""What a service has of a key, and what it is to have, in; the ways to state that out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.overlay import OPTIONLESS

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sign:
    """A value that is none of YAML's."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


#: In these, single values cannot be removed.
KEPT = ("healthcheck.", "depends_on.", "networks.")

#: Nothing is stated.
ABSENT = Sign("ABSENT")
#: shards.yaml has no words for it.
UNSTATABLE = Sign("UNSTATABLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One thing that may be stated; whether it leads where it should is to be tried."""

    stated: Any


def ways(key: str, have: Any, want: Any) -> Iterator[Way]:
    """Yield what may make `want` of `have`, the least first."""
    want = spoken(want)
    if want is None:
        yield Way(stated=None)
        return
    if key == "healthcheck" and not (isinstance(want, dict) and "test" in want):
        return
    least = stated(key, compose.addition(key, have, want))
    if least is not UNSTATABLE:
        yield Way(stated=with_test(key, least, want))
    whole = stated(key, compose.normal(key, want))
    if whole is not UNSTATABLE:
        yield Way(stated=with_test(key, whole, want))


def with_test(key: str, value: Any, want: Any) -> Any:
    """Return the statement of a healthcheck with its test: there is none without one."""
    if key == "healthcheck" and isinstance(value, dict) and isinstance(want, dict):
        return {"test": want.get("test"), **value}
    return value


def spoken(value: Any) -> Any:
    """Return a value of a compose file as plain text, numbers, lists and mappings."""
    if isinstance(value, dict):
        return {str(key): spoken(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spoken(item) for item in value]
    return str(value) if isinstance(value, str) else value


def stated(path: str, value: Any) -> Any:
    """Return a value in which a reset is a null, and UNSTATABLE where the words do not suffice.

    In shards.yaml a null removes, so that none can be stated, but for the options of a network;
    and nothing there replaces a list.
    """
    if isinstance(value, compose.Reset):
        return UNSTATABLE if path.startswith(KEPT) else None
    if isinstance(value, compose.Whole):
        return UNSTATABLE
    if not isinstance(value, dict):
        return value
    found = {}
    for name, item in value.items():
        if item is None and path not in OPTIONLESS:
            return UNSTATABLE
        found[name] = stated(f"{path}.{name}", item)
        if found[name] is UNSTATABLE:
            return UNSTATABLE
    return found


def count(value: Any) -> int:
    """Return how many values a statement writes; a null writes none."""
    if value is ABSENT or value is None:
        return 0
    if isinstance(value, dict):
        return 1 + sum(count(item) for item in value.values())
    return 1 + sum(count(item) for item in value) if isinstance(value, list) else 1
