"""The fleet as last rendered, and what a new one does to it: what moves, what must not change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.engine import engine_name
from shardgen.fallback import Fallback, affordable, fallback_of, rerouted_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.base import Base
    from shardgen.model import Fleet, Shard

#: What belongs to a shard's customers: it changes only when the operator says so.
SACRED = ("service", "volume", "engine_volume", "mount", "host", "engine", "project",
          "stack_volume", "claim")  # fmt: skip
#: What says the same as another of them, where that changes as well.
NAMED_AFTER = {
    "engine_volume": ("volume",),
    "claim": ("volume", "service"),
    "stack_volume": ("volume", "engine"),
    "project": ("host", "engine"),
}
#: What the changes call the host where the consumers run, which a record leaves out.
HERE = "this host"
#: The engine that a record leaves out, and what it says where there was none.
USUAL, NONE = "compose", "none"
#: Stands for the name of a compose project that is not ours to know.
UNKNOWN = "*"


def fleet_record(
    fleet: Fleet,
    base: Base | None,
    around: Base | None = None,
    homes: Mapping[int, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Return what the lock keeps of a fleet; what declares a volume says its name in the engine.

    That is the base, or `around`: what the overlay holds outside of our blocks.
    `homes` is what else says where each shard lives, by id.
    """
    declared: dict[str, dict[str, Any]] = {}
    for file in (base, around):
        for volume, stated in (file.volumes if file else {}).items():
            declared[volume] = {**declared.get(volume, {}), **stated}
    return {
        **fallback_record(fleet.fallback),
        "shards": {
            str(shard.id): {
                "engine_volume": engine_volume(shard, declared.get(shard.volume)),
                "mount": shard.mount,
                "service": shard.service,
                "state": shard.state,
                "url": shard.url,
                "volume": shard.volume,
                **({"host": shard.host} if shard.host else {}),
                **(homes or {}).get(shard.id, {}),
            }
            for shard in fleet.shards
        },
    }


def fallback_record(fallback: Fallback) -> dict[str, Any]:
    """Return what the lock keeps of a fallback; weights only where it has them."""
    weights = {"fallback_weights": list(fallback.weights)} if fallback.weights else {}
    return {"fallback": fallback.kind, "fallback_shards": list(fallback.ids), **weights}


def recorded_fallback(before: Mapping[str, Any], fleet: Fleet) -> Fallback | None:
    """Return the fallback of a record; None where it names no shards."""
    ids = before.get("fallback_shards", ())
    kind = before.get("fallback", fleet.routing.fallback)
    return fallback_of(kind, ids, before.get("fallback_weights", ())) if ids else None


def engine_volume(shard: Shard, declared: Mapping[str, Any] | None) -> str:
    """Return the name that the engine knows a shard's volume by.

    It begins with `UNKNOWN` where it is named after the project.
    """
    stated = {"external": shard.external} if declared is None else declared
    return engine_name(shard.volume, stated, UNKNOWN)[1]


def record_of_files(files: Mapping[str, Any], fleet: Fleet) -> dict[str, Any]:
    """Return the fleet that compose files on disk describe, for a project whose lock is lost.

    They are the overlay, by '', and those of other hosts, by the name of the host. The overlay says
    nothing of shard 1's volume, and nothing of the fallback: those are taken to be as they are now.
    """
    shards: dict[str, Any] = {}
    for host, data in files.items():
        for number, found in shards_of_file(data, fleet).items():
            shards.setdefault(number, {**found, **({"host": host} if host else {})})
    ids = sorted(int(number) for number in shards)
    return {**fallback_record(fleet.fallback_over(ids)), "shards": shards}


def shards_of_file(data: Any, fleet: Fleet) -> dict[str, dict[str, Any]]:
    """Return what one compose file says of the shards that it defines, by id."""
    services = data.get("services") if isinstance(data, dict) else None
    shards: dict[str, dict[str, Any]] = {}
    expected = {shard.id: shard.mount for shard in fleet.shards}
    silent = {shard.service: shard.id for shard in fleet.shards if not shard.knows_id}
    for name, service in services.items() if isinstance(services, dict) else ():
        number = shard_number(service, fleet.shard_id_variable) or silent.get(name)
        if number is None:
            continue
        shards[str(number)] = {"service": name, "state": "active"}
        mounts = [mount for mount in compose.mounts(service.get("volumes")) if mount.named]
        mounts.sort(key=lambda mount: mount.target != expected.get(number))
        if mounts:
            shards[str(number)] |= {"volume": mounts[0].source, "mount": mounts[0].target}
    return shards


