"""The fleet and the base file in; what each service of the overlay says out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.declarations import Entry, consumers, networks, volumes, without
from shardgen.healthcheck import healthcheck
from shardgen.quoting import Alias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.base import Base
    from shardgen.model import Fleet, Shard

Layers = tuple["dict[str, Any]", ...]
#: Keys of `service:` and of a shard that are compose's own, passed on under the same name.
SAME = ("build", "image", "environment", "env_file", "networks", "depends_on", "restart",
        "stop_grace_period", "labels")  # fmt: skip
HARDENING: dict[str, Any] = {
    "init": True,
    "security_opt": ["no-new-privileges:true"],
    "cap_drop": ["ALL"],
    "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
}
#: Keys that every shard states for itself, so that they are not among what all share.
OWN = ("environment", "volumes", "networks", "container_name")
#: What names one container alone, and so is not passed on from shard 1 to the others.
PERSONAL = frozenset({"profiles", "container_name", "extends"})
#: Where a null is compose's own way to say "without options", and removes nothing.
OPTIONLESS = frozenset({"networks", "models"})
#: Keys of compose that say the same as a limit; it refuses to read both.
DISPLACED = {"memory": "mem_limit", "cpus": "cpus"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What docker-compose.prod.yml says. `shared` is empty where no shard is defined here."""

    anchor: str
    shared: Mapping[str, Any]
    environment_anchor: str
    shared_environment: Mapping[str, Any]
    first: Entry | None
    shards: tuple[Entry, ...]
    consumers: tuple[Entry, ...]
    volumes: tuple[Entry, ...]
    networks: tuple[Entry, ...]


