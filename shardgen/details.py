"""An output and the inputs in; the data that its templates alone receive out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shardgen.declarations import project_folder
from shardgen.outputs import destination_of, files_by_host

if TYPE_CHECKING:
    from collections.abc import Collection

    from shardgen.outputs import Output
    from shardgen.plan import Change
    from shardgen.validate import Inputs


def details(output: Output, inputs: Inputs, ledger: Collection[Change] = ()) -> Any:
    """Return what the templates of one output receive besides; None where that is nothing.

    They find it under the output's name. `ledger` are the migrations' files. Each case imports
    what it needs: most outputs are off.
    """
    data, fleet, base = inputs.data, inputs.fleet, inputs.base
    match output.name:
        case "router_ts":
            from shardgen.router_ts import typescript_names

            return asdict(typescript_names(fleet.router))
        case "kubernetes":
            from shardgen.kubernetes.manifests import manifests

            return manifests(data, fleet, base, output)
        case "swarm":
            from shardgen.swarm.stack import build_stack

            folder = project_folder(fleet, destination_of(inputs.outputs, "compose"))
            return build_stack(inputs, output, folder)
        case "hosts":
            from shardgen.hosts import host_files

            folder = project_folder(fleet, destination_of(inputs.outputs, "compose"))
            return host_files(data, fleet, base, folder, files_by_host(inputs.outputs))
        case "prometheus":
            from shardgen.prometheus.watched import watched

            return watched(fleet, output)
        case "nginx":
            from shardgen.nginx.routes import routes

            return routes(fleet, output, ledger)
        case _:
            return None
