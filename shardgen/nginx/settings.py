"""What shards.yaml says under `outputs.nginx` in, the same with its defaults out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.settings import settings

if TYPE_CHECKING:
    from shardgen.outputs import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Nginx:
    """What shards.yaml says of the output; `shard` and `tenant` are variables of nginx."""

    shard: str | None = None
    tenant: str | None = None
    otherwise: str | None = None
    resolver: str | None = "127.0.0.11"
    resolver_ttl: int = 1
    map_hash: bool = True


def settings_of(output: Output | None) -> Nginx:
    """Return what is stated of the output; its defaults where it is off."""
    return settings(Nginx, output.settings if output else None)
