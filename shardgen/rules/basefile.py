"""The base file: it is there, it has shard 1, and N shards can be made from that."""

from __future__ import annotations

import difflib
import posixpath
from typing import TYPE_CHECKING, Any

from shardgen import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject

#: Keys of a service on one network that no two containers can share.
FIXED = ("ipv4_address", "ipv6_address", "mac_address", "link_local_ips")


def base_file(subject: Subject) -> Iterator[Diagnostic]:
    """With the compose output on, the base is there, below no root, and a compose file."""
    name = subject.fleet.service.base
    if name is None or not subject.has_overlay:
        return
    path = ("service", "base")
    if name.startswith("/"):
        yield subject.error(path, "SG327", f"the base {name!r} is an absolute path",
                            "write it relative to the folder of shards.yaml")  # fmt: skip
    elif subject.base is None and not subject.base_is_broken:
        is_folder = subject.project.kind(posixpath.normpath(name)) == "folder"
        what = "is a folder" if is_folder else "is not there"
        yield subject.error(
            path, "SG301", f"the base file {name} {what}",
            "name your compose file in service.base, or set base: null to define every shard here",
        )  # fmt: skip
    elif subject.base is not None:
        yield from base_service(subject, subject.base)


def base_service(subject: Subject, base: Base) -> Iterator[Diagnostic]:
    """The base is a compose file that has the service of shard 1."""
    data = base.document.data
    services = data.get("services") if isinstance(data, dict) else None
    name = subject.fleet.service.name
    if not isinstance(services, dict):
        path = ("services",) if isinstance(data, dict) and "services" in data else ()
        yield base.document.error(path, "SG303", f"{base.file} has no services",
                                  "a compose file starts with services:")  # fmt: skip
    elif name not in services:
        yield subject.error(("service", "name"), "SG302", f"{base.file} has no service {name!r}",
                            known(name, services, "services"))  # fmt: skip
    elif not isinstance(services[name], dict):
        yield base.document.error(("services", name), "SG303",
                                  f"the service {name} says nothing", "a service needs build: or image:",
                                  key=True)  # fmt: skip


def known(name: str, names: Any, what: str) -> str:
    """Return the hint for a name that is not among some names."""
    close = difflib.get_close_matches(name, map(str, names), n=1)
    return f"did you mean {close[0]!r}?" if close else f"its {what} are: {few(names) or 'none'}"


def few(names: Any) -> str:
    """Return some names as text."""
    found = [str(name) for name in names]
    return ", ".join(found[:8]) + (", …" if len(found) > 8 else "")  # noqa: PLR2004


def without_base(subject: Subject) -> Iterator[Diagnostic]:
    """Without a base, shards.yaml says what a shard is, and there are no consumers."""
    if subject.fleet.service.base is not None or not subject.has_overlay:
        return
    service = subject.service
    bare = [s for s in subject.live if not is_runnable(service, subject.entry(s))]
    if bare:
        yield subject.error(
            ("service", "base"), "SG304",
            f"without a base, nothing says what shard {bare[0].id} runs",
            "add build: or image: under service",
        )  # fmt: skip
    for path, layer, _ in subject.layers():
        for name, at in positions(layer.get("depends_on")):
            yield subject.error((*path, "depends_on", at), "SG319",
                                f"without a base, there is no service {name!r} to depend on", "remove it",
                                key=isinstance(at, str))  # fmt: skip
    if subject.fleet.service.consumers:
        yield subject.error(
            ("service", "consumers", 0), "SG305", "without a base, there is no service to be a consumer",
            "remove the consumers, or name the compose file that has them in service.base",
        )  # fmt: skip


