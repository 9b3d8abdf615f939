"""The fleet in, the commands that an operator types out: in the talk, and in the documents."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.ledger.runners import RUNNERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.model import Fleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The commands that the outputs and the talk name, ready to type in the project's folder."""

    render: str
    check: str
    up: str
    migrate: str
    create_volumes: tuple[str, ...]


def build_commands(
    fleet: Fleet, config: str, overlay: str | None, first_profiles: Sequence[str] = ()
) -> Commands:
    """Return the commands; `overlay` is the compose output's destination, None without one.

    `first_profiles` are those of shard 1 in the base: one of them starts it.
    """
    option = "" if config == "shards.yaml" else f" -c {shlex.quote(config)}"
    files = [name for name in (fleet.service.base, overlay) if name]
    parts = ["docker compose", *(f"-f {shlex.quote(name)}" for name in files)]
    profiles = [str(profile) for profile in first_profiles[:1]]
    if fleet.service.profile and any(shard.id != 1 for shard in fleet.live):
        profiles.append(fleet.service.profile)
    parts += [f"--profile {shlex.quote(profile)}" for profile in dict.fromkeys(profiles)]
    return Commands(
        render=f"shardgen render{option}",
        check=f"shardgen check{option}",
        up=" ".join([*parts, "up -d"]),
        migrate=migrate_command(fleet),
        create_volumes=tuple(
            f"docker volume create {shard.volume}" for shard in fleet.live if shard.external
        ),
    )


def migrate_command(fleet: Fleet) -> str:
    """Return the command that applies the migrations which a database lacks."""
    database = fleet.database
    folder = shlex.quote(database.migrations.path.rstrip("/"))
    runner = RUNNERS[database.migrations.runner]
    return runner.apply.format(folder=folder, history=database.names.history)
