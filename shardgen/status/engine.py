"""What compose declares and what an engine runs, as data; the edge fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.engine import engine_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.model import Fleet, Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """What a container has at a path: a volume by its name in the engine, or something else."""

    volume: str
    source: str
    is_writable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container. `state` is the engine's word, `health` '' without a healthcheck.

    `seconds` is how long it is up, or 0. `networks` has the names under which others find it.
    """

    name: str
    project: str
    service: str
    is_one_off: bool
    state: str
    health: str
    exit_code: int
    restarts: int
    started: str
    seconds: float
    image: str
    image_id: str
    environment: Mapping[str, str]
    mounts: Mapping[str, Mounted]
    networks: Mapping[str, tuple[str, ...]]

    @property
    def is_running(self) -> bool:
        """Whether a process of it may write."""
        return self.state in {"running", "paused", "restarting"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What docker compose makes of the files, as `config` says it, and what the engine has.

    `images` are the ids of the images that are declared, by their names, where the engine has them.
    """

    model: Mapping[str, Any]
    containers: tuple[Container, ...]
    images: Mapping[str, str]

    @property
    def project(self) -> str:
        """The name of the project as compose derives it."""
        return str(self.model.get("name", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What should run as a shard; names are those of the engine."""

    image: str
    environment: Mapping[str, str]
    volume: str
    mount: str
    networks: Mapping[str, tuple[str, ...]]


def declared(shard: Shard, fleet: Fleet, model: Mapping[str, Any]) -> Declared | None:
    """Return what should run as a shard; None where the compose files do not define it."""
    service = (model.get("services") or {}).get(shard.service)
    if service is None:
        return None
    stated = compose.pairs(service.get("environment"))
    environment = {key: str(value).replace("$$", "$") for key, value in stated.items()
                   if value is not None}  # fmt: skip
    if shard.knows_id:
        environment[fleet.shard_id_variable] = str(shard.id)
    return Declared(
        image=str(service.get("image") or f"{model.get('name')}-{shard.service}"),
        environment=environment,
        volume=volume_of(shard, model),
        mount=compose.folder(shard.mount),
        networks={
            str(network_of(name, model)): aliases(shard, options)
            for name, options in compose.named(service.get("networks"), "networks").items()
        },
    )


def volume_of(shard: Shard, model: Mapping[str, Any]) -> str:
    """Return the name of a shard's volume in the engine."""
    stated = (model.get("volumes") or {}).get(shard.volume) or {}
    if shard.external:
        stated = {"external": True, **stated}
    return engine_name(shard.volume, stated, str(model.get("name")))[1]


def network_of(name: str, model: Mapping[str, Any]) -> str:
    """Return the name of a network in the engine."""
    stated = (model.get("networks") or {}).get(name) or {}
    return str(stated.get("name") or f"{model.get('name')}_{name}")


def aliases(shard: Shard, options: Any) -> tuple[str, ...]:
    """Return the names under which others must find a shard on a network."""
    stated = [str(each) for each in compose.options(options).get("aliases") or ()]
    return tuple(dict.fromkeys([shard.alias, *stated]))
