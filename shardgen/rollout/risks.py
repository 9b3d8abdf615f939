"""What a change does in, how dangerous each part of it is out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.impact import share_text
from shardgen.rollout.containers import RECREATE, REMOVE
from shardgen.rollout.fleets import ADDRESS, RETIRE
from shardgen.rollout.tenants import Exposure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shardgen.record import StateChange
    from shardgen.rollout.containers import Container
    from shardgen.rollout.fleets import ShardChange
    from shardgen.rollout.tenants import Moves

NONE, LOW, MEDIUM, HIGH = "none", "low", "medium", "high"
GRADES = (NONE, LOW, MEDIUM, HIGH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """How dangerous one part of a change is, and why."""

    grade: str
    item: str
    reason: str


def risks(
    shards: Sequence[ShardChange],
    containers: Sequence[Container],
    shard_services: Collection[str],
    who: Exposure | Moves,
    state: Sequence[StateChange],
) -> Iterator[Risk]:
    """Yield the risks of a change, the greatest first; none where it does nothing."""
    found = [
        *state_risks(state),
        *tenant_risks(who),
        *shard_risks(shards),
        *container_risks(containers, shard_services),
    ]
    yield from sorted(found, key=lambda risk: -GRADES.index(risk.grade))


def state_risks(state: Sequence[StateChange]) -> Iterator[Risk]:
    """Yield the loss of what a shard's customers paired."""
    for change in state:
        what = change.what.replace("_", " ")
        effect = "copy its volume" if change.what == "host" else "all must pair again"
        reason = f"its {what} changes from {change.before} to {change.after}: {effect}"
        yield Risk(grade=HIGH, item=f"shard {change.shard}", reason=reason)


def tenant_risks(who: Exposure | Moves) -> Iterator[Risk]:
    """Yield what moves tenants away from the shard that knows them."""
    if not isinstance(who, Exposure):
        if who.moved:
            reason = "another shard answers them: bring their data over, or they pair again"
            yield Risk(grade=HIGH, item=f"{who.moved:,} of {who.total:,} tenants", reason=reason)
        for shard, count in who.stranded.items():
            reason = f"no router knows shard {shard} then: move them first"
            yield Risk(
                grade=HIGH, item=f"{plural(count, 'tenant')} of shard {shard}", reason=reason
            )
        return
    if who.reroute:
        share = share_text(who.reroute)
        yield Risk(
            grade=HIGH,
            item=f"{share} of the fallback's tenants",
            reason="another shard answers them, and they must pair again",
        )
    if who.assigned:
        reason = "their rows move: bring their data over first (--runbook says how)"
        yield Risk(grade=HIGH, item=plural(who.assigned, "assigned tenant"), reason=reason)
    for source, to in who.emptied:
        reason = f"their rows move to shard {to}: bring their data over first (--runbook)"
        yield Risk(grade=HIGH, item=f"all tenants of shard {source}", reason=reason)


def shard_risks(shards: Sequence[ShardChange]) -> Iterator[Risk]:
    """Yield what cannot be taken back, and what callers may still have the old of."""
    for change in shards:
        if change.what == RETIRE:
            reason = "its id and volume are never used again; the volume stays until you delete it"
            yield Risk(grade=MEDIUM, item=f"shard {change.id}", reason=reason)
        if change.what == ADDRESS:
            reason = f"its URL changes from {change.before}: deploy the consumers at once"
            yield Risk(grade=MEDIUM, item=f"shard {change.id}", reason=reason)


def container_risks(
    containers: Sequence[Container], shard_services: Collection[str]
) -> Iterator[Risk]:
    """Yield what stops for a moment, and what stops for good."""
    for is_shard in (True, False):
        grade = MEDIUM if is_shard else LOW
        effect = "its tenants reconnect" if is_shard else "away for seconds"
        found = [each for each in containers if (each.service in shard_services) == is_shard]
        again = [each for each in found if each.fate == RECREATE]
        for reason in dict.fromkeys(each.reason for each in again):
            names = [each.service for each in again if each.reason == reason]
            yield Risk(grade=grade, item=", ".join(names), reason=f"recreated, {reason}: {effect}")
        if gone := [each.service for each in found if each.fate == REMOVE]:
            reason = "the container is left as an orphan until it is removed"
            yield Risk(grade=LOW, item=", ".join(gone), reason=reason)


def overall(found: Sequence[Risk]) -> str:
    """Return the greatest grade."""
    return max((risk.grade for risk in found), key=GRADES.index, default=NONE)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
