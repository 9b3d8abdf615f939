"""The fleet in, the commands that an operator types out: in the talk, and in the documents."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.compose import listed
from shardgen.engine import engine_name
from shardgen.ledger.migration import revision
from shardgen.ledger.runners import RUNNERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.base import Base
    from shardgen.ledger.migration import Migration
    from shardgen.model import Fleet, Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The commands that the outputs and the talk name, ready to type in the project's folder.

    `build` makes the images of the consumers anew, which hold the router; '' where compose builds
    none of them. The shards' images stay, or their containers would be recreated. `has_overlay`
    says whether compose has the shards at all.
    """

    render: str
    check: str
    has_overlay: bool
    compose: str
    build: str
    up: str
    migrate: str
    create_volumes: tuple[str, ...]

    @property
    def option(self) -> str:
        """What every command of shardgen's needs besides, where shards.yaml is called otherwise."""
        return self.render.removeprefix("shardgen render")

    def move(self, tenants: Sequence[int], to: object) -> str:
        """Return the command that puts tenants on a shard; only the first of them is named."""
        who = f"{tenants[0]}{' …' if len(tenants) > 1 else ''}"
        if tenants[0] < 0:  # it would be read as an option
            return f"shardgen move --to {to}{self.option} -- {who}"
        return f"shardgen move {who} --to {to}{self.option}"

    def route(self, tenant: int, shard: int) -> str:
        """Return the command that says where a tenant of a shard goes."""
        if tenant < 0:
            return f"shardgen route --shard {shard}{self.option} -- {tenant}"
        return f"shardgen route {tenant} --shard {shard}{self.option}"


def build_commands(
    fleet: Fleet, config: str, overlay: str | None, base: Base | None = None
) -> Commands:
    """Return the commands; `overlay` is the compose output's destination, None without one."""
    option = "" if config == "shards.yaml" else f" -c {shlex.quote(config)}"
    parts = [compose_of(*(name for name in (fleet.service.base, overlay) if name))]
    # one profile of shard 1's own, if it has any, starts it
    first = listed(base.service(fleet.service.name).get("profiles")) if base else []
    profiles = [str(profile) for profile in first[:1]]
    if fleet.service.profile and any(shard.id != 1 for shard in fleet.here):
        profiles.append(fleet.service.profile)
    parts += [f"--profile {shlex.quote(profile)}" for profile in dict.fromkeys(profiles)]
    compose = " ".join(parts)
    built = [name for name in fleet.service.consumers if base and "build" in base.service(name)]
    return Commands(
        render=f"shardgen render{option}",
        check=f"shardgen check{option}",
        has_overlay=overlay is not None,
        compose=compose,
        build=" ".join([compose, "build", *map(shlex.quote, built)]) if built else "",
        up=f"{compose} up -d",
        migrate=migrate_command(fleet),
        create_volumes=tuple(
            f"docker volume create {shlex.quote(external_name(shard, base))}"
            for shard in fleet.here
            if shard.external
        ),
    )


def compose_of(*files: str) -> str:
    """Return the beginning of a command for compose on some files."""
    return " ".join(["docker compose", *(f"-f {shlex.quote(name)}" for name in files)])


def external_name(shard: Shard, base: Base | None) -> str:
    """Return the name in the engine of a volume that compose does not make."""
    declared = base.volumes if base else {}
    return engine_name(shard.volume, declared.get(shard.volume, {"external": True}), "*")[1]


def migrate_command(fleet: Fleet) -> str:
    """Return the command that applies the migrations which a database lacks."""
    database = fleet.database
    folder = shlex.quote(database.migrations.path.rstrip("/"))
    runner = RUNNERS[database.migrations.runner]
    return runner.apply.format(folder=folder, history=database.names.history)


def migrate_upto(fleet: Fleet, migrations: Sequence[Migration]) -> str | None:
    """Return the command that applies some migrations and none after them.

    Those before them are applied already. None where the runner can only apply all there are.
    """
    database = fleet.database
    runner = RUNNERS[database.migrations.runner]
    if runner.upto is None or not migrations:
        return None
    folder = shlex.quote(database.migrations.path.rstrip("/"))
    last = migrations[-1]
    return runner.upto.format(
        folder=folder,
        history=database.names.history,
        number=last.number,
        revision=revision(last),
        files=" ".join(f"-f {folder}/{each.file}" for each in migrations),
    )