def build_overlay(
    data: Mapping[str, Any],
    fleet: Fleet,
    base: Base | None,
    paths: Mapping[str, str],
    around: Base | None = None,
) -> Overlay:
    """Return the overlay; `paths` are the destinations of the enabled outputs, by name.

    What the overlay's own file defines outside of our blocks, `around`, is not said again.
    """
    inherited = base.service(fleet.service.name) if base else {}
    parts = build_parts(data, fleet, inherited, has_base=base is not None)
    defined = [shard for shard in fleet.here if base is None or shard.id != 1]
    entries = tuple(shard_service(shard, parts) for shard in defined)
    return Overlay(
        anchor=fleet.service.name,
        shared=parts.shared if defined else {},
        environment_anchor=f"{fleet.service.name}-environment",
        shared_environment=parts.environment if defined else {},
        first=first_service(inherited, parts) if base else None,
        shards=tuple(Entry(name=s.service, definition=short_form(full, parts))
                     for s, full in zip(defined, entries, strict=True)),
        consumers=without(consumers(fleet, paths), around.services if around else None),
        volumes=without(volumes(fleet, base, defined), around.volumes if around else None),
        networks=() if base else without(networks(entries), around.networks if around else None),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What all shards are made from.

    `pattern` is what the base says of shard 1 and the others have too. `everyone` and `complete`
    are what shards.yaml states for all, and the pattern with it, by whether a shard is hardened.
    """

    fleet: Fleet
    entries: tuple[Mapping[str, Any], ...]
    hardened: bool
    everyone: Mapping[bool, Layers]
    complete: Mapping[bool, dict[str, Any]]
    shared: dict[str, Any]
    environment: dict[str, Any]

    def is_hardened(self, shard: Shard) -> bool:
        """Return whether a shard is hardened; its own entry says so, else `service`."""
        return bool(self.entries[shard.index].get("hardening", self.hardened))

    def alone(self, shard: Shard) -> Layers:
        """Return what a shard's own entry states."""
        return stated(self.entries[shard.index], self.fleet)


def build_parts(
    data: Mapping[str, Any], fleet: Fleet, inherited: Mapping[str, Any], *, has_base: bool
) -> Parts:
    """Return what all shards are made from."""
    written = data.get("service", {})
    pattern = transferable(inherited)
    everyone = {on: stated({**written, "hardening": on}, fleet) for on in (False, True)}
    complete = {on: layered(pattern, layers) for on, layers in everyone.items()}
    hardened = bool(written.get("hardening"))
    shared = {key: value for key, value in complete[hardened].items() if key not in OWN}
    if has_base and fleet.service.profile:
        shared["profiles"] = [fleet.service.profile]
    return Parts(
        fleet=fleet,
        entries=tuple(data["shards"]),
        hardened=hardened,
        everyone=everyone,
        complete=complete,
        shared=shared,
        environment=compose.pairs(complete[hardened].get("environment")),
    )


def complete_services(
    data: Mapping[str, Any], fleet: Fleet, base: Base | None
) -> Iterator[tuple[Shard, dict[str, Any]]]:
    """Yield each running shard with all that it is as a compose service, nothing left to merge.

    It is what other engines than compose start from. Each mapping is the caller's own at its top.
    """
    inherited = base.service(fleet.service.name) if base else {}
    parts = build_parts(data, fleet, inherited, has_base=base is not None)
    for shard in fleet.live:
        yield shard, shard_service(shard, parts)


def stated(written: Mapping[str, Any], fleet: Fleet) -> Layers:
    """Return what shards.yaml states of a service, in compose's keys; null becomes a reset."""
    found: dict[str, Any] = {key: resets(key, written[key]) for key in SAME if key in written}
    if "healthcheck" in written:
        check = written["healthcheck"] and healthcheck(written["healthcheck"], fleet.service.port)
        found["healthcheck"] = resets("healthcheck", check)
    if "limits" in written:
        limits = written["limits"] or {}
        found["deploy"] = {"resources": {"limits": resets("limits", written["limits"])}}
        found |= {key: compose.Reset() for limit, key in DISPLACED.items() if limit in limits}
    hardening = HARDENING if written.get("hardening") else {}
    own = {key: resets(key, value) for key, value in written.get("compose", {}).items()}
    return tuple(layer for layer in (found, hardening, own) if layer)


def layered(start: dict[str, Any], layers: Layers) -> dict[str, Any]:
    """Return a service with all that is stated over it."""
    for layer in layers:
        start = compose.merged_mapping(start, layer)
    return start


def resets(path: str, value: Any) -> Any:
    """Return a value with a reset for each written null."""
    if value is None:
        return compose.Reset()
    if not isinstance(value, dict):
        return value
    return {
        key: None if item is None and path in OPTIONLESS else resets(f"{path}.{key}", item)
        for key, item in value.items()
    }


def transferable(inherited: Mapping[str, Any]) -> dict[str, Any]:
    """Return what shard 1's service in the base says of every shard.

    Its aliases stay its own: one that shards share would send a tenant to any of them.
    """
    found = {key: value for key, value in inherited.items() if key not in PERSONAL}
    if "networks" in found:
        found["networks"] = {
            name: {k: v for k, v in compose.options(options).items() if k != "aliases"} or None
            for name, options in compose.named(found["networks"], "networks").items()
        }
    if container := inherited.get("container_name"):
        found["container_name"] = container
    return found


def first_service(inherited: Mapping[str, Any], parts: Parts) -> Entry | None:
    """Return what the overlay adds to the base's own service: compose merges the two."""
    shard = next(each for each in parts.fleet.shards if each.id == 1)
    can_reset = "extends" not in inherited
    have = {key: value for key, value in inherited.items() if key != "extends"}
    layers = (*parts.everyone[parts.is_hardened(shard)], *parts.alone(shard))
    want = with_name(layered(have, layers), shard, parts.fleet)
    additions = {
        key: compose.addition(key, have.get(key), want.get(key), can_reset=can_reset)
        for key in have | want
        if not same_value(key, have.get(key), want.get(key))
    }
    if shard.knows_id and not isinstance(additions.get("environment"), compose.Whole):
        number = {parts.fleet.shard_id_variable: str(shard.id)}
        additions["environment"] = {**additions.get("environment", {}), **number}
    return Entry(name=shard.service, definition=additions) if additions else None


def same_value(key: str, have: Any, want: Any) -> bool:
    """Return whether a key says the same, in whichever form."""
    return compose.same(compose.normal(key, have), compose.normal(key, want))


def with_name(service: dict[str, Any], shard: Shard, fleet: Fleet) -> dict[str, Any]:
    """Return a service with what tells the shard who it is, and others where it is."""
    found = dict(service)
    if shard.knows_id:
        environment = compose.pairs(service.get("environment"))
        found["environment"] = {**environment, fleet.shard_id_variable: str(shard.id)}
    if shard.has_alias and "network_mode" not in service:
        joined = compose.named(service.get("networks"), "networks") or {"default": None}
        found["networks"] = {name: with_alias(each, shard.alias) for name, each in joined.items()}
    return found


def with_alias(written: Any, alias: str) -> dict[str, Any]:
    """Return a network's options with one alias more."""
    options = compose.options(written)
    others = [each for each in compose.listed(options.get("aliases")) if each != alias]
    return {**options, "aliases": [*others, alias]}


def shard_service(shard: Shard, parts: Parts) -> dict[str, Any]:
    """Return all that one shard is."""
    alone = parts.alone(shard)
    full = dict(layered(parts.complete[parts.is_hardened(shard)], alone))
    full["volumes"] = shard_volumes(shard, full.get("volumes"), parts.fleet)
    if shard.id != 1 and parts.fleet.service.profile:
        full["profiles"] = [parts.fleet.service.profile]
    is_own = any("container_name" in layer for layer in alone)
    if full.get("container_name") and shard.id != 1 and not is_own:
        full["container_name"] = f"{full['container_name']}-{shard.id}"
    return with_name(full, shard, parts.fleet)


def short_form(full: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Return a service with what it shares as a reference; what it lacks spells it all out."""
    name = parts.fleet.service.name
    if "environment" in full:
        own = compose.pairs(full["environment"])
        full = {**full, "environment": over(own, parts.environment, f"{name}-environment")}
    return over(full, parts.shared, name)


def over(full: dict[str, Any], shared: dict[str, Any], anchor: str) -> dict[str, Any]:
    """Return a mapping as a merge of `shared` and its own keys, where that gives the same."""
    if not shared or not shared.keys() <= full.keys():
        return full
    own = {k: v for k, v in full.items() if k not in shared or not compose.same(shared[k], v)}
    return {"<<": Alias(anchor), **own}


def shard_volumes(shard: Shard, inherited: Any, fleet: Fleet) -> list[Any]:
    """Return a shard's mounts: its own volume where shard 1 has its, the others as they are."""
    first = next((each for each in fleet.shards if each.id == 1), shard)
    targets = {compose.folder(each.mount) for each in (first, shard)}
    found, placed = [], False
    for mounted in compose.mounts(inherited):
        is_first = mounted.named and mounted.source == first.volume
        if not is_first and compose.folder(mounted.target) not in targets:
            found.append(mounted.entry)
        elif not placed:
            found.append(compose.remounted(mounted, shard.volume, shard.mount))
            placed = True
    return found if placed else [f"{shard.volume}:{shard.mount}", *found]
