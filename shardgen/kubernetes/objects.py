"""The documents of a file of manifests in; what they say of each shard, and lack, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.kubernetes.names import claim_of_pod

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.model import Fleet

Objects = dict[tuple[Any, Any], dict[str, Any]]


def objects_in(documents: Any) -> Objects:
    """Return the objects of a file, by kind and name; what is none does not count."""
    return {
        (each.get("kind"), within(each, "metadata").get("name")): each
        for each in (documents if isinstance(documents, list) else ())
        if isinstance(each, dict)
    }


def within(value: Any, *keys: str) -> dict[str, Any]:
    """Return a mapping that is some keys deep in another one, empty where it is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def entries(value: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the mappings of a list."""
    found = value.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def fault_of_objects(documents: Any, fleet: Fleet) -> str | None:
    """Return what manifests do not say of a shard: its Service, its id, a claim at its mount."""
    known = objects_in(documents)
    common = known.get(("StatefulSet", fleet.service.name))
    for shard in fleet.live:
        name = f"{fleet.service.name}-{shard.id}"
        if ("Service", name) not in known:
            return f"has no Service {name!r}"
        found = known.get(("StatefulSet", name), common)
        if found is None:
            return f"has no StatefulSet {name!r}"
        pod = within(found, "spec", "template", "spec")
        container = next(iter(entries(pod, "containers")), {})
        env = {each.get("name"): each for each in entries(container, "env")}
        number = env.get(fleet.shard_id_variable, {})
        own = str(shard.id) if shard.knows_id and found is not common else None
        if number.get("value") != own or ("valueFrom" in number) != (found is common):
            return f"gives {name!r} the shard id {number.get('value')!r}"
        mounts = {each.get("mountPath"): each.get("name")
                  for each in entries(container, "volumeMounts")}  # fmt: skip
        if mounts.get(shard.mount) not in claim_templates(found):
            return f"mounts no claim of {name!r} at {shard.mount!r}"
    return None


def claim_templates(found: Mapping[str, Any]) -> list[str]:
    """Return the names of a StatefulSet's claims, without that of a pod behind them."""
    templates = entries(within(found, "spec"), "volumeClaimTemplates")
    return [str(within(each, "metadata").get("name")) for each in templates]


def claims_in(documents: Any, fleet: Fleet) -> Iterator[tuple[int, str]]:
    """Yield the id of each shard that manifests make a claim for, and the name of that claim."""
    for (kind, name), found in objects_in(documents).items():
        templates = claim_templates(found)
        if kind != "StatefulSet" or not templates:
            continue
        space = within(found, "metadata").get("namespace")
        number = str(name).removeprefix(f"{fleet.service.name}-")
        if name == fleet.service.name:
            replicas = within(found, "spec").get("replicas")
            for shard in range(1, 1 + (replicas if isinstance(replicas, int) else 0)):
                yield shard, claim_of_pod(templates[0], f"{name}-{shard}", space)
        elif number.isdecimal():
            yield int(number), claim_of_pod(templates[0], f"{name}-0", space)
