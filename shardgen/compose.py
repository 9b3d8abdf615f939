"""Compose syntax: the short and long forms of a service's keys, and how compose merges them.

The rules are those of compose-go (override/merge.go, override/uncity.go). A place inside a service
is written with dots, as `build.args`; a test lets the real compose merge the same services.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

#: What a later file replaces as a whole.
REPLACED = frozenset({"command", "entrypoint", "healthcheck.test"})
#: What may be a list of KEY=value or a mapping.
PAIRS = frozenset({"environment", "labels", "annotations", "sysctls", "build.args", "build.labels",
                   "build.additional_contexts", "deploy.labels"})  # fmt: skip
#: What may be a list of names or a mapping from names.
NAMED = frozenset({"networks", "depends_on", "models"})
#: What may be one string or a list.
LISTED = frozenset({"env_file", "label_file", "dns", "dns_opt", "dns_search", "tmpfs"})
#: What may be a list of host=address or a mapping; a host may have several addresses.
HOSTS = frozenset({"extra_hosts", "build.extra_hosts"})


class Reset:
    """The value of a key that compose must forget: `!reset null` (compose 2.24 and later)."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reset)

    def __hash__(self) -> int:
        return hash(Reset)


class Whole:
    """A collection that replaces what compose would merge it with: `!override` (2.24 and later)."""

    __slots__ = ()


class WholeMapping(Whole, dict[str, Any]):
    """A mapping that replaces another."""

    __slots__ = ()


class WholeList(Whole, list[Any]):
    """A list that replaces another."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One entry of a service's `volumes`; source is '' for an anonymous volume or a tmpfs."""

    index: int
    source: str
    target: str
    named: bool
    entry: Any


def whole(value: Any) -> Any:
    """Return a value that replaces what another file says; a scalar does so by itself."""
    if isinstance(value, dict):
        return WholeMapping(value)
    return WholeList(value) if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """Return what is left of a value once there is nothing more to merge: no marks, no resets."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if not isinstance(item, Reset)}
    if isinstance(value, list):
        return [plain(item) for item in value if not isinstance(item, Reset)]
    return value


def same(first: Any, second: Any) -> bool:
    """Return whether two values are written alike; 1, true and 1.0 are three values here."""
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)


def among(items: list[Any], value: Any) -> bool:
    """Return whether a value is in a list."""
    return any(same(item, value) for item in items)


def pairs(value: Any) -> dict[str, Any]:
    """Return `environment`, `labels` and their like as a mapping, whichever form they have."""
    if isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for item in value if isinstance(value, list) else ():
        name, equals, text = str(item).partition("=")
        found[name] = text if equals else None
    return found


def named(value: Any, path: str) -> dict[str, Any]:
    """Return `networks` or `depends_on` as a mapping from names."""
    if isinstance(value, dict):
        return value
    started = {"condition": "service_started", "required": True}
    names = value if isinstance(value, list) else ()
    return {str(name): dict(started) if path == "depends_on" else None for name in names}


def options(value: Any) -> dict[str, Any]:
    """Return the options of a network; empty for a null, and for what compose would refuse."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return a key that may be one string or a list, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def hosts(value: Any) -> list[Any]:
    """Return `extra_hosts` as a list of host=address."""
    if not isinstance(value, dict):
        return listed(value)
    return [f"{host}={address}" for host, each in value.items() for address in listed(each)]


def normal(path: str, value: Any) -> Any:
    """Return the long form of what stands at a place, so that two of them can be merged."""
    if path in PAIRS:
        return pairs(value)
    if path in NAMED:
        return named(value, path)
    if path in LISTED:
        return listed(value)
    if path in HOSTS:
        return hosts(value)
    if path == "build" and isinstance(value, str):
        return {"context": value}
    return value


