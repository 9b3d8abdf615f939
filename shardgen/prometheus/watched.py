"""The fleet and how it is watched in; what the templates of the prometheus output receive out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shardgen.kubernetes.names import claim_label
from shardgen.prometheus.settings import settings_of
from shardgen.prometheus.trials import trials

if TYPE_CHECKING:
    from shardgen.model import Fleet, Shard
    from shardgen.outputs import Output
    from shardgen.prometheus.settings import Prometheus

#: Grafana's uid of a dashboard has this many characters at most.
LONGEST_UID = 40
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def watched(fleet: Fleet, output: Output) -> dict[str, Any]:
    """Return what the templates in `prometheus/` receive besides; docs/templates.md lists it."""
    monitoring = settings_of(output)
    job = monitoring.job or f"{fleet.service.name}-shards"
    shards = [watched_shard(shard, fleet, monitoring, job) for shard in fleet.live]
    return {
        **asdict(monitoring),
        "job": job,
        "uid": uid(job),
        "sees_volumes": monitoring.sees_volumes,
        "shards": shards,
        "trials": trials(shards, monitoring, job),
    }


def uid(job: str) -> str:
    """Return the dashboard's name in Grafana's URLs, the same for ever."""
    if len(job) <= LONGEST_UID:
        return job
    return hashlib.sha256(job.encode()).hexdigest()[:LONGEST_UID]


def watched_shard(shard: Shard, fleet: Fleet, monitoring: Prometheus, job: str) -> dict[str, Any]:
    """Return one shard: the URL that is probed, and its labels there and in the rules."""
    labels = {"shard": str(shard.id), "service": shard.service, **monitoring.labels}
    if shard.host:
        labels["host"] = shard.host
    capacity = shard.capacity if monitoring.tenants_metric else None
    name = volume_value(shard, fleet, monitoring) if monitoring.sees_volumes else ""
    return {
        "id": shard.id,
        "url": shard.url + shard.health_path,
        "labels": {**labels, "state": shard.state},
        "info": {"job": job, **labels, "state": shard.state},
        "identity": {"job": job, **labels},
        "capacity": capacity,
        "volume": {"job": job, **labels, monitoring.volume_label: name} if name else None,
    }


def volume_value(shard: Shard, fleet: Fleet, monitoring: Prometheus) -> str:
    """Return what the metrics of volumes call the volume of a shard.

    `{claim}` is its name as Kubernetes can have it, where the claim is named after it.
    """
    values = {"claim": claim_label(shard.volume), "id": str(shard.id), "name": fleet.service.name,
              "service": shard.service, "volume": shard.volume}  # fmt: skip
    return PLACEHOLDER.sub(lambda found: values[found[1]], monitoring.volume_name)
