"""Compose files in order in; the one model that compose makes of them out, and what two differ in.

A path leads through the model as it is written in a file: `services`, a service, its keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shardgen.base import Base

    Model = dict[str, dict[str, Any]]
    Steps = tuple[str, ...]

#: What a compose file declares by name.
SECTIONS = ("services", "networks", "volumes", "secrets", "configs")
#: Lists in which a number and its text are the same.
TEXTS = frozenset({"expose", "ports"})
#: Where an empty collection says something: it takes away what the image has.
MEANT_EMPTY = frozenset({"command", "entrypoint"})


#: Where a key without a value takes the one that compose itself was started with.
FROM_OUTSIDE = frozenset({"environment", "build.args"})
PASSED_ON = "(passed on from outside)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that two models do not share. Of a list, each item is a value of its own.

    `action` is add, remove or change; the value that is not there is None.
    """

    path: tuple[str, ...]
    action: str
    before: Any
    after: Any


def merged_files(files: Iterable[Base]) -> Model:
    """Return what compose makes of files: the later one wins, service by service, key by key."""
    model: Model = {section: {} for section in SECTIONS}
    for file in files:
        data = file.document.data if isinstance(file.document.data, dict) else {}
        for section in SECTIONS:
            written = data.get(section)
            for name, stated in written.items() if isinstance(written, dict) else ():
                whole = file.services.get(name) if is_extending(section, stated) else stated
                merge(model[section], name, whole)
    return model


def is_extending(section: str, stated: Any) -> bool:
    """Return whether a service is made from another one."""
    return section == "services" and isinstance(stated, dict) and "extends" in stated


def merge(found: dict[str, Any], name: str, stated: Any) -> None:
    """Add what one more file says of a name to what those before it said."""
    if isinstance(stated, compose.Reset):
        found.pop(name, None)
        return
    have = {} if isinstance(stated, compose.Whole) else found.get(name) or {}
    new = {k: v for k, v in stated.items() if k != "extends"} if isinstance(stated, dict) else {}
    found[name] = compose.plain(compose.merged_mapping(have, new))


def canonical_model(model: Mapping[str, Mapping[str, Any]]) -> Model:
    """Return a model in the form in which two that compose reads alike are equal."""
    return {
        section: {name: canonical_entry(section, entry) for name, entry in entries.items()}
        for section, entries in model.items()
    }


def canonical_entry(section: str, entry: Any) -> dict[str, Any]:
    """Return one service, network or volume in that form."""
    written = entry if isinstance(entry, dict) else {}
    found = {key: canonical(key, value) for key, value in written.items()}
    if section == "services" and "network_mode" not in written:
        found["networks"] = found.get("networks") or {"default": {}}
    return {key: value for key, value in found.items() if key in MEANT_EMPTY or is_said(value)}


def is_said(value: Any) -> bool:
    """Return whether a value says anything to compose."""
    return value is not None and value not in ({}, [])


def canonical(path: str, value: Any) -> Any:
    """Return a value of a service in the form in which two that compose reads alike are equal."""
    value = compose.normal(path, value)
    if isinstance(value, dict):
        if path in compose.PAIRS:
            missing = PASSED_ON if path in FROM_OUTSIDE else ""
            return {key: missing if v is None else text_of(v) for key, v in value.items()}
        if path == "depends_on":
            started = {"condition": "service_started", "required": True}
            return {key: {**started, **compose.options(item)} for key, item in value.items()}
        found = {key: canonical(f"{path}.{key}", item) for key, item in value.items()}
        if path in compose.NAMED:
            return {key: item or {} for key, item in found.items()}
        return {key: item for key, item in found.items() if is_said(item)}
    if isinstance(value, list):
        return [text_of(each) if path in TEXTS else canonical(f"{path}[]", each) for each in value]
    return str(value) if isinstance(value, str) else value


def text_of(value: Any) -> Any:
    """Return a number or a switch as the text that compose makes of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, (dict, list)) else str(value)


def alike(path: str, first: Any, second: Any) -> bool:
    """Return whether compose reads two values of a service's key as the same."""
    first, second = canonical(path, first), canonical(path, second)
    if path not in MEANT_EMPTY and not is_said(first) and not is_said(second):
        return True
    return compose.same(first, second)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what two canonical models do not share, by path."""
    found = [
        each
        for section in SECTIONS
        for each in between((section,), before.get(section, {}), after.get(section, {}))
    ]
    return tuple(sorted(found, key=lambda each: each.path))


def between(path: Steps, before: Any, after: Any) -> Iterator[Difference]:
    """Yield the differences of two values at a path."""
    if compose.same(before, after):
        return
    if isinstance(before or {}, dict) and isinstance(after or {}, dict) and (before or after):
        first, second = before or {}, after or {}
        for key in dict.fromkeys((*first, *second)):
            yield from between((*path, str(key)), first.get(key), second.get(key))
        if (before is None or after is None) and not first and not second:
            yield leaf(path, before, after)
        return
    if is_list(path, before, after):
        yield from of_lists(path, before or [], after or [])
        return
    yield leaf(path, before, after)


def is_list(path: Steps, before: Any, after: Any) -> bool:
    """Return whether two values are lists of items, and not one command."""
    key = ".".join(path[2:])
    are_lists = isinstance(before or [], list) and isinstance(after or [], list)
    return are_lists and key not in compose.REPLACED


def of_lists(path: Steps, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    """Yield the items of two lists that only one has; else that their order is another."""
    gone = [item for item in before if not compose.among(after, item)]
    new = [item for item in after if not compose.among(before, item)]
    if not gone and not new:
        yield leaf(path, before, after)
        return
    yield from (leaf(path, item, None) for item in gone)
    yield from (leaf(path, None, item) for item in new)


def leaf(path: Steps, before: Any, after: Any) -> Difference:
    """Return the difference of two values that have no parts of their own here."""
    action = "add" if before is None else "remove" if after is None else "change"
    return Difference(path=path, action=action, before=before, after=after)
