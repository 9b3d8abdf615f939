"""What is wrong with the containers of some services in; the commands to type out."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from shardgen.status import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.instructions import Commands

MOST_LOGS = 3


def to_type(commands: Commands, kind: str, services: Sequence[str]) -> tuple[str, ...]:
    """Return what to type for some services whose containers are not as they should be."""
    if kind == running.UNDECLARED:
        return (commands.render,)
    compose = commands.compose
    if kind in {running.RESTARTING, running.UNHEALTHY}:
        return (logs(compose, services),)
    start = f"{compose} up -d {quoted(services)}"
    return (logs(compose, services), start) if kind == running.STOPPED else (start,)


def logs(compose: str, services: Sequence[str]) -> str:
    """Return the command that shows the last lines of some services, of the first few if many."""
    return f"{compose} logs --tail 50 {quoted(services[:MOST_LOGS])}"


def quoted(services: Sequence[str]) -> str:
    """Return services as they are typed."""
    return " ".join(map(shlex.quote, services))
