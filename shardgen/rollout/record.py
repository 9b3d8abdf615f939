"""What a change means in, the same as data out (schema/plan.schema.json)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.rollout.tenants import Exposure
from shardgen.telling import told

if TYPE_CHECKING:
    from shardgen.rollout.fleets import ShardChange
    from shardgen.rollout.outlook import Outlook
    from shardgen.rollout.tenants import Moves

FORMAT_VERSION = 1


def plan_json(outlook: Outlook) -> dict[str, Any]:
    """Return a plan as data; `containers` is null where they are not known."""
    return {
        "format_version": FORMAT_VERSION,
        "against": outlook.before,
        "felt": outlook.is_felt,
        "risk": outlook.risk,
        "shards_before": outlook.count_before,
        "shards_after": outlook.count_after,
        "shards": [shard_json(change) for change in outlook.shards],
        "containers": None
        if outlook.containers is None
        else [
            {
                "service": each.service,
                "host": each.host,
                "fate": each.fate,
                "reason": each.reason,
            }
            for each in outlook.containers
        ],
        "volumes": {
            "created": list(outlook.created),
            "lost": [
                {"shard": each.shard, "what": each.what, "before": each.before, "after": each.after}
                for each in outlook.state
            ],
        },
        "tenants": tenants(outlook.who),
        "migrations": [
            {"file": each.file, "does": told(each.operation)} for each in outlook.migrations
        ],
        "risks": [
            {"grade": each.grade, "item": each.item, "reason": each.reason}
            for each in outlook.risks
        ],
        "steps": [
            {"title": each.title, "command": each.command, "back": each.back}
            for each in outlook.steps
        ],
    }


def shard_json(change: ShardChange) -> dict[str, Any]:
    """Return what becomes of one shard."""
    shard = change.shard
    return {
        "id": shard.id,
        "change": change.what,
        "state": shard.state,
        "move_to": shard.move_to,
        "service": shard.service,
        "host": shard.host,
        "volume": shard.volume,
        "url": shard.url,
    }


def tenants(who: Exposure | Moves) -> dict[str, Any]:
    """Return who moves, exactly or not."""
    return exposed(who) if isinstance(who, Exposure) else counted(who)


def exposed(who: Exposure) -> dict[str, Any]:
    """Return who moves as far as the files tell; `share` is of 1, null where none is re-routed."""
    return {
        "exact": False,
        "share": who.reroute.share if who.reroute else None,
        "share_counted_over": who.reroute.counted if who.reroute else None,
        "freeze": list(who.reroute.freeze) if who.reroute else [],
        "assigned": who.assigned,
        "emptied": [{"shard": source, "to": to} for source, to in who.emptied],
    }


def counted(who: Moves) -> dict[str, Any]:
    """Return who moves of a list."""
    return {
        "exact": True,
        "total": who.total,
        "moved": who.moved,
        "flows": [
            {"before": before, "after": after, "tenants": count}
            for (before, after), count in who.flows.items()
        ],
        "stranded": [{"shard": shard, "tenants": count} for shard, count in who.stranded.items()],
    }
