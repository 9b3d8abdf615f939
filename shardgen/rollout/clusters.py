"""The outputs for a cluster, and which of them changed, in; what brings them about there, out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shardgen.kubernetes import settings as kubernetes
from shardgen.kubernetes.names import NAME_LABEL, claim_name, shard_name
from shardgen.ledger.state import RETIRED
from shardgen.rollout.step import EARLIER, Step
from shardgen.swarm import settings as swarm
from shardgen.swarm.settings import LABEL, deploy_command, name_there, node_label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from shardgen.model import Fleet
    from shardgen.outputs import Output
    from shardgen.shard import Shard
    from shardgen.swarm.settings import Swarm

#: Names that a comment lists; more of them are told by the first and the last.
MOST_NAMED = 5
#: The steps' titles name the engine, because two of them may be in use while a fleet moves.
WHERE = {"kubernetes": "the Kubernetes cluster", "swarm": "the swarm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What there is to do in one cluster; a command is '' where there is nothing to do.

    `restart` is for consumers to whom the shards are others now. `shrinks` says that `apply` itself
    takes shards away, which has to wait for the database.
    """

    output: str
    prepare: Step | None
    apply: str
    restart: str
    remove: str
    gone: tuple[str, ...]
    shrinks: bool


def deployments(
    before: Mapping[str, Any],
    fleet: Fleet,
    outputs: Sequence[Output],
    changed: Collection[str],
    *,
    builds: bool,
) -> tuple[Deployment, ...]:
    """Return what there is to do in each cluster; `changed` are files that are others now.

    `builds` says that the router is another one, which the consumers get with their images.
    """
    found = []
    for output in outputs:
        if output.name in WHERE and (builds or output.destination in changed):
            there = in_swarm if output.name == "swarm" else in_kubernetes
            found.append(there(before, fleet, output, is_told=builds))
            if output.destination not in changed:
                found[-1] = replace(found[-1], prepare=None, apply="")
    return tuple(found)


def in_swarm(
    before: Mapping[str, Any], fleet: Fleet, output: Output, *, is_told: bool
) -> Deployment:
    """Return what there is to do in a swarm; consumers in its own stack need no step more."""
    stated, new = swarm.settings_of(output), come(before, fleet)
    names = [name_there(stated.name, shard.service) for shard in gone(before, fleet)]
    return Deployment(
        output=output.name,
        prepare=labelled(fleet, new) if stated.placement == LABEL and new else None,
        apply=deploy_command(output),
        restart=deployed(stated, output) if is_told or new or names else "",
        remove=f"docker service rm {' '.join(map(shlex.quote, names))}" if names else "",
        gone=tuple(names),
        shrinks=False,
    )


def deployed(stated: Swarm, output: Output) -> str:
    """Return the command that gives the consumers their new image and variables."""
    if stated.base:
        return f"{deploy_command(output)}   # with the consumers' new image"
    return "# deploy the consumers' stack, with their new image and variables"


def labelled(fleet: Fleet, new: Sequence[Shard]) -> Step:
    """Return the step without which new shards would find no node."""
    first, *others = (node_label(fleet.service, shard.id) for shard in new)
    also = f"   # and so for {listed_names(others)}" if others else ""
    return Step(
        title="label the node that has the volume of each new shard",
        command=f"docker node update --label-add {first}=true NODE{also}",
    )


def in_kubernetes(
    before: Mapping[str, Any], fleet: Fleet, output: Output, *, is_told: bool
) -> Deployment:
    """Return what there is to do in Kubernetes; a pod reads the ConfigMap when it starts."""
    cluster = kubernetes.settings_of(output)
    space = f" -n {shlex.quote(cluster.namespace)}" if cluster.namespace else ""
    names = [shard_name(shard, fleet) for shard in gone(before, fleet)]
    kinds = "service" if cluster.is_single else "statefulset,service"
    selector = ",".join(f"{key}={value}" for key, value in cluster.consumers.items())
    selector = selector or f"{NAME_LABEL} in ({','.join(fleet.service.consumers)})"
    restart = f"kubectl rollout restart deployment -l {shlex.quote(selector)}{space}"
    return Deployment(
        output=output.name,
        prepare=rebound(before, fleet, output),
        apply=f"kubectl apply -f {shlex.quote(output.destination)}",
        restart=restart if is_told or names or come(before, fleet) else "",
        remove=f"kubectl delete {kinds} {' '.join(names)}{space}" if names else "",
        gone=tuple(names),
        shrinks=cluster.is_single and bool(names),
    )


def rebound(before: Mapping[str, Any], fleet: Fleet, output: Output) -> Step | None:
    """Return the step that stops pods whose claims have other names now; they would go on."""
    cluster, recorded = kubernetes.settings_of(output), before.get("shards", {})
    old: dict[str, list[str]] = {}
    for shard in fleet.here:
        namespace, _, claim = recorded.get(str(shard.id), {}).get("claim", "").rpartition("/")
        if claim and claim != claim_name(shard, fleet, cluster).rpartition("/")[2]:
            own = claim.endswith(f"-{shard_name(shard, fleet)}-0")
            old.setdefault(namespace, []).append(
                shard_name(shard, fleet) if own else fleet.service.name
            )
    if not old:
        return None
    commands = (
        f"kubectl delete statefulset {' '.join(dict.fromkeys(names))}"
        + (f" -n {shlex.quote(namespace)}" if namespace else "")
        for namespace, names in old.items()
    )
    return Step(
        title="stop the pods on the claims of before, and bring these over (docs/kubernetes.md)",
        command="; ".join(commands),
    )


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


def listed_names(names: Sequence[str]) -> str:
    """Return some names, or the first and the last of many."""
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{names[0]} … {names[-1]}"


def applied(found: Sequence[Deployment], build: str, *, builds: bool) -> Iterator[Step]:
    """Yield the steps that start what is new in the clusters, and then tell the consumers of it.

    The images come first: a router of before may refuse the new variables.
    """
    if found and builds:
        command = f"{build}   # and push" if build else "# build and push the consumers"
        yield Step(title="build the consumers with the router in them", command=command)
    for each in found:
        if each.prepare:
            yield each.prepare
        if not each.shrinks:
            yield from told(each)


def told(each: Deployment) -> Iterator[Step]:
    """Yield the steps that bring a file about in its cluster."""
    if each.apply and each.apply not in each.restart:
        title = f"start what is new in {WHERE[each.output]}, restart what changed"
        yield Step(title=title, command=each.apply, back=EARLIER)
    if each.restart:
        title = f"give the consumers in {WHERE[each.output]} the new router and variables"
        yield Step(title=title, command=each.restart, back=EARLIER)


def removed_there(found: Sequence[Deployment]) -> Iterator[Step]:
    """Yield the steps that stop in the clusters what no file defines any more."""
    for each in found:
        if each.shrinks:
            yield from told(each)
        if each.remove:
            title = f"stop {', '.join(each.gone)} in {WHERE[each.output]}; the volumes stay"
            yield Step(title=title, command=each.remove, back=EARLIER)
