"""Valid data in, the fleet out: the only place where a name is derived or a default is resolved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shardgen.fallback import RENDEZVOUS, Fallback, fallback_of
from shardgen.ledger.names import Names, derive_names
from shardgen.settings import Adopt, Migrations, Routing, Service, Storage, settings
from shardgen.shard import Host, Shard, build_hosts, build_shard, volume_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Adopt",
    "Assignment",
    "Database",
    "Fleet",
    "Host",
    "Migrations",
    "RouterNames",
    "Routing",
    "Service",
    "Shard",
    "Storage",
    "Variable",
    "build_fleet",
    "volume_name",
]


#: Where a shard says how it is, unless service.healthcheck states another path.
HEALTH_PATH = "/health"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The table of tenants, and its column that says where each one lives."""

    schema: str | None = None
    table: str = "business"
    id_column: str = "id"
    shard_column: str = "whatsapp_shard"
    default_shard: int = 1
    adopt: Adopt = field(default_factory=Adopt)
    migrations: Migrations = field(default_factory=Migrations)

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
    #: The other hosts that run a shard, by name.
    hosts: tuple[Host, ...]
    assign: tuple[Assignment, ...]
    #: The path that answers 200 where a shard is well, unless its entry states another.
    health_path: str

    @property
    def live(self) -> tuple[Shard, ...]:
        """The shards that are not retired."""
        return tuple(shard for shard in self.shards if shard.is_live)

    @property
    def here(self) -> tuple[Shard, ...]:
        """The shards that run beside their consumers, in one compose project with them."""
        return tuple(shard for shard in self.shards if shard.is_here)

    def on(self, host: str) -> Fleet:
        """Return the fleet with the shards of one host alone; '' is where the consumers run."""
        return replace(self, shards=tuple(each for each in self.shards if each.host == host))

    @property
    def fallback_ids(self) -> tuple[int, ...]:
        """The ids that the fallback picks from."""
        if self.routing.fallback_shards is not None:
            return tuple(sorted(self.routing.fallback_shards))
        return tuple(shard.id for shard in self.live)

    @property
    def fallback(self) -> Fallback:
        """What answers for a tenant without a shard."""
        return self.fallback_over(self.fallback_ids)

    def fallback_over(self, ids: Sequence[int]) -> Fallback:
        """Return the same over other ids; a shard that is not listed has a weight of 1."""
        known = {shard.id: shard.weight for shard in self.shards}
        is_weighted = self.routing.fallback == RENDEZVOUS
        weights = [int(known.get(number, 1)) for number in ids] if is_weighted else ()
        return fallback_of(self.routing.fallback, ids, weights)

    @property
    def is_counted(self) -> bool:
        """Whether a number of shards says which: they are 1..N, were never others, all alike."""
        is_row = self.is_contiguous and len(self.live) == len(self.shards)
        routing = self.routing
        return is_row and routing.fallback_shards is None and routing.fallback != RENDEZVOUS

    @property
    def is_contiguous(self) -> bool:
        """Whether the ids in use are 1..N, so that a count names them."""
        return [shard.id for shard in self.live] == list(range(1, len(self.live) + 1))

    @property
    def legacy_url(self) -> str:
        """The URL from before there were shards; shard 1 answers it, else the first left."""
        first = self.live[0] if self.live else None
        if first is None or (first.id == 1 and not first.host):
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
        return self.service.shard_id_variable

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
    hosts = build_hosts(data)
    health_path = (data.get("service", {}).get("healthcheck") or {}).get("path", HEALTH_PATH)
    shards = [
        build_shard(
            index,
            entry,
            service,
            storage,
            alone=live == 1,
            host=hosts.get(entry.get("host")),
            health_path=health_path,
        )
        for index, entry in enumerate(data["shards"])
    ]
    used = {shard.host for shard in shards if shard.is_live}
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
        hosts=tuple(hosts[name] for name in sorted(hosts) if name in used),
        assign=tuple(
            Assignment(shard=entry["shard"], tenants=tuple(entry["tenants"]))
            for entry in data.get("assign", ())
        ),
        health_path=health_path,
    )
