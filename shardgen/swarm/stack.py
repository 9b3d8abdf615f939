"""The inputs of a render in; the data that the template of the stack file receives out."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shardgen.outputs import destination_of
from shardgen.overlay import build_parts, complete_services, over, short_form
from shardgen.swarm import declared
from shardgen.swarm.service import swarm_service
from shardgen.swarm.settings import (
    LABEL,
    VERSION,
    config_key,
    config_name,
    deploy_command,
    home,
    node_label,
    settings_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.outputs import Output
    from shardgen.overlay import Parts
    from shardgen.shard import Shard
    from shardgen.swarm.settings import Swarm
    from shardgen.validate import Inputs

    Service = dict[str, Any]

#: Sections of a stack file beside its services.
SECTIONS = ("networks", "volumes", "secrets", "configs")


def build_stack(inputs: Inputs, output: Output, folder: str) -> dict[str, Any]:
    """Return what the template receives; `folder` is the one that compose's paths start from."""
    fleet, stated = inputs.fleet, settings_of(output)
    start = home(stated, output.destination)
    way = posixpath.relpath(folder or ".", start or ".")
    known = sections(inputs)
    stack = Stack(inputs, stated, way, version(inputs))
    services = list(stack.services())
    env = destination_of(inputs.outputs, "env")
    reaches = inputs.stack is not None and env != ""
    return {
        "stack": stated.stack,
        "version": stack.version,
        "deploy": deploy_command(output),
        "label": node_label(fleet.service, "N") if stated.placement == LABEL else None,
        "lost": sorted(stack.lost),
        "anchor": fleet.service.name,
        "shared": stack.parts.shared,
        "environment_anchor": f"{fleet.service.name}-environment",
        "shared_environment": stack.parts.environment,
        "deploy_anchor": f"{fleet.service.name}-deploy",
        "shared_deploy": stack.shared_deploy,
        "services": [
            {"name": shard.service, "definition": stack.short(service)}
            for shard, service in services
        ],
        "consumers": list(fleet.service.consumers) if reaches else [],
        "env_file": posixpath.relpath(env, start or ".") if env else None,
        "config": config_key(fleet.service),
        "config_name": config_name(stated.name, fleet.service),
        "networks": declared.networks(services, inputs.base, known["networks"]),
        "volumes": declared.volumes(services, fleet, inputs.base, known["volumes"]),
        **dict(declared.files(services, inputs.base, way, known)),
    }


def version(inputs: Inputs) -> str | None:
    """Return the version of the format: two files of one command must have the same."""
    if inputs.stack is None:
        return VERSION
    stated = inputs.stack.document.data.get("version")
    return None if stated is None else str(stated)


def sections(inputs: Inputs) -> dict[str, Mapping[str, Any]]:
    """Return what the stack file of the consumers declares: ours would replace it."""
    data = inputs.stack.document.data if inputs.stack else {}
    return {key: data.get(key) or {} for key in SECTIONS}


class Stack:
    """The shards as services of a stack, and what gets lost on the way."""

    def __init__(self, inputs: Inputs, stated: Swarm, way: str, written: str | None) -> None:
        self.inputs, self.stated, self.way, self.version = inputs, stated, way, written
        self.lost: set[str] = set()
        fleet, base = inputs.fleet, inputs.base
        inherited = base.service(fleet.service.name) if base else {}
        parts = build_parts(inputs.data, fleet, inherited, has_base=base is not None)
        shared = self.converted({**parts.shared, "environment": parts.environment})
        environment = shared.pop("environment")
        self.shared_deploy = shared.pop("deploy")
        self.parts: Parts = replace(parts, shared=shared, environment=environment)

    def converted(self, full: Mapping[str, Any], image: str | None = None) -> Service:
        """Return a service of compose's as one of a stack."""
        service, lost = swarm_service(full, self.way, self.version or VERSION)
        self.lost.update(lost)
        image = image or self.stated.image or service.get("image")
        return {
            **({"image": image} if image else {}),
            **{k: v for k, v in service.items() if k != "image"},
        }

    def services(self) -> Iterator[tuple[Shard, Service]]:
        """Yield each shard with all that it is as a service of the stack."""
        data, fleet = self.inputs.data, self.inputs.fleet
        for shard, full in complete_services(data, fleet, self.inputs.base):
            service = self.converted(full, data["shards"][shard.index].get("image"))
            if self.stated.placement == LABEL:
                label = node_label(fleet.service, shard.id)
                service["deploy"] = placed(service["deploy"], f"node.labels.{label} == true")
            yield shard, service

    def short(self, service: Service) -> Service:
        """Return a service with what it shares as references."""
        deploy = over(
            service["deploy"], self.shared_deploy, f"{self.parts.fleet.service.name}-deploy"
        )
        return short_form({**service, "deploy": deploy}, self.parts)


def placed(deploy: Mapping[str, Any], constraint: str) -> dict[str, Any]:
    """Return how swarm runs a shard, on nodes alone that meet a constraint."""
    placement = deploy.get("placement") or {}
    constraints = [*(placement.get("constraints") or ()), constraint]
    return {**deploy, "placement": {**placement, "constraints": constraints}}
