"""A shard's environment as compose has it in, the `env` and `envFrom` of its container out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.kubernetes.interpolation import Unclear, Variable, escaped, meaning
from shardgen.kubernetes.names import INDEX_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.kubernetes.settings import Kubernetes

#: What the API server takes for the name of a variable, in every version.
NAME = re.compile("[-._a-zA-Z][-._a-zA-Z0-9]*")


def variables(service: Mapping[str, Any], cluster: Kubernetes) -> dict[str, Any]:
    """Return what a shard's environment states: compose's, and the cluster's own over it."""
    stated = {**compose.pairs(service.get("environment")), **cluster.environment}
    gone = {name for name, value in cluster.environment.items() if value is None}
    return {name: value for name, value in stated.items() if name not in gone}


def entry(name: str, value: Any, secret: str) -> dict[str, Any]:
    """Return one variable of a container; raises Unclear where a cluster has no equal.

    A variable of compose's own environment is a key of the Secret. One that compose merely passes
    on is left out by compose where it is not set, and so need not be there.
    """
    if not NAME.fullmatch(name):
        raise Unclear("has a name that no container takes")
    if value is None:
        return {"name": name, "valueFrom": {"secretKeyRef": key_of(secret, name, optional=True)}}
    found = meaning(value)
    if isinstance(found, Variable):
        return {"name": name, "valueFrom": {"secretKeyRef": key_of(secret, found.name)}}
    return {"name": name, "value": escaped(found)}


def key_of(secret: str, key: str, *, optional: bool = False) -> dict[str, Any]:
    """Return a key of a Secret."""
    return {"name": secret, "key": key, **({"optional": True} if optional else {})}


def container_environment(
    service: Mapping[str, Any], cluster: Kubernetes, secret: str, shard_id: str
) -> list[dict[str, Any]]:
    """Return a container's `env`; where all shards are one set, each reads its id from its pod."""
    found = []
    for name, value in variables(service, cluster).items():
        if name == shard_id and cluster.is_single:
            path = f"metadata.labels['{INDEX_LABEL}']"
            found.append({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}})
        else:
            found.append(entry(name, value, secret))
    return found


def sources(service: Mapping[str, Any], secret: str) -> list[dict[str, Any]]:
    """Return a container's `envFrom`: what stands in its env_files is in the Secret."""
    files = compose.listed(service.get("env_file"))
    if not files:
        return []
    needed = any(not isinstance(each, dict) or each.get("required", True) for each in files)
    return [{"secretRef": {"name": secret, **({} if needed else {"optional": True})}}]


def secret_keys(env: list[dict[str, Any]]) -> list[str]:
    """Return the keys of the Secret that a container's `env` needs."""
    found = [each["valueFrom"]["secretKeyRef"] for each in env
             if "secretKeyRef" in each.get("valueFrom", {})]  # fmt: skip
    return [each["key"] for each in found if not each.get("optional")]
