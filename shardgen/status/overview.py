"""What was asked and answered, and what engine and database say, in; the fleet's standing out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.routing import addresses
from shardgen.status.findings import Finding, Row, findings
from shardgen.status.health import Asked, health
from shardgen.status.running import standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardgen.instructions import Commands
    from shardgen.model import Fleet
    from shardgen.standing import Live
    from shardgen.status.answers import Answer
    from shardgen.status.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How a fleet stands at a moment, `at`. `loose` are the tenants without a shard."""

    at: str
    timeout: float
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    has_tenants: bool
    has_containers: bool
    loose: int

    @property
    def is_well(self) -> bool:
        """Whether every shard is well, and nothing else is serious."""
        return not any(each.serious for each in self.findings) and all(
            row.health.is_well for row in self.rows
        )


def questions(fleet: Fleet, environment: Mapping[str, str], timeout: float) -> tuple[Asked, ...]:
    """Return what to ask each shard, as the router in this environment would reach it.

    Raises UsageError where the router raises.
    """
    names = {name: shard.id for shard in fleet.live for name in (shard.service, shard.alias)}
    return tuple(
        Asked(
            shard=shard,
            url=url,
            health_url=url + shard.health_path,
            names=names,
            timeout=timeout,
        )
        for shard, url in addresses(fleet, environment)
    )


def overview(
    fleet: Fleet,
    asked: Sequence[Asked],
    answers: Sequence[Answer],
    *,
    at: str,
    timeout: float,
    commands: Commands,
    engine: Engine | None = None,
    live: Live | None = None,
) -> Overview:
    """Return how the fleet stands."""
    counts = live.tenants if live else None
    rows = tuple(
        Row(
            shard=each.shard,
            url=each.url,
            health=health(each, answer),
            tenants=None if counts is None else counts.get(each.shard.id, 0),
            standing=standing(each.shard, fleet, engine) if engine else None,
        )
        for each, answer in zip(asked, answers, strict=True)
    )
    return Overview(
        at=at,
        timeout=timeout,
        rows=rows,
        findings=findings(fleet, rows, commands, engine, live),
        has_tenants=live is not None,
        has_containers=engine is not None,
        loose=sum(count for shard, count in (counts or {}).items() if not shard or shard < 1),
    )
