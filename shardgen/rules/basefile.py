"""The base file: it is there, it has shard 1, and N shards can be made from that."""

from __future__ import annotations

import difflib
import posixpath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject


def base_file(subject: Subject) -> Iterator[Diagnostic]:
    """Require the base file while an output is on that takes from it what a shard is."""
    name = subject.fleet.service.base
    if name is None or not subject.defines_shards:
        return
    path = ("service", "base")
    if name.startswith("/"):
        yield subject.error(
            path,
            "SG327",
            f"the base {name!r} is an absolute path",
            "write it relative to the folder of shards.yaml",
        )
    elif subject.pattern is None and not subject.base_is_broken:
        is_folder = subject.project.kind(posixpath.normpath(name)) == "folder"
        what = "is a folder" if is_folder else "is not there"
        yield subject.error(
            path,
            "SG301",
            f"the base file {name} {what}",
            "name your compose file in service.base, or set base: null to define every shard here",
        )
    elif subject.pattern is not None:
        yield from base_service(subject, subject.pattern)


def base_service(subject: Subject, base: Base) -> Iterator[Diagnostic]:
    """Require that the base is a compose file that has the service of shard 1."""
    data = base.document.data
    services = data.get("services") if isinstance(data, dict) else None
    name = subject.fleet.service.name
    if not isinstance(services, dict):
        path = ("services",) if isinstance(data, dict) and "services" in data else ()
        yield base.document.error(
            path, "SG303", f"{base.file} has no services", "a compose file starts with services:"
        )
    elif name not in services:
        yield subject.error(
            ("service", "name"),
            "SG302",
            f"{base.file} has no service {name!r}",
            f"name shard 1's, as in `service: {{name: …}}`; {known(name, services, 'services')}",
        )
    elif not isinstance(services[name], dict):
        yield base.document.error(
            ("services", name),
            "SG303",
            f"the service {name} says nothing",
            "a service needs build: or image:",
            key=True,
        )


def known(name: str, names: Any, what: str) -> str:
    """Return the hint for a name that is not among some names."""
    close = difflib.get_close_matches(name, map(str, names), n=1)
    return f"did you mean {close[0]!r}?" if close else f"its {what} are: {few(names) or 'none'}"


def few(names: Any) -> str:
    """Return some names as text."""
    found = [str(name) for name in names]
    return ", ".join(found[:8]) + (", …" if len(found) > 8 else "")


def without_base(subject: Subject) -> Iterator[Diagnostic]:
    """Require shards.yaml to say what a shard is where there is no base, and no consumers."""
    if subject.fleet.service.base is not None or not subject.defines_shards:
        return
    service = subject.service
    bare = [s for s in subject.live if not is_runnable(service, subject.entry(s))]
    if bare:
        yield subject.error(
            ("service", "base"),
            "SG304",
            f"without a base, nothing says what shard {bare[0].id} runs",
            "add build: or image: under service",
        )
    yield from without_consumers(subject)
    if subject.around is not None:
        return  # the overlay is part of a stack of which only that part is known
    for path, layer, shard in subject.layers():
        for name, at in [] if shard and shard.host else positions(layer.get("depends_on")):
            yield subject.error(
                (*path, "depends_on", at),
                "SG319",
                f"without a base, there is no service {name!r} to depend on",
                "remove it",
                key=isinstance(at, str),
            )


def without_consumers(subject: Subject) -> Iterator[Diagnostic]:
    """Require that consumers without a base are in the overlay, outside of its blocks."""
    around = subject.around.services if subject.around else {}
    for index, name in enumerate(subject.fleet.service.consumers):
        if name not in around:
            yield subject.error(
                ("service", "consumers", index),
                "SG305",
                "without a base, there is no service to be a consumer",
                "remove the consumers, or name the compose file that has them in service.base",
            )
            return


def is_runnable(service: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Return whether a shard has an image or a build."""
    values = {
        **{k: service.get(k) for k in ("image", "build")},
        **{k: entry[k] for k in ("image", "build") if k in entry},
    }
    return any(values.values())


def network_mode(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse network_mode: a shard is found by its alias, which needs a network."""
    hint = "a shard is reached by its alias on a network: use networks: instead"
    for path, layer, _ in subject.layers():
        mode = layer.get("compose", {}).get("network_mode")
        if mode is not None:
            yield subject.error(
                (*path, "compose", "network_mode"),
                "SG306",
                f"network_mode {mode!r} has no room for aliases",
                hint,
            )
    mode = subject.pattern_service.get("network_mode")
    if mode is not None and "network_mode" not in subject.service.get("compose", {}):
        yield subject.base_error(
            ("network_mode",), "SG306", f"network_mode {mode!r} has no room for aliases", hint
        )


def known_names(subject: Subject) -> Iterator[Diagnostic]:
    """Require that networks and services that shards.yaml names are in the base."""
    if subject.base is None or subject.base.is_partial:
        return
    base, around = subject.base, subject.around
    networks = {**base.networks, **(around.networks if around else {})}
    services = {**base.services, **(around.services if around else {})}
    for path, layer, shard in subject.layers():
        if shard and shard.host:
            continue
        for network, at in positions(layer.get("networks")):
            if network not in networks and network != "default":
                yield subject.error(
                    (*path, "networks", at),
                    "SG318",
                    f"{base.file} declares no network {network!r}",
                    known(network, networks, "networks"),
                    key=isinstance(at, str),
                )
        for name, at in positions(layer.get("depends_on")):
            if name == subject.fleet.service.name:
                message, hint = f"{name} cannot depend on itself", "remove it"
            elif name not in services:
                message = f"{base.file} has no service {name!r} to depend on"
                hint = known(name, services, "services")
            else:
                continue
            yield subject.error(
                (*path, "depends_on", at), "SG319", message, hint, key=isinstance(at, str)
            )


def positions(value: Any) -> Iterator[tuple[str, str | int]]:
    """Yield names of a list or a mapping, each with its step in a path."""
    if isinstance(value, dict):
        yield from ((name, name) for name in value)
    else:
        yield from ((name, index) for index, name in enumerate(value or ()))