def with_claims(before: dict[str, Any], claims: Mapping[int, str], fleet: Fleet) -> dict[str, Any]:
    """Return a record with the claims that manifests on disk make, for a lock that is lost."""
    if not claims:
        return before
    names = {shard.id: shard.service for shard in fleet.shards}
    shards = dict(before.get("shards", {}))
    for number, claim in claims.items():
        service = names.get(number, f"{fleet.service.name}-{number}")
        known = shards.get(str(number), {"service": service, "state": "active"})
        shards[str(number)] = {**known, "claim": claim}
    return {**fallback_record(fleet.fallback_over(sorted(claims))), **before, "shards": shards}


def shard_number(service: Any, variable: str) -> int | None:
    """Return the id that a service of an overlay states for itself, if it does."""
    environment = compose.pairs(service.get("environment")) if isinstance(service, dict) else {}
    number = str(environment.get(variable))
    return int(number) if re.fullmatch("[1-9][0-9]{0,9}", number) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """Something that a running shard's customers depend on, before and after."""

    shard: int
    what: str
    before: str
    after: str


def state_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[StateChange]:
    """Yield each change of what is sacred to a shard that was rendered before; both are records.

    What is named after something that changes too is said once. A retired shard keeps the name of
    its volume, and the base need not declare it any more.
    """
    for number, entry in after["shards"].items():
        if (written := before.get("shards", {}).get(number)) is None:
            continue
        was, now = ({"host": HERE, "engine": USUAL, **each} for each in (written, entry))
        for what in SACRED:
            is_gone = what == "engine_volume" and now["state"] == "retired"
            is_said = any(is_other(key, was, now) for key in NAMED_AFTER.get(what, ()))
            if is_other(what, was, now) and not (is_gone or is_said):
                yield StateChange(shard=int(number), what=what, before=was[what], after=now[what])


def is_other(what: str, was: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Return whether something known is another; the engines are where none of them stays."""
    if what not in was or what not in now:
        return False
    if what == "engine":
        engines = {*was[what].split(", ")}
        return NONE not in engines and engines.isdisjoint(now[what].split(", "))
    return was[what] != now[what] and (what != "project" or was[what] != UNKNOWN)


def lost_shards(before: Mapping[str, Any], fleet: Fleet) -> list[int]:
    """Return the ids that were rendered before and are in shards.yaml no more."""
    ids = {shard.id for shard in fleet.shards}
    return sorted(int(number) for number in before.get("shards", {}) if int(number) not in ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reroute:
    """Fallback tenants that another shard answers now. `share` is of 1, counted over the ids
    1 to `counted`, and 0 where there are such tenants, but none of those; `freeze` is the list of
    ids that avoids it.
    """

    share: float
    counted: int
    freeze: tuple[int, ...]


#: Tenants that a share is counted over. A first render is measured against what is only said to
#: run (`database.adopt`), and must be quick: a tenth of them will do.
TENANTS, TENANTS_AT_FIRST = 100_000, 10_000


def adopted_record(fleet: Fleet) -> dict[str, Any]:
    """Return what runs before the first render, as `database.adopt` says: shards 1 to its count."""
    return fallback_record(fleet.fallback_over(range(1, fleet.database.adopt.shards + 1)))


def reroute(before: Mapping[str, Any], fleet: Fleet) -> Reroute | None:
    """Return what a new fleet does to the tenants of the fallback; None where nothing changes."""
    most = TENANTS if before else TENANTS_AT_FIRST
    was = recorded_fallback(before or adopted_record(fleet), fleet)
    now = fleet.fallback
    if was is None or not now.ids or was == now or (was.ids == now.ids and len(now.ids) == 1):
        return None
    counted = affordable(was, now, most)
    share = rerouted_share(was, now, counted)
    if not share and counted == most:
        return None
    live = {shard.id for shard in fleet.live}
    is_frozen_so = was == fleet.fallback_over(was.ids) and live.issuperset(was.ids)
    return Reroute(share=share, counted=counted, freeze=was.ids if is_frozen_so else ())


def routes_alike(before: Mapping[str, Any], fleet: Fleet) -> bool:
    """Return whether a fleet's fallback sends every tenant where a recorded one sent it."""
    return recorded_fallback(before, fleet) == fleet.fallback


def stopped_services(before: Mapping[str, Any], fleet: Fleet) -> list[str]:
    """Return the services that ran here before and that no file defines here now."""
    return left_services(before, fleet).get("", [])


def left_services(before: Mapping[str, Any], fleet: Fleet) -> dict[str, list[str]]:
    """Return, by host, the services that ran there before and do not any more; '' is here."""
    running = {(shard.host, shard.service) for shard in fleet.live}
    found: dict[str, list[str]] = {}
    for shard in before.get("shards", {}).values():
        host = shard.get("host", "")
        if shard.get("state") != "retired" and (host, shard["service"]) not in running:
            found.setdefault(host, []).append(shard["service"])
    return {host: sorted(services) for host, services in sorted(found.items())}
