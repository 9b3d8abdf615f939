"""What N containers made from one service cannot share: state, ports, addresses, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose, wording
from shardgen.ports import container_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject

#: Keys of a service on one network that no two containers can share.
FIXED = ("ipv4_address", "ipv6_address", "mac_address", "link_local_ips")


def one_container(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse more than one container of a shard: two would write into one volume."""
    hint = "a shard is one container on one volume: for more, add a shard"
    for path, layer, _ in subject.layers():
        for key, message in copies(layer.get("compose", {})):
            yield subject.error((*path, "compose", *key), "SG307", message, hint)
    for key, message in copies(subject.base_service):
        yield subject.base_error(key, "SG307", message, hint)


def copies(service: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the keys that may ask for more than one container, each with what is wrong with it.

    Compose also reads 0x2, 2.0 and `${X:-2}`: only what is plainly one, or none, passes.
    """
    deploy = service.get("deploy")
    found = {
        ("scale",): service.get("scale"),
        ("deploy", "replicas"): deploy.get("replicas") if isinstance(deploy, dict) else None,
    }
    for key, value in found.items():
        if value is not None and str(value) not in {"0", "1"}:
            is_count = str(value).isdecimal() and len(str(value)) <= wording.FEW
            many = f"{value} containers would share a shard's volume"
            unclear = f"{key[-1]} is {wording.shown(value)}, which may be more than one container"
            yield key, many if is_count else unclear


def host_ports(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a port of a host that two shards would publish there."""
    for shards in by_host(subject).values():
        if len(shards) > 1:
            yield from ports_of_one_host(subject, shards)


def by_host(subject: Subject) -> dict[str, list[Shard]]:
    """Return the shards that run, by the host where they do."""
    found: dict[str, list[Shard]] = {}
    for shard in subject.live:
        found.setdefault(shard.host, []).append(shard)
    return found


def ports_of_one_host(subject: Subject, shards: list[Shard]) -> Iterator[Diagnostic]:
    """Yield the ports that two shards of one host would publish.

    Elsewhere, what is published of service.port gives way to the port that each has there.
    """
    shared = subject.service.get("compose", {})
    publishing = [shard for shard in shards if not is_portless(subject.entry(shard))]
    is_here = not shards[0].host
    given_way = None if is_here else subject.fleet.service.port
    base = subject.base_service if is_here else subject.pattern_service
    if len(publishing) > 1:
        for index, entry in taken_ports(shared, given_way):
            yield subject.error(
                ("service", "compose", "ports", index),
                "SG308",
                f"every shard would publish {shown_port(entry)}",
                "publish it in the entry of one shard",
            )
        for index, entry in [] if is_portless(subject.service) else taken_ports(base, given_way):
            yield subject.base_error(
                ("ports", index),
                "SG308",
                f"shard {publishing[-1].id} would publish {shown_port(entry)} as well",
                "use expose:, or set compose: {ports: null} in shards.yaml",
            )
    yield from own_ports(subject, shards, given_way)


def own_ports(subject: Subject, shards: list[Shard], given_way: int | None) -> Iterator[Diagnostic]:
    """Yield ports of the host that the entries of two shards take."""
    owners: dict[str, int] = {}
    for shard in shards:
        for index, entry in taken_ports(subject.entry(shard).get("compose", {}), given_way):
            port = shown_port(entry)
            owner = owners.setdefault(port, shard.id)
            if owner != shard.id:
                yield subject.error(
                    ("shards", shard.index, "compose", "ports", index),
                    "SG308",
                    f"shard {owner} already publishes {port}",
                    "choose another port of the host",
                )


def is_portless(layer: dict[str, Any]) -> bool:
    """Return whether an entry, or `service`, takes the ports away that are stated before it."""
    return layer.get("compose", {}).get("ports", ()) is None


def taken_ports(service: dict[str, Any], given_way: int | None) -> list[tuple[int, Any]]:
    """Return the ports of the host that a service takes; of a range, compose picks a free one.

    Those of the container's port `given_way` are not published.
    """
    return [
        (index, entry)
        for index, entry in compose.published_host_ports(service)
        if not is_range(entry) and (given_way is None or container_port(entry) != given_way)
    ]


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
    """Refuse an address that two containers would have."""
    if len(subject.here) < 2:
        return
    stated = compose.named(subject.service.get("networks"), "networks")
    for network, key, value in addresses(stated):
        yield subject.error(
            ("service", "networks", network, key),
            "SG309",
            f"every shard would have the {key} {value!r}",
            "state it in the entry of one shard",
        )
    own = compose.named(subject.base_service.get("networks"), "networks")
    for network, key, value in addresses(own):
        without = [s for s in subject.later if not has_own(subject.entry(s), network, key)]
        if without:
            yield subject.base_error(
                ("networks", network, key),
                "SG309",
                f"shard {without[0].id} would have the {key} {value!r} as well",
                f"remove it, or state the {key} of {network} in the entry of each other shard",
            )
    mac = subject.base_service.get("mac_address")
    if mac is not None and subject.later:
        yield subject.base_error(
            ("mac_address",),
            "SG309",
            f"every shard would have the mac_address {mac!r}",
            "remove it: compose gives each container its own",
        )


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
