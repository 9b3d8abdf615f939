"""Compose syntax: the short and long forms of a service's keys, and how compose merges them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Keys that compose replaces as a whole where two files state them.
REPLACED = frozenset({"command", "entrypoint", "test"})
#: Keys that may be a list of KEY=value or a mapping.
PAIRS = frozenset({"environment", "labels", "args", "annotations", "sysctls", "extra_hosts"})
#: Keys that may be a list of names or a mapping from names.
NAMED = frozenset({"networks", "depends_on"})


class Reset:
    """The value of a key that compose must forget: `!reset null` (compose 2.24 and later)."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reset)

    def __hash__(self) -> int:
        return hash(Reset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One entry of a service's `volumes`; source is '' for an anonymous volume or a tmpfs."""

    index: int
    source: str
    target: str
    named: bool
    entry: Any


def pairs(value: Any) -> dict[str, Any]:
    """Return `environment`, `labels` and their like as a mapping, whichever form they have."""
    if isinstance(value, dict):
        return dict(value)
    found: dict[str, Any] = {}
    for item in value if isinstance(value, list) else ():
        name, equals, text = str(item).partition("=")
        found[name] = text if equals else None
    return found


def named(value: Any, key: str) -> dict[str, Any]:
    """Return `networks` or `depends_on` as a mapping from names."""
    if isinstance(value, dict):
        return dict(value)
    empty = {"condition": "service_started"} if key == "depends_on" else None
    names = value if isinstance(value, list) else ()
    return {str(name): dict(empty) if empty else None for name in names}


def listed(value: Any) -> list[Any]:
    """Return a key that may be one string or a list, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def normal(key: str, value: Any) -> Any:
    """Return the long form of a service's key, so that two of them can be merged."""
    if key in PAIRS:
        return pairs(value)
    if key in NAMED:
        return named(value, key)
    if key == "build" and isinstance(value, str):
        return {"context": value}
    if key in {"env_file", "dns", "tmpfs"}:
        return listed(value)
    return value


def merged(key: str, first: Any, second: Any, *, keep_resets: bool = False) -> Any:
    """Return what compose makes of a key that two files state; the second one wins."""
    first, second = normal(key, first), normal(key, second)
    if isinstance(second, dict):
        start = first if isinstance(first, dict) else {}
        return merged_mapping(start, second, keep_resets=keep_resets)
    if isinstance(first, list) and isinstance(second, list) and key not in REPLACED:
        if key == "volumes":
            return merged_volumes(first, second)
        return first + [item for item in second if item not in first]
    return second


def merged_mapping(
    first: dict[str, Any], second: dict[str, Any], *, keep_resets: bool = False
) -> dict[str, Any]:
    """Return two mappings as one, key by key; a key that the second one resets is gone.

    With `keep_resets` the reset itself stays, for a file that compose merges over another.
    """
    result = dict(first)
    for key, value in second.items():
        if isinstance(value, Reset):
            result.pop(key, None)
            result |= {key: value} if keep_resets else {}
        else:
            result[key] = merged(key, result.get(key), value, keep_resets=keep_resets)
    return result


def merged_volumes(first: list[Any], second: list[Any]) -> list[Any]:
    """Return two lists of mounts as one: a mount of the same target is replaced."""
    targets = {mount.target for mount in mounts(second)}
    kept = [mount.entry for mount in mounts(first) if mount.target not in targets]
    return kept + second


def mounts(value: Any) -> tuple[Mount, ...]:
    """Return the entries of a service's `volumes`."""
    entries = value if isinstance(value, list) else ()
    return tuple(mount(index, entry) for index, entry in enumerate(entries))


def mount(index: int, entry: Any) -> Mount:
    """Return one entry of `volumes`, short or long."""
    if isinstance(entry, dict):
        source, target = str(entry.get("source") or ""), str(entry.get("target") or "")
        is_named = entry.get("type", "volume") == "volume" and bool(source)
    else:
        source, target = short_mount(str(entry))
        is_named = bool(source) and source[0] not in "./~$"
    return Mount(index=index, source=source, target=target, named=is_named, entry=entry)


def short_mount(text: str) -> tuple[str, str]:
    """Return source and target of `source:target[:mode]`; a colon inside `${…}` splits nothing."""
    parts, depth, current = [], 0, ""
    for position, character in enumerate(text):
        depth += text[position - 1 : position + 1] == "${" if position else 0
        depth -= character == "}" and depth > 0
        if character == ":" and not depth:
            parts.append(current)
            current = ""
        else:
            current += character
    parts.append(current)
    return ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def with_source(mounted: Mount, source: str) -> Any:
    """Return a mount's entry with another volume, its options kept."""
    if isinstance(mounted.entry, dict):
        return {**mounted.entry, "source": source}
    return source + str(mounted.entry)[len(mounted.source) :]


def published_host_ports(service: dict[str, Any]) -> list[tuple[int, Any]]:
    """Return (index, entry) of each of a service's `ports` that takes a port of the host."""
    found = []
    for index, entry in enumerate(listed(service.get("ports"))):
        text = str(entry)
        fixed = bool(entry.get("published")) if isinstance(entry, dict) else ":" in text
        if fixed:
            found.append((index, entry))
    return found
