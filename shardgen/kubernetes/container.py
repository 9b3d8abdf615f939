"""One shard as a complete compose service in; its container and what its pod needs for it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.kubernetes import security
from shardgen.kubernetes.amounts import memory, processors, seconds
from shardgen.kubernetes.environment import container_environment, sources
from shardgen.kubernetes.interpolation import literal
from shardgen.kubernetes.names import claim_template
from shardgen.kubernetes.probes import container_probes
from shardgen.kubernetes.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.kubernetes.settings import Kubernetes
    from shardgen.model import Fleet, Shard

#: Seconds that a shard gets to stop where nothing says how many: as many as Kubernetes gives.
GRACE = 30
PULL_POLICIES = {
    "always": "Always",
    "never": "Never",
    "missing": "IfNotPresent",
    "if_not_present": "IfNotPresent",
}

Service = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What shards.yaml states of one shard in words that are not compose's.

    `image` is the one in its own entry, which not even the cluster's replaces. `has_health_path` is
    whether its healthcheck is a path, and no command.
    """

    image: str | None = None
    has_health_path: bool = False


def stated(service: Mapping[str, Any], entry: Mapping[str, Any]) -> Stated:
    """Return what `service` and a shard's own entry state; the entry wins."""
    layer = entry if "healthcheck" in entry else service
    check = layer.get("healthcheck") or {}
    return Stated(image=entry.get("image"), has_health_path="path" in check)


def image_of(service: Mapping[str, Any], cluster: Kubernetes, own: Stated) -> str:
    """Return the image of a shard; '' where nothing names one."""
    return literal(own.image or cluster.image or service.get("image") or "")


def container(
    shard: Shard, service: Service, fleet: Fleet, cluster: Kubernetes, secret: str, own: Stated
) -> dict[str, Any]:
    """Return the container of a shard; raises Unclear for what the rules refuse."""
    policy = PULL_POLICIES.get(str(service.get("pull_policy")))
    shard_id = fleet.shard_id_variable if shard.knows_id else ""
    limits = resources(service)
    path = shard.health_path if own.has_health_path else None
    found = {
        "name": fleet.service.name,
        "image": image_of(service, cluster, own),
        "imagePullPolicy": policy,
        "command": words(service.get("entrypoint")),
        "args": words(service.get("command")),
        "workingDir": literal(service.get("working_dir") or ""),
        "ports": [{"name": "http", "containerPort": fleet.service.port}],
        "envFrom": sources(service, secret),
        "env": container_environment(service, cluster, secret, shard_id),
        "resources": limits,
        **container_probes(service.get("healthcheck"), path),
        "securityContext": security.container_security(service),
        "volumeMounts": [
            {"name": claim_template(shard, fleet, cluster), "mountPath": shard.mount},
            *({"name": each["name"], "mountPath": path} for path, each in temporary(service)),
        ],
    }
    return {key: value for key, value in found.items() if value}


def grace(service: Mapping[str, Any]) -> int:
    """Return the seconds that a shard gets to stop."""
    value = service.get("stop_grace_period")
    return GRACE if value is None else seconds(value)


def resources(service: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a shard is given at least and at most."""
    stated = part(part(service, "deploy"), "resources")
    most, least = part(stated, "limits"), part(stated, "reservations")
    found = {
        "requests": {
            "cpu": quantity(processors, least.get("cpus")),
            "memory": quantity(memory, least.get("memory"), service.get("mem_reservation")),
        },
        "limits": {
            "cpu": quantity(processors, most.get("cpus"), service.get("cpus")),
            "memory": quantity(memory, most.get("memory"), service.get("mem_limit")),
        },
    }
    known = {kind: {key: each for key, each in amounts.items() if each is not None}
             for kind, amounts in found.items()}  # fmt: skip
    return {kind: amounts for kind, amounts in known.items() if amounts}


def part(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a mapping within another one, empty where it is none."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def quantity(read: Any, *values: Any) -> str | None:
    """Return the first amount that is stated, as a quantity."""
    found = next((value for value in values if value is not None), None)
    return None if found is None else read(found)


def temporary(service: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the folders in memory of a shard: the path of each, and its volume."""
    found = {}
    for entry in compose.listed(service.get("tmpfs")):
        path, _, options = literal(entry).partition(":")
        sizes = [each[5:] for each in options.split(",") if each.startswith("size=")]
        found[path] = sizes[0] if sizes else None
    for mounted in compose.mounts(service.get("volumes")):
        if is_temporary(mounted):
            found[mounted.target] = part(mounted.entry, "tmpfs").get("size")
    return [(path, {"name": f"memory-{index}", "emptyDir": in_memory(size)})
            for index, (path, size) in enumerate(found.items(), start=1)]  # fmt: skip


def is_temporary(mounted: compose.Mount) -> bool:
    """Return whether a mount is a folder in memory."""
    return isinstance(mounted.entry, dict) and mounted.entry.get("type") == "tmpfs"


def in_memory(size: Any) -> dict[str, Any]:
    """Return a folder in memory, of a size where one is stated."""
    most = None if size is None else memory(size)
    return {"medium": "Memory", **({"sizeLimit": most} if most else {})}
