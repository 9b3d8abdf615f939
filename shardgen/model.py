"""Valid data in, the fleet out: the only place where a name is derived or a default is resolved."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from shardgen.ledger.names import Names, derive_names

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where a shard keeps its state; `volume` is shard 1's."""

    volume: str = "whatsapp_auth"
    mount: str = "/app/storage/whatsapp"
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """How the router answers where no shard was given."""

    fallback: str = "md5"
    fallback_shards: tuple[int, ...] | None = None
    unknown_shard: str = "direct"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The table of tenants, and its column that says where each one lives."""

    schema: str | None = None
    table: str = "business"
    id_column: str = "id"
    shard_column: str = "whatsapp_shard"
    default_shard: int = 1
    adopt: Adopt = Adopt()
    migrations: Migrations = Migrations()

    @property
    def names(self) -> Names:
        """The names of what the migrations make in the database."""
        return derive_names(
            schema=self.schema,
            table=self.table,
            id_column=self.id_column,
            shard_column=self.shard_column,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One shard, every name of it resolved. `index` is its place in the list of shards.yaml."""

    id: int
    index: int
    state: str
    move_to: int | None
    service: str
    alias: str
    volume: str
    mount: str
    external: bool
    url: str
    explicit_url: bool
    url_variable: str

    @property
    def is_live(self) -> bool:
        """Whether the shard runs: it is active or draining."""
        return self.state != "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Tenants that belong on a shard, whatever the fallback says."""

    shard: int
    tenants: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable that the consumers receive, and what it means."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterNames:
    """The names in the router; they follow the service, the table and its shard column."""

    function: str
    for_function: str
    entity_parameter: str
    tenant_parameter: str
    shard_parameter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All shards, by id, and what they share."""

    service: Service
    storage: Storage
    routing: Routing
    database: Database
    shards: tuple[Shard, ...]
    assign: tuple[Assignment, ...]

    @property
    def live(self) -> tuple[Shard, ...]:
        """The shards that are not retired."""
        return tuple(shard for shard in self.shards if shard.is_live)

    @property
    def fallback_ids(self) -> tuple[int, ...]:
        """The ids that the fallback picks from."""
        if self.routing.fallback_shards is not None:
            return tuple(sorted(self.routing.fallback_shards))
        return tuple(shard.id for shard in self.live)

    @property
    def is_contiguous(self) -> bool:
        """Whether the ids in use are 1..N, so that a count names them."""
        return [shard.id for shard in self.live] == list(range(1, len(self.live) + 1))

    @property
    def legacy_url(self) -> str:
        """The URL from before there were shards; shard 1 answers it, else the first left."""
        first = self.live[0] if self.live else None
        if first is None or first.id == 1:
            return f"http://{self.service.name}:{self.service.port}"
        return first.url

    @property
    def router(self) -> RouterNames:
        """The names in the router."""
        table = self.database.table
        return RouterNames(
            function=f"get_{self.service.identifier}_base_url",
            for_function=f"get_{self.service.identifier}_base_url_for_{table}",
            entity_parameter=table,
            tenant_parameter=f"{table}_id",
            shard_parameter=self.database.shard_column,
        )

    @property
    def shard_id_variable(self) -> str:
        """The variable by which a shard knows its id."""
        return f"{self.service.prefix}_SHARD_ID"

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables that the consumers receive, in the order of the file."""
        prefix = self.service.prefix
        port = str(self.service.port)
        ids = ",".join(str(shard.id) for shard in self.live)
        fixed = (
            (f"{prefix}_NUM_SHARDS", str(len(self.live)), "shards that are not retired"),
            (f"{prefix}_PORT", port, "port of every shard without a url of its own"),
            (f"{prefix}_BASE_URL", self.legacy_url, "legacy: the service before it had shards"),
            (f"{prefix}_SHARD_IDS", ids, "for information"),
        )
        urls = ((s.url_variable, s.url, f"shard {s.id}") for s in self.live)
        return tuple(Variable(name=n, value=v, note=t) for n, v, t in (*fixed, *urls))


def build_fleet(data: Mapping[str, Any]) -> Fleet:
    """Return the fleet of data that the schema accepts; rules about values are checked after."""
    service = settings(Service, data.get("service"))
    storage = settings(Storage, data.get("service", {}).get("storage"))
    database = data.get("database", {})
    live = sum(entry.get("state") != "retired" for entry in data["shards"])
    shards = [
        build_shard(index, entry, service, storage, alone=live == 1)
        for index, entry in enumerate(data["shards"])
    ]
    return Fleet(
        service=service,
        storage=storage,
        routing=settings(Routing, data.get("routing")),
        database=settings(
            Database,
            {
                **database,
                "adopt": settings(Adopt, database.get("adopt")),
                "migrations": settings(Migrations, database.get("migrations")),
            },
        ),
        shards=tuple(sorted(shards, key=lambda shard: (shard.id, shard.index))),
        assign=tuple(
            Assignment(shard=entry["shard"], tenants=tuple(entry["tenants"]))
            for entry in data.get("assign", ())
        ),
    )


def build_shard(
    index: int, entry: Mapping[str, Any], service: Service, storage: Storage, *, alone: bool
) -> Shard:
    """Return one shard; where it is alone, its URL is the service's own name."""
    number = entry["id"]
    alias = f"{service.name}-{number}"
    host = service.name if alone and number == 1 else alias
    own = entry.get("storage", {})
    return Shard(
        id=number,
        index=index,
        state=entry.get("state", "active"),
        move_to=entry.get("move_to"),
        service=service.name if number == 1 else alias,
        alias=alias,
        volume=entry.get("volume") or (volume_name(storage, number)),
        mount=own.get("mount", storage.mount),
        external=own.get("external", storage.external),
        url=(entry.get("url") or f"http://{host}:{service.port}").rstrip("/"),
        explicit_url=bool(entry.get("url")),
        url_variable=f"{service.prefix}_SHARD_{number}_URL",
    )


def volume_name(storage: Storage, number: int) -> str:
    """Return the volume of a shard that states none."""
    return storage.volume if number == 1 else f"{storage.volume}_shard{number}"


def settings(kind: type[Settings], written: Mapping[str, Any] | None) -> Settings:
    """Return a settings record: what is written, over the defaults; lists become tuples."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in (written or {}).items()
        if key in known
    }
    return kind(**values)


def relative_to_project(fleet: Fleet, overlay: str, path: str) -> str:
    """Return a path as compose reads it: relative to the folder of its first file."""
    folder = posixpath.dirname(fleet.service.base or overlay)
    return posixpath.relpath(path, folder or ".")
