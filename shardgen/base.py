"""The base compose file: its text in; its services, volumes and networks, with places, out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.source import parse

if TYPE_CHECKING:
    from shardgen.source import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the user's own docker-compose.yml says. Tags, anchors and merges are resolved."""

    file: str
    document: Document
    services: dict[str, dict[str, Any]]
    volumes: dict[str, dict[str, Any]]
    networks: dict[str, Any]

    def service(self, name: str) -> dict[str, Any]:
        """Return a service, empty where the base has none of that name."""
        return self.services.get(name, {})


def read_base(text: str, file: str) -> Base:
    """Return the base file; what is no mapping counts as empty."""
    document = parse(text, file, strict=False)
    data = document.data if isinstance(document.data, dict) else {}
    return Base(
        file=file,
        document=document,
        services=mappings(data.get("services")),
        volumes=mappings(data.get("volumes")),
        networks=mappings(data.get("networks")),
    )


def mappings(value: Any) -> dict[str, dict[str, Any]]:
    """Return a mapping of mappings; a null or odd entry becomes an empty one."""
    entries = value.items() if isinstance(value, dict) else ()
    return {str(name): entry if isinstance(entry, dict) else {} for name, entry in entries}


def service_networks(service: dict[str, Any]) -> dict[str, Any]:
    """Return the networks that a service joins; without `networks` it is compose's default."""
    if "network_mode" in service:
        return {}
    return compose.named(service.get("networks"), "networks") or {"default": None}
