"""How a fleet stands in; the same as plain data (schema/status.schema.json) out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shardgen.status.health import shown_url

if TYPE_CHECKING:
    from shardgen.status.findings import Finding, Row
    from shardgen.status.health import Health
    from shardgen.status.overview import Overview
    from shardgen.status.running import Standing

FORMAT_VERSION = 1


def overview_json(overview: Overview) -> dict[str, Any]:
    """Return how a fleet stands as data."""
    return {
        "format_version": FORMAT_VERSION,
        "at": overview.at,
        "well": overview.is_well,
        "timeout": overview.timeout,
        "shards": [row_json(row) for row in overview.rows],
        "tenants_without_shard": overview.loose if overview.has_tenants else None,
        "findings": [finding_json(each) for each in overview.findings],
    }


def row_json(row: Row) -> dict[str, Any]:
    """Return one shard as data."""
    return {
        "id": row.shard.id,
        "state": row.shard.state,
        "service": row.shard.service,
        "url": shown_url(row.url),
        "health": health_json(row.health),
        "tenants": row.tenants,
        "container": standing_json(row.standing) if row.standing else None,
    }


def health_json(found: Health) -> dict[str, Any]:
    """Return what a shard answered as data."""
    return {
        "well": found.is_well,
        "kind": found.kind,
        "detail": found.detail,
        "status": found.status,
        "latency_ms": round(found.seconds * 1000, 1) if found.has_latency else None,
        "answered_as": found.stated,
        "sessions": asdict(found.sessions) if found.sessions else None,
    }


def standing_json(found: Standing) -> dict[str, Any]:
    """Return a shard's container as data."""
    container = found.container
    return {
        "right": found.is_right,
        "state": found.state,
        "name": container.name if container else None,
        "image": container.image if container else None,
        "started": container.started if container else None,
        "restarts": container.restarts if container else None,
        "exit_code": container.exit_code if container and container.state != "running" else None,
        "differences": [{"what": each.what, "text": each.text} for each in found.differences],
    }


def finding_json(found: Finding) -> dict[str, Any]:
    """Return one finding as data."""
    return {
        "kind": found.kind,
        "serious": found.serious,
        "shards": list(found.shards),
        "text": found.text,
        "commands": list(found.commands),
    }
