"""A fleet and its migrations in; what the files of the nginx output say out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shardgen.ledger.fold import fold
from shardgen.ledger.migration import Migration, read_migration
from shardgen.nginx.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shardgen.model import Fleet, Shard
    from shardgen.outputs import Output
    from shardgen.plan import Change

#: Entries of a map for which nginx's own sizes always suffice, however long the ids.
FEW_ENTRIES = 100
#: The size that nginx has by itself; a smaller one is never written.
OWN_SIZE = 2048


def routes(fleet: Fleet, output: Output, ledger: Iterable[Change]) -> dict[str, Any]:
    """Return the data of both templates; the variables come without their `$`.

    `ledger` are the files of the migrations, as they will be.
    """
    stated = settings_of(output)
    known = tenants(fleet, ledger) if stated.tenant else {}
    tenant = stated.tenant and stated.tenant.removeprefix("$")
    largest = max(len(fleet.shards), len(known))
    urls = [shard.url for shard in fleet.live] + [stated.otherwise or ""]
    return {
        **asdict(stated),
        "shard": (stated.shard or shard_header(fleet)).removeprefix("$"),
        "tenant": tenant,
        "tenants": [{"id": each, "shard": known[each]} for each in sorted(known)],
        "otherwise": stated.otherwise and stated.otherwise.rstrip("/"),
        "unnamed": "the request names no shard"
        + (", and its tenant is not known here" if tenant else ""),
        "retired": [
            {"id": shard.id, "reason": retirement(shard)}
            for shard in fleet.shards
            if not shard.is_live
        ],
        "tls": any(url.startswith("https:") for url in urls),
        "hash_size": hash_size(largest) if stated.map_hash else 0,
    }


def shard_header(fleet: Fleet) -> str:
    """Return the variable of the header that is named after the column of shards."""
    return f"$http_x_{fleet.database.shard_column}"


def tenants(fleet: Fleet, ledger: Iterable[Change]) -> dict[int, int]:
    """Return tenant → shard of those that shards.yaml or a migration put somewhere.

    A later migration that empties a shard takes them along.
    """
    written = sorted(migrations_in(ledger), key=lambda made: made.number)
    found = dict(fold(made.operation for made in written).recorded.assigned)
    for entry in fleet.assign:
        found.update(dict.fromkeys(entry.tenants, entry.shard))
    return found


def migrations_in(ledger: Iterable[Change]) -> Iterator[Migration]:
    """Yield the migrations among the files of the ledger's folder."""
    for change in ledger:
        if change.after is not None and change.owned is not None and change.owned.form == "once":
            made = read_migration(change.destination.rpartition("/")[2], change.after)
            if isinstance(made, Migration):
                yield made


def retirement(shard: Shard) -> str:
    """Return what a request for a retired shard is told, as the router says it."""
    to = f": its tenants live on shard {shard.move_to}" if shard.move_to else ""
    return f"shard {shard.id} is retired{to}"


def hash_size(entries: int) -> int:
    """Return the size of the hash that so many entries need, 0 where nginx's own suffices."""
    return 0 if entries <= FEW_ENTRIES else max(OWN_SIZE, 1 << entries.bit_length())
