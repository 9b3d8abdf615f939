"""The fleet and the base file in; what each service of the overlay says out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.base import service_networks
from shardgen.model import relative_to_project
from shardgen.quoting import Alias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.base import Base
    from shardgen.model import Fleet, Shard

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
OWN = ("environment", "volumes", "networks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One service or volume of the overlay; definition None is an empty entry."""

    name: str
    definition: Mapping[str, Any] | None


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
    data: Mapping[str, Any], fleet: Fleet, base: Base | None, paths: Mapping[str, str]
) -> Overlay:
    """Return the overlay; `paths` are the destinations of the enabled outputs, by name."""
    inherited = base.service(fleet.service.name) if base else {}
    everyone = stated(data.get("service", {}), fleet)
    complete = complete_service(fleet, base, inherited, everyone)
    defined = [shard for shard in fleet.live if base is None or shard.id != 1]
    alone = {shard.id: stated(data["shards"][shard.index], fleet) for shard in fleet.live}
    shared = {key: value for key, value in complete.items() if key not in OWN}
    if base and fleet.service.profile:
        shared["profiles"] = [fleet.service.profile]
    environment = complete.get("environment") or {}
    parts = Parts(fleet=fleet, complete=complete, shared=shared, environment=environment)
    return Overlay(
        anchor=fleet.service.name,
        shared=shared if defined else {},
        environment_anchor=f"{fleet.service.name}-environment",
        shared_environment=environment if defined else {},
        first=first_service(fleet, inherited, everyone, alone[1]) if base else None,
        shards=tuple(shard_service(shard, alone[shard.id], parts) for shard in defined),
        consumers=consumers(fleet, paths),
        volumes=volumes(fleet, base, defined),
        networks=networks(base, complete),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What all shards of the overlay are made from."""

    fleet: Fleet
    complete: dict[str, Any]
    shared: dict[str, Any]
    environment: dict[str, Any]


def stated(written: Mapping[str, Any], fleet: Fleet) -> dict[str, Any]:
    """Return what shards.yaml states of a service, in compose's keys; null becomes a reset."""
    found: dict[str, Any] = {key: reset(written[key]) for key in SAME if key in written}
    if isinstance(found.get("environment"), dict):
        found["environment"] = {k: reset(v) for k, v in found["environment"].items()}
    if "healthcheck" in written:
        check = written["healthcheck"]
        found["healthcheck"] = reset(check and healthcheck(check, fleet.service.port))
    if limits := written.get("limits"):
        found["deploy"] = {"resources": {"limits": dict(limits)}}
    if written.get("hardening"):
        found |= HARDENING
    for key, value in (written.get("compose") or {}).items():
        found[key] = compose.merged(key, found[key], value) if key in found else reset(value)
    return {key: compose.normal(key, value) for key, value in found.items()}


def reset(value: Any) -> Any:
    """Return a value, or the reset that a written null means."""
    return compose.Reset() if value is None else value


def healthcheck(written: Mapping[str, Any], port: int) -> dict[str, Any]:
    """Return a compose healthcheck; a `path` is probed with node, which the image surely has.

    The probe ends by itself before compose's own timeout (3 s unless stated), answers 0 for
    status 200 to 299 alone, and needs no shell, wget or curl.
    """
    settings = {key: value for key, value in written.items() if key not in {"path", "test"}}
    if "test" in written:
        return {"test": written["test"], **settings}
    script = (
        f"setTimeout(()=>process.exit(1),{PROBE_TIMEOUT});"
        f"require('http').get({{host:'127.0.0.1',port:{port},path:'{written['path']}'}},"
        "r=>process.exit(r.statusCode>199&&r.statusCode<300?0:1))"
        ".on('error',()=>process.exit(1))"
    )
    return {"test": ["CMD", "node", "-e", script], **PROBE, **settings}


#: Milliseconds; below the timeout of PROBE, so that the probe ends itself.
PROBE_TIMEOUT = 4000
PROBE = {"interval": "30s", "timeout": "5s", "retries": 3, "start_period": "20s"}


def complete_service(
    fleet: Fleet, base: Base | None, inherited: dict[str, Any], everyone: dict[str, Any]
) -> dict[str, Any]:
    """Return all that a shard says before its own entry: the base's, then shards.yaml's.

    What names one container alone does not pass on: its name, its profiles, its aliases (a
    shared alias would send a tenant to any of the shards).
    """
    dropped = {"profiles", "container_name"}
    found = {
        key: compose.normal(key, value) for key, value in inherited.items() if key not in dropped
    }
    if base and "network_mode" not in found:
        found["networks"] = service_networks(inherited)
    if base and "extends" in found:
        found["extends"] = extended(found["extends"], base.file)
    found = compose.merged_mapping(found, everyone)
    if "networks" in found or base is None:
        found["networks"] = {
            name: {key: value for key, value in (options or {}).items() if key != "aliases"}
            for name, options in (found.get("networks") or {"default": None}).items()
        }
    if container := inherited.get("container_name"):
        found["container_name"] = container
    return found


def extended(value: Any, file: str) -> dict[str, Any]:
    """Return an `extends` that means the same service when read from another file."""
    target = {"service": value} if isinstance(value, str) else dict(value)
    return {"file": file.rpartition("/")[2], **target}


def first_service(
    fleet: Fleet, inherited: dict[str, Any], everyone: dict[str, Any], alone: dict[str, Any]
) -> Entry:
    """Return what the overlay adds to the base's own service: compose merges the two."""
    shard = fleet.shards[0]
    additions = compose.merged_mapping(everyone, alone, keep_resets=True)
    own = {fleet.shard_id_variable: str(shard.id)}
    environment = additions.pop("environment", None)
    additions["environment"] = {**(environment if isinstance(environment, dict) else {}), **own}
    stated_networks = additions.pop("networks", None)
    joined = service_networks(inherited) | (
        stated_networks if isinstance(stated_networks, dict) else {}
    )
    additions["networks"] = {
        name: with_alias((stated_networks or {}).get(name), shard.alias)
        if isinstance(stated_networks, dict)
        else with_alias(None, shard.alias)
        for name in joined
    }
    return Entry(name=shard.service, definition=additions)


def with_alias(options: Mapping[str, Any] | None, alias: str) -> dict[str, Any]:
    """Return a network's options with one alias more."""
    options = options or {}
    return {**options, "aliases": [*options.get("aliases", ()), alias]}


def shard_service(shard: Shard, alone: dict[str, Any], parts: Parts) -> Entry:
    """Return one shard: a reference to what all share, and what is its own."""
    full = compose.merged_mapping(parts.complete, alone)
    full["environment"] = {
        **(full.get("environment") or {}),
        parts.fleet.shard_id_variable: str(shard.id),
    }
    full["volumes"] = shard_volumes(shard, full.get("volumes") or [], parts.fleet)
    full["networks"] = {
        name: with_alias(options, shard.alias)
        for name, options in (full.get("networks") or {"default": None}).items()
    }
    if "profiles" in parts.shared:
        full["profiles"] = parts.shared["profiles"]
    elif parts.fleet.service.profile and shard.id != 1:
        full["profiles"] = [parts.fleet.service.profile]
    if "container_name" in full:
        full["container_name"] = f"{full['container_name']}-{shard.id}"
    return Entry(name=shard.service, definition=short_form(full, parts))


def short_form(full: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Return a service with what it shares as a reference; what it lacks spells it all out."""
    environment = over(full["environment"], parts.environment, f"{parts.fleet.service.name}-environment")
    return over({**full, "environment": environment}, parts.shared, parts.fleet.service.name)


def over(full: dict[str, Any], shared: dict[str, Any], anchor: str) -> dict[str, Any]:
    """Return a mapping as a merge of `shared` and its own keys, where that gives the same."""
    if not shared or not shared.keys() <= full.keys():
        return full
    own = {k: v for k, v in full.items() if k not in shared or shared[k] != v}
    return {"<<": Alias(anchor), **own}


def shard_volumes(shard: Shard, inherited: list[Any], fleet: Fleet) -> list[Any]:
    """Return a shard's mounts: its own volume where shard 1 has its, the others as they are."""
    found, placed = [], False
    for mounted in compose.mounts(inherited):
        if mounted.target in {fleet.storage.mount, shard.mount}:
            if not placed and mounted.target == shard.mount:
                found.append(compose.with_source(mounted, shard.volume))
                placed = True
        else:
            found.append(mounted.entry)
    return found if placed else [f"{shard.volume}:{shard.mount}", *found]


def consumers(fleet: Fleet, paths: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return what each consumer receives: the shard variables, after its own env files."""
    if "env" not in paths:
        return ()
    path = relative_to_project(fleet, paths.get("compose", ""), paths["env"])
    definition = {"env_file": [path]}
    return tuple(Entry(name=name, definition=definition) for name in fleet.service.consumers)


def volumes(fleet: Fleet, base: Base | None, defined: list[Shard]) -> tuple[Entry, ...]:
    """Return the volumes that the overlay declares: those of its shards that the base does not."""
    declared = base.volumes if base else {}
    return tuple(
        Entry(name=shard.volume, definition=volume_definition(shard, fleet, base))
        for shard in defined
        if shard.volume not in declared
    )


def volume_definition(shard: Shard, fleet: Fleet, base: Base | None) -> dict[str, Any] | None:
    """Return a volume's definition: external, or with the driver and labels of shard 1's."""
    if shard.external:
        return {"external": True}
    model = base.volumes.get(fleet.storage.volume, {}) if base else {}
    return {key: model[key] for key in ("driver", "labels") if model.get(key)} or None


def networks(base: Base | None, complete: dict[str, Any]) -> tuple[Entry, ...]:
    """Return the networks that the overlay must declare: with a base, it does."""
    if base:
        return ()
    joined = complete.get("networks") or {}
    return tuple(Entry(name=name, definition=None) for name in joined if name != "default")
