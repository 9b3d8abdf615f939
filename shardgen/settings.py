"""Sections of shards.yaml with their defaults in; what is stated for all shards out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Settings = TypeVar("Settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The service that is sharded. `consumers` are the services that import the router."""

    name: str = "baileys"
    port: int = 3300
    profile: str | None = "multi-shard"
    base: str | None = "docker-compose.yml"
    consumers: tuple[str, ...] = ()
    allow_plain: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The name as a part of Python names."""
        return self.name.replace("-", "_")

    @property
    def prefix(self) -> str:
        """The name as the first part of environment variables."""
        return self.identifier.upper()

    @property
    def shard_id_variable(self) -> str:
        """The variable by which a shard knows its id."""
        return f"{self.prefix}_SHARD_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where a shard keeps its state; `volume` is shard 1's, `folder` a tenant's below the mount."""

    volume: str = "whatsapp_auth"  # shardgen: ignore[SG805] this is where the default is defined
    mount: str = "/app/storage/whatsapp"
    external: bool = False
    folder: str = "{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """How the router answers where no shard was given; `lookup` says that the callers have one."""

    fallback: str = "md5"
    fallback_shards: tuple[int, ...] | None = None
    unknown_shard: str = "direct"
    guard: bool = False
    lookup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """What runs today, before the first migration."""

    shards: int = 1
    route: str = "column"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrations:
    """Where the ledger is, which tool applies it, and into how many files it splits great moves."""

    path: str = "migrations"
    runner: str = "psql"
    batches: int = 1


def settings(kind: type[Settings], written: Mapping[str, Any] | None) -> Settings:
    """Return a settings record: what is written, over the defaults; lists become tuples."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in (written or {}).items()
        if key in known
    }
    return kind(**values)
