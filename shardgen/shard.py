"""An entry of `shards`, and of `hosts`, in; the shard and its host out, every name resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.settings import Service, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Another machine that runs shards. Consumers connect to `address`.

    Its containers publish their ports on `bind`; '' is every address that it has.
    """

    name: str
    address: str
    bind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One shard, every name of it resolved. `index` is its place in the list of shards.yaml.

    Without an alias of its own, `alias` is the name of the service. `host` is '' for a shard that
    runs where the consumers do; on another host it is reached at `host_port`, which is 0 here.
    `health_path` answers 200 where the shard is well.
    """

    id: int
    index: int
    state: str
    move_to: int | None
    capacity: float | None
    weight: float
    service: str
    alias: str
    has_alias: bool
    knows_id: bool
    volume: str
    mount: str
    external: bool
    url: str
    explicit_url: bool
    url_variable: str
    health_path: str
    host: str
    host_port: int

    @property
    def is_live(self) -> bool:
        """Whether the shard runs: it is active or draining."""
        return self.state != "retired"

    @property
    def is_here(self) -> bool:
        """Whether the shard runs beside its consumers, and so in their compose files."""
        return self.is_live and not self.host


def build_hosts(data: Mapping[str, Any]) -> dict[str, Host]:
    """Return the hosts that shards name, by name; what `hosts` states of others is for nobody."""
    written = data.get("hosts", {})
    return {
        name: build_host(name, written.get(name) or {})
        for name in (entry.get("host") for entry in data["shards"])
        if name
    }


def build_host(name: str, entry: Mapping[str, Any]) -> Host:
    """Return one host; it publishes on the address that its consumers use, where that is an IP.

    Docker's published ports go around the firewall of the host: on all addresses, they would be
    open to whoever reaches any of them.
    """
    address = entry.get("address") or name
    return Host(
        name=name,
        address=address,
        bind=entry.get("bind") or (address if is_ip(address) else ""),
    )


def is_ip(address: str) -> bool:
    """Return whether an address is one of IPv4 or IPv6, and no name."""
    return ":" in address or address.replace(".", "").isdecimal()


def bracketed(address: str) -> str:
    """Return an address as it stands before a port: one of IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def build_shard(
    index: int,
    entry: Mapping[str, Any],
    service: Service,
    storage: Storage,
    *,
    alone: bool,
    host: Host | None,
    health_path: str,
) -> Shard:
    """Return one shard; where it is alone, its URL is the service's own name.

    `health_path` is that of the service; a path in the entry's own healthcheck wins.
    """
    number = entry["id"]
    ruled = f"{service.name}-{number}"
    name = service.name if number == 1 else ruled
    port = (entry.get("host_port") or service.port + number) if host else 0
    by_rule = f"http://{name if alone else ruled}:{service.port}"
    if host:
        by_rule = f"http://{bracketed(host.address)}:{port}"
    has_alias = entry.get("alias", ruled) is not None
    own = entry.get("storage", {})
    return Shard(
        id=number,
        index=index,
        state=entry.get("state", "active"),
        move_to=entry.get("move_to"),
        capacity=entry.get("capacity"),
        weight=entry.get("weight", 1),
        service=name,
        alias=ruled if has_alias else name,
        has_alias=has_alias,
        knows_id=service.shard_id_variable not in (entry.get("environment") or {}),
        volume=entry.get("volume") or (volume_name(storage, number)),
        mount=own.get("mount", storage.mount),
        external=own.get("external", storage.external),
        url=(entry.get("url") or by_rule).rstrip("/"),
        explicit_url=bool(entry.get("url") or host),
        url_variable=f"{service.prefix}_SHARD_{number}_URL",
        health_path=(entry.get("healthcheck") or {}).get("path", health_path),
        host=host.name if host else "",
        host_port=port,
    )


def volume_name(storage: Storage, number: int) -> str:
    """Return the volume of a shard that states none."""
    return storage.volume if number == 1 else f"{storage.volume}_shard{number}"
