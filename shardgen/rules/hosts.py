"""Other hosts: each has an address, and every shard there a file and a port of its own."""

from __future__ import annotations

import difflib
import ipaddress
from typing import TYPE_CHECKING

from shardgen.base import service_networks
from shardgen.outputs import HOST
from shardgen.rules.characters import HIGHEST_PORT
from shardgen.shard import is_ip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.model import Host, Shard
    from shardgen.rules.subject import Subject

#: Outputs for engines that place the shards themselves.
PLACING = ("kubernetes", "swarm")


def first_shard(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a host for the shard that the base defines here."""
    base, first = subject.fleet.service.base, subject.by_id.get(1)
    if base is not None and subject.defines_shards and first and first.is_live and first.host:
        yield subject.error(
            ("shards", first.index, "host"),
            "SG443",
            f"{base} defines shard 1, so it cannot run on {first.host}",
            "remove host:, or move the service out of the base and set service.base: null",
        )


def known_hosts(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse an entry of `hosts` that is almost the host of a shard, which has none.

    One that no shard names is no mistake: it may be there for the next `shardgen add`.
    """
    stated = subject.data.get("hosts", {})
    named = list(dict.fromkeys(shard.host for shard in subject.shards if shard.host))
    for name, entry in stated.items():
        if name not in named:
            for close in difflib.get_close_matches(
                name, [n for n in named if n not in stated], n=1
            ):
                message = f"no shard runs on {name!r}, and nothing is said of {close!r}"
                hint = f"did you mean {close!r}?"
                yield subject.error(("hosts", name), "SG444", message, hint, key=True)
        elif subject.fleet.shard_id_variable in ((entry or {}).get("environment") or {}):
            variable = subject.fleet.shard_id_variable
            yield subject.error(
                ("hosts", name, "environment", variable),
                "SG220",
                f"{variable} is set by shardgen",
                "remove it: every shard gets its own id",
                key=True,
            )


def addresses(subject: Subject) -> Iterator[Diagnostic]:
    """Require addresses that are some, and that lead from the consumers to the host."""
    for host in subject.fleet.hosts:
        shards = [shard for shard in subject.live if shard.host == host.name]
        path = place_of(subject, host, "address")
        if fault := fault_of_address(host.address):
            hint = "write an address of that host, as 10.0.0.7, or its name"
            yield subject.error(path, "SG449", f"{host.address!r} {fault}", hint)
        elif is_own(host.address) and not all(subject.entry(each).get("url") for each in shards):
            yield subject.error(
                path,
                "SG449",
                f"{host.address!r} leads each consumer to itself",
                "write the address at which the consumers reach the host",
            )
        bind = host.bind
        if bind != host.address and bind and (not is_ip(bind) or fault_of_address(bind)):
            hint = "write an address that the host has, as 10.0.0.7, or 0.0.0.0 for all"
            message = f"docker publishes on an IP address, and {bind!r} is none"
            yield subject.error(("hosts", host.name, "bind"), "SG449", message, hint)


def one_address_each(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse two hosts of one address: each file would take the other's shards for orphans."""
    owners: dict[str, Host] = {}
    for host in subject.fleet.hosts:
        address = host.address.lower()
        if is_ip(address) and not fault_of_address(address):
            address = str(ipaddress.ip_address(address))
        owner = owners.setdefault(address, host)
        if owner is not host:
            yield subject.error(
                place_of(subject, host, "address"),
                "SG449",
                f"{host.address!r} is already the address of {owner.name!r}",
                "give the shards of one machine one host:, or the host its own address",
            )


def place_of(subject: Subject, host: Host, key: str) -> Path:
    """Return where a host says something, else where it is named first."""
    if (subject.data.get("hosts", {}).get(host.name) or {}).get(key):
        return ("hosts", host.name, key)
    first = next(shard for shard in subject.live if shard.host == host.name)
    return ("shards", first.index, "host")


def fault_of_address(address: str) -> str:
    """Return what is wrong with an IP address; '' for one, and for a name."""
    if is_ip(address):
        try:
            ipaddress.ip_address(address)
        except ValueError:
            return "is no IP address"
    return ""


def is_own(address: str) -> bool:
    """Return whether an address leads whoever uses it to itself, or nowhere."""
    if not is_ip(address):
        return address.lower() == "localhost"
    found = ipaddress.ip_address(address)
    return found.is_loopback or found.is_unspecified


def host_ports(subject: Subject) -> Iterator[Diagnostic]:
    """Require a port of the host for each shard there, one that no other has."""
    owners: dict[tuple[str, int], Shard] = {}
    for shard in subject.shards:
        path = ("shards", shard.index, "host_port")
        if not shard.host:
            if subject.entry(shard).get("host_port"):
                message = f"shard {shard.id} has a host_port, and no host"
                hint = "add host:, or remove it: here, a shard is reached by its name"
                yield subject.error(path, "SG445", message, hint, key=True)
            continue
        if shard.host_port > HIGHEST_PORT:
            yield subject.error(
                subject.written(shard, "host_port"),
                "SG445",
                f"by the rule, shard {shard.id} has the port {shard.host_port}, which is none",
                f"state one, as host_port: {subject.fleet.service.port}",
            )
            continue
        owner = owners.setdefault((shard.host, shard.host_port), shard) if shard.is_live else shard
        if owner is not shard:
            is_stated = bool(subject.entry(shard).get("host_port"))
            culprit, other = (shard, owner) if is_stated else (owner, shard)
            yield subject.error(
                subject.written(culprit, "host_port"),
                "SG446",
                f"port {shard.host_port} of {shard.host} is already shard {other.id}'s",
                "choose another host_port: without one, it is service.port + id",
            )


def outputs(subject: Subject) -> Iterator[Diagnostic]:
    """Require that outputs and hosts agree: each shard is in one file, and each file has one."""
    path = (subject.data.get("outputs", {}).get("hosts") or {}).get("path", HOST)
    if HOST not in path:
        yield subject.error(
            ("outputs", "hosts", "path"),
            "SG442",
            f"{path!r} is one file, and each host needs its own",
            f"put {HOST} in it, as docker-compose.{HOST}.yml",
        )
    elsewhere = [shard for shard in subject.live if shard.host]
    if not elsewhere:
        return
    first = elsewhere[0]
    on = {output.name for output in subject.outputs}
    if "hosts" not in on:
        yield subject.error(
            ("outputs", "hosts", "enabled"),
            "SG441",
            f"the hosts output is off, and nothing else defines shard {first.id} on {first.host}",
            "turn it on, or remove host:",
        )
    for name in (each for each in PLACING if each in on):
        yield subject.error(
            ("shards", first.index, "host"),
            "SG441",
            f"the {name} output defines every shard, and so shard {first.id} a second time",
            f"remove host:, or turn {name} off: there, the engine places the shards",
        )
    if "compose" in on and not subject.here and subject.fleet.service.base is None:
        yield subject.error(
            ("outputs", "compose"),
            "SG441",
            "every shard runs on another host, and none is left for the overlay",
            "turn it off: outputs: {compose: {enabled: false}}",
        )


def consumers(subject: Subject) -> Iterator[Diagnostic]:
    """Require that consumers are on a network that leads out of this host."""
    base = subject.base
    if base is None or not subject.fleet.hosts:
        return
    for name in dict.fromkeys(subject.fleet.service.consumers):
        joined = service_networks(base.service(name)) if name in base.services else {}
        if joined and all(is_internal(base, network) for network in joined):
            yield base.document.error(
                ("services", name, "networks"),
                "SG449",
                f"the consumer {name} reaches no other host: its networks are internal",
                "give it a network besides that is not",
                key=True,
            )


def is_internal(base: Base, network: str) -> bool:
    """Return whether a network leads nowhere but to its own containers."""
    return str((base.networks.get(network) or {}).get("internal", "")).lower() == "true"
