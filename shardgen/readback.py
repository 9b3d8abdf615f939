"""Rendered text in, what is wrong with it out: each language's own parser reads it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.languages import parsed
from shardgen.ports import container_port, host_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardgen.model import Fleet
    from shardgen.shard import Shard


def read_back(output: str, language: str, text: str, fleet: Fleet) -> str | None:
    """Return why a rendered file must not be written, or None where it says what it should."""
    data, fault = parsed(language, text)
    fault_of = FAULTS.get((output, language))
    return fault or (fault_of(data, fleet) if fault_of else None)


def fault_of_compose(data: Any, fleet: Fleet) -> str | None:
    """Return what the overlay does not say of a shard: its id, and its volume at its mount."""
    services = data.get("services") if isinstance(data, dict) else None
    for shard in fleet.here:
        is_in_base = bool(fleet.service.base) and shard.id == 1
        service = (services or {}).get(shard.service)
        if service is None and is_in_base and not shard.knows_id:
            continue
        if not isinstance(service, dict):
            return f"defines no service {shard.service!r}"
        number = compose.pairs(service.get("environment")).get(fleet.shard_id_variable)
        if number != (str(shard.id) if shard.knows_id else None):
            return f"gives {shard.service!r} the shard id {number!r}"
        if is_in_base:
            continue
        if fault := fault_of_mounts(shard, service):
            return fault
    return None


def fault_of_mounts(shard: Shard, service: dict[str, Any]) -> str | None:
    """Return that a service does not have its shard's volume at its mount."""
    mounts = compose.mounts(service.get("volumes"))
    if (shard.volume, shard.mount) in {(each.source, each.target) for each in mounts}:
        return None
    return f"does not mount {shard.volume!r} at {shard.mount!r} in {shard.service!r}"


def fault_of_swarm(data: Any, fleet: Fleet) -> str | None:
    """Return what the stack does not say of a shard: one task, its id, its volume, its name."""
    services = data.get("services") if isinstance(data, dict) else None
    for shard in fleet.live:
        service = (services or {}).get(shard.service)
        if not isinstance(service, dict):
            return f"defines no service {shard.service!r}"
        number = compose.pairs(service.get("environment")).get(fleet.shard_id_variable)
        if number != (str(shard.id) if shard.knows_id else None):
            return f"gives {shard.service!r} the shard id {number!r}"
        if fault := fault_of_mounts(shard, service):
            return fault
        deploy = compose.options(service.get("deploy"))
        order = compose.options(deploy.get("update_config")).get("order")
        if (deploy.get("mode"), deploy.get("replicas"), order) != ("replicated", 1, "stop-first"):
            return f"may run two tasks of {shard.service!r} on its volume"
        joined = compose.named(service.get("networks"), "networks").values()
        named = [shard.alias in aliases(each) for each in joined]
        if shard.has_alias and not (named and all(named)):
            return f"does not give {shard.service!r} the alias {shard.alias!r}"
    return None


def aliases(joined: Any) -> list[Any]:
    """Return the further names of a service on one of its networks."""
    return compose.listed(compose.options(joined).get("aliases"))


def fault_of_hosts(data: Any, fleet: Fleet) -> str | None:
    """Return what the file of another host does not say of its shards; the fleet has them alone."""
    services = data.get("services") if isinstance(data, dict) else None
    declared = data.get("volumes") if isinstance(data, dict) else None
    for shard in fleet.live:
        service = (services or {}).get(shard.service)
        if not isinstance(service, dict):
            return f"defines no service {shard.service!r}"
        number = compose.pairs(service.get("environment")).get(fleet.shard_id_variable)
        if number != (str(shard.id) if shard.knows_id else None):
            return f"gives {shard.service!r} the shard id {number!r}"
        if fault := fault_of_mounts(shard, service):
            return fault
        if shard.volume not in (declared or {}):
            return f"declares no volume {shard.volume!r}"
        published = (shard.host_port, fleet.service.port)
        ports = compose.listed(service.get("ports"))
        if published not in {(host_port(each), container_port(each)) for each in ports}:
            return f"does not publish {shard.service!r} on port {shard.host_port}"
    return None


def fault_of_env(data: dict[str, str | None], fleet: Fleet) -> str | None:
    """Return which variable the env file does not say as the model has it."""
    for variable in fleet.variables:
        if data.get(variable.name) != variable.value:
            return f"says {variable.name}={data.get(variable.name)!r}, not {variable.value!r}"
    return None


def fault_of_table_json(data: Any, fleet: Fleet) -> str | None:
    """Return which shard the table does not have as the model does: its state and its URL."""
    entries = data.get("shards") if isinstance(data, dict) else None
    found = {each.get("id"): each for each in entries or () if isinstance(each, dict)}
    for shard in fleet.shards:
        wanted = {"state": shard.state, "url": shard.url if shard.is_live else None}
        said = {key: found.get(shard.id, {}).get(key) for key in wanted}
        if said != wanted:
            return f"says {said} of shard {shard.id}, not {wanted}"
    return None


def fault_of_kubernetes(data: Any, fleet: Fleet) -> str | None:
    """Return what the manifests do not say of a shard: its Service, its id, its claim."""
    from shardgen.kubernetes.objects import fault_of_objects

    return fault_of_objects(data, fleet)


def fault_of_nginx(data: Any, fleet: Fleet) -> str | None:
    """Return which shard a file for nginx does not say the URL of, or that it passes elsewhere."""
    from shardgen.nginx.directives import fault_of_routes

    return fault_of_routes(data, fleet)


def fault_of_prometheus(data: Any, fleet: Fleet) -> str | None:
    """Return which shard the targets or the rules do not have as it is."""
    from shardgen.prometheus.faults import fault_of_rules, fault_of_targets

    return fault_of_targets(data, fleet) or fault_of_rules(data, fleet)


#: What an output has to say in its own language, beyond being readable.
FAULTS: dict[tuple[str, str], Callable[[Any, Fleet], str | None]] = {
    ("compose", "yaml"): fault_of_compose,
    ("env", "env"): fault_of_env,
    ("kubernetes", "yaml_stream"): fault_of_kubernetes,
    ("table_json", "json"): fault_of_table_json,
    ("nginx", "nginx"): fault_of_nginx,
    ("hosts", "yaml"): fault_of_hosts,
    ("swarm", "yaml"): fault_of_swarm,
    ("prometheus", "json"): fault_of_prometheus,
    ("prometheus", "yaml"): fault_of_prometheus,
}
