"""The shards that were found in; the services that call them, and what those lack, out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.adopt.found import place_of
from shardgen.adopt.repairs import Repair
from shardgen.base import service_networks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.adopt.found import Found
    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """The services that call the shards: those that can receive the shard variables, by repairs;
    and what only their owner can do.
    """

    repairs: tuple[Repair, ...]
    by_hand: tuple[Diagnostic, ...]

    @property
    def names(self) -> list[str]:
        """The services that receive the shard variables once everything is repaired."""
        return [repair.path[1] for repair in self.repairs]


def find_callers(found: Found, variables_file: str) -> Callers:
    """Return the callers; `variables_file` is the env output as compose reads it."""
    shards = {member.service for member in found.members}
    repairs: list[Repair] = []
    by_hand: list[Diagnostic] = []
    for name, service in found.model["services"].items():
        if name in shards or not calls(found, service):
            continue
        problems = tuple(own_variables(found, name))
        listed = compose.listed(service.get("env_file"))
        if problems:
            by_hand += problems
        elif variables_file in [str(compose.options(e).get("path", e)) for e in listed]:
            continue
        elif name in found.sources.overlay.services or found.base is None:
            by_hand.append(outside(found, name, variables_file))
        elif is_near(found, service):
            repairs.append(
                Repair(
                    shard=None,
                    path=("services", name, "env_file"),
                    value=[*listed, variables_file],
                    reason=f"{name} calls {found.name}, and does not receive the shard variables",
                )
            )
    return Callers(repairs=tuple(repairs), by_hand=tuple(by_hand))


def calls(found: Found, service: dict[str, Any]) -> bool:
    """Return whether the environment of a service speaks of the shards."""
    host = re.compile(rf"//{re.escape(found.name)}(-[0-9]+)?(:|/|$)")
    ours = pattern(found)
    return any(
        ours.fullmatch(str(key)) or host.search(str(value))
        for key, value in compose.pairs(service.get("environment")).items()
    )


def pattern(found: Found) -> re.Pattern[str]:
    """Return the names of the shard variables."""
    kinds = "(NUM_SHARDS|PORT|BASE_URL|SHARD_IDS|SHARD_[0-9]+_URL)"
    return re.compile(f"{re.escape(found.prefix)}_{kinds}")


def own_variables(found: Found, name: str) -> Iterator[Diagnostic]:
    """Yield shard variables that a service sets itself: there they win over the generated ones."""
    ours = pattern(found)
    for file in home(found, name):
        written = file.services[name]
        for key in compose.pairs(written.get("environment")):
            if ours.fullmatch(str(key)):
                step = place_of(written, key)
                yield warning(
                    file,
                    ("services", name, "environment", step),
                    "SG735",
                    f"{name} sets {key} itself, which wins over the generated value",
                    f"once shardgen writes {key}: remove it here, and add {name} to the consumers",
                    key=isinstance(step, str),
                )


def home(found: Found, name: str) -> list[Base]:
    """Return the files that say something of a service."""
    return [file for file in found.sources.files if name in file.services]


def outside(found: Found, name: str, variables_file: str) -> Diagnostic:
    """Return what to do about a caller in the overlay, to which nothing can be added."""
    return warning(
        home(found, name)[-1],
        ("services", name),
        "SG736",
        f"{name} calls {found.name}, and does not receive the shard variables",
        f"add {variables_file} as the last entry of its env_file, and {name} to the consumers",
        key=True,
    )


def warning(
    file: Base, path: tuple[str | int, ...], code: str, message: str, hint: str, *, key: bool
) -> Diagnostic:
    """Return a diagnostic that does not fail the run."""
    return replace(file.document.error(path, code, message, hint, key=key), level="warning")


def is_near(found: Found, service: dict[str, Any]) -> bool:
    """Return whether a service shares a network with every shard."""
    mine = service_networks(service).keys()
    return all(mine & service_networks(member.model).keys() for member in found.members)