def is_runnable(service: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Return whether a shard has an image or a build."""
    values = {**{k: service.get(k) for k in ("image", "build")},
              **{k: entry[k] for k in ("image", "build") if k in entry}}  # fmt: skip
    return any(values.values())


def network_mode(subject: Subject) -> Iterator[Diagnostic]:
    """A shard is found by its alias, which needs a network."""
    hint = "a shard is reached by its alias on a network: use networks: instead"
    for path, layer, _ in subject.layers():
        mode = layer.get("compose", {}).get("network_mode")
        if mode is not None:
            yield subject.error((*path, "compose", "network_mode"), "SG306",
                                f"network_mode {mode!r} has no room for aliases", hint)  # fmt: skip
    mode = subject.base_service.get("network_mode")
    if mode is not None and "network_mode" not in subject.service.get("compose", {}):
        yield subject.base_error(("network_mode",), "SG306",
                                 f"network_mode {mode!r} has no room for aliases", hint)  # fmt: skip


def one_container(subject: Subject) -> Iterator[Diagnostic]:
    """A shard is one container: two would write into one volume."""
    hint = "a shard is one container on one volume: for more, add a shard"
    for path, layer, _ in subject.layers():
        for key, count in copies(layer.get("compose", {})):
            yield subject.error((*path, "compose", *key), "SG307",
                                f"{count} containers would share a shard's volume", hint)  # fmt: skip
    for key, count in copies(subject.base_service):
        yield subject.base_error(key, "SG307",
                                 f"{count} containers would share a shard's volume", hint)  # fmt: skip


def copies(service: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield the keys that ask for more than one container, and for how many."""
    deploy = service.get("deploy")
    found = {("scale",): service.get("scale"),
             ("deploy", "replicas"): deploy.get("replicas") if isinstance(deploy, dict) else None}  # fmt: skip
    for key, value in found.items():
        if str(value).isdecimal() and int(str(value)) > 1:
            yield key, int(str(value))


def host_ports(subject: Subject) -> Iterator[Diagnostic]:
    """One port of the host serves one shard."""
    if len(subject.live) < 2:  # noqa: PLR2004
        return
    shared = subject.service.get("compose", {})
    publishing = [shard for shard in subject.live if not is_portless(subject.entry(shard))]
    if len(publishing) > 1:
        for index, entry in taken_ports(shared):
            yield subject.error(
                ("service", "compose", "ports", index), "SG308",
                f"every shard would publish {shown_port(entry)}", "publish it in the entry of one shard",
            )  # fmt: skip
        for index, entry in [] if is_portless(subject.service) else taken_ports(subject.base_service):
            yield subject.base_error(
                ("ports", index), "SG308",
                f"shard {publishing[-1].id} would publish {shown_port(entry)} as well",
                "use expose: for ports inside the network, or set compose: {ports: null} in shards.yaml",
            )  # fmt: skip
    yield from own_ports(subject)


def own_ports(subject: Subject) -> Iterator[Diagnostic]:
    """Yield ports of the host that the entries of two shards take."""
    owners: dict[str, int] = {}
    for shard in subject.live:
        for index, entry in taken_ports(subject.entry(shard).get("compose", {})):
            port = shown_port(entry)
            owner = owners.setdefault(port, shard.id)
            if owner != shard.id:
                yield subject.error(
                    ("shards", shard.index, "compose", "ports", index), "SG308",
                    f"shard {owner} already publishes {port}", "choose another port of the host",
                )  # fmt: skip


def is_portless(layer: dict[str, Any]) -> bool:
    """Return whether an entry, or `service`, takes the ports away that are stated before it."""
    return layer.get("compose", {}).get("ports", ()) is None


def taken_ports(service: dict[str, Any]) -> list[tuple[int, Any]]:
    """Return the ports of the host that a service takes; of a range, compose picks a free one."""
    return [(i, e) for i, e in compose.published_host_ports(service) if not is_range(e)]


def is_range(entry: Any) -> bool:
    """Return whether a published port is a range for one port of the container."""
    if isinstance(entry, dict):
        return "-" in str(entry["published"])
    host, _, target = str(entry).rpartition(":")
    return "-" in host.rpartition(":")[2] and "-" not in target


def shown_port(entry: Any) -> str:
    """Return the port of the host that an entry takes, with its address where it has one."""
    if isinstance(entry, dict):
        return f"the host's port {entry.get('published')}"
    host = str(entry).rpartition(":")[0]
    return f"the host's port {host}"


def fixed_addresses(subject: Subject) -> Iterator[Diagnostic]:
    """One address is one container's."""
    if len(subject.live) < 2:  # noqa: PLR2004
        return
    stated = compose.named(subject.service.get("networks"), "networks")
    for network, key, value in addresses(stated):
        yield subject.error(
            ("service", "networks", network, key), "SG309",
            f"every shard would have the {key} {value!r}", "state it in the entry of one shard",
        )  # fmt: skip
    own = compose.named(subject.base_service.get("networks"), "networks")
    for network, key, value in addresses(own):
        without = [s for s in subject.later if not has_own(subject.entry(s), network, key)]
        if without:
            yield subject.base_error(
                ("networks", network, key), "SG309",
                f"shard {without[0].id} would have the {key} {value!r} as well",
                f"remove it, or state networks: {{{network}: {{{key}: …}}}} in the entries of the other shards",
            )  # fmt: skip
    mac = subject.base_service.get("mac_address")
    if mac is not None and subject.later:
        yield subject.base_error(("mac_address",), "SG309", f"every shard would have the mac_address {mac!r}",
                                 "remove it: compose gives each container its own")  # fmt: skip


def addresses(networks: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield network, key and value of each fixed address."""
    for network, options in networks.items():
        for key in FIXED:
            if isinstance(options, dict) and options.get(key):
                yield network, key, options[key]


def has_own(entry: dict[str, Any], network: str, key: str) -> bool:
    """Return whether an entry states a key on a network."""
    options = compose.named(entry.get("networks"), "networks").get(network)
    return isinstance(options, dict) and key in options


def taken_names(subject: Subject) -> Iterator[Diagnostic]:
    """The names that shards get mean nothing else in the base."""
    if subject.base is None:
        return
    base = subject.base
    own = subject.fleet.service.name
    ours = {shard.alias: shard.id for shard in subject.live}
    container = subject.base_service.get("container_name")
    ours |= {f"{container}-{shard.id}": shard.id for shard in subject.later if container}
    for name, service in base.services.items():
        if name in ours:
            yield base.document.error(
                ("services", name), "SG310", f"the service {name} is in the way of shard {ours[name]}",
                f"shardgen writes {name} itself: remove it here, or rename it", key=True,
            )  # fmt: skip
            continue
        for path, taken in other_names(name, service):
            number = ours.get(taken)
            if number is not None and not (name == own and number == 1):
                yield base.document.error(
                    ("services", name, *path), "SG310",
                    f"{name} answers to {taken!r}, the name of shard {number}",
                    "choose another name: a tenant of that shard would be sent here",
                )  # fmt: skip


def other_names(name: str, service: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where a service has another name, and that name."""
    for key in ("container_name", "hostname"):
        if service.get(key):
            yield (key,), str(service[key])
    for network, options in compose.named(service.get("networks"), "networks").items():
        aliases = options.get("aliases") if isinstance(options, dict) else None
        for index, alias in enumerate(compose.listed(aliases)):
            yield ("networks", network, "aliases", index), str(alias)


def known_names(subject: Subject) -> Iterator[Diagnostic]:
    """Networks and services that shards.yaml names are in the base."""
    if subject.base is None or "include" in (subject.base.document.data or {}):
        return
    base = subject.base
    for path, layer, _ in subject.layers():
        for network, at in positions(layer.get("networks")):
            if network not in base.networks and network != "default":
                yield subject.error(
                    (*path, "networks", at), "SG318", f"{base.file} declares no network {network!r}",
                    known(network, base.networks, "networks"), key=isinstance(at, str),
                )  # fmt: skip
        for name, at in positions(layer.get("depends_on")):
            if name == subject.fleet.service.name:
                message, hint = f"{name} cannot depend on itself", "remove it"
            elif name not in base.services:
                message = f"{base.file} has no service {name!r} to depend on"
                hint = known(name, base.services, "services")
            else:
                continue
            yield subject.error((*path, "depends_on", at), "SG319", message, hint,
                                key=isinstance(at, str))  # fmt: skip


def positions(value: Any) -> Iterator[tuple[str, str | int]]:
    """Yield names of a list or a mapping, each with its step in a path."""
    if isinstance(value, dict):
        yield from ((name, name) for name in value)
    else:
        yield from ((name, index) for index, name in enumerate(value or ()))
