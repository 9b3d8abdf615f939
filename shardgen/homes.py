"""The inputs and the last fleet in; each shard's engines, and what they call its volume, out."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen.hosts import project_name
from shardgen.outputs import files_by_host, find
from shardgen.record import NONE, UNKNOWN, USUAL, engine_volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.shard import Shard
    from shardgen.validate import Inputs

#: The outputs that have an engine run shards; they are that engine's name as well.
ENGINES = ("compose", "kubernetes", "swarm")
#: What stays recorded while an output is off: no output deletes a volume.
KEPT = ("claim", "engine", "stack_volume", "project")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What says for the whole fleet where its shards live.

    `project` is '' where only compose knows it, `stack` where no swarm has the shards; `files` are
    the compose files of other hosts, by the host's name.
    """

    engines: tuple[str, ...]
    files: Mapping[str, str]
    project: str
    stack: str

    def project_of(self, shard: Shard) -> str:
        """Return the project that compose names a shard's volume after; '' where it alone knows.

        It is the base's `name`, else on another host the folder of the only file there.
        """
        file = self.files.get(shard.host, "") if shard.host else ""
        return self.project or posixpath.basename(posixpath.dirname(file))


def homes(inputs: Inputs, before: Mapping[str, Any]) -> dict[int, dict[str, str]]:
    """Return what the lock keeps of where each shard lives, beside what its fleet says, by id."""
    recorded, places = before.get("shards", {}), places_of(inputs)
    found: dict[int, dict[str, str]] = {}
    for shard in inputs.fleet.shards:
        known = recorded.get(str(shard.id), {"engine": NONE})
        kept = {key: known[key] for key in KEPT if key in known}
        found[shard.id] = kept | (dict(home(shard, places, inputs, known)) if shard.is_live else {})
        if found[shard.id].get("engine") == USUAL:
            del found[shard.id]["engine"]
    for number, claim in claims(inputs).items():
        found[number]["claim"] = claim
    return found


def places_of(inputs: Inputs) -> Places:
    """Return what the inputs say for the whole fleet."""
    swarm, stack = find(inputs.outputs, "swarm"), ""
    if swarm is not None:
        from shardgen.swarm.settings import settings_of

        stack = settings_of(swarm).name
    return Places(
        engines=tuple(name for name in ENGINES if find(inputs.outputs, name)),
        files=files_by_host(inputs.outputs),
        project=project_name(inputs.base),
        stack=stack,
    )


def home(
    shard: Shard, places: Places, inputs: Inputs, known: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield what one running shard's volume is called by, in the engines that have the shard."""
    engines = ("compose",) if shard.host else places.engines
    if engines:
        yield "engine", ", ".join(engines)
    declared = inputs.base.volumes.get(shard.volume) if inputs.base else None
    if not engine_volume(shard, declared).startswith(UNKNOWN):
        return
    project = places.project_of(shard) or (UNKNOWN if "project" in known else "")
    if "compose" in engines and project:
        yield "project", project
    if "swarm" in engines:
        from shardgen.swarm.settings import name_there

        yield "stack_volume", name_there(places.stack, shard.volume)


def claims(inputs: Inputs) -> Mapping[int, str]:
    """Return the claims of the shards in a Kubernetes cluster, by id."""
    output = find(inputs.outputs, "kubernetes")
    if output is None:
        return {}
    from shardgen.kubernetes import names
    from shardgen.kubernetes.settings import settings_of

    return names.claims(inputs.fleet, settings_of(output))
