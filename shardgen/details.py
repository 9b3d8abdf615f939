"""An output's name and the inputs in; the data that its templates alone receive out."""

from __future__ import annotations

import posixpath
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from shardgen.plan import Change
    from shardgen.validate import Inputs


def details(name: str, inputs: Inputs, ledger: Collection[Change] = ()) -> Any:
    """Return what the templates of one output receive besides; None where that is nothing.

    They find it under the output's name. `ledger` are the migrations' files. Each case imports
    what it needs: most outputs are off.
    """
    match name, inputs:
        case "router_ts", _:
            from shardgen.router_ts import typescript_names

            return asdict(typescript_names(inputs.fleet.router))
        case "kubernetes", _:
            from shardgen.kubernetes.cluster import cluster_of
            from shardgen.kubernetes.manifests import manifests

            output = next(each for each in inputs.outputs if each.name == name)
            return manifests(inputs.data, inputs.fleet, inputs.base, cluster_of(output))
        case "swarm", _:
            from shardgen.swarm.stack import build_stack

            output = next(each for each in inputs.outputs if each.name == name)
            return build_stack(inputs, output, project_folder(inputs))
        case "hosts", _:
            from shardgen.hosts import host_files

            files = {each.subject: each.destination for each in inputs.outputs if each.subject}
            folder = project_folder(inputs)
            return host_files(inputs.data, inputs.fleet, inputs.base, folder, files)
        case "prometheus", _:
            from shardgen.monitoring.watched import watched

            return watched(inputs.fleet, inputs.data["outputs"][name])
        case "nginx", _:
            from shardgen.nginx import nginx_context, nginx_of

            stated = nginx_of(inputs.outputs)
            return stated and nginx_context(stated, inputs.fleet, ledger)
        case _:
            return None


def project_folder(inputs: Inputs) -> str:
    """Return the folder that paths in services are relative to: that of compose's first file."""
    first = next((each.destination for each in inputs.outputs if each.name == "compose"), "")
    return posixpath.dirname(inputs.fleet.service.base or first)
