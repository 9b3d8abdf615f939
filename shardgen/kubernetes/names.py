"""A shard in; the names of its objects in the cluster out, and how long those may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.kubernetes.settings import Kubernetes
    from shardgen.model import Fleet, Shard

#: A label of a host name: the names of Services, claims' templates, ports, namespaces.
LONGEST_LABEL = 63
#: A pod bears the name of its StatefulSet and a hash of up to ten digits as one label.
LONGEST_SET = LONGEST_LABEL - len("-0123456789")
NAME_LABEL = "app.kubernetes.io/name"
#: Not app.kubernetes.io/instance: Argo CD writes that one itself.
SHARD_LABEL = "shard"
#: The number of a pod in its StatefulSet, as the controller labels it since Kubernetes 1.28.
INDEX_LABEL = "apps.kubernetes.io/pod-index"
POD_LABEL = "statefulset.kubernetes.io/pod-name"


def shard_name(shard: Shard, fleet: Fleet) -> str:
    """Return the host name in a shard's URL: of its Service, and of a StatefulSet of its own."""
    return f"{fleet.service.name}-{shard.id}"


def labels(shard: Shard | None, fleet: Fleet) -> dict[str, str]:
    """Return what finds the pods of a shard, or of all shards."""
    own = {SHARD_LABEL: str(shard.id)} if shard else {}
    return {NAME_LABEL: fleet.service.name, **own}


def claim_template(shard: Shard, fleet: Fleet, cluster: Kubernetes) -> str:
    """Return the name of the template of a shard's claim.

    Pods of one StatefulSet share the template of their claims, so that one has no id in it.
    """
    return claim_label(fleet.storage.volume if cluster.is_single else shard.volume)


def claim_label(volume: str) -> str:
    """Return the name of a volume as a label of a host name: no capitals, no '_'."""
    return re.sub("[_.]", "-", volume.lower()).rstrip("-")


def pod_name(shard: Shard, fleet: Fleet, cluster: Kubernetes) -> str:
    """Return the name of a shard's only pod."""
    return shard_name(shard, fleet) + ("" if cluster.is_single else "-0")


def claim_name(shard: Shard, fleet: Fleet, cluster: Kubernetes) -> str:
    """Return the claim of a shard."""
    template, pod = claim_template(shard, fleet, cluster), pod_name(shard, fleet, cluster)
    return claim_of_pod(template, pod, cluster.namespace)


def claim_of_pod(template: str, pod: str, namespace: str | None) -> str:
    """Return the claim that the controller makes for a pod, behind its namespace if stated."""
    claim = f"{template}-{pod}"
    return f"{namespace}/{claim}" if namespace else claim


def claims(fleet: Fleet, cluster: Kubernetes) -> Mapping[int, str]:
    """Return the claim of each shard that runs, by the shard's id."""
    return {shard.id: claim_name(shard, fleet, cluster) for shard in fleet.live}
