"""A shard and what an engine has in; how its container stands to what is declared out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.status.engine import Declared, declared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.model import Fleet, Shard
    from shardgen.status.engine import Container, Engine

UP, MISSING, STOPPED, RESTARTING = "up", "missing", "stopped", "restarting"
ELSEWHERE, UNDECLARED, UNHEALTHY, STARTING = "elsewhere", "undeclared", "unhealthy", "starting"
IMAGE, OLD_IMAGE, VARIABLES, VOLUME = "image", "old image", "variables", "volume"
NETWORK, ALIAS, IDENTITY = "network", "alias", "shard id"
#: What is no fault of what runs: it is right until somebody makes it new.
HARMLESS = {OLD_IMAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What of a container is not as declared, and that in words."""

    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a shard's container is; the worst difference comes first."""

    state: str
    container: Container | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def word(self) -> str:
        """The same in a few words, no more than fit beside all else."""
        container = self.container
        faults = [each for each in self.differences if each.what not in HARMLESS]
        if container is None:
            return self.state
        if self.state in {STOPPED, RESTARTING}:
            return f"{self.state} (exit {container.exit_code})"
        if faults:
            return f"differs: {faults[0].what}"
        if self.state != UP:
            return self.state
        told = f"up {age(container.seconds)}"
        if self.differences:
            return f"{told}, {self.differences[0].what}"
        restarts = f", {container.restarts} restart{'s' * (container.restarts > 1)}"
        return f"{told}{restarts}" if container.restarts else told

    @property
    def is_right(self) -> bool:
        """Whether what runs is what is declared, and the engine thinks that it is well."""
        faults = [each for each in self.differences if each.what not in HARMLESS]
        return self.state in {UP, STARTING, ELSEWHERE} and not faults


def standing(shard: Shard, fleet: Fleet, engine: Engine) -> Standing:
    """Return how the container of a shard is."""
    if shard.host:
        return Standing(state=ELSEWHERE)
    want = declared(shard, fleet, engine.model)
    found = [each for each in engine.containers
             if (each.project, each.service) == (engine.project, shard.service)
             and not each.is_one_off]  # fmt: skip
    if not found:
        return Standing(state=UNDECLARED if want is None else MISSING)
    container = min(found, key=lambda each: (not each.is_running, each.name))
    differs = tuple(differences(shard, fleet, want, container, engine)) if want else ()
    return Standing(state=state_of(container), container=container, differences=differs)


def state_of(container: Container) -> str:
    """Return the state of a container; where it runs, what its own healthcheck says."""
    if container.state == "restarting":
        return RESTARTING
    if container.state != "running":
        return STOPPED if container.state in {"exited", "dead"} else container.state
    return container.health if container.health in {UNHEALTHY, STARTING} else UP


def differences(
    shard: Shard, fleet: Fleet, want: Declared, container: Container, engine: Engine
) -> Iterator[Difference]:
    """Yield what of a container is not as declared, the worst first."""
    yield from volume_differences(want, container)
    yield from variable_differences(fleet, want, container)
    yield from network_differences(shard, want, container)
    if container.image != want.image:
        text = f"the image is {container.image}, declared is {want.image}"
        yield Difference(what=IMAGE, text=text)
    elif engine.images.get(want.image, container.image_id) != container.image_id:
        text = f"another image is called {want.image} now; the container has the one before"
        yield Difference(what=OLD_IMAGE, text=text)


def volume_differences(want: Declared, container: Container) -> Iterator[Difference]:
    """Yield that a shard keeps its state where it should not."""
    mounted = container.mounts.get(want.mount)
    if mounted is None:
        text = f"nothing is mounted at {want.mount}: its state goes with the container"
    elif not mounted.volume:
        text = f"its state is in the folder {mounted.source}, not in the volume {want.volume}"
    elif mounted.volume != want.volume:
        text = f"its state is in the volume {mounted.volume}, not in {want.volume}"
    elif not mounted.is_writable:
        text = f"the volume {want.volume} is mounted to be read alone"
    else:
        return
    yield Difference(what=VOLUME, text=text)


def variable_differences(
    fleet: Fleet, want: Declared, container: Container
) -> Iterator[Difference]:
    """Yield the variables that are not as declared. Values are not told: some are secret."""
    have = container.environment
    wrong = [key for key, value in want.environment.items() if have.get(key) != value]
    if fleet.shard_id_variable in wrong:
        wrong.remove(fleet.shard_id_variable)
        value = have.get(fleet.shard_id_variable)
        now = "not set" if value is None else repr(value[:20])
        yield Difference(what=IDENTITY, text=f"{fleet.shard_id_variable} is {now} in its container")
    if wrong:
        text = f"other values than declared: {named(sorted(wrong))}"
        yield Difference(what=VARIABLES, text=text)


def network_differences(shard: Shard, want: Declared, container: Container) -> Iterator[Difference]:
    """Yield the networks that a container is not on, and the names that it does not have there."""
    for name, aliases in want.networks.items():
        if name not in container.networks:
            yield Difference(what=NETWORK, text=f"not on the network {name}")
            continue
        lost = [each for each in aliases if each not in container.networks[name]]
        if lost:
            reach = ": the URL leads nowhere" if shard.alias in lost else ""
            text = f"no alias {named(lost)} on the network {name}{reach}"
            yield Difference(what=ALIAS, text=text)


def named(words: Sequence[str]) -> str:
    """Return some words as a sentence names them; many are counted."""
    if len(words) > 4:
        return f"{', '.join(words[:3])} and {len(words) - 3} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def age(seconds: float) -> str:
    """Return a time in its greatest unit."""
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"
