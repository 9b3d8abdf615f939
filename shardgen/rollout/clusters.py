"""The outputs for a cluster, and which of them changed, in; what brings them about there, out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen.kubernetes.cluster import cluster_of
from shardgen.kubernetes.names import shard_name
from shardgen.ledger.state import RETIRED
from shardgen.rollout.step import EARLIER, Step
from shardgen.swarm.options import LABEL, deploy_command, node_label, options

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from shardgen.model import Fleet
    from shardgen.outputs import Output
    from shardgen.shard import Shard

#: Names that a comment lists; more of them are told by the first and the last.
MOST_NAMED = 5
#: The steps' titles name the engine, because two of them may be in use while a fleet moves.
WHERE = {"kubernetes": "the Kubernetes cluster", "swarm": "the swarm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What there is to do in one cluster; `prepare` and `remove` are '' where there is nothing."""

    output: str
    prepare: str
    apply: str
    remove: str
    gone: tuple[str, ...]


def deployments(
    before: Mapping[str, Any], fleet: Fleet, outputs: Sequence[Output], changed: Collection[str]
) -> tuple[Deployment, ...]:
    """Return what there is to do in each cluster; `changed` are files that are others now."""
    left, new = gone(before, fleet), come(before, fleet)
    return tuple(
        Deployment(
            output=output.name,
            prepare=prepare(output, fleet, new),
            apply=apply(output),
            remove=remove(output, [name_there(each, fleet, output) for each in left]),
            gone=tuple(name_there(each, fleet, output) for each in left),
        )
        for output in outputs
        if output.name in WHERE and output.destination in changed
    )


def name_there(shard: Shard, fleet: Fleet, output: Output) -> str:
    """Return what a shard is called in a cluster."""
    return shard.service if output.name == "swarm" else shard_name(shard, fleet)


def gone(before: Mapping[str, Any], fleet: Fleet) -> list[Shard]:
    """Return the shards that ran in the cluster before and do not any more."""
    recorded = before.get("shards", {})
    found = ((shard, recorded.get(str(shard.id))) for shard in fleet.shards if not shard.is_here)
    return [each for each, was in found if was and was["state"] != RETIRED and not was.get("host")]


def come(before: Mapping[str, Any], fleet: Fleet) -> list[Shard]:
    """Return the shards that run in the cluster now and did not before."""
    recorded = before.get("shards", {})
    found = ((shard, recorded.get(str(shard.id))) for shard in fleet.here)
    return [each for each, was in found if not was or was["state"] == RETIRED or was.get("host")]


def prepare(output: Output, fleet: Fleet, new: Sequence[Shard]) -> str:
    """Return the command without which new shards would find no place; '' where they do."""
    if output.name != "swarm" or options(output).placement != LABEL or not new:
        return ""
    first, *others = (node_label(fleet.service, shard.id) for shard in new)
    also = f"   # and so for {listed_names(others)}" if others else ""
    return f"docker node update --label-add {first}=true NODE{also}"


def listed_names(names: Sequence[str]) -> str:
    """Return some names, or the first and the last of many."""
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{names[0]} … {names[-1]}"


def apply(output: Output) -> str:
    """Return the command that brings a file's content about; it takes nothing away."""
    if output.name == "swarm":
        return deploy_command(output)
    return f"kubectl apply -f {shlex.quote(output.destination)}"


def remove(output: Output, names: Sequence[str]) -> str:
    """Return the command that takes shards out of the cluster; their volumes stay."""
    if not names:
        return ""
    if output.name == "swarm":
        stack = shlex.quote(options(output).stack or "STACK")
        return f"docker service rm {' '.join(f'{stack}_{name}' for name in names)}"
    cluster = cluster_of(output)
    kinds = "service" if cluster.is_single else "statefulset,service"
    namespace = f" -n {shlex.quote(cluster.namespace)}" if cluster.namespace else ""
    return f"kubectl delete {kinds} {' '.join(names)}{namespace}"


def applied(found: Sequence[Deployment]) -> Iterator[Step]:
    """Yield the steps that start what is new in the clusters, before consumers learn of it."""
    for each in found:
        if each.prepare:
            title = "label the node that has the volume of each new shard"
            yield Step(title=title, command=each.prepare)
        title = f"start what is new in {WHERE[each.output]}, restart what changed"
        yield Step(title=title, command=each.apply, back=EARLIER)


def removed_there(found: Sequence[Deployment]) -> Iterator[Step]:
    """Yield the steps that stop in the clusters what no file defines any more."""
    for each in (each for each in found if each.remove):
        title = f"stop {', '.join(each.gone)} in {WHERE[each.output]}; the volumes stay"
        yield Step(title=title, command=each.remove, back=EARLIER)
