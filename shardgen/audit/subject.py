"""What shards.yaml says, as the audit asks for it: which shard a host, a port, a volume is."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shardgen import compose
from shardgen.audit.words import Words, words
from shardgen.instructions import build_commands

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardgen.base import Base
    from shardgen.model import Fleet, Shard
    from shardgen.validate import Inputs

SCHEME_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A fleet and what belongs to it; all paths are relative to the folder of shards.yaml.

    `overlay`, `router` and `env` are the destinations of these outputs, None where they are off.
    `own` are the files that shardgen writes or reads itself, which are never audited. `read`
    returns the text of another file of the project, None where there is none.
    """

    fleet: Fleet
    base: Base | None
    config: str
    overlay: str | None
    router: str | None
    env: str | None
    #: The folder of the user's own templates, and that of the ledger.
    templates: str
    ledger: str
    own: frozenset[str]
    read: Callable[[str], str | None]
    #: The command that starts the whole fleet, for hints.
    up: str
    #: Host → id: the names of services and aliases, retired shards' too.
    hosts: Mapping[str, int]
    #: (host, port) → id, of the URLs that shards.yaml states.
    stated: Mapping[tuple[str, int], int]
    #: Volume, as compose files name it → id.
    volumes: Mapping[str, int]
    #: Name → value of the variables that the consumers receive.
    variables: Mapping[str, str]
    #: What a Python text holds that can go around the fleet.
    words: Words
    #: Dotted Python name → the router's function that it is, where a module hands one on.
    exports: Mapping[str, str] = field(default_factory=dict)
    #: Whether the project gives the router a lookup, so that a call without the shard is right.
    has_lookup: bool = False

    @property
    def service(self) -> str:
        """The name of the service that is sharded, which is that of shard 1 as well."""
        return self.fleet.service.name

    @property
    def port(self) -> int:
        """The port of every shard without a URL of its own."""
        return self.fleet.service.port

    @property
    def prefix(self) -> str:
        """The first part of the names of the shard variables, as BAILEYS."""
        return self.fleet.service.prefix

    @property
    def profile(self) -> str | None:
        """The compose profile without which the shards 2..N do not start; None where none is
        needed.
        """
        is_needed = any(shard.id != 1 for shard in self.fleet.here)
        return self.fleet.service.profile if is_needed else None

    @property
    def is_sharded(self) -> bool:
        """Whether more than one shard runs."""
        return len(self.fleet.live) > 1

    @property
    def compose_files(self) -> tuple[str, ...]:
        """The compose files that belong in every command, in their order."""
        return tuple(name for name in (self.fleet.service.base, self.overlay) if name)

    def shard(self, number: int) -> Shard | None:
        """Return the shard of an id, None where shards.yaml lists none."""
        return next((shard for shard in self.fleet.shards if shard.id == number), None)

    def host(self, name: str) -> int | None:
        """Return the id of the shard that a host name means, also of one that is not listed.

        The service's own name is an ordinary word, and shard 1: decide by what surrounds it.
        """
        if name in self.hosts:
            return self.hosts[name]
        match = re.fullmatch(re.escape(self.service) + r"-([1-9][0-9]{0,5})", name)
        return int(match[1]) if match else None

    def address(self, host: str, port: int | None, scheme: str = "") -> int | None:
        """Return the id of the shard that surely answers at a host and a port, None for others.

        An alias of a listed shard is one at any port; the service's own name, and the name of a
        shard that is not listed, only at the fleet's port; the host of a stated URL at its own.
        """
        port = SCHEME_PORTS.get(scheme) if port is None else port
        if port is not None and (host, port) in self.stated:
            return self.stated[host, port]
        if host in self.hosts and host != self.service:
            return self.hosts[host]
        return self.host(host) if port == self.port else None

    def is_shards_own(self, path: str) -> bool:
        """Return whether a file is of the sharded service itself: in the folder that it is built
        from, where that is one of its own.
        """
        written = self.base.service(self.service).get("build") if self.base else None
        build = compose.normal("build", written)
        context = str(build.get("context", ".")) if isinstance(build, dict) else "."
        folder = posixpath.normpath(posixpath.join(posixpath.dirname(self.base_file), context))
        return folder != "." and path.startswith(f"{folder}/")

    @property
    def base_file(self) -> str:
        """The user's own compose file; '' without one."""
        return self.fleet.service.base or ""

    def volume(self, name: str) -> int | None:
        """Return the id of the shard that a volume belongs to, by its name in compose files."""
        return self.volumes.get(name)

    def engine_volume(self, name: str) -> int | None:
        """Return the same by the name that the engine has for it, with the project's in front.

        Only where it surely is a volume's name, as after `docker volume rm`.
        """
        if name in self.volumes:
            return self.volumes[name]
        found = [
            (len(key), shard) for key, shard in self.volumes.items() if name.endswith("_" + key)
        ]
        return max(found)[1] if found else None

    def is_variable(self, name: str) -> bool:
        """Return whether a variable is one of those that say where the shards are."""
        return name in self.variables or bool(
            re.fullmatch(re.escape(self.prefix) + r"_SHARD_[0-9]+_URL", name)
        )


def build_subject(
    inputs: Inputs, config: str, own: frozenset[str], read: Callable[[str], str | None]
) -> Subject:
    """Return the subject of a valid shards.yaml."""
    fleet = inputs.fleet
    paths = {output.name: output.destination for output in inputs.outputs}
    stated: dict[tuple[str, int], int] = {}
    hosts: dict[str, int] = {}
    volumes: dict[str, int] = {}
    for shard in fleet.shards:
        hosts[shard.service] = hosts[shard.alias] = volumes[shard.volume] = shard.id
        if shard.explicit_url and (address := stated_address(shard.url)):
            stated[address] = shard.id
    return Subject(
        fleet=fleet,
        base=inputs.base,
        config=config,
        overlay=paths.get("compose"),
        router=paths.get("router"),
        env=paths.get("env"),
        templates=str(inputs.data.get("templates", "templates")),
        ledger=fleet.database.migrations.path.rstrip("/"),
        own=own,
        read=read,
        up=build_commands(fleet, config, paths.get("compose")).up,
        hosts=hosts,
        stated=stated,
        volumes=volumes,
        variables={variable.name: variable.value for variable in fleet.variables},
        words=words(fleet, paths.get("router"), (host for host, _ in stated)),
    )


def stated_address(url: str) -> tuple[str, int] | None:
    """Return host and port of a URL, None where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or SCHEME_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None
