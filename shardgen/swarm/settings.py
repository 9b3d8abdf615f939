"""What shards.yaml says under `outputs.swarm` in; its defaults, and the names that follow, out."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.settings import settings

if TYPE_CHECKING:
    from shardgen.outputs import Output
    from shardgen.settings import Service

#: The version of the format without which 20.10 refuses a file; two files must have the same one.
VERSION = "3.9"
#: The placement in which a label says which node has a shard's volume.
LABEL = "label"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """What is stated of the stack. `base` is the stack file with the consumers, where there is one.

    `placement` is "label" where a label says which node has a shard's volume, "any" where all have.
    """

    stack: str | None = None
    base: str | None = None
    image: str | None = None
    placement: str = LABEL

    @property
    def name(self) -> str:
        """The name of the stack; where it is not stated, which is refused, a word for it."""
        return self.stack or "STACK"


def settings_of(output: Output | None) -> Swarm:
    """Return what is stated of the output; its defaults where it is off."""
    return settings(Swarm, output.settings if output else None)


def home(stated: Swarm, destination: str) -> str:
    """Return the folder that every path is relative to: that of the first file of the command."""
    return posixpath.dirname(stated.base or destination)


def deploy_command(output: Output) -> str:
    """Return the command that starts the stack, or applies a change to it."""
    stated = settings_of(output)
    files = [name for name in (stated.base, output.destination) if name]
    named = [f"-c {shlex.quote(name)}" for name in files]
    return " ".join(["docker stack deploy", *named, shlex.quote(stated.name)])


def name_there(stack: str, name: str) -> str:
    """Return what the engine calls what the stack has under a name: a service, volume, config."""
    return f"{stack}_{name}"


def node_label(service: Service, number: int | str) -> str:
    """Return the label of the node that has a shard's volume."""
    return f"{service.name}-{number}"


def config_key(service: Service) -> str:
    """Return what the stack calls the config with the consumers' variables."""
    return f"{service.identifier}_shards"


def config_name(stack: str, service: Service) -> str:
    """Return its name in the engine, without the digest at the end: a config never changes."""
    return name_there(stack, config_key(service))
