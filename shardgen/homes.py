"""The inputs and the last fleet in; each shard's engines, and what they call its volume, out."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from shardgen.hosts import project_name
from shardgen.outputs import find
from shardgen.record import NONE, UNKNOWN, USUAL, engine_volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.outputs import Output
    from shardgen.shard import Shard
    from shardgen.validate import Inputs

#: The outputs that have an engine run shards; they are that engine's name as well.
ENGINES = ("compose", "kubernetes", "swarm")
#: What stays recorded while an output is off: no output deletes a volume.
KEPT = ("claim", "engine", "stack_volume", "project")


def homes(inputs: Inputs, before: Mapping[str, Any]) -> dict[int, dict[str, str]]:
    """Return what the lock keeps of where each shard lives, beside what its fleet says, by id."""
    recorded = before.get("shards", {})
    found: dict[int, dict[str, str]] = {}
    for shard in inputs.fleet.shards:
        known = recorded.get(str(shard.id), {"engine": NONE})
        kept = {key: known[key] for key in KEPT if key in known}
        found[shard.id] = kept | (dict(home(shard, inputs, known)) if shard.is_live else {})
        if found[shard.id].get("engine") == USUAL:
            del found[shard.id]["engine"]
    for number, claim in claims(inputs).items():
        found[number]["claim"] = claim
    return found


def home(shard: Shard, inputs: Inputs, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what one running shard's volume is called by, in the engines that have the shard."""
    outputs = {each.name: each for each in inputs.outputs}
    engines = [name for name in ENGINES if name in outputs] if not shard.host else ["compose"]
    if engines:
        yield "engine", ", ".join(engines)
    declared = inputs.base.volumes.get(shard.volume) if inputs.base else None
    if not engine_volume(shard, declared).startswith(UNKNOWN):
        return
    project = project_of(shard, inputs) or (UNKNOWN if "project" in known else "")
    if "compose" in engines and project:
        yield "project", project
    if "swarm" in engines:
        yield "stack_volume", f"{stack_of(outputs['swarm'])}_{shard.volume}"


def project_of(shard: Shard, inputs: Inputs) -> str:
    """Return the project that compose names a shard's volume after; '' where only compose knows.

    It is the base's `name`, else the folder of the first file: for another host, of the only one.
    """
    file = next((each.destination for each in inputs.outputs if each.subject == shard.host), "")
    folder = posixpath.basename(posixpath.dirname(file)) if shard.host else ""
    return project_name(inputs.base) or folder


def stack_of(output: Output) -> str:
    """Return the name of the stack, which its volumes begin with."""
    from shardgen.swarm.settings import settings_of

    return settings_of(output).name


def claims(inputs: Inputs) -> Mapping[int, str]:
    """Return the claims of the shards in a Kubernetes cluster, by id."""
    output = find(inputs.outputs, "kubernetes")
    if output is None:
        return {}
    from shardgen.kubernetes import names
    from shardgen.kubernetes.settings import settings_of

    return names.claims(inputs.fleet, settings_of(output))
