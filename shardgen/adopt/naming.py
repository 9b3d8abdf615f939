"""The facts of a fleet in; the smallest shards.yaml that names it all as it is, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.model import Service, Storage, volume_name

if TYPE_CHECKING:
    from shardgen.adopt.facts import Facts, ShardFacts
    from shardgen.adopt.found import Found


def named_data(found: Found, facts: Facts) -> dict[str, Any]:
    """Return the smallest shards.yaml with the names of the fleet; defaults stay unsaid."""
    named = Service(
        name=found.name,
        port=facts.port,
        profile=facts.profile,
        base=found.base.file if found.base else None,
    )
    usual, keys = Service(), ("name", "port", "profile", "base")
    service: dict[str, Any] = {
        key: getattr(named, key) for key in keys if getattr(named, key) != getattr(usual, key)
    }
    storage = facts.storage
    if own := {
        key: getattr(storage, key)
        for key in ("volume", "mount", "external")
        if getattr(storage, key) != getattr(Storage(), key)
    }:
        service["storage"] = own
    return {
        "version": 1,
        "service": service,
        "shards": [entry_of(found, facts, shard) for shard in facts.shards],
    }


def entry_of(found: Found, facts: Facts, shard: ShardFacts) -> dict[str, Any]:
    """Return the entry of a shard with what names it, where that is not by the naming rules."""
    entry: dict[str, Any] = {"id": shard.id}
    if not shard.has_alias:
        entry["alias"] = None
    if shard.url:
        entry["url"] = shard.url
    if shard.volume != volume_name(facts.storage, shard.id):
        entry["volume"] = shard.volume
    storage: dict[str, Any] = {}
    if compose.folder(shard.mount) != compose.folder(facts.storage.mount):
        storage["mount"] = shard.mount
    if shard.external != facts.storage.external:
        storage["external"] = shard.external
    if storage:
        entry["storage"] = storage
    if not shard.knows_id:
        entry["environment"] = {found.variable: None}
    return entry
