"""What `database:` in shards.yaml says in, the name of every object in the database out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

#: bytes that PostgreSQL keeps of an identifier (NAMEDATALEN - 1); it cuts the rest off in silence
LONGEST = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The objects that the migrations touch; without a schema the search path finds them.

    `history` is the table of a runner that keeps one of its own.
    """

    schema: str | None
    table: str
    id_column: str
    shard_column: str
    registry: str
    ledger: str
    history: str
    foreign_key: str

    def qualified(self, table: str) -> tuple[str, ...]:
        """Return the parts of the table's name, schema first where there is one."""
        return (table,) if self.schema is None else (self.schema, table)

    @property
    def lock_key(self) -> int:
        """Return the advisory lock of this ledger: a positive bigint, the same for every file."""
        text = ".".join(("shardgen", *self.qualified(self.ledger)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def derive_names(*, schema: str | None, table: str, id_column: str, shard_column: str) -> Names:
    """Return the names of a ledger's objects, such as `whatsapp_shard_registry`."""
    return Names(
        schema=schema,
        table=table,
        id_column=id_column,
        shard_column=shard_column,
        registry=_fitted(f"{shard_column}_registry"),
        ledger=_fitted(f"{shard_column}_ledger"),
        history=_fitted(f"{shard_column}_migrations"),
        foreign_key=_fitted(f"{table}_{shard_column}_fkey"),
    )


def _fitted(name: str) -> str:
    """Return the name, or a prefix and a digest of it where PostgreSQL would cut it off."""
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
