"""The fleet, its base and the cluster's settings in; what the manifests' template receives out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.kubernetes import names
from shardgen.kubernetes.container import container, grace, stated, temporary
from shardgen.kubernetes.notes import notes
from shardgen.kubernetes.security import pod_security
from shardgen.kubernetes.settings import secret_of, settings_of
from shardgen.overlay import complete_services

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.base import Base
    from shardgen.kubernetes.settings import Kubernetes
    from shardgen.model import Fleet, Shard
    from shardgen.outputs import Output

    Service = dict[str, Any]


def manifests(
    data: Mapping[str, Any], fleet: Fleet, base: Base | None, output: Output
) -> dict[str, Any]:
    """Return the data of the template; the rules have looked at every value before.

    `set` is the StatefulSet of all shards, None where each entry of `shards` has its own.
    """
    cluster = settings_of(output)
    shards = list(complete_services(data, fleet, base))
    pods = list(build_pods(data, shards, fleet, cluster))
    services = [network_service(shard, fleet, cluster) for shard, _ in shards]
    sets: list[Any] = [None] * len(shards)
    if not cluster.is_single:
        sets = [own_set(shard, pod, fleet) for (shard, _), pod in zip(shards, pods, strict=True)]
    return {
        "namespace": cluster.namespace,
        "notes": list(notes(shards, [pod["container"] for pod in pods], fleet, cluster)),
        "labels": names.labels(None, fleet),
        "config_map": f"{fleet.service.name}-shards",
        "from": consumers(fleet, cluster),
        "first": first_service(fleet, cluster),
        "shards": [{"service": service, "set": own}
                   for service, own in zip(services, sets, strict=True)],
        "set": common_set(len(shards), pods[0], fleet) if cluster.is_single else None,
        "claim": claim(cluster),
        "pull_secrets": [{"name": name} for name in cluster.pull_secrets],
    }  # fmt: skip


def network_service(shard: Shard, fleet: Fleet, cluster: Kubernetes) -> dict[str, Any]:
    """Return the Service that is the host name in a shard's URL."""
    own = names.labels(shard, fleet)
    pod = {names.POD_LABEL: names.pod_name(shard, fleet, cluster)}
    name = names.shard_name(shard, fleet)
    return {"name": name, "labels": own, "selector": pod if cluster.is_single else own}


def first_service(fleet: Fleet, cluster: Kubernetes) -> dict[str, Any]:
    """Return the Service of the legacy URL: shard 1 answers it, else the first that is left."""
    selector = network_service(fleet.live[0], fleet, cluster)["selector"]
    labels = names.labels(None, fleet)
    return {"name": fleet.service.name, "labels": labels, "selector": selector}


def consumers(fleet: Fleet, cluster: Kubernetes) -> dict[str, Any]:
    """Return what selects the pods that may reach the shards."""
    if cluster.consumers:
        return {"matchLabels": dict(cluster.consumers)}
    listed = list(fleet.service.consumers)
    expression = {"key": names.NAME_LABEL, "operator": "In", "values": listed}
    return {"matchExpressions": [expression]}


def claim(cluster: Kubernetes) -> dict[str, Any]:
    """Return what a shard asks for as its volume."""
    kind = {"storageClassName": cluster.storage_class} if cluster.storage_class else {}
    return {
        "accessModes": [cluster.access_mode],
        **kind,
        "resources": {"requests": {"storage": cluster.storage_size}},
    }


def build_pods(
    data: Mapping[str, Any], shards: list[tuple[Shard, Service]], fleet: Fleet, cluster: Kubernetes
) -> Iterator[dict[str, Any]]:
    """Yield what each shard's pod has of its own."""
    secret = secret_of(cluster, fleet)
    for shard, service in shards:
        own = stated(data.get("service", {}), data["shards"][shard.index])
        yield {
            "claim": names.claim_template(shard, fleet, cluster),
            "grace": grace(service),
            "security": pod_security(service, cluster),
            "container": container(shard, service, fleet, cluster, secret, own),
            "volumes": [volume for _, volume in temporary(service)],
        }


def own_set(shard: Shard, pod: dict[str, Any], fleet: Fleet) -> dict[str, Any]:
    """Return the StatefulSet of one shard."""
    name = names.shard_name(shard, fleet)
    own = names.labels(shard, fleet)
    return {"name": name, "service": name, "labels": own, "replicas": 1, **pod}


def common_set(count: int, pod: dict[str, Any], fleet: Fleet) -> dict[str, Any]:
    """Return the StatefulSet of all shards."""
    name = fleet.service.name
    own = names.labels(None, fleet)
    return {"name": name, "service": name, "labels": own, "replicas": count, **pod}
