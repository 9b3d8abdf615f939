"""The states of shards, and which shards may be named where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.fallback import MOST_DRAWS, MOST_WEIGHT, RENDEZVOUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject


def some_active(subject: Subject) -> Iterator[Diagnostic]:
    """Require a shard that takes new tenants."""
    if not subject.active_ids:
        last = subject.shards[-1]
        yield subject.error(
            ("shards", last.index, "state"),
            "SG209",
            "no shard is active",
            "leave one shard active: new tenants need one to go to",
        )


def default_shard(subject: Subject) -> Iterator[Diagnostic]:
    """Require that new tenants go to an active shard."""
    number = subject.fleet.database.default_shard
    active = subject.active_ids
    if number in active or not active:
        return
    shard = subject.by_id.get(number)
    hint = f"set database.default_shard to an active shard, as {active[0]}"
    if "default_shard" in subject.data.get("database", {}):
        message = f"the default shard {number} {why_not_active(shard)}"
        yield subject.error(("database", "default_shard"), "SG210", message, hint)
    elif subject.fleet.service.base is None or not subject.has_overlay or (shard and shard.is_live):
        path = ("shards", shard.index, "state") if shard else ("shards", 0, "id")
        message = f"new tenants go to shard 1 by default, which {why_not_active(shard)}"
        yield subject.error(path, "SG210", message, hint)


def move_targets(subject: Subject) -> Iterator[Diagnostic]:
    """Require that `move_to` goes with a state in which tenants leave, to a shard that can."""
    for shard in subject.shards:
        if shard.move_to is None:
            continue
        path = ("shards", shard.index, "move_to")
        if shard.state == "active":
            yield subject.error(
                path,
                "SG207",
                f"shard {shard.id} is active, so nothing moves to {shard.move_to}",
                "add state: draining, or remove move_to",
            )
        elif problem := bad_target(subject, shard):
            active = ", ".join(map(str, subject.active_ids[:10])) or "none"
            yield subject.error(path, "SG208", problem, f"the active shards are: {active}")


def bad_target(subject: Subject, shard: Shard) -> str:
    """Return what is wrong with a shard's `move_to`, empty where nothing is.

    A retired shard keeps naming its successor, whatever became of that.
    """
    target = subject.by_id.get(shard.move_to or 0)
    if target is shard:
        return f"shard {shard.id} cannot move to itself"
    if target is None or (shard.state == "draining" and target.state != "active"):
        return f"move_to names shard {shard.move_to}, which {why_not_active(target)}"
    return ""


def why_not_active(shard: Shard | None) -> str:
    """Return why a shard is not active, as the end of a sentence."""
    return "is not listed" if shard is None else f"is {shard.state}"


def assignments(subject: Subject) -> Iterator[Diagnostic]:
    """Require that tenants are assigned to active shards, each once."""
    first: dict[int, int] = {}
    for index, assignment in enumerate(subject.fleet.assign):
        shard = subject.by_id.get(assignment.shard)
        if shard is None or shard.state != "active":
            code = "SG213" if shard is None else "SG214"
            message = (
                f"tenants are assigned to shard {assignment.shard}, which {why_not_active(shard)}"
            )
            hint = (
                "list the shard first, or assign to another"
                if shard is None
                else ("assign to an active shard")
            )
            yield subject.error(("assign", index, "shard"), code, message, hint)
        for place, tenant in enumerate(assignment.tenants):
            if tenant in first:
                yield subject.error(
                    ("assign", index, "tenants", place),
                    "SG215",
                    f"tenant {tenant} is already assigned to shard {first[tenant]}",
                    "a tenant lives on exactly one shard: keep one of them",
                )
            first.setdefault(tenant, assignment.shard)


def fallback_shards(subject: Subject) -> Iterator[Diagnostic]:
    """Require that the fallback picks from shards that run, each listed once."""
    seen: set[int] = set()
    for index, number in enumerate(subject.fleet.routing.fallback_shards or ()):
        path = ("routing", "fallback_shards", index)
        shard = subject.by_id.get(number)
        if number in seen:
            yield subject.error(
                path,
                "SG212",
                f"shard {number} stands twice in fallback_shards",
                "keep one: it would not get more tenants",
            )
        elif shard is None or not shard.is_live:
            live = ", ".join(str(each.id) for each in subject.live[:10])
            yield subject.error(
                path,
                "SG211",
                f"the fallback picks from shard {number}, which {why_not_active(shard)}",
                f"the shards that run are: {live}",
            )
        seen.add(number)


def weights(subject: Subject) -> Iterator[Diagnostic]:
    """Require that rendezvous can draw by the weights."""
    if subject.fleet.routing.fallback != RENDEZVOUS:
        return
    for shard in subject.shards:
        if shard.weight not in range(1, MOST_WEIGHT + 1):
            yield subject.error(
                ("shards", shard.index, "weight"),
                "SG223",
                f"shard {shard.id} has the weight {shard.weight:g}, and rendezvous counts draws",
                f"give it a whole number, 1 to {MOST_WEIGHT}",
            )
    ids = {*subject.fleet.fallback_ids}
    total = sum(shard.weight for shard in subject.by_id.values() if shard.id in ids)
    if total > MOST_DRAWS:
        yield subject.error(
            ("routing", "fallback"),
            "SG224",
            f"the weights of the shards that rendezvous picks from add up to {total:,g}",
            f"at most {MOST_DRAWS:,}, a hash each: smaller weights, fewer fallback_shards, or md5",
        )