def merged(path: str, first: Any, second: Any) -> Any:
    """Return what compose makes of a place that two files state; the second one wins.

    A null adds nothing, a `Reset` leaves None.
    """
    if isinstance(second, Reset) or second is None:
        return None if second else first
    if first is None or path in REPLACED or isinstance(second, Whole):
        return plain(second)
    first, second = normal(path, first), normal(path, second)
    if isinstance(first, list) and isinstance(second, list):
        return merged_lists(path, first, second)
    if not isinstance(first, dict) or not isinstance(second, dict):
        return plain(second)
    if path == "logging" and is_other_driver(first, second):
        return plain(second)
    return merged_mapping(first, second, path)


def merged_mapping(first: dict[str, Any], second: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Return two mappings as one, key by key; a key that the second one resets is gone."""
    result = dict(first)
    for key, value in second.items():
        if isinstance(value, Reset):
            result.pop(key, None)
        elif value is None and path in PAIRS:
            result[key] = None  # the variable of compose's own environment
        else:
            result[key] = merged(f"{path}.{key}" if path else key, result.get(key), value)
    return result


def is_other_driver(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Return whether two `logging` name two drivers; options of one mean nothing to another."""
    mine, other = first.get("driver"), second.get("driver")
    return isinstance(mine, str) and isinstance(other, str) and mine != other


def merged_lists(path: str, first: list[Any], second: list[Any]) -> list[Any]:
    """Return two lists as one, each item once; a mount replaces one of the same target."""
    if path == "volumes":
        found = {mount.target: mount.entry for mount in mounts(first)}
        return list((found | {mount.target: mount.entry for mount in mounts(second)}).values())
    return first + [plain(item) for item in second if not among(first, item)]


def addition(path: str, have: Any, want: Any, *, can_reset: bool = True) -> Any:
    """Return the least that a second file must state for compose to make `want` of `have`.

    `can_reset` is False where compose holds KEY=value pairs as a list, in which nothing can be
    reset: after `extends`. The same is true of pairs that the first file writes as a list.
    """
    if want is None:
        return Reset()
    least = difference(path, have, want, can_reset=can_reset)
    reached = normal(path, merged(path, have, least))
    return least if same(reached, normal(path, want)) else whole(want)


def difference(path: str, have: Any, want: Any, *, can_reset: bool) -> Any:
    """Return what `want` says and `have` does not, and resets of what it no longer says."""
    can_reset = can_reset and not (path in PAIRS and isinstance(have, list))
    have, want = normal(path, have), normal(path, want)
    if isinstance(have, dict) and isinstance(want, dict):
        gone: dict[str, Any] = {key: Reset() for key in have if key not in want}
        if gone and path in PAIRS and not can_reset:
            return whole(want)
        return gone | {
            key: difference(f"{path}.{key}", have.get(key), value, can_reset=can_reset)
            for key, value in want.items()
            if key not in have or not same(have[key], value)
        }
    if isinstance(have, list) and isinstance(want, list) and path not in REPLACED:
        return [item for item in want if not among(have, item)]
    return want


def folder(target: str) -> str:
    """Return a mount's target in the form in which two of one folder are equal."""
    return posixpath.normpath(f"/{target.lstrip('/')}")


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
    if "${" not in text:
        source, colon, rest = text.partition(":")
        return (source, rest.partition(":")[0]) if colon else ("", text)
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


def remounted(mounted: Mount, source: str, target: str) -> Any:
    """Return a mount's entry with another volume and target, its options kept."""
    if isinstance(mounted.entry, dict):
        return {**mounted.entry, "source": source, "target": target}
    options = str(mounted.entry)[len(f"{mounted.source}:{mounted.target}") :]
    return f"{source}:{target}{options}"


def published_host_ports(service: dict[str, Any]) -> list[tuple[int, Any]]:
    """Return (index, entry) of each of a service's `ports` that takes a port of the host."""
    found = []
    for index, entry in enumerate(listed(service.get("ports"))):
        text = str(entry)
        fixed = bool(entry.get("published")) if isinstance(entry, dict) else ":" in text
        if fixed:
            found.append((index, entry))
    return found
